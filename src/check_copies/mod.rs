//! check-copies: takes every record that is due one step further.
//!
//! A sweep has no input: it reads what is due. Its work is idempotent, so a crash or a second sweep at the same time
//! does no harm. It retries almost nothing itself: what fails is still due, and a later sweep finds it. A record that
//! cannot be read never stops a sweep.
//!
//! A sweep first publishes what is unpublished, because it may run out of time later. This takes at most a third of
//! its time, so that the other steps keep the rest. Then three steps run concurrently: it recovers starts, calls for
//! requests that wait, and polls copies. Each operation of Rekognition has its own rate limit. The announcements of
//! these steps are published as they are saved. A service that hangs delays only the work that needs it, after that
//! first third. At the end of its [`Budget`] a sweep drops the calls in progress and reports; the work that is left
//! is still due.

mod poll_copies;
mod publish_unpublished;
mod recover_starts;
mod report;
mod start_waiting;
mod versions;

use std::cell::{Cell, RefCell};

use futures_util::future::{join, join3};
use futures_util::{Stream, StreamExt, stream};
use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tracing::{Span, error, error_span, warn};

pub use report::Report;

use crate::budget::Budget;
use crate::copier::Copier;
use crate::domain::record::{Accepted, Record, Step};
use crate::ports::{Cursor, Entry, Ledger, Page, World};
use crate::project_policies::InvocationPolicies;

/// How many records are published and marked at once.
const RECORDS_AT_ONCE: usize = 100;

impl<W: World> Copier<W> {
    /// Makes one sweep. `owner` is the id of this sweep: its leases begin with it.
    pub async fn sweep(&self, owner: &str, budget: Budget) -> Report {
        let report = RefCell::default();
        let whole = budget.run(self.sweep_steps(owner, budget, &report)).await;
        let mut report = report.into_inner();
        if whole.is_none() {
            warn!(left = report.left, "the sweep ran out of time");
        }
        report.sweep_milliseconds = budget.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
        report
    }

    async fn sweep_steps(&self, owner: &str, budget: Budget, report: &RefCell<Report>) {
        let (results, mut receiver) = unbounded_channel();
        let policies = InvocationPolicies::default();
        let leases = Cell::new(0);
        let sweep = Sweep { copier: self, owner, leases, budget, policies, report, results };
        let unpublished = sweep.publish_unpublished().await;
        if let Some(skew) = self.clock_skew() {
            error!(
                seconds = skew.as_secs(),
                "the function's clock is wrong: nothing is started, ended or timed out"
            );
            note(report, |report| report.clock_skew_seconds = Some(skew.as_secs()));
            return;
        }
        let publish_results = async {
            let mut saved = Vec::new();
            while receiver.recv_many(&mut saved, RECORDS_AT_ONCE).await > 0 {
                let records = saved.drain(..).flatten().collect();
                let published = self.publish(records, &budget).await;
                note(report, |report| {
                    report.published += published.announcements;
                    report.counts.ledger_errors += published.unmarked;
                });
            }
        };
        let steps = async move {
            let recover = sweep.recover_starts(&unpublished);
            let start = sweep.start_waiting(&unpublished);
            join3(recover, start, sweep.poll_copies(&unpublished)).await;
            // Dropping `sweep` closes the channel, which ends the publishing.
        };
        join(steps, publish_results).await;
    }
}

/// The records that could not be published, each with its next step after publishing. The index lists an unpublished
/// record only under `publish`, so the other steps get these records from here.
type Unpublished = [(Step, Entry)];

/// A record that could not be read. The error was logged and counted.
struct Unreadable;

/// A running sweep.
struct Sweep<'a, W> {
    copier: &'a Copier<W>,
    owner: &'a str,
    leases: Cell<usize>,
    budget: Budget,
    policies: InvocationPolicies,
    report: &'a RefCell<Report>,
    results: UnboundedSender<Vec<Record>>,
}

/// Changes the report of a sweep.
fn note(report: &RefCell<Report>, change: impl FnOnce(&mut Report)) {
    change(&mut report.borrow_mut());
}

impl<W: World> Sweep<'_, W> {
    fn note(&self, change: impl FnOnce(&mut Report)) {
        note(self.report, change);
    }

    /// Counts an error of the ledger.
    fn ledger_failed(&self) {
        self.note(|report| report.counts.ledger_errors += 1);
    }

    /// The owner of the next lease. INVARIANT: it is unique, even within this sweep. If two writers save equal bytes,
    /// the ledger takes the second for the SDK's retry of the first, and both believe that they hold the lease.
    fn lease_owner(&self) -> String {
        format!("{}/{}", self.owner, self.leases.replace(self.leases.get() + 1))
    }

    fn may_begin(&self) -> bool {
        self.budget.may_begin()
    }

    fn now(&self) -> Timestamp {
        self.copier.now()
    }

    /// The entries that are due for `step`: first those of unpublished records, then the index's, page by page.
    ///
    /// The report counts each entry as left until [`Sweep::done`].
    fn due(&self, step: Step, unpublished: &Unpublished) -> impl Stream<Item = Vec<Entry>> {
        let extra: Vec<Entry> = unpublished
            .iter()
            .filter(|(needed, _)| *needed == step)
            .map(|(_, entry)| entry.clone())
            .collect();
        self.note(|report| report.left += extra.len());
        let pages = stream::unfold(Some(None), move |cursor: Option<Option<Cursor>>| async move {
            let page = self.due_page(step, cursor?).await;
            let next = page.next.filter(|_| self.may_begin()).map(Some);
            Some((page.items, next))
        });
        stream::iter([extra]).chain(pages)
    }

    /// A page of entries that are due. If the ledger cannot be read, the page is empty, and the error is counted.
    async fn due_page(&self, step: Step, after: Option<Cursor>) -> Page<Entry> {
        let is_unfinished = step != Step::Publish;
        // Requests that are not due yet are read as well, because the report has the age of the oldest unfinished one.
        let until = if is_unfinished { Timestamp::MAX } else { self.now() };
        let mut page = match self.copier.world.ledger().due(step, until, after).await {
            Ok(page) => page,
            Err(error) => {
                error!(step = step.as_str(), %error, "what is due could not be read");
                self.ledger_failed();
                return Page::default();
            }
        };
        let now = self.now();
        self.note(|report| {
            report.counts.ledger_errors += page.unreadable;
            if is_unfinished {
                page.items.iter().for_each(|entry| report.note_unfinished(entry.requested_at, now));
            }
        });
        if page.items.iter().any(|entry| entry.due > now) {
            page.items.retain(|entry| entry.due <= now);
            page.next = None;
        }
        self.note(|report| report.left += page.items.len());
        page
    }

    /// Notes that an entry was handled.
    fn done(&self) {
        self.note(|report| report.left = report.left.saturating_sub(1));
    }

    /// The record behind an entry if it still needs `step`: the index is a hint, the record decides.
    async fn load(&self, entry: &Entry, step: Step) -> Result<Option<Record>, Unreadable> {
        match self.copier.world.ledger().load(&entry.key).await {
            Ok(record) => Ok(record.filter(|record| match step {
                Step::Publish => !record.header().outbox.is_empty(),
                _ => record.next_step_of_state().is_some_and(|(next, _)| next == step),
            })),
            Err(error) => {
                entry_span(entry).in_scope(|| error!(%error, "a record could not be read"));
                self.ledger_failed();
                Err(Unreadable)
            }
        }
    }

    /// The accepted record behind an entry, if it still needs `step`.
    async fn load_accepted(&self, entry: &Entry, step: Step) -> Option<Accepted> {
        match self.load(entry, step).await {
            Ok(Some(Record::Accepted(accepted))) => Some(accepted),
            Ok(Some(Record::Rejected(_)) | None) | Err(Unreadable) => None,
        }
    }

    /// Saves a record in its new state. `None` if that failed or another writer was faster; either is counted.
    async fn save(&self, accepted: Accepted) -> Option<Record> {
        match self.copier.save(accepted).await {
            Ok(saved) => self.note_overtaken(saved),
            Err(error) => {
                error!(%error, "a record could not be saved");
                self.ledger_failed();
                None
            }
        }
    }

    /// Counts a record that another writer saved first.
    fn note_overtaken(&self, saved: Option<Record>) -> Option<Record> {
        self.note(|report| report.overtaken += usize::from(saved.is_none()));
        saved
    }

    /// Counts the state that a start has led to, and queues the record for publishing.
    fn finish_start(&self, saved: Option<Record>) {
        if let Some(record) = &saved {
            self.note(|report| report.counts.count(record));
        }
        self.publish(saved);
    }

    /// Queues saved records for publishing, which runs concurrently with the steps.
    fn publish(&self, records: impl IntoIterator<Item = Record>) {
        // The receiver is gone only when the sweep is over.
        let _ = self.results.send(records.into_iter().collect());
    }
}

/// The span for a record that could not be read, with what the index knows of it.
fn entry_span(entry: &Entry) -> Span {
    let copy = entry.copy.as_ref();
    error_span!(
        "entry",
        request = %entry.key,
        destinationProjectArn = copy.map(|copy| copy.destination_project_arn.as_str()),
        versionName = copy.map(|copy| copy.version_name.as_str()),
        projectVersionArn = copy.and_then(|copy| copy.project_version_arn.as_ref()).map(|arn| arn.as_str()),
    )
}
