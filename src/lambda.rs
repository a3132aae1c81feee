//! The edge to Lambda: what an invocation hands us, and how long it may take.

use std::panic::resume_unwind;
use std::sync::LazyLock;
use std::thread;

use aws_config::SdkConfig;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent};
use serde_json::Value;
use serde_json::value::RawValue;
use tracing::error;

use crate::Copier;
use crate::aws::{BadBundle, CustomLabels, DynamoDb, EventBridge, SystemClock, configuration};
use crate::counts::Counts;
use crate::domain::times::after;
use crate::ports::{Bus, Clock, Ledger, Rekognition};
use crate::settings::{BadSettings, Settings};
use crate::start_copy::{NoAnswer, QueueMessage};
use crate::telemetry::{self, Metrics};

/// How long a sweep begins new things: the rest of the minute belongs to the next one.
const SWEEP: SignedDuration = SignedDuration::from_secs(55);
/// How long what was begun may take to end: one call with its time-out, and the writes around it.
const ENDING: SignedDuration = SignedDuration::from_secs(15);

/// Why an invocation has no answer: its name and message are what Lambda reports.
#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    /// See [`NoAnswer`].
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// The payload looks like an SQS event and can't be read as one.
    #[error("the SQS event can't be read: {0}")]
    BadBatch(String),
    /// The answer can't be written.
    #[error("the answer can't be written as JSON: {0}")]
    BadAnswer(#[from] serde_json::Error),
}

impl From<InvocationError> for Diagnostic {
    fn from(error: InvocationError) -> Self {
        let error_type = match &error {
            InvocationError::NoAnswer(NoAnswer::Unavailable(_)) => "LedgerUnavailable",
            InvocationError::NoAnswer(NoAnswer::Announcement) => "NotARequest",
            InvocationError::BadBatch(_) => "BadBatch",
            InvocationError::BadAnswer(_) => "BadAnswer",
        };
        Self { error_type: error_type.to_owned(), error_message: error.to_string() }
    }
}

/// The copier in AWS.
type Deployed = Copier<DynamoDb, CustomLabels, EventBridge, SystemClock>;

/// One of the functions as Lambda runs it.
pub struct Function {
    copier: LazyLock<Deployed, Box<dyn FnOnce() -> Deployed + Send>>,
    metrics: Metrics,
}

impl Function {
    /// The function that the environment describes. Call it once.
    pub async fn init() -> Result<Self, Error> {
        telemetry::init_logs();
        let all_good = both(Settings::from_env(), configuration());
        let (settings, config) = all_good.inspect_err(|error| error!(%error, "cannot start"))?;
        let metrics = Metrics::init(&settings.stack_name)?;
        // Every SDK client begins by reading a list of all of AWS's Regions: three quarters of a start. A thread does so
        // while the function asks for work, and has mostly ended when there is some.
        let making = thread::Builder::new().spawn(move || deployed(settings, &config))?;
        let made = || making.join().unwrap_or_else(|panic| resume_unwind(panic));
        Ok(Self { copier: LazyLock::new(Box::new(made)), metrics })
    }

    /// An invocation of start-copy: a batch from the queue, or a request in any of its forms.
    pub async fn start_copy(&self, event: LambdaEvent<Box<RawValue>>) -> Result<Value, InvocationError> {
        let (payload, context) = event.into_parts();
        let (answer, counts) = match sqs_event(payload.get())? {
            Some(event) => {
                let (answer, counts) = take_in(&self.copier, &event, &context.request_id).await?;
                (Ok(answer), counts)
            }
            None => {
                let (answer, counts) =
                    self.copier.take_in_invocation(payload.get(), &context.request_id).await;
                (answer.map_err(Into::into).and_then(|answer| Ok(serde_json::to_value(answer)?)), counts)
            }
        };
        self.metrics.taken_in(&counts, &context.request_id);
        answer
    }

    /// An invocation of check-copies: one sweep, whatever the event says.
    pub async fn check_copies(&self, event: LambdaEvent<Box<RawValue>>) -> Result<Value, InvocationError> {
        let context = event.context;
        let until = sweep_until(self.copier.now(), &context);
        let report = self.copier.sweep(&context.request_id, until).await;
        self.metrics.swept(&report, &context.request_id);
        Ok(serde_json::to_value(report)?)
    }
}

/// What both found in the environment, or all that is wrong in it.
fn both(
    settings: Result<Settings, BadSettings>,
    config: Result<SdkConfig, BadBundle>,
) -> Result<(Settings, SdkConfig), BadSettings> {
    match (settings, config) {
        (Ok(settings), Ok(config)) => Ok((settings, config)),
        (settings, config) => {
            let mut problems = settings.err().map(|bad| bad.0).unwrap_or_default();
            problems.extend(config.err().map(|bad| bad.to_string()));
            Err(BadSettings(problems))
        }
    }
}

fn deployed(settings: Settings, config: &SdkConfig) -> Deployed {
    let rules = settings.rules;
    let client = aws_sdk_dynamodb::Client::new(config);
    let ledger = DynamoDb::new(client, &settings.ledger_table, rules.times, settings.retention);
    let client = aws_sdk_eventbridge::Client::new(config);
    let bus = EventBridge::new(client, &settings.event_bus, &rules.event_source);
    let (client, sts) = (aws_sdk_rekognition::Client::new(config), config.into());
    let (roles, external_id) = (&rules.granting.roles, settings.external_id.as_deref());
    let rekognition = CustomLabels::new(client, &sts, roles, external_id);
    Copier::new(ledger, rekognition, bus, SystemClock, rules)
}

/// The SQS batch that a payload is; `None` for anything else.
pub fn sqs_event(payload: &str) -> Result<Option<SqsEvent>, InvocationError> {
    #[derive(serde::Deserialize)]
    struct Batch<'a> {
        #[serde(borrow, rename = "Records")]
        _records: &'a RawValue,
    }
    // serde reads structs from arrays, too.
    let is_object = payload.trim_start().starts_with('{');
    if !is_object || serde_json::from_str::<Batch<'_>>(payload).is_err() {
        return Ok(None);
    }
    serde_json::from_str(payload).map(Some).map_err(|error| InvocationError::BadBatch(error.to_string()))
}

/// The messages of a batch. One without an id can't be reported as failed, so that it fails the batch.
pub fn messages(event: &SqsEvent) -> Result<Vec<QueueMessage<'_>>, InvocationError> {
    let messages: Option<Vec<QueueMessage<'_>>> = event
        .records
        .iter()
        .map(|record| {
            let id = record.message_id.as_deref().filter(|id| !id.is_empty())?;
            Some(QueueMessage { id, body: record.body.as_deref().unwrap_or_default() })
        })
        .collect();
    messages.ok_or_else(|| {
        InvocationError::BadBatch("a message has no `messageId`, so it can't be acknowledged alone".into())
    })
}

/// Takes in a batch.
async fn take_in<L: Ledger, R: Rekognition, B: Bus, C: Clock>(
    copier: &Copier<L, R, B, C>,
    event: &SqsEvent,
    invocation: &str,
) -> Result<(Value, Counts), InvocationError> {
    let messages = messages(event)?;
    let mut response = SqsBatchResponse::default();
    let batch = copier.take_in_batch(&messages, invocation).await;
    for id in batch.failed {
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        response.batch_item_failures.push(failure);
    }
    Ok((serde_json::to_value(response)?, batch.counts))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_object_with_records_is_a_batch() {
        assert!(matches!(sqs_event(r#" {"Records": []}"#), Ok(Some(_))));
        assert!(sqs_event(r#"{"Records": 1}"#).is_err());
        for payload in ["[[]]", "[1]", "{}", "1", ""] {
            assert!(matches!(sqs_event(payload), Ok(None)), "{payload}");
        }
    }
}
