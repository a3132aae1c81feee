//! The ports through the AWS SDK, a file each. `source_accounts` is the part of Rekognition's port that acts in other
//! accounts; `http` is the client that all of them share.

mod bus;
mod clock;
mod http;
mod ledger;
mod rekognition;
mod source_accounts;

pub use bus::EventBridge;
pub(crate) use clock::SdkClock;
pub use clock::SystemClock;
use clock::timestamp;
pub use http::BadBundle;
pub use ledger::{DynamoDb, item};
pub use rekognition::CustomLabels;

use std::env;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use crate::domain::refusal::{Meaning, Refusal};
use crate::ports::Unavailable;

/// The SDK's configuration, from the environment alone, with what it leaves open: it has a connect time-out only.
///
/// Lambda puts Region and credentials into the environment. The SDK's own loader asks for them and for everything else
/// in files as well, and brings the code for its other places (profiles, SSO, containers, the instance) into the program.
/// An attempt is given up after 10 s, a call with its retries after 25 s, well within either function's
/// time-out.
pub fn configuration() -> Result<SdkConfig, BadBundle> {
    let is_true = |name| set(name).map(|value| value.eq_ignore_ascii_case("true"));
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_secs(10))
        .operation_timeout(Duration::from_secs(25))
        .build();
    let mut configuration = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http::client()?)
        .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard())
        .service_config(Environment);
    configuration.set_region(set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION")).map(Region::new));
    configuration.set_use_fips(is_true("AWS_USE_FIPS_ENDPOINT"));
    configuration.set_use_dual_stack(is_true("AWS_USE_DUALSTACK_ENDPOINT"));
    Ok(configuration.build())
}

/// What a client asks for by its service's name: `AWS_ENDPOINT_URL_DYNAMODB`, else `AWS_ENDPOINT_URL`.
#[derive(Debug)]
struct Environment;

impl LoadServiceConfig for Environment {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_ascii_uppercase().replace(' ', "_");
        set(&format!("{}_{service}", key.env())).or_else(|| set(key.env()))
    }
}

/// A variable of the environment; one that is empty is not set.
fn set(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The definite refusal that an error of Rekognition or STS is; `None` if the call may have worked.
///
/// An answer with a status of 500 or more may be about a call that worked, whatever its name. Only a throttle comes with
/// either status. An answer without a name is sorted by its status: a proxy or gateway refused it, except for a time-out
/// (408).
fn refusal<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<Refusal> {
    let SdkError::ServiceError(answer) = error else { return None };
    let status = answer.raw().status().as_u16();
    let code = match error.code() {
        Some(code) => code.to_owned(),
        None => format!("HttpStatus{status}"),
    };
    let is_definite = match Meaning::of(&code) {
        Meaning::Unanswered => false,
        Meaning::Throttled => true,
        _ => (300..500).contains(&status) && status != 408,
    };
    let message = error.message().unwrap_or("no reason was given").to_owned();
    is_definite.then_some(Refusal { code, message, http_status: Some(status) })
}

fn unavailable<E>(error: SdkError<E, HttpResponse>) -> Unavailable
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    Unavailable(describe_error(&error))
}

/// An error in one line: what the service answered with its HTTP status, or what went wrong on the way there.
///
/// Never the SDK's own rendering with context: it has the response's body, which may be a record.
fn describe_error<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let status = error.raw_response().map(|response| format!(" (HTTP {})", response.status().as_u16()));
    let status = status.unwrap_or_default();
    if let Some(code) = error.code() {
        return format!("{code}: {}{status}", error.message().unwrap_or("no message"));
    }
    let mut line = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        line.push_str(&format!(": {error}"));
        source = error.source();
    }
    line + &status
}
