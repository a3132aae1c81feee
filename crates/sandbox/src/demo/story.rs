//! The course of a demo: which announcements are new, how far the copies are, and whether every request has ended.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::Timestamp;
use sandbox::{PublishedEvent, Status, Version, World};
use serde_json::Value;

#[derive(Debug, Default)]
pub(super) struct Story {
    event_ids: BTreeSet<String>,
    /// The last announcement about each request, by request id.
    last: BTreeMap<String, Value>,
}

impl Story {
    /// Returns the new announcements, each once however often it was published, with the one before it about the same
    /// request.
    pub(super) fn read(&mut self, published: &[PublishedEvent]) -> Vec<(PublishedEvent, Option<Value>)> {
        let mut new = Vec::new();
        for event in published {
            let text = |field| event.detail.get(field).and_then(Value::as_str).map(str::to_owned);
            let (Some(id), Some(request), Some(_)) = (text("eventId"), text("requestId"), text("status"))
            else {
                continue;
            };
            if self.event_ids.insert(id) {
                new.push((event.clone(), self.last.insert(request, event.detail.clone())));
            }
        }
        new
    }

    /// Whether every announced request has ended.
    pub(super) fn is_over(&self) -> bool {
        let ends = ["COMPLETED", "FAILED", "TIMED_OUT", "REJECTED"];
        !self.last.is_empty() && self.statuses().all(|(_, status)| ends.contains(&status))
    }

    /// Whether every announced request has the status `end`.
    pub(super) fn ended_in(&self, end: &str) -> bool {
        !self.last.is_empty() && self.statuses().all(|(_, status)| status == end)
    }

    fn statuses(&self) -> impl Iterator<Item = (&str, &str)> {
        self.last.iter().map(|(request, detail)| {
            (request.as_str(), detail.get("status").and_then(Value::as_str).unwrap_or_default())
        })
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.last.is_empty() {
            return f.write_str("nothing was announced");
        }
        let statuses = self.statuses().map(|(request, status)| format!("`{request}` is {status}"));
        f.write_str(&statuses.collect::<Vec<_>>().join(", "))
    }
}

#[derive(Debug, PartialEq)]
pub(super) struct Copy {
    /// The version's name.
    pub(super) name: String,
    /// From 0 to 100.
    pub(super) percent: u64,
}

/// The copies in progress at this moment. Rekognition does not show progress; the sandbox knows when each copy ends.
pub(super) fn copies(world: &World, now: Timestamp) -> Vec<Copy> {
    let versions = world.projects.iter().flat_map(|project| &project.versions);
    let copying = versions.filter(|version| version.status == Status::CopyingInProgress);
    copying.filter_map(|version| progress(version, now)).collect()
}

fn progress(version: &Version, now: Timestamp) -> Option<Copy> {
    let began = version.created_at();
    let whole = version.next.as_ref()?.at.duration_since(began).as_millis().max(1);
    let passed = now.duration_since(began).as_millis().clamp(0, whole);
    let percent = u64::try_from(passed * 100 / whole).unwrap_or(0);
    Some(Copy { name: version.project_version_arn.version_name().to_owned(), percent })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(request: &str, status: &str) -> PublishedEvent {
        let detail =
            json!({ "eventId": format!("{request} {status}"), "requestId": request, "status": status });
        PublishedEvent { detail, ..PublishedEvent::default() }
    }

    #[test]
    fn an_announcement_is_new_once_and_other_events_never() {
        let mut story = Story::default();
        let published = [event("a", "STARTED"), event("a", "STARTED")];
        assert_eq!(story.read(&published).len(), 1);
        assert!(!story.is_over());
        let [(_, before)] = &story.read(&[event("a", "COMPLETED")])[..] else { panic!("nothing new") };
        assert!(story.is_over());
        assert_eq!(before.as_ref().unwrap()["status"], "STARTED");
        let mut other = event("a", "STARTED");
        other.detail = json!({ "versionName": "v1" });
        assert!(story.read(&[other]).is_empty());
    }
}
