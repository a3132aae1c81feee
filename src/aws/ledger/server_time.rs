//! Compares the copier's clock with the `Date` header of DynamoDB's answers.

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_sdk_dynamodb::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};

use crate::ports::Clock;

/// The difference between the two clocks, measured at the last answer.
#[derive(Clone)]
pub(super) struct ServerTime {
    clock: Arc<dyn Clock>,
    skew_seconds: Arc<AtomicI64>,
}

impl ServerTime {
    pub(super) fn new(clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), skew_seconds: Arc::default() }
    }

    /// How far DynamoDB's clock is ahead.
    pub(super) fn skew(&self) -> SignedDuration {
        SignedDuration::from_secs(self.skew_seconds.load(Ordering::Relaxed))
    }
}

impl Debug for ServerTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerTime({:?})", self.skew())
    }
}

impl Intercept for ServerTime {
    fn name(&self) -> &'static str {
        "ServerTime"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(date) = context.response().headers().get("date").and_then(parse) {
            let skew = date.duration_since(self.clock.now()).as_secs();
            self.skew_seconds.store(skew, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// An HTTP date, such as `Tue, 24 Nov 2026 10:00:00 GMT`.
fn parse(date: &str) -> Option<Timestamp> {
    rfc2822::parse(date).ok().map(|date| date.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_http_date_is_read() {
        assert_eq!(parse("Tue, 24 Nov 2026 10:00:00 GMT").unwrap().to_string(), "2026-11-24T10:00:00Z");
        assert_eq!(parse("yesterday"), None);
    }
}
