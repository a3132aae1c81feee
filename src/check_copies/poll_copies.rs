//! Polls the copies that are running, grouped by destination project.

use futures_util::{StreamExt, stream};
use tracing::{Instrument, error};

use super::versions::{ProjectGroup, Versions, by_destination};
use super::{RECORDS_AT_ONCE, Sweep, Unpublished};
use crate::copier::{MAX_CONCURRENT_CALLS, accepted_span};
use crate::domain::decisions::polling::{PollResult, poll};
use crate::domain::model::{ModelStatus, Progress, Version};
use crate::domain::record::{Record, Step};
use crate::ports::{Entry, EntryCopy, World};

impl<W: World> Sweep<'_, W> {
    /// Polls every copy.
    pub(super) async fn poll_copies(&self, unpublished: &Unpublished) {
        let due: Vec<Vec<Entry>> = self.due(Step::Poll, unpublished).collect().await;
        let mut groups = by_destination(due.into_iter().flatten());
        self.copier.poll_rotation.rotate(&mut groups, |group| &group.project, self.owner);
        let polls =
            stream::iter(&groups).map(|group| async move { (&group.project, self.poll_group(group).await) });
        let mut polls = std::pin::pin!(polls.buffered(MAX_CONCURRENT_CALLS));
        let mut is_first_left = true;
        while let Some((project, was_polled)) = polls.next().await {
            if !was_polled && is_first_left {
                is_first_left = false;
                self.copier.poll_rotation.begin_next_with(project);
            }
        }
    }

    /// Polls the copies of a project; returns whether there was time for all of them.
    async fn poll_group(&self, group: &ProjectGroup) -> bool {
        if !self.may_begin() {
            return false;
        }
        let versions = self.describe_group(group).await;
        for entries in group.entries.chunks(RECORDS_AT_ONCE) {
            let polls = stream::iter(entries).map(|(entry, copy)| self.poll_one(entry, copy, &versions));
            let saved: Vec<Option<Record>> = polls.buffered(MAX_CONCURRENT_CALLS).collect().await;
            // All at once, so that one PutEvents call takes ten announcements.
            self.publish(saved.into_iter().flatten());
        }
        self.may_begin()
    }

    /// Polls one copy. Returns the saved record, if it changed.
    async fn poll_one(&self, entry: &Entry, copy: &EntryCopy, versions: &Versions) -> Option<Record> {
        let found = find(copy, versions);
        self.note(|report| match &found {
            PollResult::Version(Version { status: ModelStatus::CopyingInProgress, .. }) => {
                report.copying += 1
            }
            PollResult::Version(Version { status: ModelStatus::Unknown(_), .. }) => {
                report.unknown_statuses += 1
            }
            PollResult::Unreadable => report.unreadable += 1,
            PollResult::Version(_) | PollResult::Missing => {}
        });
        // Usually the copy is running and nothing else is due. Then the record is neither read nor written.
        let mut saved = None;
        if !self.changes_nothing(copy, &found)
            && let Some(accepted) = self.load_accepted(entry, Step::Poll).await
        {
            let span = accepted_span(&accepted);
            if let PollResult::Version(Version { status: ModelStatus::Unknown(word), .. }) = &found {
                span.in_scope(|| error!(modelStatus = word, "an unknown status"));
            }
            if let Some(next) = poll(accepted, &found, self.now(), &self.copier.rules.times) {
                saved = self.save(next).instrument(span).await;
                // Only an end is counted: a running copy was counted when it started.
                if let Some(ended) = saved.as_ref().filter(|record| record.ended_at().is_some()) {
                    self.note(|report| report.counts.count(ended));
                }
            }
        }
        self.done();
        saved
    }

    fn changes_nothing(&self, copy: &EntryCopy, found: &PollResult) -> bool {
        let is_early = copy.check_at.is_some_and(|at| self.now() < at);
        match found {
            PollResult::Version(version) => is_early && version.status.progress() == Progress::Copying,
            PollResult::Unreadable => is_early,
            PollResult::Missing => false,
        }
    }
}

/// Finds a copy by its ARN. A version with its name and another ARN does not count.
fn find(copy: &EntryCopy, versions: &Versions) -> PollResult {
    let is_it = |version: &&Version| Some(&version.arn) == copy.project_version_arn.as_ref();
    match versions.named(&copy.version_name).iter().find(is_it) {
        Some(version) => PollResult::Version(version.clone()),
        None if versions.is_unreadable(&copy.version_name) => PollResult::Unreadable,
        None => PollResult::Missing,
    }
}
