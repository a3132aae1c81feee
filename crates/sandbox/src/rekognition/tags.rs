//! TagResource, UntagResource and ListTagsForResource, for projects and versions.

use serde_json::json;

use super::{Answer, Call};
use crate::{ProjectArn, ProjectVersionArn, answer::AwsError, model::request, world::Tags};

const MAX_TAGS: usize = 200;

request!(Tag {
    required resource_arn: String = RESOURCE_ARN,
    required tags: Tags = TAGS,
});

pub(super) fn tag(mut call: Call<'_>, request: Tag) -> Answer {
    let tags = call.tags(&request.resource_arn)?;
    let new = request.tags.keys().filter(|key| !tags.contains_key(*key)).count();
    if tags.len() + new > MAX_TAGS {
        let message = format!("A resource has at most {MAX_TAGS} tags.");
        return Err(AwsError::new("ServiceQuotaExceededException", message));
    }
    tags.extend(request.tags);
    Ok(json!({}))
}

request!(Untag {
    required resource_arn: String = RESOURCE_ARN,
    required tag_keys: Vec<String> = TAG_KEYS,
});

pub(super) fn untag(mut call: Call<'_>, request: Untag) -> Answer {
    call.tags(&request.resource_arn)?.retain(|key, _| !request.tag_keys.contains(key));
    Ok(json!({}))
}

request!(List { required resource_arn: String = RESOURCE_ARN, });

pub(super) fn list(mut call: Call<'_>, request: List) -> Answer {
    Ok(json!({"Tags": call.tags(&request.resource_arn)?}))
}

impl Call<'_> {
    fn tags(&mut self, arn: &str) -> Result<&mut Tags, AwsError> {
        if ProjectVersionArn::parse(arn).is_ok() {
            Ok(&mut self.own_version(arn)?.tags)
        } else if ProjectArn::parse(arn).is_ok() {
            Ok(&mut self.own_project(arn)?.tags)
        } else {
            Err(AwsError::invalid_parameter(format!("`{arn}` is no ARN of something that can be tagged.")))
        }
    }
}
