//! How far the copies in the sandbox are. Rekognition itself doesn't tell; the sandbox, which makes them,
//! knows.

use jiff::Timestamp;
use sandbox::{Status, Version, World};

/// One copy in progress.
#[derive(Debug, PartialEq)]
pub(super) struct Copy {
    /// The version's name.
    pub(super) name: String,
    /// From 0 to 100.
    pub(super) percent: u64,
}

/// The copies in progress at this moment of the sandbox's time.
pub(super) fn copies(world: &World, now: Timestamp) -> Vec<Copy> {
    let versions = world.projects.iter().flat_map(|project| &project.versions);
    versions
        .filter(|version| version.status == Status::CopyingInProgress)
        .filter_map(|it| copy(it, now))
        .collect()
}

fn copy(version: &Version, now: Timestamp) -> Option<Copy> {
    let began = version.created_at?;
    let whole = version.next.as_ref()?.at.duration_since(began).as_millis().max(1);
    let passed = now.duration_since(began).as_millis().clamp(0, whole);
    let arn = version.project_version_arn.to_string();
    // arn:…:project/PROJECT/version/VERSION/NUMBER
    let name = arn.rsplit('/').nth(1).unwrap_or_default().to_owned();
    Some(Copy { name, percent: u64::try_from(passed * 100 / whole).unwrap_or(0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A copy that began at noon and takes 30 s.
    fn world(status: &str) -> World {
        let project = "arn:aws:rekognition:us-east-1:444455556666:project/flowers-production";
        let world = serde_json::json!({ "projects": [{
            "projectArn": format!("{project}/1761991200000"),
            "versions": [{
                "projectVersionArn": format!("{project}/version/v.1/1764000000000"),
                "createdAt": "2026-11-24T12:00:00Z",
                "status": status,
                "next": { "at": "2026-11-24T12:00:30Z", "status": "COPYING_COMPLETED" },
            }],
        }]});
        World::from_json(&world.to_string()).unwrap()
    }

    fn percent_at(time: &str) -> u64 {
        let copies = copies(&world("COPYING_IN_PROGRESS"), time.parse().unwrap());
        assert_eq!(copies[0].name, "v.1");
        copies[0].percent
    }

    #[test]
    fn progress_is_the_share_of_the_time_that_has_passed() {
        assert_eq!(percent_at("2026-11-24T11:59:00Z"), 0);
        assert_eq!(percent_at("2026-11-24T12:00:00Z"), 0);
        assert_eq!(percent_at("2026-11-24T12:00:15Z"), 50);
        assert_eq!(percent_at("2026-11-24T12:00:30Z"), 100);
        assert_eq!(percent_at("2026-11-24T13:00:00Z"), 100);
    }

    #[test]
    fn what_is_not_copying_has_no_progress() {
        let noon = "2026-11-24T12:00:00Z".parse().unwrap();
        assert_eq!(copies(&world("TRAINING_IN_PROGRESS"), noon), []);
    }
}
