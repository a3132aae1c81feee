//! The edge to Lambda: an invocation's payload, its time limit and its answer.

pub mod payload;

use std::fmt::Debug;
use std::panic::resume_unwind;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, SystemTime};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent};
use serde_json::Value;
use serde_json::value::RawValue;
use tracing::error;

use crate::aws::{BadBundle, Configuration, CustomLabels, DynamoDb, EventBridge};
use crate::budget::Budget;
use crate::copier::Copier;
use crate::counts::Counts;
use crate::domain::intake::{Message, WayIn};
use crate::ports::{Clock, Ports, Unavailable, World};
use crate::settings::{BadSettings, Settings};
use crate::start_copy::NoAnswer;
use crate::telemetry::{self, Metrics};
use payload::{BadPayload, Payload};

/// The time-outs of the functions in template.yaml, for a runtime that sends no deadline, or one in the past.
const START_COPY_TIMEOUT: Duration = Duration::from_secs(60);
const CHECK_COPIES_TIMEOUT: Duration = Duration::from_secs(70);

/// Why an invocation has no answer. Lambda reports the error's name and message.
#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    #[error(transparent)]
    BadPayload(#[from] BadPayload),
    /// The function's clock is wrong. The sweep published what was already in the ledger, and did nothing else.
    #[error("the function's clock is {seconds} s behind DynamoDB's: nothing was started, ended or timed out")]
    ClockSkew {
        /// How far it is behind; negative if it is ahead.
        seconds: i64,
    },
    #[error("the answer cannot be written as JSON: {0}")]
    BadAnswer(#[from] serde_json::Error),
}

impl From<InvocationError> for Diagnostic {
    fn from(error: InvocationError) -> Self {
        let error_type = match &error {
            InvocationError::NoAnswer(NoAnswer::Unavailable(_)) => "LedgerUnavailable",
            InvocationError::NoAnswer(NoAnswer::Ignored) => "NotARequest",
            InvocationError::BadPayload(BadPayload::OtherSource(_)) => "UnknownEventSource",
            InvocationError::BadPayload(_) => "BadBatch",
            InvocationError::ClockSkew { .. } => "ClockSkew",
            InvocationError::BadAnswer(_) => "BadAnswer",
        };
        Self { error_type: error_type.to_owned(), error_message: error.to_string() }
    }
}

/// AWS, with a clock.
type Aws<C> = Ports<DynamoDb, CustomLabels, EventBridge, C>;

/// A copier that is made when the first invocation needs it.
type LazyCopier<C> = LazyLock<Copier<Aws<C>>, Box<dyn FnOnce() -> Copier<Aws<C>> + Send>>;

/// One of the functions as Lambda runs it.
pub struct Function<C> {
    copier: LazyCopier<C>,
    request_queue_arn: Option<String>,
    metrics: Metrics,
}

impl<C: Clock + Clone + Debug + 'static> Function<C> {
    /// Makes the function from environment variables, with this clock. Call it once.
    pub async fn init(clock: C) -> Result<Self, Error> {
        telemetry::init_logs();
        let environment = all_or_problems(Settings::from_env(), Configuration::from_env());
        let (settings, config) = environment.inspect_err(|error| error!(%error, "cannot start"))?;
        let metrics = Metrics::init(&settings.rules.stack_name)?;
        let request_queue_arn = settings.request_queue_arn.clone();
        // Each SDK client first reads the list of AWS's Regions, which is three quarters of the work of a start. A
        // thread does this while the function asks for work, and has usually finished when work arrives.
        let making = thread::Builder::new().spawn(move || deployed(settings, config, clock))?;
        let made = || making.join().unwrap_or_else(|panic| resume_unwind(panic));
        Ok(Self { copier: LazyLock::new(Box::new(made)), request_queue_arn, metrics })
    }

    /// Handles an invocation of start-copy: messages of a queue or topic, or a request in any of its forms.
    pub async fn start_copy(&self, event: LambdaEvent<Box<RawValue>>) -> Result<Value, InvocationError> {
        let (payload, context) = event.into_parts();
        let budget = Budget::new(time_left(&context, START_COPY_TIMEOUT));
        let invocation = context.request_id.as_str();
        let payload = payload::read(payload.get())?;
        let (answer, counts) =
            take_in(&self.copier, &payload, self.request_queue_arn.as_deref(), invocation, &budget).await;
        self.metrics.write_start(&counts, invocation);
        answer
    }

    /// Handles an invocation of check-copies: one sweep, whatever the event says.
    pub async fn check_copies(&self, event: LambdaEvent<Box<RawValue>>) -> Result<Value, InvocationError> {
        let context = event.context;
        let budget = Budget::for_sweep(time_left(&context, CHECK_COPIES_TIMEOUT));
        let report = self.copier.sweep(&context.request_id, budget).await;
        self.metrics.write_sweep(&report, &context.request_id);
        if let Some(seconds) = report.clock_skew_seconds {
            return Err(InvocationError::ClockSkew { seconds });
        }
        Ok(serde_json::to_value(report)?)
    }
}

/// Settings and configuration, or every problem of the environment.
fn all_or_problems(
    settings: Result<Settings, BadSettings>,
    config: Result<Configuration, BadBundle>,
) -> Result<(Settings, Configuration), BadSettings> {
    match (settings, config) {
        (Ok(settings), Ok(config)) => Ok((settings, config)),
        (settings, config) => {
            let mut problems = settings.err().map(|bad| bad.0).unwrap_or_default();
            problems.extend(config.err().map(|bad| bad.to_string()));
            Err(BadSettings(problems))
        }
    }
}

fn deployed<C: Clock + Clone + Debug + 'static>(
    settings: Settings,
    config: Configuration,
    clock: C,
) -> Copier<Aws<C>> {
    let Configuration { shared, rekognition } = config.with_clock(clock.clone());
    let rules = settings.rules;
    let ledger =
        DynamoDb::new(&shared, clock.clone(), &settings.ledger_table, rules.times, settings.retention);
    let client = aws_sdk_eventbridge::Client::new(&shared);
    let bus = EventBridge::new(client, &settings.event_bus, &rules.event_source);
    let (client, sts) = (aws_sdk_rekognition::Client::new(&rekognition), (&shared).into());
    let rekognition = CustomLabels::new(client, &sts, &rules.policies.roles, settings.external_id.as_deref());
    Copier::new(Ports { ledger, rekognition, bus, clock }, rules)
}

/// Handles a payload. Returns its answer or an error, and the counts with either.
async fn take_in<W: World>(
    copier: &Copier<W>,
    payload: &Payload<'_>,
    own_queue: Option<&str>,
    invocation: &str,
    budget: &Budget,
) -> (Result<Value, InvocationError>, Counts) {
    match payload {
        Payload::Request(text) => {
            let message = Message { text, id: invocation, way_in: WayIn::Invocation };
            let (answer, counts) = copier.start_invocation(message, budget).await;
            (answer.map_err(Into::into).and_then(|answer| Ok(serde_json::to_value(answer)?)), counts)
        }
        Payload::Batch(records) => {
            let messages: Vec<_> = records.iter().map(|record| record.message(own_queue)).collect();
            let batch = copier.start_batch(&messages, invocation, budget).await;
            let mut response = SqsBatchResponse::default();
            for id in batch.failed {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                response.batch_item_failures.push(failure);
            }
            (serde_json::to_value(response).map_err(Into::into), batch.counts)
        }
        Payload::Topic(records) => {
            let messages: Vec<_> = records.iter().map(|record| record.message()).collect();
            let batch = copier.start_batch(&messages, invocation, budget).await;
            // After an error Lambda invokes the function again with the same notifications. The copier then
            // recognizes the requests that it has recorded.
            let answer = match batch.failed.first() {
                None => Ok(Value::Null),
                Some(id) => Err(NoAnswer::from(Unavailable(format!("message `{id}`"))).into()),
            };
            (answer, batch.counts)
        }
    }
}

/// The time until the invocation's deadline, by the machine's clock, not the copier's: Lambda uses that, too.
///
/// A deadline in the past does not count: `cargo lambda watch` sends one in 1970.
fn time_left(context: &Context, default: Duration) -> Duration {
    let deadline = SystemTime::UNIX_EPOCH + Duration::from_millis(context.deadline);
    deadline.duration_since(SystemTime::now()).unwrap_or(default)
}
