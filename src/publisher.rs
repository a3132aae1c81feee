//! Publishes the outboxes of records, and marks what was published.

use futures_util::{StreamExt, stream};
use tracing::error;

use crate::budget::Budget;
use crate::copier::{Copier, MAX_CONCURRENT_CALLS, record_span};
use crate::domain::id::RecordKey;
use crate::domain::outbox::{Outgoing, calls};
use crate::domain::record::Record;
use crate::ports::{Bus, CallFailed, Ledger, World};

/// The result of publishing.
#[derive(Debug, Default)]
pub(crate) struct Published {
    /// The records after publishing.
    pub(crate) records: Vec<Record>,
    /// How many announcements the bus accepted.
    pub(crate) announcements: usize,
    /// How many records could not be marked.
    pub(crate) unmarked: usize,
}

/// A record, and how many announcements of its outbox the bus has accepted.
struct InProgress {
    record: Record,
    accepted: usize,
    has_failed: bool,
}

impl InProgress {
    /// The announcement to publish next. INVARIANT: the one after it waits until the bus has accepted this one.
    /// Otherwise an announcement could follow the final one.
    fn next(&self) -> Option<&Outgoing> {
        self.record.header().outbox.get(self.accepted).filter(|_| !self.has_failed)
    }
}

impl<W: World> Copier<W> {
    /// Publishes the outboxes of these records as far as the budget and the bus allow, and marks what was published.
    pub(crate) async fn publish(&self, records: Vec<Record>, budget: &Budget) -> Published {
        let mut all: Vec<InProgress> =
            records.into_iter().map(|record| InProgress { record, accepted: 0, has_failed: false }).collect();
        while budget.may_begin() && self.publish_next_of_each(&mut all, budget).await > 0 {}
        let announcements = all.iter().map(|one| one.accepted).sum();
        let marked = stream::iter(all).map(|one| self.mark(one)).buffered(MAX_CONCURRENT_CALLS);
        let marked: Vec<(Record, bool)> = marked.collect().await;
        let unmarked = marked.iter().filter(|(_, is_marked)| !is_marked).count();
        Published { records: marked.into_iter().map(|(record, _)| record).collect(), announcements, unmarked }
    }

    /// Publishes the next announcement of every record; returns how many the bus accepted.
    async fn publish_next_of_each(&self, all: &mut [InProgress], budget: &Budget) -> usize {
        let waiting: Vec<((usize, &RecordKey), &Outgoing)> = all
            .iter()
            .enumerate()
            .filter_map(|(n, one)| Some(((n, &one.record.header().key), one.next()?)))
            .collect();
        let mut results = Vec::with_capacity(waiting.len());
        for call in calls(&waiting) {
            if !budget.may_begin() {
                break;
            }
            let about = call.iter().map(|((_, key), next)| (*key, *next)).collect();
            let outcome = budget.run(self.publish_call(about)).await;
            let outcome = outcome.unwrap_or_else(|| vec![false; call.len()]);
            results.extend(call.iter().map(|((n, _), _)| *n).zip(outcome));
        }
        let mut count = 0;
        for (n, is_accepted) in results {
            if let Some(one) = all.get_mut(n) {
                one.accepted += usize::from(is_accepted);
                one.has_failed = !is_accepted;
                count += usize::from(is_accepted);
            }
        }
        count
    }

    /// Makes one call; returns for each announcement whether the bus accepted it. One line reports all that were not.
    async fn publish_call(&self, call: Vec<(&RecordKey, &Outgoing)>) -> Vec<bool> {
        let announcements: Vec<&Outgoing> = call.iter().map(|(_, outgoing)| *outgoing).collect();
        let (accepted, reason) = match self.world.bus().publish(&announcements).await {
            Ok(results) => {
                let accepted = (0..call.len()).map(|n| matches!(results.get(n), Some(Ok(())))).collect();
                (accepted, results.into_iter().find_map(Result::err).map(|error| error.0))
            }
            // One announcement that makes the whole call fail holds back only itself.
            Err(CallFailed::Refused(_)) if call.len() > 1 => {
                let mut accepted = Vec::with_capacity(call.len());
                for one in call {
                    accepted.extend(Box::pin(self.publish_call(vec![one])).await);
                }
                return accepted;
            }
            Err(CallFailed::Refused(reason) | CallFailed::Unavailable(reason)) => {
                (vec![false; call.len()], Some(reason))
            }
        };
        let left = call.iter().zip(&accepted).filter(|(_, is_accepted)| !**is_accepted);
        let left: Vec<String> = left.map(|((key, _), _)| key.to_string()).collect();
        if !left.is_empty() {
            let reason = reason.as_deref().unwrap_or("EventBridge gave no result");
            error!(requests = left.join(", "), reason, "announcements were not published");
        }
        accepted
    }

    /// INVARIANT: marked after it was published, never before: a crash in between would lose the announcement. If the
    /// mark fails, the same bytes are published again.
    async fn mark(&self, one: InProgress) -> (Record, bool) {
        let InProgress { record, accepted, .. } = one;
        if accepted == 0 {
            return (record, true);
        }
        let mut published = record.clone();
        published.header_mut().outbox.drain(..accepted);
        match self.world.ledger().save(published).await {
            Ok(Some(marked)) => (marked, true),
            Ok(None) => (record, true),
            Err(error) => {
                record_span(&record)
                    .in_scope(|| error!(%error, "a published announcement could not be marked"));
                (record, false)
            }
        }
    }
}
