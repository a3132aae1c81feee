//! The rule that sends requests to the queue: which events on the bus are requests, and which were taken
//! already.
//!
//! It reads what was published; it doesn't know where the requests go. Every account's default bus is one
//! bus here: what another account puts on its own, and `source-account.yaml` forwards, is simply there.

use crate::PublishedEvent;

/// What the copier itself publishes as. A rule that took these would talk to itself.
const OURS: &str = "rekognition.model-copier";

/// A rule, and how far along the published events it is.
#[derive(Debug, Default)]
pub(super) struct Rule {
    taken: usize,
}

impl Rule {
    /// The requests among the events that are new since the last call, as a target gets them.
    pub(super) fn take(&mut self, published: &[PublishedEvent]) -> Vec<String> {
        // Fewer than last time: the sandbox was reset.
        let new = published.get(self.taken..).unwrap_or(published);
        self.taken = published.len();
        new.iter().filter(|event| is_request(event)).map(PublishedEvent::to_json).collect()
    }
}

fn is_request(event: &PublishedEvent) -> bool {
    event.event_bus_name == "default" && event.is_request() && event.source != OURS
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    const REQUESTED: &str = "Rekognition Model Copy Requested";

    fn event(detail_type: &str, source: &str) -> PublishedEvent {
        PublishedEvent {
            id: "1".to_owned(),
            detail_type: detail_type.to_owned(),
            source: source.to_owned(),
            account: "111122223333".to_owned(),
            time: Timestamp::UNIX_EPOCH,
            region: "us-east-1".to_owned(),
            resources: Vec::new(),
            detail: json!({ "versionName": "v1" }),
            event_bus_name: "default".to_owned(),
            raw_detail: "{}".to_owned(),
            trace_header: None,
        }
    }

    fn taken(rule: &mut Rule, published: &[PublishedEvent]) -> usize {
        rule.take(published).len()
    }

    #[test]
    fn a_request_is_taken_whole_and_once() {
        let published = [event(REQUESTED, "com.example.ml-pipeline")];
        let mut rule = Rule::default();
        assert_eq!(rule.take(&published), [published[0].to_json()]);
        assert_eq!(taken(&mut rule, &published), 0);
    }

    #[test]
    fn neither_other_events_nor_our_own_nor_other_buses_are_taken() {
        let mut elsewhere = event(REQUESTED, "com.example.ml-pipeline");
        elsewhere.event_bus_name = "other".to_owned();
        let published =
            [event("Rekognition Model Copy State Change", OURS), event(REQUESTED, OURS), elsewhere];
        assert_eq!(taken(&mut Rule::default(), &published), 0);
    }

    #[test]
    fn a_rule_goes_on_after_the_sandbox_was_reset() {
        let old = [event(REQUESTED, "a"), event(REQUESTED, "b")];
        let mut rule = Rule::default();
        assert_eq!(taken(&mut rule, &old), 2);
        assert_eq!(taken(&mut rule, &[event(REQUESTED, "c")]), 1);
    }
}
