//! Starts waiting requests that are due, and repeats starts that got no answer. Each source account is handled on its
//! own, so that an account whose policies cannot be read delays no other.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use tracing::{Instrument, error};

use super::{Sweep, Unpublished};
use crate::copier::{MAX_CONCURRENT_CALLS, accepted_span};
use crate::domain::decisions::name_holder::recover;
use crate::domain::decisions::starting::{StartDecision, decide_start};
use crate::domain::model::Version;
use crate::domain::record::{Accepted, Record, Step};
use crate::ports::{Entry, World};

/// A request that may be due for a call.
pub(super) enum Candidate {
    Waiting(Entry),
    /// A request whose earlier start got no answer, with the version that has its name.
    Unanswered(Box<Accepted>, Option<Version>),
}

impl Candidate {
    fn source_account(&self) -> &str {
        match self {
            Self::Waiting(entry) => entry.copy.as_ref().map_or("", |copy| copy.source_project_arn.account()),
            Self::Unanswered(accepted, _) => accepted.copy.source_project_arn.account(),
        }
    }
}

impl<W: World> Sweep<'_, W> {
    /// Starts waiting requests, longest due first.
    pub(super) async fn start_waiting(&self, unpublished: &Unpublished) {
        let due: Vec<Vec<Entry>> = self.due(Step::Start, unpublished).collect().await;
        self.start_all(due.into_iter().flatten().map(Candidate::Waiting)).await;
    }

    /// Starts these requests, with all source accounts concurrently.
    pub(super) async fn start_all(&self, candidates: impl IntoIterator<Item = Candidate>) {
        let mut accounts: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
        for candidate in candidates {
            accounts.entry(candidate.source_account().to_owned()).or_default().push(candidate);
        }
        let accounts = stream::iter(accounts.into_values());
        accounts
            .for_each_concurrent(None, |candidates| {
                let candidates = stream::iter(candidates);
                candidates.for_each_concurrent(MAX_CONCURRENT_CALLS, |candidate| self.start_one(candidate))
            })
            .await;
    }

    async fn start_one(&self, candidate: Candidate) {
        if !self.may_begin() {
            return;
        }
        let times = &self.copier.rules.times;
        match candidate {
            Candidate::Waiting(entry) => match self.load_accepted(&entry, Step::Start).await {
                Some(accepted) => {
                    let decide = |accepted, owner: &str| decide_start(accepted, owner, self.now(), times);
                    self.decide_and_start(accepted, decide).await;
                }
                None => self.done(),
            },
            Candidate::Unanswered(accepted, holder) => {
                let decide =
                    |accepted, owner: &str| recover(accepted, holder.as_ref(), owner, self.now(), times);
                self.decide_and_start(*accepted, decide).await;
            }
        }
    }

    /// `decide` gets the record, and the owner for a new lease in case it decides to call.
    async fn decide_and_start(&self, accepted: Accepted, decide: impl Fn(Accepted, &str) -> StartDecision) {
        let span = accepted_span(&accepted);
        self.start_as_decided(accepted, decide).instrument(span).await;
    }

    async fn start_as_decided(&self, accepted: Accepted, decide: impl Fn(Accepted, &str) -> StartDecision) {
        let owner = self.lease_owner();
        let mut decision = decide(accepted.clone(), &owner);
        if matches!(decision, StartDecision::Call(_)) {
            // Waits for the rate limit before it takes the lease, so that the wait does not use up the lease. Time
            // has passed then, so it decides again.
            self.copier.copy_rate.wait().await;
            if !self.may_begin() {
                return;
            }
            decision = decide(accepted, &owner);
        }
        match decision {
            StartDecision::NotDue => {}
            StartDecision::Save(accepted) => self.finish_start(self.save(accepted).await),
            StartDecision::Call(accepted) => self.lease_and_call(accepted).await,
        }
        self.done();
    }

    /// INVARIANT: the lease is saved before the call is made, so that nobody else calls for this record. After a crash
    /// the lease expires, and a sweep looks for the copy before anybody calls again.
    async fn lease_and_call(&self, accepted: Accepted) {
        let leased = match self.copier.save(accepted).await {
            Ok(Some(Record::Accepted(accepted))) => accepted,
            Ok(_) => return self.note(|report| report.overtaken += 1),
            Err(error) => {
                error!(%error, "a lease could not be saved");
                return self.ledger_failed();
            }
        };
        match self.copier.call_copy(leased, &self.policies, &self.budget).await {
            Ok(saved) => self.finish_start(self.note_overtaken(saved)),
            Err(error) => {
                error!(%error, "the outcome of a start was not saved: a sweep finds it out when the lease has ended");
                self.ledger_failed();
            }
        }
    }
}
