//! Rows 23, 45, 46 and 48: which project policies PutProjectPolicy accepts, on a project of the run.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::project_policy::CopierPolicy;

use crate::exit::Failure;
use crate::live_check::answer::Observation;
use crate::live_check::lab::Lab;

const MALFORMED: &[&str] = &["MalformedPolicyDocumentException"];

/// The document that a copier puts now: it expires in an hour.
pub(super) fn document(lab: &Lab) -> String {
    document_put_at(lab, lab.now())
}

/// The document that a copier puts at this time.
pub(super) fn document_put_at(lab: &Lab, time: Timestamp) -> String {
    let principals = BTreeSet::from([lab.own_root()]);
    CopierPolicy { name: String::new(), principals, expires: true }.document(time)
}

/// The same for all versions by name, without `*`.
pub(super) fn document_for_versions(lab: &Lab, project: &ProjectArn) -> String {
    let head = project.as_str().rsplit_once('/').map_or(project.as_str(), |(head, _)| head);
    document(lab).replace(r#""Resource":"*""#, &format!(r#""Resource":"{head}/version/*""#))
}

/// Row 23: the revision id of a policy that was replaced, then of one that was deleted.
pub(super) async fn stale_revision(lab: &Lab) -> Result<Observation, Failure> {
    const STALE: &[&str] = &["InvalidPolicyRevisionIdException"];
    let mut seen = Observation::default();
    let created = lab.create_project().await?;
    let Some(project) = seen.need("create a project", created) else { return Ok(seen) };
    let (name, document) = (lab.new_name(), document(lab));
    let first = lab.put_policy(&project, &name, &document, None).await?;
    let Some(first) = seen.need("put a policy", first) else { return Ok(seen) };
    let second = lab.put_policy(&project, &name, &document, Some(&first)).await?;
    let Some(second) = seen.need("replace it", second) else { return Ok(seen) };
    let answer = lab.put_policy(&project, &name, &document, Some(&first)).await?;
    seen.refused("replace a revision that was replaced", &answer, STALE);
    let deleted = lab.delete_policy(&project, &name).await;
    if seen.need("delete the policy", deleted).is_some() {
        let answer = lab.put_policy(&project, &name, &document, Some(&second)).await?;
        seen.refused("replace a policy that is gone", &answer, STALE);
    }
    Ok(seen)
}

/// Row 45: the copier's own document, and one that names all versions.
pub(super) async fn forms(lab: &Lab) -> Result<Observation, Failure> {
    let mut seen = Observation::default();
    let created = lab.create_project().await?;
    let Some(project) = seen.need("create a project", created) else { return Ok(seen) };
    let answer = lab.put_policy(&project, &lab.new_name(), &document(lab), None).await?;
    seen.accepted("the copier's document", &answer);
    let document = document_for_versions(lab, &project);
    let answer = lab.put_policy(&project, &lab.new_name(), &document, None).await?;
    seen.accepted("all versions by name", &answer);
    Ok(seen)
}

/// Row 46: `ALLOW`.
pub(super) async fn upper_case_effect(lab: &Lab) -> Result<Observation, Failure> {
    let mut seen = Observation::default();
    let created = lab.create_project().await?;
    let Some(project) = seen.need("create a project", created) else { return Ok(seen) };
    let document = document(lab).replace(r#""Allow""#, r#""ALLOW""#);
    let answer = lab.put_policy(&project, &lab.new_name(), &document, None).await?;
    seen.refused("ALLOW", &answer, MALFORMED);
    Ok(seen)
}

/// Row 48: one policy too many.
pub(super) async fn sixth(lab: &Lab) -> Result<Observation, Failure> {
    let mut seen = Observation::default();
    let created = lab.create_project().await?;
    let Some(project) = seen.need("create a project", created) else { return Ok(seen) };
    for _ in 0..5 {
        let put = lab.put_policy(&project, &lab.new_name(), &document(lab), None).await?;
        if seen.need("put five policies", put).is_none() {
            return Ok(seen);
        }
    }
    let answer = lab.put_policy(&project, &lab.new_name(), &document(lab), None).await?;
    let errors = ["LimitExceededException", "ServiceQuotaExceededException"];
    seen.refused("put a sixth policy", &answer, &errors);
    Ok(seen)
}
