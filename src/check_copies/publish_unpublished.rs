//! The first step of a sweep: publishes outboxes that are not published yet.
//!
//! INVARIANT: it publishes for at most a third of the sweep, so that a bus that hangs does not stop the other steps. An
//! announcement stays in its outbox until the bus has accepted it.

use std::pin::pin;

use futures_util::{StreamExt, stream};

use super::{RECORDS_AT_ONCE, Sweep};
use crate::budget::Budget;
use crate::copier::MAX_CONCURRENT_CALLS;
use crate::domain::record::{Record, Step};
use crate::ports::{Entry, World};

impl<W: World> Sweep<'_, W> {
    /// Publishes every outbox. Returns the records that are still unpublished, each with its next step, so that the
    /// sweep starts and polls them even while the bus is down.
    pub(super) async fn publish_unpublished(&self) -> Vec<(Step, Entry)> {
        let budget = self.budget.first_third();
        let mut unpublished = Vec::new();
        let mut pages = pin!(self.due(Step::Publish, &[]));
        while let Some(page) = pages.next().await {
            for entries in page.chunks(RECORDS_AT_ONCE) {
                if !self.may_begin() {
                    self.note(|report| {
                        entries.iter().for_each(|entry| report.note_unpublished(entry.due, self.now()))
                    });
                    continue;
                }
                let loads = stream::iter(entries).map(|entry| self.load_unpublished(entry));
                let records: Vec<Option<Record>> = loads.buffered(MAX_CONCURRENT_CALLS).collect().await;
                let records = records.into_iter().flatten().collect();
                let published = self.copier.publish(records, &budget).await;
                self.note(|report| {
                    report.published += published.announcements;
                    report.counts.ledger_errors += published.unmarked;
                });
                unpublished.extend(
                    published.records.iter().filter_map(|record| self.still_unpublished(record, &budget)),
                );
            }
        }
        unpublished
    }

    async fn load_unpublished(&self, entry: &Entry) -> Option<Record> {
        let loaded = self.load(entry, Step::Publish).await;
        if loaded.is_err() {
            self.note(|report| report.note_unpublished(entry.due, self.now()));
        }
        let record = loaded.ok().flatten();
        if record.is_none() {
            self.done();
        }
        record
    }

    /// Reports the age of an unpublished record, and returns its next step.
    fn still_unpublished(&self, record: &Record, budget: &Budget) -> Option<(Step, Entry)> {
        let now = self.now();
        if record.header().outbox.is_empty() || budget.may_begin() {
            self.done();
        }
        if record.ended_at().is_none() {
            self.note(|report| report.note_unfinished(record.header().requested_at, now));
        }
        // A record whose outbox is empty is not returned: the index lists it under its next step again, so it would be
        // handled twice.
        let first = record.header().outbox.first()?;
        self.note(|report| report.note_unpublished(first.time, now));
        let (step, due) = record.next_step_of_state().filter(|(_, due)| *due <= now)?;
        Some((step, Entry::of(record, due, &self.copier.rules.times)))
    }
}
