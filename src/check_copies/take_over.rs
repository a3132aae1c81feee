//! Third: starts whose answer got lost, or that were given up. Looked up by name before anything is
//! called: the copy may have been made.

use tracing::Instrument;

use super::group::{Group, by_project};
use super::{Report, Sweep, with_unpublished};
use crate::copier::about;
use crate::domain::decide::name::{take_over, take_over_blindly};
use crate::domain::decide::start::Start;
use crate::domain::record::Step;
use crate::ports::{Bus, Clock, Entry, Ledger, Rekognition};

impl<L: Ledger, R: Rekognition, B: Bus, C: Clock> Sweep<'_, L, R, B, C> {
    /// Finds out what became of every start that is due for it.
    pub(super) async fn take_over(&self, unpublished: &[(Step, Entry)]) -> Report {
        let mut report = Report::default();
        let mut extra = unpublished;
        let mut cursor = None;
        loop {
            let page = self.due(Step::TakeOver, cursor, &mut report).await;
            let entries = with_unpublished(page.entries, std::mem::take(&mut extra), Step::TakeOver);
            for group in by_project(entries) {
                if self.out_of_time() {
                    report.left += group.entries.len();
                } else {
                    self.take_over_group(&group, &mut report).await;
                }
            }
            cursor = page.next;
            if cursor.is_none() || self.out_of_time() {
                return report;
            }
        }
    }

    async fn take_over_group(&self, group: &Group, report: &mut Report) {
        let found = self.look_up(group, report).await;
        for entry in &group.entries {
            let Some(name) = &entry.version_name else { continue };
            let Some(record) = self.load(entry, Step::TakeOver, report).await else { continue };
            let span = about(&record);
            let (now, times) = (self.copier.now(), &self.copier.rules.times);
            if found.unread.contains(name) {
                report.unreadable += 1;
                if let Some(ended) = take_over_blindly(record, now, times) {
                    self.write_and_publish(ended, report).instrument(span).await;
                }
                continue;
            }
            let decided = take_over(record, found.named(name).first(), &self.holder(), now, times);
            if matches!(decided, Start::Call(_)) {
                self.copier.copy_pace.turn().await;
            }
            self.carry_out(decided, report).instrument(span).await;
        }
    }
}
