//! Fourth, beside the looks: what waits to be started and is due.

use futures_util::{StreamExt, stream};
use tracing::{Instrument, error};

use super::{AT_ONCE, Report, Sweep, with_unpublished};
use crate::copier::about;
use crate::domain::decide::start::{Start, start};
use crate::domain::record::{Record, Step};
use crate::ports::{Bus, Clock, Entry, Ledger, Rekognition};

impl<L: Ledger, R: Rekognition, B: Bus, C: Clock> Sweep<'_, L, R, B, C> {
    /// Starts, at the pace of the quota, what has waited longest first.
    pub(super) async fn start(&self, unpublished: &[(Step, Entry)]) -> Report {
        let mut report = Report::default();
        let mut extra = unpublished;
        let mut cursor = None;
        loop {
            let page = self.due(Step::Start, cursor, &mut report).await;
            let entries = with_unpublished(page.entries, std::mem::take(&mut extra), Step::Start);
            let reports = stream::iter(&entries).map(|entry| self.start_one(entry)).buffered(AT_ONCE);
            let mut reports = std::pin::pin!(reports);
            while let Some(one) = reports.next().await {
                report += one;
            }
            cursor = page.next;
            if cursor.is_none() || self.out_of_time() {
                return report;
            }
        }
    }

    async fn start_one(&self, entry: &Entry) -> Report {
        let mut report = Report::default();
        if self.out_of_time() {
            report.left += 1;
            return report;
        }
        // The turn comes before the lease: a lease is no place to wait in.
        self.copier.copy_pace.turn().await;
        if self.out_of_time() {
            report.left += 1;
            return report;
        }
        if let Some(record) = self.load(entry, Step::Start, &mut report).await {
            let span = about(&record);
            let decided = start(record, &self.holder(), self.copier.now(), &self.copier.rules.times);
            self.carry_out(decided, &mut report).instrument(span).await;
        }
        report
    }

    /// Carries out what was decided about a start.
    pub(super) async fn carry_out(&self, decided: Start, report: &mut Report) {
        match decided {
            Start::NotDue => {}
            Start::Ended(record) => self.write_and_publish(record, report).await,
            Start::Call(record) => self.lease_and_call(record, report).await,
        }
    }

    /// INVARIANT: the lease is written before the call is made, so that a crash in between is a lease that
    /// ends, and never a second call.
    async fn lease_and_call(&self, record: Record, report: &mut Report) {
        if record.grant && !self.has_time_for_a_grant() {
            report.left += 1;
            return;
        }
        let leased = match self.copier.write(record).await {
            Ok(Some(record)) => record,
            Ok(None) => {
                report.overtaken += 1;
                return;
            }
            Err(error) => {
                error!(%error, "a lease could not be written");
                report.counts.ledger_errors += 1;
                return;
            }
        };
        match self.copier.attempt(leased).await {
            Ok(Some(record)) => self.publish_now(vec![record], report).await,
            Ok(None) => report.overtaken += 1,
            Err(error) => {
                error!(%error, "the outcome of a start could not be recorded: it will be found after its lease");
                report.counts.ledger_errors += 1;
            }
        }
    }
}
