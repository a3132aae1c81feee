//! Publishes the outboxes of records, and marks what was published.

use futures_util::{StreamExt, stream};
use tracing::error;

use crate::budget::Budget;
use crate::copier::{Copier, MAX_CONCURRENT_CALLS, record_span};
use crate::domain::outbox::{Outgoing, count_for_one_call};
use crate::domain::record::Record;
use crate::ports::{Bus, CallFailed, Ledger, World};

/// The result of publishing.
#[derive(Debug, Default)]
pub(crate) struct Published {
    pub(crate) records: Vec<Record>,
    pub(crate) announcements: usize,
    /// How many records could not be marked.
    pub(crate) unmarked: usize,
}

/// A record that is being published.
struct InProgress {
    record: Record,
    /// How many announcements of its outbox the bus has accepted.
    accepted: usize,
    has_failed: bool,
}

impl InProgress {
    /// The announcement to publish next. INVARIANT: a record's next announcement waits until the bus has accepted the
    /// one before. Otherwise subscribers could get STARTED after COMPLETED.
    fn next(&self) -> Option<&Outgoing> {
        self.record.header().outbox.get(self.accepted).filter(|_| !self.has_failed)
    }
}

impl<W: World> Copier<W> {
    /// Publishes the outboxes of these records as far as the budget and the bus allow, and marks what was published.
    pub(crate) async fn publish(&self, records: Vec<Record>, budget: &Budget) -> Published {
        let mut all: Vec<InProgress> =
            records.into_iter().map(|record| InProgress { record, accepted: 0, has_failed: false }).collect();
        self.publish_all(&mut all, budget).await;
        let announcements = all.iter().map(|one| one.accepted).sum();
        let marked = stream::iter(all).map(|one| self.mark(one)).buffered(MAX_CONCURRENT_CALLS);
        let marked: Vec<(Record, bool)> = marked.collect().await;
        let unmarked = marked.iter().filter(|(_, is_marked)| !is_marked).count();
        Published { records: marked.into_iter().map(|(record, _)| record).collect(), announcements, unmarked }
    }

    /// Publishes the next announcement of every record, until none is left or the time for new work is over.
    async fn publish_all(&self, all: &mut [InProgress], budget: &Budget) {
        while all.iter().any(|one| one.next().is_some()) {
            let mut waiting: Vec<&mut InProgress> =
                all.iter_mut().filter(|one| one.next().is_some()).collect();
            let mut rest = waiting.as_mut_slice();
            while !rest.is_empty() {
                if !budget.may_begin() {
                    return;
                }
                let count = count_for_one_call(rest.iter().filter_map(|one| one.next()));
                let (call, others) = rest.split_at_mut(count);
                self.publish_call(call, budget).await;
                rest = others;
            }
        }
    }

    /// Publishes the next announcement of each of these records in one call. One line reports all of a call that
    /// failed.
    async fn publish_call(&self, call: &mut [&mut InProgress], budget: &Budget) {
        let announcements: Vec<&Outgoing> = call.iter().filter_map(|one| one.next()).collect();
        let answer = budget.run(self.world.bus().publish(&announcements)).await;
        let (results, mut reason) = match answer {
            Some(Ok(results)) => (results, None),
            // One bad announcement makes EventBridge refuse the whole call. In calls of their own, the others are
            // accepted.
            Some(Err(CallFailed::Refused(_))) if call.len() > 1 => {
                for one in call.chunks_mut(1) {
                    Box::pin(self.publish_call(one, budget)).await;
                }
                return;
            }
            Some(Err(error)) => (Vec::new(), Some(error.to_string())),
            None => (Vec::new(), Some("no answer in time".to_owned())),
        };
        let mut failed = Vec::new();
        let mut results = results.into_iter();
        for one in call {
            let result = results.next();
            if let Some(Ok(())) = result {
                one.accepted += 1;
                continue;
            }
            one.has_failed = true;
            failed.push(one.record.header().key.to_string());
            reason = reason.or(result.and_then(Result::err).map(|error| error.0));
        }
        if !failed.is_empty() {
            let reason = reason.as_deref().unwrap_or("EventBridge gave no result");
            error!(requests = failed.join(", "), reason, "announcements were not published");
        }
    }

    /// INVARIANT: an announcement is published first and marked then. In the other order, a crash between the two would
    /// lose it. If the mark fails, the same bytes are published again.
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
