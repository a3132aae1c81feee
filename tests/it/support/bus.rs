//! A requester's view of the bus: PutEvents.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use serde_json::Value;

use super::sdk;

/// Puts an event on the default bus as `account`; its id.
pub async fn put(endpoint: &str, account: &str, source: &str, detail_type: &str, detail: &Value) -> String {
    let entry = PutEventsRequestEntry::builder().source(source).detail_type(detail_type);
    let entry = entry.detail(detail.to_string()).build();
    let put = Client::new(&sdk(endpoint, account)).put_events().entries(entry).send().await.unwrap();
    put.entries()[0].event_id().unwrap().to_owned()
}
