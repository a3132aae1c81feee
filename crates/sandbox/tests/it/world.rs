//! The schema of a world describes what the sandbox reads and writes.

use crate::support::*;
use jiff::SignedDuration;
use jsonschema::Validator;
use sandbox::{Sandbox, Settings, World};
use serde_json::{Value, json};

fn schema() -> Validator {
    let schema: Value = serde_json::from_str(include_str!("../../world.schema.json")).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

#[test]
fn the_small_world_is_valid() {
    let world: Value = serde_json::from_str(include_str!("../../world.json")).unwrap();
    schema().validate(&world).unwrap();
}

#[tokio::test]
async fn a_world_in_the_middle_of_everything_is_valid_and_loads_again() {
    let settings = Settings { policy_delay: SignedDuration::from_mins(5), ..Settings::default() };
    let sandbox = Sandbox::builder(World::small()).settings(settings).start().await.unwrap();
    sandbox.create_ledger(DESTINATION, "ledger").unwrap();
    let request = with(&copy("v1"), &json!({"Tags": {"team": "flowers"}, "KmsKeyId": "alias/x"}));
    ok(&sandbox, DESTINATION, "CopyProjectVersion", &request).await;
    let train = json!({
        "ProjectArn": STAGING,
        "VersionName": "v2",
        "VersionDescription": "second",
        "OutputConfig": {"S3Bucket": "b-1", "S3KeyPrefix": "p/"},
    });
    ok(&sandbox, DESTINATION, "CreateProjectVersion", &train).await;
    let start = json!({"ProjectVersionArn": STAGING_VERSION, "MinInferenceUnits": 1, "MaxInferenceUnits": 2});
    ok(&sandbox, DESTINATION, "StartProjectVersion", &start).await;
    let adapter = json!({"ProjectName": "adapter", "Feature": "CONTENT_MODERATION", "AutoUpdate": "ENABLED"});
    let adapter = ok(&sandbox, DESTINATION, "CreateProject", &adapter).await;
    ok(&sandbox, DESTINATION, "DeleteProject", &adapter).await;
    let policy = json!({"ProjectArn": FLOWERS, "PolicyName": "copy-to-production"});
    ok(&sandbox, SOURCE, "DeleteProjectPolicy", &policy).await;

    let world = sandbox.world();
    let text = world.to_json();
    schema().validate(&serde_json::from_str(&text).unwrap()).unwrap();
    assert_eq!(World::from_json(&text).unwrap(), world);
}

#[test]
fn what_the_schema_refuses_the_sandbox_refuses() {
    for world in [
        json!({"project": []}),
        json!({"projects": [{}]}),
        json!({"projects": [{"projectArn": "x"}]}),
        json!({"projects": [{"projectArn": FLOWERS, "feature": "OTHER"}]}),
        json!({"projects": [{"projectArn": FLOWERS, "versions": [{"projectVersionArn": FLOWERS_VERSION}]}]}),
        json!({"projects": [{"projectArn": FLOWERS, "policies": [{"name": "x"}]}]}),
        json!({"tables": [{"account": "111122223333"}]}),
    ] {
        assert!(!schema().is_valid(&world), "{world}");
        assert!(World::from_json(&world.to_string()).is_err(), "{world}");
    }
}
