//! What a person can do about a refusal, as exactly as the service's message tells.

mod denial;

use serde_json::{Value, json};

use super::grant::policy_name;
use super::policy::{ACTION, Allows};
use super::request::CopyRequest;
use denial::{Denial, Why};

/// What is missing, and how to give it, for a copy into `account` that was refused with `code`. `granted`: whether
/// we have put the project policy ourselves.
pub fn permission(code: &str, message: &str, copy: &CopyRequest, account: &str, granted: bool) -> String {
    if code == "ResourceNotFoundException" {
        return format!(
            "check that `{}` and `{}` exist, and that the project of the model has a policy for account `{account}`",
            copy.source_project_version_arn, copy.destination_project_arn
        );
    }
    let denial = Denial::read(message);
    let source = &copy.source_project_arn;
    match denial {
        Some(denial) if let Why::ExplicitDeny(policy) = denial.why => {
            format!("{policy} denies {}: have it changed, no other policy outweighs it", denial.what())
        }
        Some(denial) if denial.action != ACTION || denial.why == Why::NoIdentityPolicy => {
            allow(denial.action, denial.resource, copy)
        }
        Some(denial) if denial.is_about(copy.destination_project_arn.as_str()) => {
            allow(denial.action, denial.resource, copy)
        }
        _ if source.account() == account => allow(ACTION, None, copy),
        _ if granted => not_seen(copy),
        _ => format!(
            "attach this project policy with credentials of account `{}`: {}",
            source.account(),
            put_project_policy(copy, account)
        ),
    }
}

/// What to do about a copy that is refused although we have put the policy that allows it.
fn not_seen(copy: &CopyRequest) -> String {
    let name = policy_name(copy.destination_project_arn.account());
    format!(
        "policy `{name}` of `{}` allows this copy: check that the roles in it (`COPIER_ROLE_ARNS`) are those that the \
         copier runs as, that no other policy denies it, and that the copier's roles may {ACTION} on that project",
        copy.source_project_arn
    )
}

/// What to do about a refusal of `action` with `code` on the way to a project policy.
pub fn grant(action: &str, code: &str, role: &str, copy: Option<&CopyRequest>) -> String {
    let project = copy.map_or("the source project", |copy| copy.source_project_arn.as_str());
    match (action, code) {
        ("sts:AssumeRole", _) => format!(
            "check that role `{role}` exists and trusts the roles in `COPIER_ROLE_ARNS` with the external id in \
             `EXTERNAL_ID`, and that the copier's roles may sts:AssumeRole on it: parameters CopierRoleArns and \
             ExternalId of source-account.yaml, ExternalId and SourceAccountRoles of template.yaml"
        ),
        (_, "ResourceNotFoundException") => format!("check that `{project}` exists"),
        (_, "MalformedPolicyDocumentException" | "InvalidParameterException") => {
            "check that the roles in `COPIER_ROLE_ARNS` exist: the policy names them as its principals"
                .to_owned()
        }
        _ => format!(
            "allow role `{role}` `{action}` on `{project}`: add the project to ProjectArns of source-account.yaml"
        ),
    }
}

/// What to do about a policy without room.
pub fn policy_full(copy: Option<&CopyRequest>) -> String {
    let project = copy.map_or("the source project", |copy| copy.source_project_arn.as_str());
    format!(
        "the request goes on by itself when another copy from `{project}` has ended; for more at once detach a policy \
         that is not needed, of at most five, or set `ALLOW_PROJECT_WIDE_GRANTS` to true"
    )
}

/// What to do when a quota is used up.
pub fn quota() -> String {
    "have the quota raised in Service Quotas (Rekognition, Custom Labels), or delete what is no longer needed; \
     the request goes on by itself"
        .to_owned()
}

/// What to do when a copy failed.
pub fn copy_failed() -> String {
    "mend what the message names, delete the failed version, and send the request again with a new `requestId`; \
     or choose another `versionName`"
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
    let root = format!("arn:{}:iam::{account}:root", copy.source_project_arn.partition());
    Allows { principals: [root].into(), resources: [copy.source_project_version_arn.to_string()].into() }
        .document()
}

/// The statement that the copier's roles lack, and the parameter of template.yaml that writes it.
fn allow(action: &str, resource: Option<&str>, copy: &CopyRequest) -> String {
    let (destination, source) = (copy.destination_project_arn.as_str(), copy.source_project_arn.as_str());
    let versions =
        |project: &str| project.rsplit_once('/').map_or(project.to_owned(), |(name, _)| format!("{name}/*"));
    let partition = copy.source_project_arn.partition();
    let bucket = &copy.output_config.s3_bucket;
    match action.split(':').next() {
        Some("kms") => {
            let key = resource.or(copy.kms_key_id.as_deref()).unwrap_or("the key of the output bucket");
            let actions = json!(["kms:CreateGrant", "kms:DescribeKey", "kms:GenerateDataKey", "kms:Decrypt"]);
            let statement = statement(&actions, &json!(key));
            format!(
                "allow the copier's roles this, in their policy (parameter ModelKeys of template.yaml) and in the key's \
                 own: {statement}"
            )
        }
        Some("s3") => {
            let statement = statement(
                &json!([
                    "s3:PutObject",
                    "s3:GetObject",
                    "s3:ListBucket",
                    "s3:GetBucketAcl",
                    "s3:GetBucketLocation"
                ]),
                &json!([
                    format!("arn:{partition}:s3:::{bucket}"),
                    format!("arn:{partition}:s3:::{bucket}/*")
                ]),
            );
            format!(
                "allow the copier's roles this (parameter OutputBuckets of template.yaml), and check that bucket \
                 `{bucket}` is in this account and that its own policy does not deny it: {statement}"
            )
        }
        Some("rekognition")
            if resource.is_none_or(|resource| !resource.starts_with(&versions(source).replace('*', ""))) =>
        {
            let actions = json!([ACTION, "rekognition:CreateProjectVersion", "rekognition:TagResource"]);
            let statement = statement(&actions, &json!([versions(destination), versions(source)]));
            format!(
                "allow the copier's roles this (parameters DestinationProjects and SourceProjects of template.yaml): \
                 {statement}"
            )
        }
        Some("rekognition") => {
            let statement = statement(&json!([action]), &json!([versions(source)]));
            format!("allow the copier's roles this (parameter SourceProjects of template.yaml): {statement}")
        }
        _ => {
            let statement = statement(&json!([action]), &json!(resource.unwrap_or(destination)));
            format!(
                "allow the copier's roles this, in their policy and in the resource's own if it has one: {statement}"
            )
        }
    }
}

fn statement(actions: &Value, resources: &Value) -> String {
    json!({ "Effect": "Allow", "Action": actions, "Resource": resources }).to_string()
}

#[cfg(test)]
mod tests;
