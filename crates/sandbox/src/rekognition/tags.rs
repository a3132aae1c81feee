//! TagResource, UntagResource, ListTagsForResource, on projects and versions.

use serde::Deserialize;
use serde_json::json;

use super::{Answer, Call};
use crate::{
    arn::{ProjectArn, VersionArn},
    error::AwsError,
    world::Tags,
};

/// Tags of one resource.
const MOST: usize = 200;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    resource_arn: String,
    tags: Tags,
}

pub(super) fn tag(mut call: Call<'_>) -> Answer {
    let request: Tag = call.read()?;
    let tags = call.tags("TagResource", &request.resource_arn)?;
    let new = request.tags.keys().filter(|key| !tags.contains_key(*key)).count();
    if tags.len() + new > MOST {
        let message = format!("A resource has at most {MOST} tags.");
        return Err(AwsError::new("ServiceQuotaExceededException", message));
    }
    tags.extend(request.tags);
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Untag {
    resource_arn: String,
    tag_keys: Vec<String>,
}

pub(super) fn untag(mut call: Call<'_>) -> Answer {
    let request: Untag = call.read()?;
    let tags = call.tags("UntagResource", &request.resource_arn)?;
    tags.retain(|key, _| !request.tag_keys.contains(key));
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    resource_arn: String,
}

pub(super) fn list(mut call: Call<'_>) -> Answer {
    let request: List = call.read()?;
    let tags = call.tags("ListTagsForResource", &request.resource_arn)?;
    Ok(json!({"Tags": tags}))
}

impl Call<'_> {
    fn tags(&mut self, operation: &str, arn: &str) -> Result<&mut Tags, AwsError> {
        let missing = || AwsError::not_found(format!("`{arn}` does not exist."));
        if let Ok(version) = arn.parse::<VersionArn>() {
            self.own(operation, &version.project.account, &arn)?;
            let version = self.state.world.version_mut(&version).ok_or_else(missing)?;
            return Ok(&mut version.tags);
        }
        if let Ok(project) = arn.parse::<ProjectArn>() {
            self.own(operation, &project.project.account, &arn)?;
            let project = self.state.world.project_mut(&project).ok_or_else(missing)?;
            return Ok(&mut project.tags);
        }
        Err(AwsError::invalid_parameter(format!("`{arn}` is no ARN of something that can be tagged.")))
    }
}
