//! What a person can do about a refusal, as exactly as the service's message tells.

use super::request::CopyRequest;

/// What is missing, and how to give it, after `code` was final.
pub fn permission(code: &str, message: &str, copy: &CopyRequest, account: &str) -> String {
    if code == "ResourceNotFoundException" {
        return format!(
            "check that `{}` and `{}` exist, and that the project of the model has a policy for account `{account}`",
            copy.source_project_version_arn, copy.destination_project_arn
        );
    }
    if let Some(action) = action_in(message) {
        let on = resource_for(&action, copy);
        return format!(
            "allow the copier's role `{action}` on `{on}`, in its policy and in the resource's own"
        );
    }
    let source = &copy.source_project_arn;
    if source.account() == account {
        return format!(
            "allow the copier's role rekognition:CopyProjectVersion on `{source}` and `{}`, \
             rekognition:CreateProjectVersion on the latter, and s3:PutObject on `arn:{}:s3:::{}/*`",
            copy.destination_project_arn,
            source.partition(),
            copy.output_config.s3_bucket
        );
    }
    format!(
        "attach this project policy with credentials of account `{}`: {}",
        source.account(),
        put_project_policy(copy, account)
    )
}

/// What to do when a quota is used up.
pub fn quota() -> String {
    "have the quota raised in Service Quotas (Rekognition, Custom Labels), or delete what is no longer needed; \
     the request goes on by itself"
        .to_owned()
}

/// What to do when a version name is taken.
pub fn name_taken() -> String {
    "send the request with another `versionName` and a new `requestId`, or delete the version that has the name"
        .to_owned()
}

/// The AWS CLI command that lets `account` copy the request's model.
/// Source: <https://docs.aws.amazon.com/rekognition/latest/customlabels-dg/md-create-project-policy-sdk.html>
pub fn put_project_policy(copy: &CopyRequest, account: &str) -> String {
    format!(
        "aws rekognition put-project-policy --region {} --project-arn {} --policy-name copy-to-{account} \
         --policy-document '{}'",
        copy.source_project_arn.region(),
        copy.source_project_arn,
        project_policy(copy, account)
    )
}

/// The least project policy that lets `account` copy the request's model.
pub fn project_policy(copy: &CopyRequest, account: &str) -> String {
    serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:{}:iam::{account}:root", copy.source_project_arn.partition()) },
            "Action": "rekognition:CopyProjectVersion",
            "Resource": copy.source_project_version_arn,
        }]
    })
    .to_string()
}

/// The action that an AccessDenied message names, as in "is not authorized to perform: kms:CreateGrant on …".
fn action_in(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("not authorized to perform: ")?;
    let action = rest.split_whitespace().next()?;
    let foreign = action.starts_with("rekognition:CopyProjectVersion");
    (action.contains(':') && !foreign).then(|| action.trim_end_matches(['.', ',']).to_owned())
}

fn resource_for(action: &str, copy: &CopyRequest) -> String {
    match action.split(':').next() {
        Some("kms") => copy.kms_key_id.clone().unwrap_or_else(|| "the key of the output bucket".to_owned()),
        Some("s3") => {
            format!("arn:{}:s3:::{}", copy.source_project_arn.partition(), copy.output_config.s3_bucket)
        }
        _ => copy.destination_project_arn.to_string(),
    }
}
