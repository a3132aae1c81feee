//! What a person can do about a failure: `remedy` in an announcement. It is as exact as the service's message allows.

mod denial;

use serde_json::{Value, json};

use super::arn::ProjectArn;
use super::project_policy::{ACTION, Caller, PolicyRules, document_for_version};
use super::request::CopyRequest;
use denial::{Denial, Why};

/// What to do about a copy that was refused with `code` for a missing permission or resource.
pub fn permission(code: &str, message: &str, copy: &CopyRequest, policies: &PolicyRules) -> String {
    if code == "ResourceNotFoundException" {
        return format!(
            "check that `{}` and `{}` exist, and that the source project has a policy for account `{}`",
            copy.source_project_version_arn,
            copy.destination_project_arn,
            copy.destination_project_arn.account()
        );
    }
    let source = &copy.source_project_arn;
    match Denial::read(message) {
        _ if code == "InvalidS3ObjectException" => allow("s3:PutObject", None, copy, policies),
        _ if code == "KMSAccessDeniedException" => allow("kms:CreateGrant", None, copy, policies),
        Some(denial) if let Why::ExplicitDeny(policy) = denial.why => {
            format!(
                "{policy} denies {}: have that policy changed, since a denial overrides every permission",
                denial.what()
            )
        }
        Some(denial) if denial.action != ACTION || denial.why == Why::NoIdentityPolicy => {
            allow(denial.action, denial.resource, copy, policies)
        }
        Some(denial) if denial.is_about(copy.destination_project_arn.as_str()) => {
            allow(denial.action, denial.resource, copy, policies)
        }
        _ if source.account() == copy.destination_project_arn.account() => {
            allow(ACTION, None, copy, policies)
        }
        _ if policies.role_for(copy).is_some() => refused_in_spite_of_policy(copy, policies),
        _ => {
            let or_profile = match policies.caller {
                Caller::Functions => "",
                Caller::Person(_) => "give `--source-profile` with a profile of that account, or ",
            };
            format!(
                "{or_profile}attach this project policy with credentials of account `{}`: {}",
                source.account(),
                put_project_policy(copy)
            )
        }
    }
}

/// What to do about a copy that is refused although the copier put the policy that allows it.
fn refused_in_spite_of_policy(copy: &CopyRequest, policies: &PolicyRules) -> String {
    if let Caller::Person(caller) = &policies.caller {
        return format!(
            "policy `{}` of `{}` allows this copy: check that no other policy denies it to `{caller}`; if AWS refuses \
             the copy because of the policy's condition, attach this one: {}",
            policies.policy.name,
            copy.source_project_arn,
            put_project_policy(copy)
        );
    }
    let roles = policies.policy.principals.iter().map(String::as_str).collect::<Vec<_>>().join("`, `");
    let condition = match policies.policy.expires {
        true => {
            "; if AWS refuses the copy because of the policy's condition, set parameter ProjectPolicyExpires=false"
        }
        false => "",
    };
    format!(
        "policy `{}` of `{}` allows this copy: check that `{roles}` are the roles of the copier's functions, that no \
         other policy denies it, and that parameter SourceProjects of template.yaml lists the project{condition}",
        policies.policy.name, copy.source_project_arn
    )
}

/// What to do about a refusal of `action` with `code` while the source project's policy is put.
pub fn policy(action: &str, code: &str, copy: &CopyRequest, policies: &PolicyRules) -> String {
    let (project, role) = (&copy.source_project_arn, policies.role_for(copy).unwrap_or_default());
    match (action, code) {
        (_, "ResourceNotFoundException") => format!("check that `{project}` exists"),
        _ if matches!(policies.caller, Caller::Person(_)) => format!(
            "allow `{role}` `{action}` on `{project}`, or attach this project policy: {}",
            put_project_policy(copy)
        ),
        ("sts:AssumeRole", _) => format!(
            "check that role `{role}` exists, trusts the copier's functions and asks for their external id: parameters \
             CopierRoleArns and ExternalId of source-account.yaml, SourceAccountRoles and ExternalId of template.yaml"
        ),
        (_, "MalformedPolicyDocumentException") => {
            "check that the roles of the copier's functions exist; if AWS \
             refuses the policy's condition, set parameter ProjectPolicyExpires=false"
                .to_owned()
        }
        _ => format!(
            "allow role `{role}` `{action}` on `{project}`: add the project to parameter ProjectArns of \
             source-account.yaml"
        ),
    }
}

/// What to do about a source project whose policies are these five.
pub fn no_slot(names: &[String]) -> String {
    format!(
        "the project's policies are `{}`: delete one that is no longer needed; the request then goes on",
        names.join("`, `")
    )
}

/// What to do when a quota is used up.
pub fn quota(copy: &CopyRequest) -> String {
    format!(
        "delete versions of `{}` that are not needed (a project has room for 100 by default), or have the quota raised \
         in Service Quotas (Rekognition, Custom Labels); the request then goes on",
        copy.destination_project_arn
    )
}

/// What to do when a copy failed.
pub fn copy_failed() -> String {
    "correct what the message names; then delete the failed version or choose another `versionName`, and send the \
     request under a new `requestId`"
        .to_owned()
}

/// What to do when a copy did not end in time.
pub fn copy_timed_out() -> String {
    "watch the version in its project: the copy may still end".to_owned()
}

/// What to do when the copy was deleted.
pub fn send_again() -> String {
    "send the request again under a new `requestId` if the copy is still wanted".to_owned()
}

/// What to do about a rejected request.
pub fn rejected() -> String {
    "correct the request and send it again under a new `requestId`: this one stays rejected".to_owned()
}

/// What to do when a version name is taken.
pub fn name_taken() -> String {
    "send the request with another `versionName` under a new `requestId`, or delete the version that has the name"
        .to_owned()
}

/// The AWS CLI command that lets the destination's account copy the request's model.
/// Source: <https://docs.aws.amazon.com/rekognition/latest/customlabels-dg/md-attach-project-policy.html>
pub fn put_project_policy(copy: &CopyRequest) -> String {
    let (project, account) = (&copy.source_project_arn, copy.destination_project_arn.account());
    let root = format!("arn:{}:iam::{account}:root", project.partition());
    format!(
        "aws rekognition put-project-policy --region {} --project-arn {project} --policy-name copy-to-{account} \
         --policy-document '{}'",
        project.region(),
        document_for_version(&[root].into(), copy)
    )
}

/// The resource that stands for every version of a project.
fn every_version(project: &ProjectArn) -> String {
    project.as_str().rsplit_once('/').map_or(project.to_string(), |(name, _)| format!("{name}/*"))
}

/// The statement that the caller lacks, and the parameter of template.yaml that writes it for the copier's roles.
fn allow(action: &str, resource: Option<&str>, copy: &CopyRequest, policies: &PolicyRules) -> String {
    let allow_caller = |parameters: &str| match (&policies.caller, parameters) {
        (Caller::Person(caller), _) => format!("allow `{caller}` this"),
        (Caller::Functions, "") => "allow the copier's roles this".to_owned(),
        (Caller::Functions, _) => format!("allow the copier's roles this ({parameters} of template.yaml)"),
    };
    let (destination, source) = (&copy.destination_project_arn, &copy.source_project_arn);
    let partition = copy.source_project_arn.partition();
    let bucket = &copy.output_config.s3_bucket;
    match action.split(':').next() {
        Some("kms") => {
            let key = resource.or(copy.kms_key_id.as_deref()).unwrap_or("the key of the output bucket");
            let actions = json!(["kms:CreateGrant", "kms:DescribeKey", "kms:GenerateDataKey", "kms:Decrypt"]);
            let statement = statement(&actions, &json!(key));
            let allow = allow_caller("parameter ModelKeys");
            format!("{allow}, also in the key's own policy: {statement}")
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
            let allow = allow_caller("parameter OutputBuckets");
            let account = destination.account();
            format!(
                "{allow}: {statement}; check also that bucket `{bucket}` is in account `{account}`, and that its own policy does not deny these actions"
            )
        }
        Some("rekognition")
            if resource.is_none_or(|resource| {
                !resource.starts_with(every_version(source).trim_end_matches('*'))
            }) =>
        {
            let actions = json!([ACTION, "rekognition:CreateProjectVersion", "rekognition:TagResource"]);
            let statement = statement(&actions, &json!([every_version(destination), every_version(source)]));
            format!("{}: {statement}", allow_caller("parameters DestinationProjects and SourceProjects"))
        }
        Some("rekognition") => {
            let statement = statement(&json!([action]), &json!([every_version(source)]));
            format!("{}: {statement}", allow_caller("parameter SourceProjects"))
        }
        _ => {
            let statement = statement(&json!([action]), &json!(resource.unwrap_or(destination.as_str())));
            format!("{}, also in the resource's own policy if it has one: {statement}", allow_caller(""))
        }
    }
}

fn statement(actions: &Value, resources: &Value) -> String {
    json!({ "Effect": "Allow", "Action": actions, "Resource": resources }).to_string()
}

#[cfg(test)]
mod tests;
