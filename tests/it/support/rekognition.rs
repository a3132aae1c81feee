//! Somebody else's view of the models: who starts them.

use aws_sdk_rekognition::Client;

use super::{ACCOUNT, sdk};

/// Starts a model.
pub async fn start(endpoint: &str, arn: &str) {
    let start = Client::new(&sdk(endpoint, ACCOUNT)).start_project_version();
    start.project_version_arn(arn).min_inference_units(1).send().await.unwrap();
}
