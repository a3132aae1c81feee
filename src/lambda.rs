//! The edge to Lambda: what an invocation hands us, and how long it may take.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::{Context, Error, LambdaEvent};
use serde_json::Value;
use serde_json::value::RawValue;
use tracing::{Instrument, info, info_span};

use crate::Copier;
use crate::aws::{CustomLabels, DynamoDb, EventBridge, SystemClock, configuration};
use crate::domain::times::after;
use crate::ports::{Bus, Clock, Ledger, Rekognition};
use crate::settings::Settings;
use crate::start_copy::QueueMessage;

/// How long a sweep begins new things: the rest of the minute belongs to the next one.
const SWEEP: SignedDuration = SignedDuration::from_secs(55);
/// How long what was begun may take to end: one call with its time-out, and the writes around it.
const ENDING: SignedDuration = SignedDuration::from_secs(15);

/// A copier on AWS.
pub type AwsCopier = Copier<DynamoDb, CustomLabels, EventBridge, SystemClock>;

/// The copier that the environment describes.
pub async fn copier() -> Result<AwsCopier, Error> {
    let settings = Settings::from_env()?;
    let config = configuration().await;
    let rules = settings.rules;
    let ledger = DynamoDb::new(&config, &settings.ledger_table, rules.times, settings.retention);
    let bus = EventBridge::new(&config, &settings.event_bus, &rules.event_source);
    let rekognition = CustomLabels::new(&config, &rules.granting.roles, settings.external_id.as_deref());
    Ok(Copier::new(ledger, rekognition, bus, SystemClock, rules))
}

/// An invocation of start-copy: a batch from the queue, or a request in any of its forms.
pub async fn start_copy<L: Ledger, R: Rekognition, B: Bus, C: Clock>(
    copier: &Copier<L, R, B, C>,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<Value, Error> {
    let (payload, context) = event.into_parts();
    let span = info_span!("start-copy", requestId = context.request_id);
    async {
        let answer = match batch(payload.get())? {
            Some(batch) => serde_json::to_value(take_in(copier, &batch, &context.request_id).await?)?,
            None => {
                serde_json::to_value(copier.take_in_invocation(payload.get(), &context.request_id).await?)?
            }
        };
        Ok(answer)
    }
    .instrument(span)
    .await
}

/// An invocation of check-copies: one sweep, whatever the event says.
pub async fn check_copies<L: Ledger, R: Rekognition, B: Bus, C: Clock>(
    copier: &Copier<L, R, B, C>,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<Value, Error> {
    let context = event.context;
    let span = info_span!("check-copies", requestId = context.request_id);
    let until = sweep_until(copier.now(), &context);
    async {
        let report = copier.sweep(&context.request_id, until).await;
        let report = serde_json::to_value(report)?;
        info!(%report, "swept");
        Ok(report)
    }
    .instrument(span)
    .await
}

/// The SQS batch that a payload is; `None` for anything else.
fn batch(payload: &str) -> Result<Option<SqsEvent>, Error> {
    #[derive(serde::Deserialize)]
    struct Batch<'a> {
        #[serde(borrow, rename = "Records")]
        _records: &'a RawValue,
    }
    if serde_json::from_str::<Batch<'_>>(payload).is_err() {
        return Ok(None);
    }
    Ok(Some(serde_json::from_str(payload)?))
}

/// Takes in a batch. A message without an id can't be reported as failed, so that it fails the batch.
async fn take_in<L: Ledger, R: Rekognition, B: Bus, C: Clock>(
    copier: &Copier<L, R, B, C>,
    batch: &SqsEvent,
    invocation: &str,
) -> Result<SqsBatchResponse, Error> {
    let messages: Option<Vec<QueueMessage<'_>>> = batch
        .records
        .iter()
        .map(|record| {
            let id = record.message_id.as_deref().filter(|id| !id.is_empty())?;
            Some(QueueMessage { id, body: record.body.as_deref().unwrap_or_default() })
        })
        .collect();
    let messages =
        messages.ok_or("a message of the batch has no `messageId`: it can't be acknowledged alone")?;
    let mut response = SqsBatchResponse::default();
    for id in copier.take_in_batch(&messages, invocation).await {
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        response.batch_item_failures.push(failure);
    }
    Ok(response)
}

/// Until when a sweep begins new things.
///
/// A deadline that is past is no deadline: `cargo lambda watch` sends one in 1970.
fn sweep_until(now: Timestamp, context: &Context) -> Timestamp {
    let until = after(now, SWEEP);
    match i64::try_from(context.deadline).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok()) {
        Some(deadline) if deadline > now => until.min(after(deadline, -ENDING)),
        _ => until,
    }
}
