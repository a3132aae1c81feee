//! First: what is written and not yet known to be published.

use futures_util::StreamExt;
use futures_util::stream;

use super::{AT_ONCE, Report, Sweep};
use crate::domain::record::{Record, Step};
use crate::ports::{Bus, Clock, Entry, Ledger, Rekognition};

impl<L: Ledger, R: Rekognition, B: Bus, C: Clock> Sweep<'_, L, R, B, C> {
    /// Publishes every outbox. Returns what the records need besides: the index has each record under one
    /// step only, and a bus that is down must not keep copies from going on.
    pub(super) async fn publish(&self) -> (Report, Vec<(Step, Entry)>) {
        let mut report = Report::default();
        let mut other_steps = Vec::new();
        let mut cursor = None;
        loop {
            let page = self.due(Step::Publish, cursor, &mut report).await;
            for chunk in page.entries.chunks(100) {
                if self.out_of_time() {
                    report.left += chunk.len();
                    continue;
                }
                self.publish_records(self.load_all(chunk, &mut report).await, &mut report, &mut other_steps)
                    .await;
            }
            cursor = page.next;
            if cursor.is_none() || self.out_of_time() {
                return (report, other_steps);
            }
        }
    }

    async fn load_all(&self, entries: &[Entry], report: &mut Report) -> Vec<Record> {
        let loaded = stream::iter(entries)
            .map(|entry| async {
                let mut report = Report::default();
                (self.load(entry, Step::Publish, &mut report).await, report)
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

    async fn publish_records(
        &self,
        records: Vec<Record>,
        report: &mut Report,
        other_steps: &mut Vec<(Step, Entry)>,
    ) {
        let now = self.copier.now();
        let before: usize = records.iter().map(|record| record.outbox.len()).sum();
        let records = self.copier.publish(records).await;
        let after: usize = records.iter().map(|record| record.outbox.len()).sum();
        report.published += before.saturating_sub(after);
        for record in records {
            if !record.is_ended() {
                report.unfinished(record.requested_at, now);
            }
            // What was published is back in the index under its own step, and would be taken further twice.
            let Some(first) = record.outbox.first() else { continue };
            let age = now.duration_since(first.time).as_secs();
            report.oldest_unpublished_seconds = report.oldest_unpublished_seconds.max(age);
            if let Some((step, due)) = record.next_of_state()
                && due <= now
            {
                other_steps.push((step, Entry::of(&record, due, &self.copier.rules.times)));
            }
        }
    }
}
