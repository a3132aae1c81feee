//! Implements the traits of `ports` with the AWS SDK, each in a file of its own. `source_accounts` is the part of
//! Rekognition's that acts in other accounts; `http` makes the HTTP clients.

mod bus;
mod clock;
mod environment;
mod http;
mod ledger;
mod rekognition;
mod source_accounts;

pub use bus::EventBridge;
use clock::SdkClock;
pub use clock::SystemClock;
use clock::timestamp;
use environment::{Environment, variable};
pub use http::{BadBundle, client as http_client};
pub use ledger::{DynamoDb, item};
pub use rekognition::{CustomLabels, copy_project_version};

use std::fmt::Debug;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::budget::CALL_TIMEOUT;
use crate::domain::aws_answer::{Meaning, Refusal};
use crate::ports::{Clock, Unavailable};

/// How long an idle connection to Rekognition may be used again.
///
/// CopyProjectVersion is not retried. If it is sent on a connection that died while the function was frozen, it gets no
/// answer, and the request waits until its lease of 20 minutes ends.
const REKOGNITION_IDLE_TIMEOUT: Duration = Duration::from_secs(1);

/// The SDK's configurations.
#[derive(Debug)]
pub struct Configuration {
    /// For every service but Rekognition.
    pub shared: SdkConfig,
    /// For Rekognition: the same, with connections of its own that are used again only within a second.
    pub rekognition: SdkConfig,
}

impl Configuration {
    /// Reads environment variables, and sets time-outs: the SDK's default is a connect time-out only.
    ///
    /// Lambda puts Region and credentials into the environment. The SDK's own loader would look for them in files as
    /// well, and bring the code for its other sources (profiles, SSO, containers, the instance) into the program. An
    /// attempt is given up after 10 s, a call with its retries after 25 s.
    ///
    /// # Errors
    /// If `AWS_CA_BUNDLE` names a file that cannot be used.
    pub fn from_env() -> Result<Self, BadBundle> {
        let is_true = |name| variable(name).map(|value| value.eq_ignore_ascii_case("true"));
        let credentials = SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new());
        let mut shared = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http::client(None)?)
            .credentials_provider(credentials)
            .service_config(Environment);
        shared.set_region(variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")).map(Region::new));
        shared.set_use_fips(is_true("AWS_USE_FIPS_ENDPOINT"));
        shared.set_use_dual_stack(is_true("AWS_USE_DUALSTACK_ENDPOINT"));
        Self::of(shared.build())
    }

    /// Sets the same time-outs in a configuration that the caller has read.
    ///
    /// # Errors
    /// If `AWS_CA_BUNDLE` names a file that cannot be used.
    pub fn of(shared: SdkConfig) -> Result<Self, BadBundle> {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(3))
            .operation_attempt_timeout(CALL_TIMEOUT)
            .operation_timeout(Duration::from_secs(25))
            .build();
        let shared =
            shared.into_builder().timeout_config(timeouts).retry_config(RetryConfig::standard()).build();
        let client = http::client(Some(REKOGNITION_IDLE_TIMEOUT))?;
        Ok(Self { rekognition: shared.to_builder().http_client(client).build(), shared })
    }

    /// Gives the SDK this clock, for signatures and for the expiry of credentials.
    pub fn with_clock<C: Clock + Clone + Debug + 'static>(self, clock: C) -> Self {
        let shared = self.shared.into_builder().time_source(SdkClock(clock.clone())).build();
        let rekognition = self.rekognition.into_builder().time_source(SdkClock(clock)).build();
        Self { shared, rekognition }
    }
}

/// The refusal, if this error of Rekognition or STS proves that the call was refused; `None` if the call may have
/// worked.
///
/// If the status is 500 or more, the call may have worked, whatever the error's name is. The one exception is a
/// throttle: it is a refusal with any status. An error without a name was answered by a proxy or gateway, which
/// refused the call unless the status is a time-out (408).
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
pub fn describe_error<E>(error: &SdkError<E, HttpResponse>) -> String
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
