//! What was published: the list of events PutEvents took, and a way to follow it. Knows nothing of PutEvents' rules.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::{Value, json, value::RawValue};
use tokio::sync::watch;

const REQUESTED: &str = "Rekognition Model Copy Requested";

/// An event that PutEvents took.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PublishedEvent {
    /// The EventId that PutEvents answered.
    pub id: String,
    /// `DetailType`
    pub detail_type: String,
    /// `Source`
    pub source: String,
    /// The account that published it.
    pub account: String,
    /// `Time` of the entry, else sandbox time.
    pub time: Timestamp,
    /// The Region of the bus.
    pub region: String,
    /// `Resources`
    pub resources: Vec<String>,
    /// `Detail`, read: see [`Self::raw_detail`].
    #[serde(skip)]
    pub detail: Value,
    /// The bus it was published to, as the entry names it (`default` where it names none). Not part of the event
    /// that rules and targets see.
    pub event_bus_name: String,
    /// `Detail` byte for byte: a number may have more digits than a double holds.
    #[serde(rename = "detail", serialize_with = "as_it_is")]
    pub raw_detail: String,
    /// `TraceHeader`
    #[serde(skip)]
    pub trace_header: Option<String>,
}

impl PublishedEvent {
    /// Whether it asks for a copy.
    pub fn is_request(&self) -> bool {
        self.detail_type == REQUESTED
    }

    /// The event as a rule's target receives it, its detail byte for byte.
    pub fn to_json(&self) -> String {
        let mut event = json!({
            "version": "0",
            "id": self.id,
            "detail-type": self.detail_type,
            "source": self.source,
            "account": self.account,
            "time": self.time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "region": self.region,
            "resources": self.resources,
        })
        .to_string();
        event.pop();
        format!("{event},\"detail\":{}}}", self.raw_detail)
    }

    /// The event as [`Self::to_json`] writes it, on one line: without the white space between its detail's values.
    pub fn to_json_line(&self) -> String {
        let (mut line, mut in_text, mut escaped) = (String::new(), false, false);
        for c in self.to_json().chars() {
            if in_text || !c.is_ascii_whitespace() {
                line.push(c);
            }
            in_text ^= c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
        }
        line
    }

    /// The event as [`Self::to_json`] writes it, read. A number beyond a double has lost digits here.
    pub fn to_event(&self) -> Value {
        serde_json::from_str(&self.to_json()).unwrap_or_default()
    }
}

/// JSON in a text, as the JSON it is.
fn as_it_is<S: Serializer>(text: &str, to: S) -> Result<S::Ok, S::Error> {
    RawValue::from_string(text.to_owned()).map_err(S::Error::custom)?.serialize(to)
}

/// The list, shared.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    events: Arc<Mutex<Vec<PublishedEvent>>>,
    count: watch::Sender<usize>,
}

impl Published {
    pub(crate) fn none() -> Self {
        Self { events: Arc::default(), count: watch::Sender::new(0) }
    }

    pub(crate) fn list(&self) -> Vec<PublishedEvent> {
        self.lock().clone()
    }

    pub(crate) fn add(&self, mut events: Vec<PublishedEvent>) {
        let mut list = self.lock();
        list.append(&mut events);
        self.count.send_replace(list.len());
    }

    pub(crate) fn clear(&self) {
        let mut list = self.lock();
        list.clear();
        self.count.send_replace(0);
    }

    pub(crate) fn follow(&self) -> Follow {
        Follow { published: self.clone(), count: self.count.subscribe(), seen: 0 }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<PublishedEvent>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads published events one after the other, from the first since the last reset. Misses none, however slow the
/// reader.
#[derive(Debug)]
pub struct Follow {
    published: Published,
    count: watch::Receiver<usize>,
    seen: usize,
}

impl Follow {
    /// The next event; waits until there is one.
    pub async fn next(&mut self) -> PublishedEvent {
        loop {
            let count = *self.count.borrow_and_update();
            self.seen = self.seen.min(count);
            if let Some(event) = self.published.lock().get(self.seen).cloned() {
                self.seen = self.seen.saturating_add(1);
                return event;
            }
            // The sender lives in `self.published`: this ends only by a change.
            let _ = self.count.changed().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str) -> PublishedEvent {
        PublishedEvent {
            id: id.to_owned(),
            detail_type: "t".to_owned(),
            source: "s".to_owned(),
            account: "111122223333".to_owned(),
            time: Timestamp::UNIX_EPOCH,
            region: "us-east-1".to_owned(),
            resources: Vec::new(),
            detail: Value::Null,
            event_bus_name: "default".to_owned(),
            raw_detail: "null".to_owned(),
            trace_header: None,
        }
    }

    #[test]
    fn an_event_keeps_every_byte_of_its_detail() {
        let raw_detail =
            "{ \"n\": 18446744073709551617,\n  \"d\": 0.10000000000000000555, \"t\": \"a \\\" \\\\\" }";
        let event = PublishedEvent { raw_detail: raw_detail.to_owned(), ..event("1") };
        assert!(event.to_json().ends_with(&format!(",\"detail\":{raw_detail}}}")));
        assert!(serde_json::to_string(&event).unwrap().contains(raw_detail));
        let line = event.to_json_line();
        let compact = r#"{"n":18446744073709551617,"d":0.10000000000000000555,"t":"a \" \\"}"#;
        assert!(line.ends_with(&format!(",\"detail\":{compact}}}")), "{line}");
    }

    #[tokio::test]
    async fn a_follower_reads_what_was_published_before_it_came_and_what_comes_after() {
        let published = Published::none();
        published.add(vec![event("1")]);
        let mut follow = published.follow();
        assert_eq!(follow.next().await.id, "1");
        let waiting = tokio::spawn(async move { follow.next().await.id });
        published.add(vec![event("2")]);
        assert_eq!(waiting.await.unwrap(), "2");
    }

    #[tokio::test]
    async fn a_follower_goes_on_after_a_reset() {
        let published = Published::none();
        published.add(vec![event("1"), event("2")]);
        let mut follow = published.follow();
        assert_eq!(follow.next().await.id, "1");
        published.clear();
        let waiting = tokio::spawn(async move { follow.next().await.id });
        tokio::task::yield_now().await;
        published.add(vec![event("3")]);
        assert_eq!(waiting.await.unwrap(), "3");
    }
}
