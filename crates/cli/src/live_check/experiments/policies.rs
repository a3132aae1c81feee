//! Rows 23, 45, 46 and 48: which project policies PutProjectPolicy accepts, on a project of the run.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::project_policy::CopierPolicy;

use crate::live_check::answer::{Stop, Tested};
use crate::live_check::lab::{ACCEPTED, Lab};

/// The document that a copier puts at this time: it expires an hour later.
pub(super) fn document(lab: &Lab, time: Timestamp) -> String {
    let principals = BTreeSet::from([lab.run.identity.root()]);
    CopierPolicy { name: String::new(), principals, expires: true }.document(time)
}

/// The same for all versions by name, without `*`.
pub(super) fn document_for_versions(lab: &Lab, project: &ProjectArn) -> String {
    let head = project.as_str().rsplit_once('/').map_or(project.as_str(), |(head, _)| head);
    document(lab, lab.now()).replace(r#""Resource":"*""#, &format!(r#""Resource":"{head}/version/*""#))
}

pub(super) async fn new_project(lab: &Lab) -> Result<ProjectArn, Stop> {
    lab.need("create a project", lab.create_project().await?)
}

/// Row 23: the revision id of a policy that was replaced, then of one that was deleted.
pub(super) async fn stale_revision(lab: &Lab) -> Tested {
    const STALE: &[&str] = &["InvalidPolicyRevisionIdException"];
    let project = new_project(lab).await?;
    let (name, document) = (lab.new_name(), document(lab, lab.now()));
    let put = async |revision: Option<&str>| lab.put_policy(&project, &name, &document, revision).await;
    let first = lab.need("put a policy", put(None).await?)?;
    let second = lab.need("replace it", put(Some(&first)).await?)?;
    lab.expect("replace a revision that was replaced", &put(Some(&first)).await?, STALE);
    lab.need("delete the policy", lab.delete_policy(&project, &name).await)?;
    lab.expect("replace a policy that is gone", &put(Some(&second)).await?, STALE);
    Ok(())
}

/// Row 45: the copier's own document, and one that names all versions.
pub(super) async fn forms(lab: &Lab) -> Tested {
    let project = new_project(lab).await?;
    for (part, document) in [
        ("the copier's document", document(lab, lab.now())),
        ("all versions by name", document_for_versions(lab, &project)),
    ] {
        let put = lab.put_policy(&project, &lab.new_name(), &document, None).await?;
        lab.expect(part, &put, &[ACCEPTED]);
    }
    Ok(())
}

/// Row 46: `ALLOW`.
pub(super) async fn upper_case_effect(lab: &Lab) -> Tested {
    let project = new_project(lab).await?;
    let document = document(lab, lab.now()).replace(r#""Allow""#, r#""ALLOW""#);
    let put = lab.put_policy(&project, &lab.new_name(), &document, None).await?;
    lab.expect("ALLOW", &put, &["MalformedPolicyDocumentException"]);
    Ok(())
}

/// Row 48: one policy too many.
pub(super) async fn sixth(lab: &Lab) -> Tested {
    let project = new_project(lab).await?;
    let put = async || lab.put_policy(&project, &lab.new_name(), &document(lab, lab.now()), None).await;
    for _ in 0..5 {
        lab.need("put five policies", put().await?)?;
    }
    let errors = ["LimitExceededException", "ServiceQuotaExceededException"];
    lab.expect("put a sixth policy", &put().await?, &errors);
    Ok(())
}
