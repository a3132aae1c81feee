//! What has the version name decides what becomes of a request for it: adopted, refused or waited for.

use crate::support::{Copier, DESTINATION, minutes, request, with};
use serde_json::{Value, json};

const STAGING: &str = "arn:aws:rekognition:us-east-1:444455556666:project/flowers-staging/1761994800000";
const STAGING_VERSION: &str = "arn:aws:rekognition:us-east-1:444455556666:project/flowers-staging/version/flowers.2026-11-01/1761998400000";

#[tokio::test]
async fn a_name_that_another_model_has_is_a_failure() {
    let buckets = ("ALLOWED_OUTPUT_BUCKETS", "flowers-production-models,another");
    let copier = Copier::deployed_with(&[buckets]).await;
    let from_staging = json!({"sourceProjectArn": STAGING, "sourceProjectVersionArn": STAGING_VERSION});
    let trained = version("trained", "TRAINING_COMPLETED", None, "flowers-production-models");
    copier.sandbox().change(|world| add(world, trained));
    copier.send(&[&with(request("staging"), from_staging), &request("bucket")]).await;
    copier
        .send(&[
            &with(request("another source"), json!({"versionName": "staging"})),
            &with(request("trained there"), json!({"versionName": "trained"})),
            &with(
                request("another bucket"),
                json!({"versionName": "bucket", "outputConfig": {"s3Bucket": "another"}}),
            ),
        ])
        .await;
    for (id, told) in [
        ("another source", STAGING_VERSION),
        ("trained there", "a model that was trained there"),
        ("another bucket", "another bucket or key"),
    ] {
        assert_eq!(copier.words(id), ["FAILED"], "{id}");
        let failure = copier.last(id)["failure"].clone();
        assert_eq!(failure["code"], "VersionNameTaken", "{id}");
        assert!(failure["message"].as_str().unwrap().contains(told), "{id}: {failure}");
        assert!(failure["remedy"].as_str().unwrap().contains("`versionName`"), "{id}: {failure}");
        assert_eq!(copier.last(id).get("projectVersionArn"), None, "{id}: it isn't ours");
    }
    assert_eq!(copier.words("staging"), ["STARTED"]);
}

#[tokio::test]
async fn a_name_that_is_being_deleted_is_waited_for() {
    let copier = Copier::deployed().await;
    let leaving =
        version("v1", "DELETING", Some(crate::support::SOURCE_VERSION), "flowers-production-models");
    copier.sandbox().change(|world| add(world, leaving));
    copier.send(&[&request("v1")]).await;
    assert_eq!(copier.words("v1"), ["QUEUED"]);
    copier.sandbox().change(|world| remove(world, "v1"));
    copier.pass(minutes(5)).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["QUEUED", "STARTED"]);
    assert_eq!(copier.last("v1")["adopted"], false);
}

#[tokio::test]
async fn a_copy_that_cannot_be_seen_yet_is_waited_for_and_adopted() {
    let copier = Copier::deployed().await;
    let mut settings = copier.sandbox().settings();
    settings.describe_delay = minutes(4);
    copier.sandbox().set_settings(settings);
    copier.send(&[&request("v1")]).await;
    copier.send(&[&with(request("v1"), json!({"requestId": "second"}))]).await;
    assert_eq!(copier.words("second"), ["QUEUED"]);
    copier.pass(minutes(5)).await;
    copier.sweep().await;
    assert_eq!(copier.words("second"), ["QUEUED", "STARTED"]);
    assert_eq!(copier.last("second")["adopted"], true);
}

#[tokio::test]
async fn a_failed_copy_that_has_the_name_is_answered_as_what_it_is() {
    let copier = Copier::deployed().await;
    let mut failed =
        version("v1", "COPYING_FAILED", Some(crate::support::SOURCE_VERSION), "flowers-production-models");
    failed["statusMessage"] = json!("the bucket is gone");
    copier.sandbox().change(|world| add(world, failed));
    copier.send(&[&request("v1")]).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["STARTED", "FAILED"]);
    let failure = &copier.last("v1")["failure"];
    assert_eq!(
        (&failure["code"], &failure["message"]),
        (&json!("CopyingFailed"), &json!("the bucket is gone"))
    );
    assert!(failure["remedy"].as_str().unwrap().contains("delete the failed version"), "{failure}");
}

/// A version in the destination project, as a world holds it.
fn version(name: &str, status: &str, source: Option<&str>, bucket: &str) -> Value {
    let project = DESTINATION.rsplit_once('/').unwrap().0;
    let version = json!({
        "projectVersionArn": format!("{project}/version/{name}/1762000000000"),
        "status": status,
        "sourceProjectVersionArn": source,
        "outputConfig": {"S3Bucket": bucket},
    });
    if source.is_some() { version } else { with(version, json!({"sourceProjectVersionArn": null})) }
}

fn add(world: &mut sandbox::World, version: Value) {
    let version = serde_json::from_value(version).unwrap();
    let destination = DESTINATION.parse().unwrap();
    let project = world.projects.iter_mut().find(|project| project.project_arn == destination).unwrap();
    project.versions.push(version);
}

fn remove(world: &mut sandbox::World, name: &str) {
    let destination = DESTINATION.parse().unwrap();
    let project = world.projects.iter_mut().find(|project| project.project_arn == destination).unwrap();
    project.versions.retain(|version| version.project_version_arn.version != name);
}
