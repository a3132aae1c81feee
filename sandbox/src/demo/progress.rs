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
