//! start-copy: records requests, tries at once to start each copy, and publishes the first announcements.
//!
//! INVARIANT: a request is acknowledged only when its record is in the ledger; otherwise it could be lost. Once the
//! record is known to be there, check-copies can continue from it. If AWS refuses the copy, or the bus is
//! unavailable, the message still counts as handled. So does a bad request: it is recorded as rejected.
//! A message that is not a request (an announcement, a topic's request to confirm) is acknowledged without a record.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use futures_util::future::join_all;
use serde::Serialize;
use tracing::{Instrument, error, info, warn};

use crate::budget::Budget;
use crate::copier::{Copier, log_state, record_span};
use crate::counts::Counts;
use crate::domain::arn::ProjectVersionArn;
use crate::domain::envelope::IgnoreReason;
use crate::domain::failure::Failure;
use crate::domain::intake::{Intake, Message, read_message};
use crate::domain::record::{Record, State};
use crate::ports::{Created, Ledger, Unavailable, World};
use crate::project_policies::InvocationPolicies;

/// The answer of a direct invocation: the state of its request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    pub request_id: String,
    /// An announcement's status, or STARTING while the outcome of CopyProjectVersion is not recorded.
    pub status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_version_arn: Option<ProjectVersionArn>,
    /// Why it failed, was rejected, timed out or waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

impl Answer {
    fn of(record: &Record) -> Self {
        Self {
            request_id: record.header().key.request_id.clone(),
            status: record.status_word(),
            project_version_arn: record.started_copy().map(|copy| copy.project_version_arn.clone()),
            failure: record.failure().cloned(),
        }
    }
}

/// The result of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// The ids of the messages that are not known to be in the ledger, for the queue to deliver again.
    pub failed: Vec<String>,
    pub counts: Counts,
}

/// Why an invocation has no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    #[error("the ledger is not available, and may not have recorded the request: send it again: {0}")]
    Unavailable(#[from] Unavailable),
    #[error(
        "the message is an announcement, has this copier's own `source`, or is a topic's request to confirm: send a copy \
         request with another `source`"
    )]
    Ignored,
}

/// A message that is in the ledger.
enum Recorded {
    /// Recorded by this delivery.
    New(Record),
    /// Recorded by this delivery, but the outcome of its first step is unknown or was not saved.
    Unsaved(Record),
    /// Recorded by an earlier delivery.
    Known(Record),
}

impl Recorded {
    fn record(&self) -> &Record {
        match self {
            Self::New(record) | Self::Unsaved(record) | Self::Known(record) => record,
        }
    }
}

impl<W: World> Copier<W> {
    /// Records a batch of messages, and tries to start each copy. `invocation` is the id of this invocation.
    pub async fn start_batch(&self, messages: &[Message<'_>], invocation: &str, budget: &Budget) -> Batch {
        let policies = InvocationPolicies::default();
        let results = join_all(messages.iter().enumerate().map(|(n, message)| {
            // INVARIANT: every message of a batch has an owner of its own, because SQS may put one message into a
            // batch twice. With the same owner, both deliveries could make equal records. If the ledger already has
            // an equal record, it assumes that the SDK sent one write twice, and reports success. So both would be
            // told that they created the record, and both would call CopyProjectVersion.
            let owner = format!("{invocation}/{n}");
            let policies = &policies;
            async move {
                // A panic is one failed message, not a dead batch.
                AssertUnwindSafe(self.start(*message, &owner, policies, budget)).catch_unwind().await
            }
        }))
        .await;
        let mut batch = Batch::default();
        let mut recorded = Vec::new();
        for (message, result) in messages.iter().zip(results) {
            match result {
                Ok(Ok(one)) => {
                    recorded.extend(one);
                    continue;
                }
                Ok(Err(_)) => batch.counts.ledger_errors += 1,
                Err(_) => error!(messageId = message.id, "panicked: the message will be delivered again"),
            }
            batch.failed.push(message.id.to_owned());
        }
        self.announce_first(recorded, budget, &mut batch.counts).await;
        batch
    }

    /// Records the request of a direct invocation, and tries to start its copy. Returns the request's state or an
    /// error, and the counts with either.
    pub async fn start_invocation(
        &self,
        message: Message<'_>,
        budget: &Budget,
    ) -> (Result<Answer, NoAnswer>, Counts) {
        match self.start(message, message.id, &InvocationPolicies::default(), budget).await {
            Ok(Some(recorded)) => {
                let answer = Answer::of(recorded.record());
                let mut counts = Counts::default();
                self.announce_first(vec![recorded], budget, &mut counts).await;
                (Ok(answer), counts)
            }
            Ok(None) => (Err(NoAnswer::Ignored), Counts::default()),
            Err(error) => (Err(error.into()), Counts { ledger_errors: 1, ..Counts::default() }),
        }
    }

    /// Records a message and tries its first step; `owner` is unique to this delivery. `None` for a message that is
    /// not a request.
    async fn start(
        &self,
        message: Message<'_>,
        owner: &str,
        policies: &InvocationPolicies,
        budget: &Budget,
    ) -> Result<Option<Recorded>, Unavailable> {
        let intake = match read_message(message, &self.rules, owner, self.now()) {
            Ok(intake) => intake,
            Err(ignored) => {
                log_ignored(message, ignored);
                return Ok(None);
            }
        };
        let result = in_time(budget, self.record(&intake)).await;
        let recorded = result.inspect_err(|error| {
            record_span(&intake.record)
                .in_scope(|| error!(messageId = message.id, %error, "the request was not recorded"));
        })?;
        let Recorded::New(record) = recorded else { return Ok(Some(recorded)) };
        let span = record_span(&record);
        Ok(Some(self.first_step(record, policies, budget).instrument(span).await))
    }

    async fn record(&self, intake: &Intake) -> Result<Recorded, Unavailable> {
        match self.world.ledger().create(&intake.record).await? {
            Created::New(record) => Ok(Recorded::New(record)),
            Created::Exists(record) if intake.is_redelivery_of(&record) => {
                record_span(&record).in_scope(|| info!("redelivered"));
                Ok(Recorded::Known(record))
            }
            Created::Exists(_) => {
                match self.world.ledger().create(&intake.id_reused(&self.rules, self.now())).await? {
                    Created::New(record) => Ok(Recorded::New(record)),
                    Created::Exists(record) => Ok(Recorded::Known(record)),
                }
            }
        }
    }

    /// The record is in the ledger, so an error here does not make the message fail.
    async fn first_step(&self, record: Record, policies: &InvocationPolicies, budget: &Budget) -> Recorded {
        log_state(&record);
        let accepted = match &record {
            Record::Accepted(accepted) if matches!(accepted.state, State::Starting { .. }) => {
                accepted.clone()
            }
            Record::Accepted(_) | Record::Rejected(_) => return Recorded::New(record),
        };
        let step = async {
            self.copy_rate.wait().await;
            self.call_copy(accepted, policies, budget).await
        };
        match in_time(budget, step).await {
            Ok(next) => Recorded::New(next.unwrap_or(record)),
            Err(error) => {
                error!(%error, "the outcome of a start is unknown or was not saved: check-copies finds it out when the lease has ended");
                Recorded::Unsaved(record)
            }
        }
    }

    /// Counts and announces the states of new records.
    async fn announce_first(&self, recorded: Vec<Recorded>, budget: &Budget, counts: &mut Counts) {
        let mut records = Vec::new();
        for recorded in recorded {
            let record = match recorded {
                Recorded::New(record) => record,
                Recorded::Unsaved(record) => {
                    counts.ledger_errors += 1;
                    record
                }
                // The delivery that made this record announces its state. If it could not, check-copies announces it.
                Recorded::Known(_) => continue,
            };
            counts.requests += 1;
            counts.count(&record);
            records.push(record);
        }
        match budget.run(self.publish(records, budget)).await {
            Some(published) => counts.ledger_errors += published.unmarked,
            None => warn!("the invocation ran out of time: check-copies publishes what is left"),
        }
    }
}

/// The result of work that is dropped when the invocation's time is over.
async fn in_time<T>(
    budget: &Budget,
    work: impl Future<Output = Result<T, Unavailable>>,
) -> Result<T, Unavailable> {
    budget.run(work).await.unwrap_or_else(|| Err(Unavailable("no answer in time".to_owned())))
}

fn log_ignored(message: Message<'_>, ignored: IgnoreReason) {
    match ignored {
        IgnoreReason::Announcement => warn!(
            messageId = message.id,
            "ignored an announcement, or an event with this copier's own `source`: correct the rule or subscription that \
             sent it here, or the event's `source`"
        ),
        IgnoreReason::SubscriptionConfirmation => warn!(
            messageId = message.id,
            "ignored a topic's request to confirm its subscription: confirm it with the AWS CLI (aws sns \
             confirm-subscription), or subscribe with credentials of the account that owns the queue"
        ),
    }
}
