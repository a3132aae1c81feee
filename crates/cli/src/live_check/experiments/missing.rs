//! Rows 4 and 49: AWS's answers about a project or a version that does not exist.

use std::time::Duration;

use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::request::CopyRequest;

use super::policies::new_project;
use crate::live_check::answer::{Answer, Observation, Stop, Tested, Verdict};
use crate::live_check::lab::Lab;

const NOT_FOUND: &[&str] = &["ResourceNotFoundException"];
/// How long to wait for a deletion.
const LONGEST_DELETION: Duration = Duration::from_secs(10 * 60);

/// Row 4: a copy into a project that was deleted.
pub(super) async fn destination(lab: &Lab, seen: &mut Observation) -> Tested {
    let destination_project_arn = deleted_project(lab, seen).await?;
    let copy = CopyRequest { destination_project_arn, ..lab.request(lab.model()?, &lab.new_name()) };
    seen.refused("copy into a deleted project", &lab.copy(&copy).await?, NOT_FOUND);
    Ok(())
}

/// Row 49: a version that does not exist, then a project that does not exist.
pub(super) async fn descriptions(lab: &Lab, seen: &mut Observation) -> Tested {
    let project = deleted_project(lab, seen).await?;
    seen.refused("describe in a deleted project", &lab.version(&project, "missing").await, NOT_FOUND);
    Ok(())
}

/// Creates a project, describes a version that it does not have, and deletes the project.
async fn deleted_project(lab: &Lab, seen: &mut Observation) -> Result<ProjectArn, Stop> {
    let project = new_project(lab, seen).await?;
    match lab.version(&project, "missing").await {
        Ok(Some(_)) => seen.note("describe a missing version", "a version", Verdict::Otherwise),
        answer => seen.accepted("describe a missing version", &answer),
    }
    let deleted = lab.delete_project(project.as_str()).await;
    seen.need("delete the project", deleted)?;
    let begun = lab.now();
    while !matches!(lab.project(project.project_name()).await, Answer::Ok(None)) {
        if lab.since(begun) > LONGEST_DELETION {
            seen.note("the deletion ends", "not in time", Verdict::Unknown);
            return Err(Stop::Undecided);
        }
        lab.sleep(Duration::from_secs(5)).await;
    }
    Ok(project)
}
