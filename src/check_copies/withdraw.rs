//! Withdraws the grants of requests that have ended, in two parts.
//!
//! Second in a sweep, they are released in the ledger: that is quick, makes room for what waits, and keeps starts
//! from putting into a policy what has ended. Last, beside starts and looks, every policy that may not say what its
//! grants say is brought in line.

use std::collections::BTreeSet;

use futures_util::{FutureExt, StreamExt, stream};
use jiff::SignedDuration;
use tracing::{error, warn};

use super::{AT_ONCE, Report, Sweep, with_unpublished};
use crate::copier::about;
use crate::domain::arn::ProjectArn;
use crate::domain::record::Step;
use crate::domain::times::after;
use crate::grants::WITHIN;
use crate::ports::{Bus, Clock, Entry, Ledger, Rekognition};

impl<L: Ledger, R: Rekognition, B: Bus, C: Clock> Sweep<'_, L, R, B, C> {
    /// Releases the grants of requests that have ended, in the ledger only; returns the projects that had them.
    pub(super) async fn release(&self, unpublished: &[(Step, Entry)]) -> (Report, BTreeSet<ProjectArn>) {
        let mut report = Report::default();
        let mut projects = BTreeSet::new();
        let mut extra = unpublished;
        let mut cursor = None;
        loop {
            let page = self.due(Step::Withdraw, cursor, &mut report).await;
            for entry in with_unpublished(page.entries, std::mem::take(&mut extra), Step::Withdraw) {
                if self.out_of_time() {
                    report.left += 1;
                } else {
                    projects.extend(self.release_one(&entry, &mut report).await);
                }
            }
            cursor = page.next;
            if cursor.is_none() || self.out_of_time() {
                return (report, projects);
            }
        }
    }

    /// Brings the policies of these projects, and of all whose grants are due, in line: once a project.
    pub(super) async fn align(&self, mut projects: BTreeSet<ProjectArn>) -> Report {
        let mut report = Report::default();
        self.add_due(&mut projects, &mut report).await;
        let aligned = stream::iter(&projects).map(|project| self.align_one(project)).buffered(AT_ONCE);
        let mut aligned = std::pin::pin!(aligned);
        while let Some(one) = aligned.next().await {
            report += one;
        }
        report
    }

    /// INVARIANT: the record is marked after its grant was released, so that a crash in between releases again.
    async fn release_one(&self, entry: &Entry, report: &mut Report) -> Option<ProjectArn> {
        let record = self.load(entry, Step::Withdraw, report).await?;
        let span = about(&record);
        let project = record.copy.as_ref().map(|copy| copy.source_project_arn.clone());
        if let Err(error) = self.copier.release(&record).await {
            span.in_scope(|| error!(%error, "a grant could not be released"));
            report.counts.ledger_errors += 1;
            return None;
        }
        match self.copier.ledger.save(record.without_grant()).await {
            Ok(Some(_)) => report.withdrawn += 1,
            Ok(None) => report.overtaken += 1,
            Err(error) => {
                span.in_scope(|| error!(%error, "a withdrawal could not be recorded"));
                report.counts.ledger_errors += 1;
            }
        }
        project
    }

    async fn add_due(&self, projects: &mut BTreeSet<ProjectArn>, report: &mut Report) {
        let mut cursor = None;
        loop {
            match self.copier.ledger.grants_due(self.copier.now(), cursor).await {
                Ok(page) => {
                    projects.extend(page.projects);
                    report.counts.ledger_errors += page.unreadable;
                    cursor = page.next;
                }
                Err(error) => {
                    error!(%error, "the grants that are due could not be read");
                    report.counts.ledger_errors += 1;
                    return;
                }
            }
            if cursor.is_none() || self.out_of_time() {
                return;
            }
        }
    }

    /// Whether there is time for calls to another account, besides the one that everything is given.
    pub(super) fn has_time_for_a_grant(&self) -> bool {
        let within = SignedDuration::try_from(WITHIN).unwrap_or(SignedDuration::MAX);
        after(self.copier.now(), within) < self.until
    }

    async fn align_one(&self, project: &ProjectArn) -> Report {
        let mut report = Report::default();
        if !self.has_time_for_a_grant() {
            report.left += 1;
        } else if let Err(error) = self.copier.look_after(project).boxed().await {
            warn!(%project, ?error, "a project policy could not be brought in line: it is tried again");
            report.policy_errors += 1;
        }
        report
    }
}
