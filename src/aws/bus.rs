//! The event bus through EventBridge's PutEvents.
//!
//! PutEvents answers 200 even if it accepted nothing: every entry has its own result.
//! Source: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::error::ProvideErrorMetadata;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};

use super::describe_error;
use crate::domain::announcement::DETAIL_TYPE;
use crate::domain::aws_answer::Meaning;
use crate::domain::outbox::Outgoing;
use crate::ports::{Bus, CallFailed, Unavailable};

/// An event bus.
#[derive(Clone, Debug)]
pub struct EventBridge {
    client: Client,
    bus: String,
    source: String,
}

impl EventBridge {
    /// The bus called `bus`. Announcements have this `source`.
    pub fn new(client: Client, bus: &str, source: &str) -> Self {
        Self { client, bus: bus.to_owned(), source: source.to_owned() }
    }

    fn entry(&self, announcement: &Outgoing) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.bus)
            .source(&self.source)
            .detail_type(DETAIL_TYPE)
            .time(DateTime::from_millis(announcement.time.as_millisecond()))
            .set_resources(Some(announcement.resources.clone()))
            .detail(announcement.detail.get())
            .set_trace_header(trace_header(std::env::var("_X_AMZN_TRACE_ID").ok()))
            .build()
    }
}

impl Bus for EventBridge {
    async fn publish(&self, call: &[&Outgoing]) -> Result<Vec<Result<(), Unavailable>>, CallFailed> {
        let entries = call.iter().map(|announcement| self.entry(announcement)).collect();
        match self.client.put_events().set_entries(Some(entries)).send().await {
            Ok(output) => {
                let mut results = output.entries.unwrap_or_default().into_iter();
                Ok(call.iter().map(|_| accepted(results.next())).collect())
            }
            Err(error) => {
                let is_refused =
                    error.raw_response().is_some_and(|answer| answer.status().as_u16() / 100 == 4);
                // No announcement is the reason for a throttle or a missing permission.
                let is_about_sender = error.code().map(Meaning::of).is_some_and(|meaning| {
                    matches!(meaning, Meaning::Throttled | Meaning::Limit | Meaning::Permission)
                });
                let reason = describe_error(&error);
                Err(match is_refused && !is_about_sender {
                    true => CallFailed::Refused(reason),
                    false => CallFailed::Unavailable(reason),
                })
            }
        }
    }
}

/// The trace header that Lambda sets for the invocation; EventBridge forwards it. PutEvents refuses a call whose
/// trace header is empty or has more than 500 characters.
fn trace_header(header: Option<String>) -> Option<String> {
    header.filter(|header| (1..=500).contains(&header.chars().count()))
}

fn accepted(result: Option<PutEventsResultEntry>) -> Result<(), Unavailable> {
    match result {
        Some(PutEventsResultEntry { event_id: Some(_), error_code: None, .. }) => Ok(()),
        Some(refused) => Err(Unavailable(format!(
            "{}: {}",
            refused.error_code.as_deref().unwrap_or("no error code"),
            refused.error_message.as_deref().unwrap_or("no message")
        ))),
        None => Err(Unavailable("EventBridge gave no result for the entry".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_accepted_only_if_its_own_result_says_so() {
        let entry = PutEventsResultEntry::builder;
        assert!(accepted(Some(entry().event_id("e").build())).is_ok());
        assert!(accepted(Some(entry().error_code("InternalFailure").build())).is_err());
        assert!(accepted(Some(entry().build())).is_err());
        assert!(accepted(None).is_err());
    }

    #[test]
    fn a_trace_header_that_the_bus_would_refuse_is_left_out() {
        let header = |length: usize| trace_header(Some("x".repeat(length))).map(|header| header.len());
        assert_eq!([0, 1, 500, 501].map(header), [None, Some(1), Some(500), None]);
        assert_eq!(trace_header(None), None);
    }
}
