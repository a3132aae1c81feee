//! Which entries to look up together: DescribeProjectVersions takes 10 names of one project, or answers a
//! page of 100.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt;
use jiff::Timestamp;
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

/// Where the round through all projects goes on: at the first one that the sweep before had no time for. So every
/// project gets its turn, however many there are. An instance that has just started does not know, and begins anywhere.
#[derive(Debug, Default)]
pub(crate) struct Round(Mutex<Option<ProjectArn>>);

impl Round {
    /// The groups in the order of the round.
    pub(super) fn order(&self, mut groups: Vec<Group>, now: Timestamp) -> Vec<Group> {
        let first = match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(project) => groups.partition_point(|group| group.project < *project),
            None => anywhere(now, groups.len()),
        };
        let rest = groups.split_off(first);
        rest.into_iter().chain(groups).collect()
    }

    /// Lets the next sweep begin with `project`.
    pub(super) fn goes_on_at(&self, project: ProjectArn) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(project);
    }
}

/// One of `count` places: from minute to minute far away from all those of the minutes before, by the golden ratio.
fn anywhere(now: Timestamp, count: usize) -> usize {
    let minute = now.as_second().unsigned_abs() / 60;
    let turn = minute.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from((u128::from(turn) * count as u128) >> 64).unwrap_or(0)
}

/// What a project was seen to hold.
#[derive(Default)]
pub(super) struct Looked {
    versions: BTreeMap<String, Vec<Version>>,
    /// The names that were looked for in vain: a part of them could not be read.
    pub(super) unread: BTreeSet<String>,
}

impl Looked {
    /// The versions of this name that were seen: one, but for one that took another's place meanwhile.
    pub(super) fn named(&self, name: &str) -> &[Version] {
        self.versions.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    fn see(&mut self, versions: Vec<Version>) {
        for version in versions {
            self.versions.entry(version.arn.version_name().to_owned()).or_default().push(version);
        }
    }
}

impl<L: Ledger, R: Rekognition, B: Bus, C: Clock> Sweep<'_, L, R, B, C> {
    /// Looks a group's versions up in as few calls as possible.
    ///
    /// Up to 10 names are one call. For more, pages come first: they are newest first, as copies in
    /// progress are. As long as a page shows more of what is sought than names would, the next page
    /// follows; then the rest by name.
    pub(super) async fn look_up(&self, group: &Group, report: &mut Report) -> Looked {
        let mut looked = Looked::default();
        let mut missing: BTreeSet<String> =
            group.entries.iter().filter_map(|entry| entry.version_name.clone()).collect();
        let mut token = None;
        while missing.len() > NAMES {
            let before = missing.len();
            match self.describe(&group.project, Which::Page(token), report).await {
                Some(page) => {
                    looked.see(page.versions);
                    missing.retain(|name| !looked.versions.contains_key(name));
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
        for names in missing.into_iter().collect::<Vec<_>>().chunks(NAMES) {
            match self.describe(&group.project, Which::Named(names), report).await {
                Some(found) => looked.see(found.versions),
                None => looked.unread.extend(names.iter().cloned()),
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
                report.describe_errors += 1;
                None
            }
        }
    }
}
