//! The course of a demo: which announcements are new, how far the copies are, and whether every request has ended.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::Timestamp;
use sandbox::{PublishedEvent, Status, Version, World};
use serde_json::Value;

/// The announcements so far.
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

/// A copy in progress.
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
    Some(Copy { name: version.project_version_arn.version.clone(), percent })
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn a_story_is_over_when_every_request_has_ended() {
        let mut story = Story::default();
        assert!(!story.is_over());
        for (request, status, is_over) in [
            ("a", "STARTED", false),
            ("a", "COMPLETED", true),
            ("b", "QUEUED", false),
            ("b", "COMPLETED", true),
        ] {
            story.read(&[event(request, status)]);
            assert_eq!(
                (story.is_over(), story.ended_in("COMPLETED")),
                (is_over, is_over),
                "{request} {status}"
            );
        }
        story.read(&[event("c", "REJECTED")]);
        assert!(story.is_over() && !story.ended_in("COMPLETED"));
    }

    #[test]
    fn an_announcement_is_new_once_and_other_events_never() {
        let mut story = Story::default();
        let published = [event("a", "STARTED"), event("a", "STARTED")];
        assert_eq!(story.read(&published).len(), 1);
        let [(_, before)] = &story.read(&[event("a", "COMPLETED")])[..] else { panic!("nothing new") };
        assert_eq!(before.as_ref().unwrap()["status"], "STARTED");
        let mut other = event("a", "STARTED");
        other.detail = json!({ "versionName": "v1" });
        assert!(story.read(&[other]).is_empty());
    }

    #[test]
    fn progress_is_the_share_of_the_copys_time_that_has_passed() {
        let project = "arn:aws:rekognition:us-east-1:444455556666:project/flowers-production";
        let world = json!({ "projects": [{
            "projectArn": format!("{project}/1761991200000"),
            "versions": [{
                "projectVersionArn": format!("{project}/version/v.1/1764000000000"),
                "createdAt": "2026-11-24T12:00:00Z",
                "status": "COPYING_IN_PROGRESS",
                "next": { "at": "2026-11-24T12:00:30Z", "status": "COPYING_COMPLETED" },
            }],
        }]});
        let world = World::from_json(&world.to_string()).unwrap();
        for (time, percent) in [("11:59:00", 0), ("12:00:15", 50), ("12:00:30", 100), ("13:00:00", 100)] {
            let now = format!("2026-11-24T{time}Z").parse().unwrap();
            assert_eq!(copies(&world, now), [Copy { name: "v.1".to_owned(), percent }]);
        }
    }
}
