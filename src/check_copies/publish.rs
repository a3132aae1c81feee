//! First: what is written and not yet known to be published.
//!
//! The bus has a third of the sweep for it. INVARIANT: one that hangs uses up no sweep: what is due besides goes on,
//! and what it has not taken stays in its outbox.

use futures_util::StreamExt;
use futures_util::stream;
use jiff::Timestamp;

use super::{AT_ONCE, Report, Sweep};
use crate::domain::record::{Record, Step};
use crate::domain::times::after;
use crate::ports::{Bus, Clock, Entry, Ledger, Rekognition};

impl<L: Ledger, R: Rekognition, B: Bus, C: Clock> Sweep<'_, L, R, B, C> {
    /// Publishes every outbox. Returns what the records need besides: the index has each record under one
    /// step only, and a bus that is down must not keep copies from going on.
    pub(super) async fn publish(&self) -> (Report, Vec<(Step, Entry)>) {
        let mut report = Report::default();
        let mut other_steps = Vec::new();
        let mut cursor = None;
        let until = self.bus_until();
        loop {
            let page = self.due(Step::Publish, cursor, &mut report).await;
            for chunk in page.entries.chunks(100) {
                if self.out_of_time() {
                    report.left += chunk.len();
                    chunk.iter().for_each(|entry| report.unpublished(entry.due, self.copier.now()));
                    continue;
                }
                let mut records = self.load_all(chunk, &mut report).await;
                if self.copier.now() < until {
                    records = self.publish_records(records, until, &mut report).await;
                }
                self.note_unpublished(&records, until, &mut report, &mut other_steps);
            }
            cursor = page.next;
            if cursor.is_none() || self.out_of_time() {
                return (report, other_steps);
            }
        }
    }

    fn bus_until(&self) -> Timestamp {
        let now = self.copier.now();
        after(now, self.until.duration_since(now) / 3)
    }

    async fn load_all(&self, entries: &[Entry], report: &mut Report) -> Vec<Record> {
        let loaded = stream::iter(entries)
            .map(|entry| async {
                let mut report = Report::default();
                let record = self.load(entry, Step::Publish, &mut report).await;
                if report.counts.ledger_errors > 0 {
                    report.unpublished(entry.due, self.copier.now());
                }
                (record, report)
            })
            .buffered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        loaded
            .into_iter()
            .filter_map(|(record, of_one)| {
                *report += of_one;
                record
            })
            .collect()
    }

    /// Publishes outboxes, asking nothing of the bus from `until` on, and counts what came of it.
    pub(super) async fn publish_records(
        &self,
        records: Vec<Record>,
        until: Timestamp,
        report: &mut Report,
    ) -> Vec<Record> {
        let before: usize = records.iter().map(|record| record.outbox.len()).sum();
        let (records, errors) = self.copier.publish_until(records, until).await;
        report.counts.ledger_errors += errors;
        let after: usize = records.iter().map(|record| record.outbox.len()).sum();
        report.published += before.saturating_sub(after);
        records
    }

    /// What is still unpublished, how old it is, and what its records need besides.
    fn note_unpublished(
        &self,
        records: &[Record],
        until: Timestamp,
        report: &mut Report,
        other_steps: &mut Vec<(Step, Entry)>,
    ) {
        let now = self.copier.now();
        for record in records {
            if !record.is_ended() {
                report.unfinished(record.requested_at, now);
            }
            // What was published is back in the index under its own step, and would be taken further twice.
            let Some(first) = record.outbox.first() else { continue };
            report.left += usize::from(now >= until);
            report.unpublished(first.time, now);
            if let Some((step, due)) = record.next_of_state()
                && due <= now
            {
                other_steps.push((step, Entry::of(record, due, &self.copier.rules.times)));
            }
        }
    }
}
