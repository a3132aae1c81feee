//! What was announced so far, and whether that is the end. It reads announcements and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sandbox::PublishedEvent;
use serde_json::Value;

/// Where each request stands, as far as it was announced.
#[derive(Debug, Default)]
pub(super) struct Story {
    heard: BTreeSet<String>,
    statuses: BTreeMap<String, String>,
    /// The last announcement about each request.
    last: BTreeMap<String, Value>,
}

impl Story {
    /// Takes in what was published, and returns what is new: each announcement once, however often it was
    /// published, with the one before it about the same request.
    pub(super) fn hear(&mut self, published: &[PublishedEvent]) -> Vec<(PublishedEvent, Option<Value>)> {
        let mut new = Vec::new();
        for event in published {
            let text = |field| event.detail.get(field).and_then(Value::as_str).map(str::to_owned);
            let (Some(id), Some(request), Some(status)) =
                (text("eventId"), text("requestId"), text("status"))
            else {
                continue;
            };
            if self.heard.insert(id) {
                let before = self.last.insert(request.clone(), event.detail.clone());
                self.statuses.insert(request, status);
                new.push((event.clone(), before));
            }
        }
        new
    }

    /// Whether every request that was heard of has ended.
    pub(super) fn is_over(&self) -> bool {
        let ends = ["COMPLETED", "FAILED", "TIMED_OUT", "REJECTED"];
        !self.statuses.is_empty() && self.statuses.values().all(|status| ends.contains(&status.as_str()))
    }

    /// Whether every request ended in this status.
    pub(super) fn ended_in(&self, end: &str) -> bool {
        self.is_over() && self.statuses.values().all(|status| status == end)
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.statuses.is_empty() {
            return f.write_str("nothing was announced");
        }
        let statuses = self.statuses.iter().map(|(request, status)| format!("`{request}` is {status}"));
        f.write_str(&statuses.collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    fn event(request: &str, status: &str) -> PublishedEvent {
        PublishedEvent {
            id: String::new(),
            detail_type: "Rekognition Model Copy State Change".to_owned(),
            source: "rekognition.model-copier".to_owned(),
            account: "444455556666".to_owned(),
            time: Timestamp::UNIX_EPOCH,
            region: "us-east-1".to_owned(),
            resources: Vec::new(),
            detail: json!({ "eventId": format!("{request} {status}"), "requestId": request, "status": status }),
            event_bus_name: "default".to_owned(),
            raw_detail: String::new(),
            trace_header: None,
        }
    }

    fn story(announced: &[(&str, &str)]) -> Story {
        let mut story = Story::default();
        let events: Vec<_> = announced.iter().map(|(request, status)| event(request, status)).collect();
        story.hear(&events);
        story
    }

    #[test]
    fn a_story_is_over_when_every_request_has_ended() {
        assert!(!story(&[]).is_over());
        assert!(!story(&[("a", "STARTED")]).is_over());
        assert!(!story(&[("a", "STARTED"), ("b", "COMPLETED")]).is_over());
        assert!(story(&[("a", "STARTED"), ("a", "COMPLETED"), ("b", "REJECTED")]).is_over());
    }

    #[test]
    fn only_completed_is_a_good_end() {
        assert!(story(&[("a", "COMPLETED")]).ended_in("COMPLETED"));
        for status in ["QUEUED", "STARTED", "OVERDUE", "FAILED", "TIMED_OUT", "REJECTED"] {
            assert!(!story(&[("a", "COMPLETED"), ("b", status)]).ended_in("COMPLETED"), "{status}");
        }
    }

    #[test]
    fn an_announcement_that_is_published_again_is_no_news() {
        let mut story = Story::default();
        let published = [event("a", "STARTED"), event("a", "STARTED")];
        assert_eq!(story.hear(&published).len(), 1);
        let [(_, before)] = &story.hear(&[event("a", "COMPLETED")])[..] else { panic!("no news") };
        assert_eq!(before.as_ref().unwrap()["status"], "STARTED");
        assert!(story.hear(&published).is_empty());
    }

    #[test]
    fn an_event_that_is_no_announcement_is_no_news() {
        let mut other = event("a", "STARTED");
        other.detail = json!({ "versionName": "v1" });
        assert!(Story::default().hear(&[other]).is_empty());
    }
}
