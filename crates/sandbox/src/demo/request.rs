//! The demo's requests: their messages for the queue, and the world that they need.
//!
//! The world has the accounts and the Region of the requests, the source project with a trained version and a policy, and
//! the destination project. The first readable request decides the account, the Region and the bucket, because a deployment
//! serves one account.

use std::collections::BTreeMap;

use sandbox::{ProjectArn, VersionArn, World};
use serde_json::{Map, Value, json};

/// The messages in a file: the bodies of an SQS batch's records, or the text itself.
pub(super) fn messages(text: &str) -> Vec<String> {
    let event: Value = serde_json::from_str(text).unwrap_or_default();
    let records = event.get("Records").and_then(Value::as_array);
    let body = |record: &Value| Some(record.get("body")?.as_str()?.to_owned());
    let bodies = records.and_then(|records| records.iter().map(body).collect::<Option<Vec<_>>>());
    bodies.unwrap_or_else(|| vec![text.to_owned()])
}

/// A world, and the bucket that the copier may write to in it.
#[derive(Debug)]
pub(super) struct Needed {
    pub(super) world: World,
    pub(super) bucket: String,
}

/// The parts of a request that decide the world.
pub(super) struct Request {
    source: ProjectArn,
    version: VersionArn,
    pub(super) destination: ProjectArn,
    pub(super) version_name: String,
    bucket: String,
}

/// The world that these messages need; `None` if none of them is a request.
pub(super) fn needed(messages: &[String]) -> Option<Needed> {
    let requests: Vec<Request> = messages.iter().filter_map(|text| read(text)).collect();
    let first = requests.first()?;
    let (place, bucket) = (first.destination.project.clone(), first.bucket.clone());
    let is_served = |request: &&Request| {
        let projects = [&request.source.project, &request.destination.project];
        projects.iter().all(|project| project.region == place.region)
            && request.destination.project.account == place.account
    };
    let mut projects: BTreeMap<ProjectArn, BTreeMap<VersionArn, Value>> = BTreeMap::new();
    for Request { source, version, destination, .. } in requests.iter().filter(is_served) {
        projects.entry(destination.clone()).or_default();
        let versions = projects.entry(source.clone()).or_default();
        // The copier rejects a version of another project.
        if version.project == source.project {
            versions.insert(version.clone(), trained_version(version));
        }
    }
    let projects: Vec<Value> =
        projects.iter().map(|(arn, versions)| project(arn, versions, &place.account)).collect();
    let world = json!({"region": place.region, "copierAccount": place.account, "projects": projects});
    Some(Needed { world: World::from_json(&world.to_string()).ok()?, bucket })
}

fn project(arn: &ProjectArn, versions: &BTreeMap<VersionArn, Value>, copier: &str) -> Value {
    let partition = &arn.project.partition;
    let policy = json!({
        "name": "copy-to-destination",
        "revisionId": "0123456789abcdef0123456789abcdef",
        "createdAt": "2025-11-02T11:00:00Z",
        "updatedAt": "2025-11-02T11:00:00Z",
        "document": {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"AWS": format!("arn:{partition}:iam::{copier}:root")},
            "Action": "rekognition:CopyProjectVersion",
            "Resource": format!("{}/version/*", arn.project),
        }]},
    });
    let policies = if arn.project.account == copier { Vec::new() } else { vec![policy] };
    json!({"projectArn": arn, "versions": versions.values().collect::<Vec<_>>(), "policies": policies})
}

fn trained_version(arn: &VersionArn) -> Value {
    json!({
        "projectVersionArn": arn,
        "status": "TRAINING_COMPLETED",
        "statusMessage": "The model is ready to run.",
        "trainedAt": "2025-11-02T11:00:00Z",
        "outputConfig": {"S3Bucket": format!("{}-models", arn.project.name.to_lowercase())},
    })
}

/// Reads the request in a message: bare, in an event's `detail`, or in a notification's `Message`.
pub(super) fn read(text: &str) -> Option<Request> {
    let value: Value = serde_json::from_str(text).ok()?;
    let object = value.as_object()?;
    if let Some(message) = object.get("Message").and_then(Value::as_str) {
        return read(message);
    }
    let request = object.get("detail").and_then(Value::as_object).unwrap_or(object);
    let config = member(request, "outputConfig")?.as_object()?;
    Some(Request {
        source: member(request, "sourceProjectArn")?.as_str()?.parse().ok()?,
        version: member(request, "sourceProjectVersionArn")?.as_str()?.parse().ok()?,
        destination: member(request, "destinationProjectArn")?.as_str()?.parse().ok()?,
        version_name: member(request, "versionName")?.as_str()?.to_owned(),
        bucket: member(config, "s3Bucket")?.as_str()?.to_owned(),
    })
}

/// The member with this name in lowerCamelCase, or in AWS's PascalCase.
fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let (first, rest) = name.split_at_checked(1)?;
    object.get(name).or_else(|| object.get(&format!("{}{rest}", first.to_uppercase())))
}
