//! StartProjectVersion, StopProjectVersion, DeleteProjectVersion: the life of a model that is trained or copied.

use serde::Deserialize;
use serde_json::json;

use super::{Answer, Call, version_arn};
use crate::{error::AwsError, status::Status, world::Version};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Start {
    project_version_arn: String,
    min_inference_units: u32,
    max_inference_units: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct One {
    project_version_arn: String,
}

pub(super) fn start(mut call: Call<'_>) -> Answer {
    let request: Start = call.read()?;
    if request.max_inference_units.is_some_and(|max| max < request.min_inference_units) {
        return Err(AwsError::invalid_parameter("`MaxInferenceUnits` is below `MinInferenceUnits`."));
    }
    let running = call.own_versions(|version| matches!(version.status, Status::Starting | Status::Running));
    let full = call.state.settings.quotas.running.is_some_and(|most| running >= most);
    let next = call.after(call.state.settings.starting, Status::Running, "The model is running.");
    let version = call.own_version("StartProjectVersion", &request.project_version_arn)?;
    let startable = [Status::TrainingCompleted, Status::CopyingCompleted, Status::Stopped, Status::Failed];
    version.expect("start", &startable)?;
    if full {
        return Err(AwsError::new("LimitExceededException", "As many models are running as may be."));
    }
    version.begin(Status::Starting, Some("The model is being started.".to_owned()), Some(next));
    version.min_inference_units = Some(request.min_inference_units);
    version.max_inference_units = request.max_inference_units;
    Ok(json!({"Status": version.status}))
}

pub(super) fn stop(mut call: Call<'_>) -> Answer {
    let One { project_version_arn } = call.read()?;
    let next = call.after(call.state.settings.stopping, Status::Stopped, "The model is stopped.");
    let version = call.own_version("StopProjectVersion", &project_version_arn)?;
    version.expect("stop", &[Status::Running])?;
    version.begin(Status::Stopping, Some("The model is being stopped.".to_owned()), Some(next));
    Ok(json!({"Status": version.status}))
}

pub(super) fn delete(mut call: Call<'_>) -> Answer {
    let One { project_version_arn } = call.read()?;
    // Where `DELETING` ends a version leaves the world; the step's own status is never seen.
    let next = call.after(call.state.settings.deleting, Status::Deleting, "");
    let while_copying = call.state.settings.delete_while_copying;
    let version = call.own_version("DeleteProjectVersion", &project_version_arn)?;
    let busy = match version.status {
        Status::Starting | Status::Running | Status::Stopping | Status::Deleting => true,
        Status::TrainingInProgress => true,
        Status::CopyingInProgress => !while_copying,
        _ => false,
    };
    if busy {
        return Err(version.in_use("delete"));
    }
    version.begin(Status::Deleting, Some("The model is being deleted.".to_owned()), Some(next));
    Ok(json!({"Status": version.status}))
}

impl Version {
    fn expect(&self, verb: &str, statuses: &[Status]) -> Result<(), AwsError> {
        if statuses.contains(&self.status) { Ok(()) } else { Err(self.in_use(verb)) }
    }

    fn in_use(&self, verb: &str) -> AwsError {
        let (arn, status) = (&self.project_version_arn, self.status.as_str());
        AwsError::in_use(format!("Can't {verb} `{arn}`: its status is {status}."))
    }
}

impl Call<'_> {
    fn own_version(&mut self, operation: &str, arn: &str) -> Result<&mut Version, AwsError> {
        let arn = version_arn(arn)?;
        self.own(operation, &arn.project.account, &arn)?;
        let missing = || AwsError::not_found(format!("The project version `{arn}` does not exist."));
        self.state.world.version_mut(&arn).ok_or_else(missing)
    }
}
