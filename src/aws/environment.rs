//! Reads settings of the SDK from environment variables.

use std::env;

use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

/// Finds a client's setting by its service's name: `AWS_ENDPOINT_URL_DYNAMODB`, else `AWS_ENDPOINT_URL`.
#[derive(Debug)]
pub(super) struct Environment;

impl LoadServiceConfig for Environment {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_ascii_uppercase().replace(' ', "_");
        variable(&format!("{}_{service}", key.env())).or_else(|| variable(key.env()))
    }
}

/// A variable of the environment. An empty one counts as not set.
pub(super) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
