//! Custom Labels over the wire: the world's own port, in Rekognition's words.

use std::collections::BTreeMap;
use std::time::Duration;

use proofs::process::Process;
use proofs::request::ACCOUNT;
use rekognition_model_copier::domain::arn::{ProjectArn, ProjectVersionArn};
use rekognition_model_copier::domain::grant::{PolicyError, policy_name};
use rekognition_model_copier::domain::model::Version;
use rekognition_model_copier::domain::policy::{Change, Policy};
use rekognition_model_copier::domain::refusal::CopyAnswer;
use rekognition_model_copier::domain::request::{CopyRequest, OutputConfig};
use rekognition_model_copier::ports::{Rekognition, Unavailable, Which};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::aws::Aws;
use crate::wire::{Call, Reply, Service, text};

/// Answers a call.
pub async fn answer(aws: &Aws, process: &Process, call: &Call) -> Reply {
    let project = match call.operation.as_str() {
        "CopyProjectVersion" => ProjectArn::parse(call.text("DestinationProjectArn")),
        _ => ProjectArn::parse(call.text("ProjectArn")),
    };
    let Ok(project) = project else { return Service::Rekognition.refused("InvalidParameterException") };
    if let Some(refused) = aws.refuses(&call.access_key, project.account()) {
        return Service::Rekognition.refused(refused);
    }
    match call.operation.as_str() {
        "CopyProjectVersion" => copy(aws, process, call).await,
        "DescribeProjectVersions" => describe(aws, process, &project, call).await,
        "ListProjectPolicies" => list_policies(aws, process, &project, call).await,
        "PutProjectPolicy" => {
            let revision_id = call.body["PolicyRevisionId"].as_str().map(str::to_owned);
            let document = call.text("PolicyDocument").to_owned();
            change_policy(aws, process, &project, call, Change::Put { document, revision_id }).await
        }
        "DeleteProjectPolicy" => {
            let revision_id = call.text("PolicyRevisionId").to_owned();
            change_policy(aws, process, &project, call, Change::Delete { revision_id }).await
        }
        _ => Service::Rekognition.refused("UnknownOperationException"),
    }
}

async fn copy(aws: &Aws, process: &Process, call: &Call) -> Reply {
    let Some(request) = copy_request(&call.body) else {
        return Service::Rekognition.refused("InvalidParameterException");
    };
    // A gateway may lose patience before we do, with the call still on its way.
    let patience = aws.shared.with(|world| *world.chance.one(&[1, 3600]));
    let answer = timeout(Duration::from_secs(patience), process.copy(&request));
    match answer.await.unwrap_or_else(|_| CopyAnswer::Unanswered { reason: String::new() }) {
        CopyAnswer::Accepted(arn) => Reply::good(&json!({"ProjectVersionArn": arn})),
        CopyAnswer::Refused(refusal) if refusal.code == "ThrottlingException" => throttled(aws),
        CopyAnswer::Refused(refusal) => Service::Rekognition.refused(&refusal.code),
        CopyAnswer::Unanswered { .. } => unclear(aws),
    }
}

fn copy_request(body: &Value) -> Option<CopyRequest> {
    let tags = body["Tags"].as_object().into_iter().flatten();
    let tags: Option<BTreeMap<String, String>> =
        tags.map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect();
    let output = &body["OutputConfig"];
    Some(CopyRequest {
        source_project_arn: ProjectArn::parse(text(body, "SourceProjectArn")).ok()?,
        source_project_version_arn: ProjectVersionArn::parse(text(body, "SourceProjectVersionArn")).ok()?,
        destination_project_arn: ProjectArn::parse(text(body, "DestinationProjectArn")).ok()?,
        version_name: body["VersionName"].as_str()?.to_owned(),
        output_config: OutputConfig {
            s3_bucket: output["S3Bucket"].as_str()?.to_owned(),
            s3_key_prefix: output["S3KeyPrefix"].as_str().map(str::to_owned),
        },
        tags: tags?,
        kms_key_id: body["KmsKeyId"].as_str().map(str::to_owned),
    })
}

async fn describe(aws: &Aws, process: &Process, project: &ProjectArn, call: &Call) -> Reply {
    let names: Option<Vec<String>> = match &call.body["VersionNames"] {
        Value::Array(names) => {
            Some(names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect())
        }
        _ => None,
    };
    let which = match &names {
        Some(names) if !(1..=10).contains(&names.len()) => {
            return Service::Rekognition.refused("ValidationException");
        }
        Some(names) => Which::Named(names),
        None => Which::Page(call.body["NextToken"].as_str().map(str::to_owned)),
    };
    match process.versions(project, which).await {
        Ok(found) => {
            let all: Vec<Value> = found.versions.iter().map(described).collect();
            // An empty token is the end, too.
            let token = found.next.unwrap_or_default();
            Reply::good(&json!({"ProjectVersionDescriptions": all, "NextToken": token}))
        }
        Err(Unavailable(why)) => failed(aws, &why),
    }
}

fn described(version: &Version) -> Value {
    let mut all = json!({"ProjectVersionArn": version.arn, "Status": version.status});
    let members = [
        ("StatusMessage", version.status_message.clone().map(Value::from)),
        ("SourceProjectVersionArn", version.source_project_version_arn.clone().map(Value::from)),
        ("OutputConfig", version.s3_bucket.as_ref().map(|bucket| json!({"S3Bucket": bucket}))),
        ("KmsKeyId", version.kms_key_id.clone().map(Value::from)),
    ];
    for (name, value) in members {
        if let Some(value) = value {
            all[name] = value;
        }
    }
    all
}

/// Two pages: somebody else's policy, then ours.
async fn list_policies(aws: &Aws, process: &Process, project: &ProjectArn, call: &Call) -> Reply {
    const SECOND: &str = "the second page";
    let theirs = json!({"PolicyName": "theirs", "PolicyRevisionId": "1", "PolicyDocument": "{}"});
    let policies = match call.text("NextToken") {
        "" => return Reply::good(&json!({"ProjectPolicies": [theirs], "NextToken": SECOND})),
        SECOND => process.policy(project, &our_policy()).await,
        _ => return Service::Rekognition.refused("InvalidPaginationTokenException"),
    };
    match policies {
        Ok(policy) => {
            let ours = |policy: &Policy| {
                json!({
                    "ProjectArn": project, "PolicyName": our_policy(),
                    "PolicyRevisionId": policy.revision_id, "PolicyDocument": policy.document,
                })
            };
            let policies: Vec<Value> = policy.iter().map(ours).collect();
            Reply::good(&json!({"ProjectPolicies": policies, "NextToken": ""}))
        }
        Err(error) => policy_failed(aws, &error),
    }
}

fn our_policy() -> String {
    policy_name(ACCOUNT)
}

async fn change_policy(
    aws: &Aws,
    process: &Process,
    project: &ProjectArn,
    call: &Call,
    change: Change,
) -> Reply {
    let is_first = matches!(&change, Change::Put { revision_id: None, .. });
    match process.change_policy(project, call.text("PolicyName"), &change).await {
        Ok(()) => Reply::good(&json!({"PolicyRevisionId": "0"})),
        Err(PolicyError::Conflict) if is_first => {
            Service::Rekognition.refused("ResourceAlreadyExistsException")
        }
        Err(PolicyError::Conflict) => Service::Rekognition.refused("InvalidPolicyRevisionIdException"),
        Err(error) => policy_failed(aws, &error),
    }
}

fn policy_failed(aws: &Aws, error: &PolicyError) -> Reply {
    match error {
        PolicyError::Refused { refusal, .. } if refusal.code == "ThrottlingException" => throttled(aws),
        PolicyError::Refused { refusal, .. } => Service::Rekognition.refused(&refusal.code),
        PolicyError::Unavailable(why) => failed(aws, why),
        PolicyError::Conflict => unclear(aws),
    }
}

/// The world's ports say `Throttl…` where they throttle.
fn failed(aws: &Aws, why: &str) -> Reply {
    if why.starts_with("Throttl") { throttled(aws) } else { unclear(aws) }
}

fn throttled(aws: &Aws) -> Reply {
    aws.shared.with(|world| Service::Rekognition.throttled(&mut world.chance))
}

fn unclear(aws: &Aws) -> Reply {
    aws.shared.with(|world| Service::Rekognition.unclear(&mut world.chance))
}
