//! The world through the AWS SDK: each file is one port; `policies` is the part of Rekognition's that is in other
//! accounts, and `http` is what all of them talk through.

mod bus;
mod http;
mod ledger;
mod policies;
mod rekognition;

pub use bus::EventBridge;
pub use http::BadBundle;
pub use ledger::DynamoDb;
pub use rekognition::CustomLabels;

use std::time::{Duration, SystemTime};

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use jiff::Timestamp;

use crate::ports::{Clock, Unavailable};

/// The SDK's configuration, from the environment alone, with what it leaves open: it has a connect time-out only.
///
/// Lambda puts Region and credentials into the environment. To ask for them in the SDK's other places (profiles,
/// SSO, containers, the instance) takes a quarter of the time that a function needs to start.
/// An attempt is given up after 10 s, a call with its retries after 25 s, well within either function's
/// time-out.
pub async fn configuration() -> Result<SdkConfig, BadBundle> {
    let configuration = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http::client()?)
        .region(EnvironmentVariableRegionProvider::new())
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(3))
                .operation_attempt_timeout(Duration::from_secs(10))
                .operation_timeout(Duration::from_secs(25))
                .build(),
        )
        .retry_config(RetryConfig::standard())
        .load()
        .await;
    Ok(configuration)
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since_epoch.as_millis())
            .ok()
            .and_then(|millis| Timestamp::from_millisecond(millis).ok())
            .unwrap_or(Timestamp::MAX)
    }
}

fn unavailable<E, R>(error: SdkError<E, R>) -> Unavailable
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug + 'static,
{
    Unavailable(told(&error))
}

/// An error in a line: what the service said, or what went wrong on the way there.
///
/// Never the SDK's own rendering with context: it holds the response's body, which may be a record.
fn told<E, R>(error: &SdkError<E, R>) -> String
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug + 'static,
{
    if let Some(code) = error.code() {
        return format!("{code}: {}", error.message().unwrap_or("no message"));
    }
    let mut line = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        line.push_str(&format!(": {error}"));
        source = error.source();
    }
    line
}
