//! Rows 23, 45, 46 and 48: which project policies PutProjectPolicy accepts, on a project of the run.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::project_policy::CopierPolicy;

use crate::live_check::answer::{Observation, Stop, Tested};
use crate::live_check::lab::Lab;

/// The document that a copier puts at this time: it expires an hour later.
pub(super) fn document(lab: &Lab, time: Timestamp) -> String {
    let principals = BTreeSet::from([lab.own_root()]);
    CopierPolicy { name: String::new(), principals, expires: true }.document(time)
}

/// The same for all versions by name, without `*`.
pub(super) fn document_for_versions(lab: &Lab, project: &ProjectArn) -> String {
    let head = project.as_str().rsplit_once('/').map_or(project.as_str(), |(head, _)| head);
    document(lab, lab.now()).replace(r#""Resource":"*""#, &format!(r#""Resource":"{head}/version/*""#))
}

pub(super) async fn new_project(lab: &Lab, seen: &mut Observation) -> Result<ProjectArn, Stop> {
    let created = lab.create_project().await?;
    seen.need("create a project", created)
}

/// Row 23: the revision id of a policy that was replaced, then of one that was deleted.
pub(super) async fn stale_revision(lab: &Lab, seen: &mut Observation) -> Tested {
    const STALE: &[&str] = &["InvalidPolicyRevisionIdException"];
    let project = new_project(lab, seen).await?;
    let (name, document) = (lab.new_name(), document(lab, lab.now()));
    let put = async |revision: Option<&str>| lab.put_policy(&project, &name, &document, revision).await;
    let first = seen.need("put a policy", put(None).await?)?;
    let second = seen.need("replace it", put(Some(&first)).await?)?;
    seen.refused("replace a revision that was replaced", &put(Some(&first)).await?, STALE);
    let deleted = lab.delete_policy(&project, &name).await;
    seen.need("delete the policy", deleted)?;
    seen.refused("replace a policy that is gone", &put(Some(&second)).await?, STALE);
    Ok(())
}

/// Row 45: the copier's own document, and one that names all versions.
pub(super) async fn forms(lab: &Lab, seen: &mut Observation) -> Tested {
    let project = new_project(lab, seen).await?;
    for (part, document) in [
        ("the copier's document", document(lab, lab.now())),
        ("all versions by name", document_for_versions(lab, &project)),
    ] {
        seen.accepted(part, &lab.put_policy(&project, &lab.new_name(), &document, None).await?);
    }
    Ok(())
}

/// Row 46: `ALLOW`.
pub(super) async fn upper_case_effect(lab: &Lab, seen: &mut Observation) -> Tested {
    let project = new_project(lab, seen).await?;
    let document = document(lab, lab.now()).replace(r#""Allow""#, r#""ALLOW""#);
    let answer = lab.put_policy(&project, &lab.new_name(), &document, None).await?;
    seen.refused("ALLOW", &answer, &["MalformedPolicyDocumentException"]);
    Ok(())
}

/// Row 48: one policy too many.
pub(super) async fn sixth(lab: &Lab, seen: &mut Observation) -> Tested {
    let project = new_project(lab, seen).await?;
    for _ in 0..5 {
        let put = lab.put_policy(&project, &lab.new_name(), &document(lab, lab.now()), None).await?;
        seen.need("put five policies", put)?;
    }
    let answer = lab.put_policy(&project, &lab.new_name(), &document(lab, lab.now()), None).await?;
    let errors = ["LimitExceededException", "ServiceQuotaExceededException"];
    seen.refused("put a sixth policy", &answer, &errors);
    Ok(())
}
