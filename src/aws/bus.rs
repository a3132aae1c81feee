//! The event bus through EventBridge's PutEvents.
//!
//! PutEvents answers 200 even where it took nothing: every entry has a result of its own. What wasn't taken
//! stays in its outbox for the next sweep.
//! Source: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};

use super::unavailable;
use crate::domain::announcement::DETAIL_TYPE;
use crate::domain::outbox::Outgoing;
use crate::ports::{ANNOUNCEMENTS_PER_CALL, Bus, Unavailable};

/// The most bytes of one call, with room below the limit of 256 KB.
const BYTES: usize = 240_000;

/// An event bus.
#[derive(Clone, Debug)]
pub struct EventBridge {
    client: Client,
    bus: String,
    source: String,
}

impl EventBridge {
    /// The bus called `bus`, on which we are `source`.
    pub fn new(client: Client, bus: &str, source: &str) -> Self {
        Self { client, bus: bus.to_owned(), source: source.to_owned() }
    }

    async fn put(&self, announcements: &[&Outgoing]) -> Vec<Result<(), Unavailable>> {
        let entries = announcements.iter().map(|announcement| self.entry(announcement)).collect();
        match self.client.put_events().set_entries(Some(entries)).send().await {
            Ok(output) => {
                let mut results = output.entries.unwrap_or_default().into_iter();
                announcements.iter().map(|_| taken(results.next())).collect()
            }
            Err(error) => vec![Err(unavailable(error)); announcements.len()],
        }
    }

    fn entry(&self, announcement: &Outgoing) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.bus)
            .source(&self.source)
            .detail_type(DETAIL_TYPE)
            .time(DateTime::from_millis(announcement.time.as_millisecond()))
            .set_resources(Some(announcement.resources.clone()))
            .detail(announcement.detail.get())
            // Lambda sets it for the invocation under way; EventBridge passes it on.
            .set_trace_header(std::env::var("_X_AMZN_TRACE_ID").ok())
            .build()
    }
}

impl Bus for EventBridge {
    async fn publish(&self, announcements: &[&Outgoing]) -> Vec<Result<(), Unavailable>> {
        let mut results = Vec::with_capacity(announcements.len());
        for batch in batches(announcements) {
            results.extend(self.put(batch).await);
        }
        results
    }
}

fn taken(result: Option<PutEventsResultEntry>) -> Result<(), Unavailable> {
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

/// Splits so that every batch stays within one call's limits.
fn batches<'a, 'b>(mut rest: &'b [&'a Outgoing]) -> Vec<&'b [&'a Outgoing]> {
    let mut batches = Vec::new();
    while !rest.is_empty() {
        let mut bytes = 0;
        let fitting = rest.iter().take(ANNOUNCEMENTS_PER_CALL).take_while(|announcement| {
            bytes += size(announcement);
            bytes <= BYTES
        });
        let (batch, remaining) = rest.split_at(fitting.count().max(1));
        batches.push(batch);
        rest = remaining;
    }
    batches
}

/// An entry's size as EventBridge counts it, the constant parts rounded up.
fn size(announcement: &Outgoing) -> usize {
    256 + announcement.detail.get().len() + announcement.resources.iter().map(String::len).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::announcement::Status;
    use serde_json::value::to_raw_value;

    fn outgoing(bytes: usize) -> Outgoing {
        let detail = to_raw_value(&"x".repeat(bytes)).unwrap();
        Outgoing { status: Status::Queued, time: jiff::Timestamp::UNIX_EPOCH, resources: vec![], detail }
    }

    #[test]
    fn a_batch_stays_within_ten_entries_and_the_size_of_a_call() {
        let (small, large) = (outgoing(100), outgoing(100_000));
        let sizes = |all: &[&Outgoing]| batches(all).iter().map(|batch| batch.len()).collect::<Vec<_>>();
        assert_eq!(sizes(&[&small; 23]), [10, 10, 3]);
        assert_eq!(sizes(&[&large; 5]), [2, 2, 1]);
        assert_eq!(sizes(&[&outgoing(300_000)]), [1]);
        assert!(sizes(&[]).is_empty());
    }

    #[test]
    fn an_entry_is_taken_only_if_its_own_result_says_so() {
        let entry = PutEventsResultEntry::builder;
        assert!(taken(Some(entry().event_id("e").build())).is_ok());
        assert!(taken(Some(entry().error_code("InternalFailure").build())).is_err());
        assert!(taken(Some(entry().build())).is_err());
        assert!(taken(None).is_err());
    }
}
