//! Which entries to look up together: DescribeProjectVersions takes 10 names of one project, or answers a
//! page of 100.

use std::collections::BTreeMap;

use futures_util::FutureExt;
use tracing::warn;

use super::{Report, Sweep};
use crate::domain::arn::ProjectArn;
use crate::domain::model::Version;
use crate::ports::{Bus, Clock, Entry, Ledger, Rekognition, Versions, Which};

/// The most names of one call.
const NAMES: usize = 10;

/// The entries of one destination project.
pub(super) struct Group {
    pub(super) project: ProjectArn,
    pub(super) entries: Vec<Entry>,
}

impl Group {
    /// The fewest calls that can show every entry.
    fn calls(&self) -> usize {
        if self.entries.len() <= NAMES { 1 } else { self.entries.len().div_ceil(100) }
    }
}

/// Sorts entries by destination project. Those without one have nothing to look at.
pub(super) fn by_project(entries: Vec<Entry>) -> Vec<Group> {
    let mut groups: BTreeMap<ProjectArn, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        if let Some(project) = entry.destination_project_arn.clone() {
            groups.entry(project).or_default().push(entry);
        }
    }
    groups.into_iter().map(|(project, entries)| Group { project, entries }).collect()
}

/// The groups, beginning where the sweep before ended.
///
/// Nobody remembers where that was: sweep number `n` covers `capacity` calls of a ring, and begins where
/// number `n - 1` must have ended. So every project gets its turn, however many there are.
pub(super) fn rotated(mut groups: Vec<Group>, number: u64, capacity: u64) -> Vec<Group> {
    let total: u64 = groups.iter().map(|group| group.calls() as u64).sum();
    if total <= capacity {
        return groups;
    }
    let start = (number % total).wrapping_mul(capacity % total) % total;
    let mut passed = 0;
    let first = groups.iter().position(|group| {
        passed += group.calls() as u64;
        passed > start
    });
    groups.rotate_left(first.unwrap_or(0));
    groups
}

/// What a project was seen to hold.
pub(super) struct Looked {
    /// The versions that were seen.
    pub(super) versions: Vec<Version>,
    /// The names that were looked for in vain: a part of them could not be read.
    pub(super) unread: Vec<String>,
}

impl<L: Ledger, R: Rekognition, B: Bus, C: Clock> Sweep<'_, L, R, B, C> {
    /// Looks a group's versions up in as few calls as possible.
    ///
    /// Up to 10 names are one call. For more, pages come first: they are newest first, as copies in
    /// progress are. As long as a page shows more of what is sought than names would, the next page
    /// follows; then the rest by name.
    pub(super) async fn look_up(&self, group: &Group, report: &mut Report) -> Looked {
        let mut looked = Looked { versions: Vec::new(), unread: Vec::new() };
        let mut missing: Vec<String> =
            group.entries.iter().filter_map(|entry| entry.version_name.clone()).collect();
        missing.sort_unstable();
        missing.dedup();
        let mut token = None;
        while missing.len() > NAMES {
            let before = missing.len();
            match self.describe(&group.project, Which::Page(token), report).await {
                Some(page) => {
                    missing.retain(|name| {
                        page.versions.iter().all(|version| version.arn.version_name() != name)
                    });
                    looked.versions.extend(page.versions);
                    token = page.next;
                }
                None => {
                    looked.unread = missing;
                    return looked;
                }
            }
            if token.is_none() {
                return looked;
            }
            if before - missing.len() < NAMES {
                break;
            }
        }
        for names in missing.chunks(NAMES) {
            match self.describe(&group.project, Which::Named(names), report).await {
                Some(found) => looked.versions.extend(found.versions),
                None => looked.unread.extend_from_slice(names),
            }
        }
        looked
    }

    async fn describe(
        &self,
        project: &ProjectArn,
        which: Which<'_>,
        report: &mut Report,
    ) -> Option<Versions> {
        self.copier.look_pace.turn().await;
        if self.out_of_time() {
            return None;
        }
        report.describe_calls += 1;
        match self.copier.rekognition.versions(project, which).boxed().await {
            Ok(versions) => Some(versions),
            Err(error) => {
                warn!(project = %project, %error, "a project could not be read");
                None
            }
        }
    }
}
