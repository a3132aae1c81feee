//! The world that a request needs: its account and Region, the source project with the trained version and a policy, and
//! the destination project. The first request that can be read decides on account, Region and bucket, as one deployment
//! serves one account.

use std::collections::BTreeMap;

use sandbox::{ProjectArn, VersionArn, World};
use serde_json::{Map, Value, json};

/// A world, and the buckets that the copier may write to in it.
#[derive(Debug)]
pub(super) struct Needed {
    pub(super) world: World,
    pub(super) bucket: String,
}

/// What a request says, as far as a world can be made of it.
pub(super) struct Request {
    source: ProjectArn,
    version: VersionArn,
    pub(super) destination: ProjectArn,
    pub(super) version_name: String,
    bucket: String,
}

/// What these messages need; `None` if no message is a request.
pub(super) fn needed(messages: &[String]) -> Option<Needed> {
    let requests: Vec<Request> = messages.iter().filter_map(|text| request_of(text)).collect();
    let first = requests.first()?;
    let (place, bucket) = (first.destination.project.clone(), first.bucket.clone());
    let is_here = |request: &&Request| {
        let projects = [&request.source.project, &request.destination.project];
        projects.iter().all(|project| project.region == place.region)
            && request.destination.project.account == place.account
    };
    let mut projects: BTreeMap<ProjectArn, BTreeMap<VersionArn, Value>> = BTreeMap::new();
    for Request { source, version, destination, .. } in requests.iter().filter(is_here) {
        projects.entry(destination.clone()).or_default();
        let versions = projects.entry(source.clone()).or_default();
        // A version of another project is refused: there is nothing to make.
        if version.project == source.project {
            versions.insert(version.clone(), trained(version));
        }
    }
    let projects: Vec<Value> =
        projects.iter().map(|(arn, versions)| project(arn, versions, &place.account)).collect();
    let world = json!({"region": place.region, "copierAccount": place.account, "projects": projects});
    Some(Needed { world: World::from_json(&world.to_string()).ok()?, bucket })
}

fn project(arn: &ProjectArn, versions: &BTreeMap<VersionArn, Value>, copier: &str) -> Value {
    let mut project = json!({"projectArn": arn, "versions": versions.values().collect::<Vec<_>>()});
    if arn.project.account != copier {
        let partition = &arn.project.partition;
        project["policies"] = json!([{
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
        }]);
    }
    project
}

fn trained(arn: &VersionArn) -> Value {
    json!({
        "projectVersionArn": arn,
        "status": "TRAINING_COMPLETED",
        "statusMessage": "The model is ready to run.",
        "trainedAt": "2025-11-02T11:00:00Z",
        "outputConfig": {"S3Bucket": format!("{}-models", arn.project.name.to_lowercase())},
    })
}

/// The request in a message: bare, in an event's `detail`, or in a notification's `Message`.
pub(super) fn request_of(text: &str) -> Option<Request> {
    let value: Value = serde_json::from_str(text).ok()?;
    let object = value.as_object()?;
    if let Some(message) = object.get("Message").and_then(Value::as_str) {
        return request_of(message);
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

/// A member in lowerCamelCase or in AWS's PascalCase.
fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let (first, rest) = name.split_at_checked(1)?;
    object.get(name).or_else(|| object.get(&format!("{}{rest}", first.to_uppercase())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str = r#"{
        "sourceProjectArn": "arn:aws:rekognition:eu-west-1:123456789012:project/cats/1761904800000",
        "sourceProjectVersionArn": "arn:aws:rekognition:eu-west-1:123456789012:project/cats/version/v7/1762077600000",
        "destinationProjectArn": "arn:aws:rekognition:eu-west-1:210987654321:project/pets/1761991200000",
        "versionName": "v7", "outputConfig": {"s3Bucket": "pets-in-production"}
    }"#;

    #[test]
    fn a_request_of_any_account_and_region_gets_its_world() {
        let event = json!({"detail-type": "x", "detail": serde_json::from_str::<Value>(REQUEST).unwrap()});
        let notification = json!({"Type": "Notification", "Message": REQUEST});
        for message in [REQUEST.to_owned(), event.to_string(), notification.to_string()] {
            let Needed { world, bucket } = needed(&["no JSON".to_owned(), message]).unwrap();
            assert_eq!((world.region.as_str(), world.copier_account.as_str()), ("eu-west-1", "210987654321"));
            assert_eq!(bucket, "pets-in-production");
            let [cats, pets] = &world.projects[..] else { panic!("{:?}", world.projects) };
            assert_eq!((cats.versions.len(), cats.policies.len()), (1, 1));
            assert_eq!((pets.versions.len(), pets.policies.len()), (0, 0));
        }
    }

    #[test]
    fn a_request_as_the_aws_cli_takes_it_gets_its_world() {
        let request = include_str!("../../../../events/copy-requested-cli.json");
        assert_eq!(needed(&[request.to_owned()]).unwrap().world.projects.len(), 2);
    }

    #[test]
    fn what_is_no_request_needs_no_world() {
        assert!(needed(&["no JSON".to_owned(), "{}".to_owned()]).is_none());
    }
}
