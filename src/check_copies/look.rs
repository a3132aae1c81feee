//! Fourth, beside the starts: what is being copied.

use futures_util::{StreamExt, stream};
use tracing::{Instrument, error};

use super::group::{Group, Looked, by_project};
use super::{AT_ONCE, Report, Sweep, with_unpublished};
use crate::copier::about;
use crate::domain::decide::look::{Seen, looked};
use crate::domain::model::{ModelStatus, Progress, Version};
use crate::domain::record::{Record, Step};
use crate::ports::{Bus, Clock, Entry, Ledger, Rekognition};

impl<L: Ledger, R: Rekognition, B: Bus, C: Clock> Sweep<'_, L, R, B, C> {
    /// Looks at every copy, a project at a time.
    pub(super) async fn look(&self, unpublished: &[(Step, Entry)]) -> Report {
        let mut report = Report::default();
        let mut entries = with_unpublished(Vec::new(), unpublished, Step::Look);
        let mut cursor = None;
        loop {
            let page = self.due(Step::Look, cursor, &mut report).await;
            entries.extend(page.entries);
            cursor = page.next;
            if cursor.is_none() || self.out_of_time() {
                break;
            }
        }
        let groups = self.copier.round.order(by_project(entries), self.copier.now());
        let looked_at = stream::iter(&groups).map(|group| async move { (group, self.look_at(group).await) });
        let mut looked_at = std::pin::pin!(looked_at.buffered(AT_ONCE));
        let mut next = None;
        while let Some((group, one)) = looked_at.next().await {
            report += one;
            if next.is_none() && self.out_of_time() {
                next = Some(group.project.clone());
            }
        }
        if let Some(project) = next {
            self.copier.round.goes_on_at(project);
        }
        report
    }

    async fn look_at(&self, group: &Group) -> Report {
        let mut report = Report::default();
        if self.out_of_time() {
            report.left += group.entries.len();
            return report;
        }
        let found = self.look_up(group, &mut report).await;
        let looked_at = stream::iter(&group.entries).map(|entry| async {
            let mut report = Report::default();
            (self.look_at_one(entry, &seen(entry, &found), &mut report).await, report)
        });
        let mut looked_at = std::pin::pin!(looked_at.buffered(AT_ONCE));
        let mut written = Vec::new();
        while let Some((record, one)) = looked_at.next().await {
            written.extend(record);
            report += one;
        }
        self.publish_now(written, &mut report).await;
        report
    }

    /// The record as it was written, if there was something to write.
    async fn look_at_one(&self, entry: &Entry, seen: &Seen, report: &mut Report) -> Option<Record> {
        note(seen, report);
        // The usual case costs nothing: still copying, and nothing else to say.
        if self.has_nothing_to_say(entry, seen) {
            return None;
        }
        let record = self.load(entry, Step::Look, report).await?;
        let span = about(&record);
        if let Some(word) = unknown(seen) {
            span.in_scope(|| error!(modelStatus = word, "a status nobody knows"));
        }
        let next = looked(record, seen, self.copier.now(), &self.copier.rules.times)?;
        self.write(next, report).instrument(span).await
    }

    fn has_nothing_to_say(&self, entry: &Entry, seen: &Seen) -> bool {
        let early = entry.check_at.is_some_and(|at| self.copier.now() < at);
        match seen {
            Seen::Version(version) => early && version.status.progress() == Progress::Copying,
            Seen::Nothing => early,
            Seen::Absent => false,
        }
    }
}

/// Counts what was seen.
fn note(seen: &Seen, report: &mut Report) {
    match seen {
        Seen::Version(Version { status: ModelStatus::CopyingInProgress, .. }) => report.copying += 1,
        Seen::Version(Version { status: ModelStatus::Unknown(_), .. }) => report.unknown_statuses += 1,
        Seen::Nothing => report.unreadable += 1,
        Seen::Version(_) | Seen::Absent => {}
    }
}

/// The word that nobody knows; whoever is woken by it wants to know whose copy it is, which is worth a read.
fn unknown(seen: &Seen) -> Option<&str> {
    match seen {
        Seen::Version(Version { status: ModelStatus::Unknown(word), .. }) => Some(word),
        _ => None,
    }
}

/// What was seen of an entry's version: it alone counts, whoever else may have its name.
fn seen(entry: &Entry, found: &Looked) -> Seen {
    let name = entry.version_name.as_deref().unwrap_or_default();
    let is_it = |version: &&Version| Some(&version.arn) == entry.project_version_arn.as_ref();
    match found.named(name).iter().find(is_it) {
        Some(version) => Seen::Version(version.clone()),
        None if found.unread.contains(name) => Seen::Nothing,
        None => Seen::Absent,
    }
}
