//! Describes the versions of a destination project for all its records in as few calls as possible.

use std::collections::{BTreeMap, BTreeSet};

use tracing::warn;

use super::Sweep;
use crate::domain::arn::ProjectArn;
use crate::domain::model::Version;
use crate::ports::{Entry, EntryCopy, Page, Rekognition, Which, World};

/// The most names of one call.
/// Source: <https://docs.aws.amazon.com/rekognition/latest/APIReference/API_DescribeProjectVersions.html>
const NAMES_PER_CALL: usize = 10;

/// The entries of one destination project.
pub(super) struct ProjectGroup {
    pub(super) project: ProjectArn,
    pub(super) entries: Vec<(Entry, EntryCopy)>,
}

/// Groups entries by destination project. Entries of rejected requests have none and are left out.
pub(super) fn by_destination(entries: impl IntoIterator<Item = Entry>) -> Vec<ProjectGroup> {
    let mut groups: BTreeMap<ProjectArn, Vec<(Entry, EntryCopy)>> = BTreeMap::new();
    for entry in entries {
        if let Some(copy) = entry.copy.clone() {
            groups.entry(copy.destination_project_arn.clone()).or_default().push((entry, copy));
        }
    }
    groups.into_iter().map(|(project, entries)| ProjectGroup { project, entries }).collect()
}

/// The versions of a project that were described.
#[derive(Default)]
pub(super) struct Versions {
    by_name: BTreeMap<String, Vec<Version>>,
    unreadable: BTreeSet<String>,
}

impl Versions {
    /// The versions with this name: one, or two if one replaced the other between two pages.
    pub(super) fn named(&self, name: &str) -> &[Version] {
        self.by_name.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether the call that would have shown this name failed, or was not made in time.
    pub(super) fn is_unreadable(&self, name: &str) -> bool {
        self.unreadable.contains(name)
    }

    fn add(&mut self, versions: Vec<Version>) {
        for version in versions {
            self.by_name.entry(version.arn.version_name().to_owned()).or_default().push(version);
        }
    }
}

impl<W: World> Sweep<'_, W> {
    /// Describes a group's versions.
    ///
    /// Up to 10 names fit into one call. For more names it reads pages, newest versions first, because running copies
    /// are among the newest. If a page shows fewer than 10 of the missing names, it reads no more pages, because one
    /// call by name looks up 10. It describes the remaining names by name.
    pub(super) async fn describe_group(&self, group: &ProjectGroup) -> Versions {
        let mut versions = Versions::default();
        let mut missing: BTreeSet<String> =
            group.entries.iter().map(|(_, copy)| copy.version_name.clone()).collect();
        let mut cursor = None;
        while missing.len() > NAMES_PER_CALL {
            let before = missing.len();
            let Some(page) = self.describe(&group.project, Which::Page(cursor)).await else {
                versions.unreadable = missing;
                return versions;
            };
            versions.add(page.items);
            missing.retain(|name| !versions.by_name.contains_key(name));
            cursor = page.next;
            if cursor.is_none() {
                return versions;
            }
            if before - missing.len() < NAMES_PER_CALL {
                break;
            }
        }
        for names in missing.into_iter().collect::<Vec<_>>().chunks(NAMES_PER_CALL) {
            match self.describe(&group.project, Which::Named(names)).await {
                Some(page) => versions.add(page.items),
                None => versions.unreadable.extend(names.iter().cloned()),
            }
        }
        versions
    }

    async fn describe(&self, project: &ProjectArn, which: Which<'_>) -> Option<Page<Version>> {
        self.copier.describe_rate.wait().await;
        if !self.may_begin() {
            return None;
        }
        self.note(|report| report.describe_calls += 1);
        match self.copier.world.rekognition().versions(project, which).await {
            Ok(page) => {
                self.copier.unread_projects.note_read(project);
                Some(page)
            }
            Err(error) => {
                warn!(%project, %error, "a project could not be read");
                let lasts = self.copier.unread_projects.note_unread(project, self.owner);
                self.note(|report| report.describe_errors += usize::from(lasts));
                None
            }
        }
    }
}
