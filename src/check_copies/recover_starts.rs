//! Recovers starts whose answer was lost, or whose function ended too early. Such a start may have made its copy. So
//! the sweep first describes the version that has the requested name, and calls CopyProjectVersion only if there is
//! none, or if that is being deleted.

use futures_util::{StreamExt, stream};
use tracing::Instrument;

use super::start_waiting::Candidate;
use super::versions::{ProjectGroup, by_destination};
use super::{Sweep, Unpublished};
use crate::copier::{MAX_CONCURRENT_CALLS, accepted_span};
use crate::domain::decisions::name_holder::{recover, recover_unreadable};
use crate::domain::decisions::starting::StartDecision;
use crate::domain::record::Step;
use crate::ports::{Entry, World};

impl<W: World> Sweep<'_, W> {
    /// Recovers every start that is due.
    pub(super) async fn recover_starts(&self, unpublished: &Unpublished) {
        let due: Vec<Vec<Entry>> = self.due(Step::Recover, unpublished).collect().await;
        let groups = by_destination(due.into_iter().flatten());
        let recovered = stream::iter(&groups).map(|group| self.recover_group(group));
        let recovered = recovered.buffer_unordered(MAX_CONCURRENT_CALLS);
        // Starts that call again do not hold up the groups behind them.
        recovered.for_each_concurrent(None, |candidates| self.start_all(candidates)).await;
    }

    /// Adopts or ends the starts of one project. Returns those that have to call again.
    async fn recover_group(&self, group: &ProjectGroup) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        if !self.may_begin() {
            return candidates;
        }
        let versions = self.describe_group(group).await;
        for (entry, copy) in &group.entries {
            let Some(accepted) = self.load_accepted(entry, Step::Recover).await else {
                self.done();
                continue;
            };
            let span = accepted_span(&accepted);
            let (now, times) = (self.now(), &self.copier.rules.times);
            if versions.is_unreadable(&copy.version_name) {
                self.note(|report| report.unreadable += 1);
                if let Some(ended) = recover_unreadable(accepted, now, times) {
                    self.finish_start(self.save(ended).instrument(span).await);
                }
                self.done();
                continue;
            }
            let holder = versions.named(&copy.version_name).first().cloned();
            match recover(accepted.clone(), holder.as_ref(), self.owner, now, times) {
                StartDecision::Call(_) => candidates.push(Candidate::Unanswered(Box::new(accepted), holder)),
                StartDecision::Save(accepted) => {
                    self.finish_start(self.save(accepted).instrument(span).await);
                    self.done();
                }
                StartDecision::NotDue => self.done(),
            }
        }
        candidates
    }
}
