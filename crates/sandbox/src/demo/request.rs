//! The demo's requests: their messages for the queue, and the world that they need.
//!
//! The world has the accounts and the Region of the requests, the source project with a trained version and a policy, and
//! the destination project. The first request decides the account, the Region and the bucket, because a deployment serves one
//! account.

use std::collections::BTreeMap;

use rekognition_model_copier::domain::{
    envelope::{self, Content},
    request::{CopyRequest, Draft},
};
use sandbox::{ProjectArn, ProjectVersionArn, World};
use serde_json::{Value, json};

/// The messages in a file: the bodies of an SQS batch's records, or the text itself.
pub(super) fn messages(text: &str) -> Vec<String> {
    let event: Value = serde_json::from_str(text).unwrap_or_default();
    let records = event.get("Records").and_then(Value::as_array);
    let body = |record: &Value| Some(record.get("body")?.as_str()?.to_owned());
    let bodies = records.and_then(|records| records.iter().map(body).collect::<Option<Vec<_>>>());
    bodies.unwrap_or_else(|| vec![text.to_owned()])
}

/// The request in a message, if it is well-formed.
pub(super) fn read(message: &str) -> Option<CopyRequest> {
    match envelope::open(message, "") {
        Content::Request(request) => Draft::parse(&request.text).complete(),
        Content::Ignored(_) => None,
    }
}

/// The world that these messages need, and the bucket that the copier may write to in it; `None` if none of them is a
/// request.
pub(super) fn needed(messages: &[String]) -> Option<(World, String)> {
    let requests: Vec<CopyRequest> = messages.iter().filter_map(|message| read(message)).collect();
    let first = requests.first()?;
    let (account, region) = (first.destination_project_arn.account(), first.destination_project_arn.region());
    let is_served = |request: &&CopyRequest| {
        let (source, destination) = (&request.source_project_arn, &request.destination_project_arn);
        [source.region(), destination.region()] == [region; 2] && destination.account() == account
    };
    let mut projects: BTreeMap<&ProjectArn, BTreeMap<&ProjectVersionArn, Value>> = BTreeMap::new();
    for request in requests.iter().filter(is_served) {
        projects.entry(&request.destination_project_arn).or_default();
        let version = &request.source_project_version_arn;
        projects.entry(&request.source_project_arn).or_default().insert(version, trained_version(version));
    }
    let projects: Vec<Value> =
        projects.into_iter().map(|(arn, versions)| project(arn, versions, account)).collect();
    let world = json!({"region": region, "copierAccount": account, "projects": projects});
    Some((World::from_json(&world.to_string()).ok()?, first.output_config.s3_bucket.clone()))
}

fn project(arn: &ProjectArn, versions: BTreeMap<&ProjectVersionArn, Value>, copier: &str) -> Value {
    let (project, _) = arn.as_str().rsplit_once('/').unwrap_or_default();
    let policy = json!({
        "name": "copy-to-destination",
        "revisionId": "0123456789abcdef0123456789abcdef",
        "createdAt": "2025-11-02T11:00:00Z",
        "updatedAt": "2025-11-02T11:00:00Z",
        "document": {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"AWS": format!("arn:{}:iam::{copier}:root", arn.partition())},
            "Action": "rekognition:CopyProjectVersion",
            "Resource": format!("{project}/version/*"),
        }]},
    });
    let policies = if arn.account() == copier { Vec::new() } else { vec![policy] };
    json!({"projectArn": arn, "versions": versions.into_values().collect::<Vec<_>>(), "policies": policies})
}

fn trained_version(arn: &ProjectVersionArn) -> Value {
    json!({
        "projectVersionArn": arn,
        "status": "TRAINING_COMPLETED",
        "statusMessage": "The model is ready to run.",
        "trainedAt": "2025-11-02T11:00:00Z",
        "outputConfig": {"S3Bucket": format!("{}-models", arn.project_name().to_lowercase())},
    })
}
