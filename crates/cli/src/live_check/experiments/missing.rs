//! Rows 4 and 49: AWS's answers about a project or a version that does not exist.

use std::time::Duration;

use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::request::CopyRequest;

use super::policies::new_project;
use crate::live_check::answer::{NOT_FOUND, Stop, Tested, Verdict};
use crate::live_check::lab::{ACCEPTED, Lab};

const LONGEST_DELETION: Duration = Duration::from_secs(10 * 60);

/// Row 4: a copy into a project that was deleted.
pub(super) async fn destination(lab: &Lab) -> Tested {
    let destination_project_arn = deleted_project(lab).await?;
    let copy = CopyRequest { destination_project_arn, ..lab.request(&lab.new_name())? };
    lab.expect("copy into a deleted project", &lab.copy(&copy).await?, &[NOT_FOUND]);
    Ok(())
}

/// Row 49: a version that does not exist, then a project that does not exist.
pub(super) async fn descriptions(lab: &Lab) -> Tested {
    let project = deleted_project(lab).await?;
    lab.expect("describe in a deleted project", &lab.version(&project, "missing").await, &[NOT_FOUND]);
    Ok(())
}

/// Creates a project, describes a version that it does not have, and deletes the project.
async fn deleted_project(lab: &Lab) -> Result<ProjectArn, Stop> {
    let project = new_project(lab).await?;
    match lab.version(&project, "missing").await {
        Ok(Some(_)) => lab.note("describe a missing version", "a version", Verdict::Otherwise),
        answer => lab.expect("describe a missing version", &answer, &[ACCEPTED]),
    }
    lab.need("delete the project", lab.delete_project(project.as_str()).await)?;
    let begun = lab.now();
    while !matches!(lab.project(project.project_name()).await, Ok(None)) {
        if lab.since(begun) > LONGEST_DELETION {
            lab.note("the deletion ends", "not in time", Verdict::Unknown);
            return Err(Stop::Undecided);
        }
        lab.sleep(Duration::from_secs(5)).await;
    }
    Ok(project)
}
