//! Somebody else's view of the models: who starts them.

use aws_sdk_rekognition::Client;
use aws_sdk_rekognition::config::{BehaviorVersion, Config, Credentials, Region};

/// Starts a model.
pub async fn start(endpoint: &str, arn: &str) {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(super::http_client())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(super::ACCOUNT, "sandbox", None, None, "tests"))
        .endpoint_url(endpoint)
        .build();
    let start = Client::from_conf(config).start_project_version();
    start.project_version_arn(arn).min_inference_units(1).send().await.unwrap();
}
