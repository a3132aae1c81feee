//! start-copy: takes requests in and tries their first step at once.
//!
//! INVARIANT: a message is acknowledged only when its record is in the ledger, and then always. Whatever
//! happens after that is for check-copies to take further: a bad request, a refused copy or a bus that is
//! down fails no message.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use futures_util::future::join_all;
use serde::Serialize;
use tracing::{Instrument, error, info, warn};

use crate::copier::{Copier, about, log};
use crate::counts::Counts;
use crate::domain::arn::ProjectVersionArn;
use crate::domain::failure::Failure;
use crate::domain::intake::{Intake, Message, Via, intake};
use crate::domain::record::{Record, State};
use crate::ports::{Bus, Clock, Created, Ledger, Rekognition, Unavailable};

/// One message of a batch.
#[derive(Clone, Copy, Debug)]
pub struct QueueMessage<'a> {
    /// The SQS message id.
    pub id: &'a str,
    /// The body.
    pub body: &'a str,
}

/// What a direct invocation answers: where its request stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The request's id.
    pub request_id: String,
    /// An announcement's status, or STARTING while it isn't known whether Rekognition took the call.
    pub status: &'static str,
    /// The copy, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_version_arn: Option<ProjectVersionArn>,
    /// Why it failed, was rejected or waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// What came of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// The ids of the messages that are not in the ledger, for SQS to deliver again.
    pub failed: Vec<String>,
    /// What happened to the others.
    pub counts: Counts,
}

/// Why an invocation has no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// Nothing was written; send it again.
    #[error("the ledger is not available, nothing was recorded: send the request again: {0}")]
    Unavailable(#[from] Unavailable),
    /// An announcement of ours was sent back to us.
    #[error("the event is an announcement of a copier, not a request: nothing to do")]
    Announcement,
}

impl<L: Ledger, R: Rekognition, B: Bus, C: Clock> Copier<L, R, B, C> {
    /// Takes in a batch of messages. `invocation` is unlike that of any other delivery.
    pub async fn take_in_batch(&self, messages: &[QueueMessage<'_>], invocation: &str) -> Batch {
        let taken = join_all(messages.iter().enumerate().map(|(i, message)| async move {
            let message = Message { text: message.body, id: message.id, via: Via::Queue };
            // INVARIANT: a message that is twice in a batch is two deliveries. With one owner they would be one
            // write to the ledger, and two calls.
            let owner = format!("{invocation}/{i}");
            // A panic is one failed message, not a dead batch.
            AssertUnwindSafe(self.take_in(message, &owner)).catch_unwind().await
        }))
        .await;
        let mut batch = Batch::default();
        let mut known = Vec::new();
        for (message, taken) in messages.iter().zip(taken) {
            match taken {
                Ok(Ok(taken)) => {
                    known.extend(taken);
                    continue;
                }
                Ok(Err(NotRecorded { record, error })) => {
                    batch.counts.ledger_errors += 1;
                    about(&record).in_scope(|| {
                        error!(messageId = message.id, %error, "not recorded: the message will be delivered again");
                    });
                }
                Err(_) => error!(messageId = message.id, "panicked: the message will be delivered again"),
            }
            batch.failed.push(message.id.to_owned());
        }
        batch.counts += self.announce_first(known).await;
        batch
    }

    /// Takes in the request of a direct invocation and answers where it stands; counts what happened either way.
    pub async fn take_in_invocation(
        &self,
        text: &str,
        invocation: &str,
    ) -> (Result<Answer, NoAnswer>, Counts) {
        let message = Message { text, id: invocation, via: Via::Invocation };
        match self.take_in(message, invocation).await {
            Ok(Some(taken)) => {
                let answer = Answer::of(taken.record());
                (Ok(answer), self.announce_first(vec![taken]).await)
            }
            Ok(None) => (Err(NoAnswer::Announcement), Counts::default()),
            Err(NotRecorded { error, .. }) => {
                (Err(error.into()), Counts { ledger_errors: 1, ..Counts::default() })
            }
        }
    }

    /// Counts and announces what became of new records so far.
    async fn announce_first(&self, taken: Vec<Taken>) -> Counts {
        let behind = taken.iter().filter(|taken| matches!(taken, Taken::Behind(_))).count();
        let records: Vec<_> = taken.into_iter().filter_map(Taken::fresh).collect();
        let mut counts = Counts { requests: records.len(), ledger_errors: behind, ..Counts::default() };
        for record in &records {
            counts.count(record);
        }
        let (_, errors) = self.publish(records).await;
        counts.ledger_errors += errors;
        counts
    }

    /// Records a message and tries its first step; `owner` is unlike that of any other delivery. `None` for an
    /// announcement of ours.
    async fn take_in(&self, message: Message<'_>, owner: &str) -> Result<Option<Taken>, NotRecorded> {
        let rules = &self.rules;
        let Some(intake) = intake(message, &rules.admission, &rules.event_source, owner, self.now()) else {
            warn!(
                messageId = message.id,
                "ignored an announcement of a copier: mend the rule that sent it here"
            );
            return Ok(None);
        };
        let intake = intake.granting(&rules.granting);
        match self.create(&intake.record).await? {
            Created::New(record) => {
                let span = about(&record);
                Ok(Some(self.first_step(record).instrument(span).await))
            }
            Created::Exists(record) if record.fingerprint == intake.record.fingerprint => {
                about(&record).in_scope(|| info!("redelivered"));
                Ok(Some(Taken::Known(record)))
            }
            Created::Exists(_) => self.reject_reused(&intake).await.map(Some),
        }
    }

    async fn reject_reused(&self, intake: &Intake) -> Result<Taken, NotRecorded> {
        match self.create(&intake.reused(&self.rules.admission, self.now())).await? {
            Created::New(record) => {
                log(&record);
                Ok(Taken::New(record))
            }
            Created::Exists(record) => Ok(Taken::Known(record)),
        }
    }

    async fn create(&self, record: &Record) -> Result<Created, NotRecorded> {
        let not_recorded = |error| NotRecorded { record: Box::new(record.clone()), error };
        self.ledger.create(record).await.map_err(not_recorded)
    }

    /// The record is in the ledger, so nothing that fails here is the message's fault.
    async fn first_step(&self, record: Record) -> Taken {
        log(&record);
        if !matches!(record.state, State::Starting { .. }) {
            return Taken::New(record);
        }
        self.copy_pace.turn().await;
        match self.attempt(record.clone()).await {
            Ok(next) => Taken::New(next.unwrap_or(record)),
            Err(error) => {
                error!(%error, "the outcome of a start could not be recorded: check-copies will find it");
                Taken::Behind(record)
            }
        }
    }
}

/// A message that is not in the ledger.
struct NotRecorded {
    record: Box<Record>,
    error: Unavailable,
}

/// A message that is in the ledger.
enum Taken {
    /// By this delivery.
    New(Record),
    /// By this delivery, but not what came of it.
    Behind(Record),
    /// By an earlier one.
    Known(Record),
}

impl Taken {
    fn record(&self) -> &Record {
        match self {
            Self::New(record) | Self::Behind(record) | Self::Known(record) => record,
        }
    }

    /// The record if its announcements are ours to publish.
    fn fresh(self) -> Option<Record> {
        match self {
            Self::New(record) | Self::Behind(record) => Some(record),
            Self::Known(_) => None,
        }
    }
}

impl Answer {
    fn of(record: &Record) -> Self {
        Self {
            request_id: record.key.request_id.clone(),
            status: record.status(),
            project_version_arn: record.project_version_arn().cloned(),
            failure: record.failure().cloned(),
        }
    }
}
