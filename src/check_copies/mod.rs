//! check-copies: takes every record that is due one step further.
//!
//! A sweep has no input and keeps nothing but where its round through the projects goes on: it reads what is due and
//! does the same work whether that is there for the first time, once more after a crash, or because two sweeps run at
//! once. So there is nothing to retry: what fails is still due, and the next sweep sees it. One bad record never stops a
//! sweep.
//!
//! In this order, so that the end of the line never starves: publish, release the grants of what has ended, take
//! over, then start, look and bring policies in line side by side, each within its own quota. A sweep stops in
//! time; what is left is simply still due.

mod group;
mod look;
mod publish;
mod report;
mod start;
mod take_over;
mod withdraw;

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join3;
use jiff::Timestamp;
use tracing::{Span, error, error_span};

pub(crate) use group::Round;
pub use report::Report;

use crate::copier::Copier;
use crate::domain::record::{Record, Step};
use crate::ports::{Bus, Clock, Cursor, Entry, Ledger, Page, Rekognition};

/// How many things a sweep does at once. The paces bound the calls; this bounds what they wait for.
const AT_ONCE: usize = 8;

impl<L: Ledger, R: Rekognition, B: Bus, C: Clock> Copier<L, R, B, C> {
    /// One sweep, which begins nothing after `until`. `owner` is unlike that of any other sweep.
    pub async fn sweep(&self, owner: &str, until: Timestamp) -> Report {
        let began = self.now();
        let sweep = Sweep { copier: self, owner, leases: AtomicUsize::new(0), until };
        let (mut report, unpublished) = sweep.publish().await;
        let (releases, released) = sweep.release(&unpublished).await;
        report += releases;
        report += sweep.take_over(&unpublished).await;
        let (starts, looks, alignments) =
            join3(sweep.start(&unpublished), sweep.look(&unpublished), sweep.align(released)).await;
        report += starts;
        report += looks;
        report += alignments;
        report.sweep_milliseconds = self.now().duration_since(began).as_millis().try_into().unwrap_or(0);
        report
    }
}

/// One sweep under way.
struct Sweep<'a, L, R, B, C> {
    copier: &'a Copier<L, R, B, C>,
    owner: &'a str,
    leases: AtomicUsize,
    until: Timestamp,
}

impl<L: Ledger, R: Rekognition, B: Bus, C: Clock> Sweep<'_, L, R, B, C> {
    /// Who takes the next lease. INVARIANT: unlike any other, within this sweep as well: a ledger takes two
    /// writes that are alike for one, and both writers would call.
    fn holder(&self) -> String {
        format!("{}/{}", self.owner, self.leases.fetch_add(1, Ordering::Relaxed))
    }

    fn out_of_time(&self) -> bool {
        self.copier.now() >= self.until
    }

    /// A page of what is due, counted as an error and empty if the ledger can't say.
    async fn due(&self, step: Step, after: Option<Cursor>, report: &mut Report) -> Page {
        // Who waits for a withdrawal has had their answer, and who waits to be announced may have.
        let is_unfinished = !matches!(step, Step::Withdraw | Step::Publish);
        // Of the others, those that are not due yet are asked for, too: how old they are is to be known in every sweep,
        // not only in those that take them further.
        let asked = if is_unfinished { Timestamp::MAX } else { self.copier.now() };
        match self.copier.ledger.due(step, asked, after).await {
            Ok(mut page) => {
                let now = self.copier.now();
                report.counts.ledger_errors += page.unreadable;
                if is_unfinished {
                    page.entries.iter().for_each(|entry| report.unfinished(entry.requested_at, now));
                }
                if page.entries.iter().any(|entry| entry.due > now) {
                    page.entries.retain(|entry| entry.due <= now);
                    page.next = None;
                }
                page
            }
            Err(error) => {
                error!(step = step.as_str(), %error, "what is due could not be read");
                report.counts.ledger_errors += 1;
                Page::default()
            }
        }
    }

    /// The record behind an entry if it still needs `step`: the index is a hint, the record decides.
    async fn load(&self, entry: &Entry, step: Step, report: &mut Report) -> Option<Record> {
        match self.copier.ledger.load(&entry.key).await {
            Ok(record) => record.filter(|record| match step {
                Step::Publish => !record.outbox.is_empty(),
                _ => record.next_of_state().is_some_and(|(next, _)| next == step),
            }),
            Err(error) => {
                about_entry(entry).in_scope(|| error!(%error, "a record could not be read"));
                report.counts.ledger_errors += 1;
                None
            }
        }
    }

    /// Writes a record that was taken further, and publishes what it has to say.
    async fn write_and_publish(&self, record: Record, report: &mut Report) {
        let written = self.write(record, report).await;
        self.publish_now(written.into_iter().collect(), report).await;
    }

    /// Writes a record that was taken further; `None` if that failed or somebody else was faster.
    async fn write(&self, record: Record, report: &mut Report) -> Option<Record> {
        match self.copier.write(record).await {
            Ok(Some(record)) => return Some(record),
            Ok(None) => report.overtaken += 1,
            Err(error) => {
                error!(%error, "a record could not be written");
                report.counts.ledger_errors += 1;
            }
        }
        None
    }

    /// Publishes together what records that were just written have to say, and counts them.
    async fn publish_now(&self, records: Vec<Record>, report: &mut Report) {
        records.iter().for_each(|record| report.counts.count(record));
        self.publish_records(records, Timestamp::MAX, report).await;
    }
}

/// The span for what there is to say of a record that could not be read: all that the index knows of it.
fn about_entry(entry: &Entry) -> Span {
    error_span!(
        "entry",
        request = %entry.key,
        destinationProjectArn = entry.destination_project_arn.as_ref().map(|arn| arn.as_str()),
        versionName = entry.version_name,
        projectVersionArn = entry.project_version_arn.as_ref().map(|arn| arn.as_str()),
    )
}

/// Entries of `page` and those of `unpublished` records that need `step`.
fn with_unpublished(mut entries: Vec<Entry>, unpublished: &[(Step, Entry)], step: Step) -> Vec<Entry> {
    entries.extend(unpublished.iter().filter(|(of, _)| *of == step).map(|(_, entry)| entry.clone()));
    entries
}
