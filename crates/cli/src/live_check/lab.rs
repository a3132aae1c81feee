//! The lab of a run: its clients, journal and clock, which its experiments use. The lab records every call and answer.

mod course;
mod queues;
mod rekognition;
mod stack;
mod time;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_rekognition::config::http::HttpResponse;
use aws_sdk_rekognition::config::retry::RetryConfig;
use aws_sdk_rekognition::error::{ProvideErrorMetadata, SdkError};
use jiff::Timestamp;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::answer::{Answer, Call, CallError, Part, RowAnswer, Stop, Verdict};
use super::journal::{Entry, Journal, Thing};
use super::run::{Model, Run};
use crate::exit::Failure;
use crate::session::Session;
use crate::stack::Stack;

pub(crate) use course::FirstCopy;
pub(crate) use queues::without_rule;
pub(crate) use rekognition::status_of;
pub(crate) use time::RealTime;
pub use time::Time;

/// The prefix of the names of everything that a run makes.
pub(crate) const PREFIX: &str = "live-check-";
/// The word for an answer that is no error.
pub(crate) const ACCEPTED: &str = "accepted";
/// The tag of everything that can have one; its value is the run.
const TAG: &str = "model-copier-live-check";
/// The wait before each call: AWS accepts five calls of an operation per second.
const PACE: Duration = Duration::from_millis(250);

/// The clients of a run. They do not retry, because each answer counts.
#[derive(Debug)]
pub struct Clients {
    pub rekognition: aws_sdk_rekognition::Client,
    /// In the account that owns the model, if it is another one.
    pub source_rekognition: Option<aws_sdk_rekognition::Client>,
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub events: aws_sdk_eventbridge::Client,
    pub s3: aws_sdk_s3::Client,
    pub sqs: aws_sdk_sqs::Client,
}

impl Clients {
    pub fn new(own: &Session, source: Option<&Session>) -> Self {
        let once = |config: &SdkConfig| config.to_builder().retry_config(RetryConfig::disabled()).build();
        let rekognition =
            |session: &Session| aws_sdk_rekognition::Client::new(&once(&session.config.rekognition));
        let shared = once(&own.config.shared);
        Self {
            rekognition: rekognition(own),
            source_rekognition: source.map(rekognition),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&shared),
            dynamodb: aws_sdk_dynamodb::Client::new(&shared),
            events: aws_sdk_eventbridge::Client::new(&shared),
            s3: aws_sdk_s3::Client::new(&shared),
            sqs: aws_sdk_sqs::Client::new(&shared),
        }
    }
}

/// The clients, journal and clock of a run.
pub struct Lab {
    pub(crate) run: Run,
    pub journal: RefCell<Journal>,
    clients: Clients,
    time: Rc<dyn Time>,
    /// The observations of the present experiment, and its calls.
    parts: RefCell<Vec<Part>>,
    calls: RefCell<Vec<Call>>,
    first_copy: OnceCell<Answer<FirstCopy>>,
}

impl Lab {
    pub fn new(journal: Journal, clients: Clients, time: Rc<dyn Time>) -> Self {
        Self {
            run: journal.run.clone(),
            journal: RefCell::new(journal),
            clients,
            time,
            parts: RefCell::default(),
            calls: RefCell::default(),
            first_copy: OnceCell::new(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.time.now()
    }

    pub(crate) async fn sleep(&self, time: Duration) {
        self.time.sleep(time).await;
    }

    pub(crate) fn since(&self, begun: Timestamp) -> Duration {
        Duration::try_from(self.now().duration_since(begun)).unwrap_or_default()
    }

    /// A new, unused name.
    pub(crate) fn new_name(&self) -> String {
        let random: String = Uuid::new_v4().simple().to_string().chars().take(8).collect();
        format!("{PREFIX}{}-{random}", self.run.id)
    }

    pub(super) fn model(&self) -> Result<&Model, Stop> {
        self.run.model.as_ref().ok_or(Stop::Undecided)
    }

    pub(super) fn stack(&self) -> Result<&Stack, Stop> {
        self.run.stack.as_ref().ok_or(Stop::Undecided)
    }
}

/// The notes that an experiment takes.
impl Lab {
    /// Something that was seen, in words that may be published.
    pub(super) fn note(&self, part: &str, seen: impl Into<String>, verdict: Verdict) {
        let part = Part { part: part.to_owned(), seen: seen.into(), seconds: None, verdict };
        self.parts.borrow_mut().push(part);
    }

    /// An answer that should be one of these words: [`ACCEPTED`], or the name of an error.
    pub(super) fn expect<T>(&self, part: &str, answer: &Answer<T>, expected: &[&str]) {
        let seen = answer.as_ref().map_or_else(|refused| refused.code.as_str(), |_| ACCEPTED);
        let is_expected = expected.contains(&seen);
        let is_passing = answer.as_ref().is_err_and(CallError::is_passing);
        let verdict = if is_passing && !is_expected { Verdict::Unknown } else { Verdict::of(is_expected) };
        self.note(part, seen, verdict);
    }

    /// The answer to a call that must work before the rest can be tested.
    pub(super) fn need<T>(&self, part: &str, answer: Answer<T>) -> Result<T, Stop> {
        answer.map_err(|refused| {
            self.note(part, refused.code, Verdict::Unknown);
            Stop::Undecided
        })
    }

    /// Something that should take no longer than this; `None` if it did not happen.
    pub(super) fn took(&self, part: &str, took: Option<Duration>, limit: Duration) {
        let is_assumed = took.is_some_and(|took| took <= limit);
        let seen = if is_assumed { "in time" } else { "not in time" }.to_owned();
        let (seconds, verdict) = (took.map(|took| took.as_secs()), Verdict::of(is_assumed));
        self.parts.borrow_mut().push(Part { part: part.to_owned(), seen, seconds, verdict });
    }

    /// Records the answer to a row, with the calls that it took. Returns the verdict.
    pub(super) fn conclude(&self, row: u8) -> Result<Verdict, Failure> {
        let (parts, calls) = (self.parts.take(), self.calls.take());
        let verdict = parts.iter().map(|part| part.verdict).max().unwrap_or(Verdict::Skipped);
        self.write(Entry::Observed(RowAnswer { verdict, row, parts, calls }))?;
        Ok(verdict)
    }
}

/// How calls are made.
impl Lab {
    /// A call that makes something. The journal names it before the call.
    async fn make<O, E: ProvideErrorMetadata>(
        &self,
        operation: &str,
        thing: Thing,
        send: impl Future<Output = Result<O, SdkError<E, HttpResponse>>>,
        arn: impl Fn(&O) -> Option<&str>,
    ) -> Result<Answer<O>, Failure> {
        self.sleep(PACE).await;
        // INVARIANT: what is made is in the journal, on the disk, before the call.
        let id = self.journal.borrow().next_id();
        self.write(Entry::Making { id, thing })?;
        let answer = self.record(operation, send, |_| Vec::new()).await;
        match &answer {
            Ok(output) => self.write(Entry::Made { id, arn: arn(output).map(str::to_owned) })?,
            Err(refused) if !refused.may_have_worked() => self.forget(id)?,
            Err(_) => {}
        }
        Ok(answer)
    }

    /// Records that something was not made, or is deleted.
    pub(crate) fn forget(&self, id: usize) -> Result<(), Failure> {
        self.write(Entry::Gone { id })
    }

    fn write(&self, entry: Entry) -> Result<(), Failure> {
        self.journal.borrow_mut().write(entry, self.now())
    }

    /// A call that makes nothing.
    async fn call<O, E: ProvideErrorMetadata>(
        &self,
        operation: &str,
        send: impl Future<Output = Result<O, SdkError<E, HttpResponse>>>,
    ) -> Answer<O> {
        self.sleep(PACE).await;
        self.record(operation, send, |_| Vec::new()).await
    }

    /// Makes a call and records its answer, with the members that `fields` reads from it.
    async fn record<O, E: ProvideErrorMetadata>(
        &self,
        operation: &str,
        send: impl Future<Output = Result<O, SdkError<E, HttpResponse>>>,
        fields: impl Fn(&O) -> Vec<&'static str>,
    ) -> Answer<O> {
        let begun = self.now();
        let answer = send.await.map_err(|error| CallError::of(&error));
        let refused = answer.as_ref().err();
        let call = Call {
            operation: operation.to_owned(),
            error: refused.map(|refused| refused.code.clone()),
            http_status: refused.and_then(|refused| refused.status),
            fields: answer.as_ref().map(fields).unwrap_or_default().into_iter().map(str::to_owned).collect(),
            count: 1,
            milliseconds: u64::try_from(self.since(begun).as_millis()).unwrap_or(u64::MAX),
        };
        let mut calls = self.calls.borrow_mut();
        match calls.last_mut() {
            Some(last) if last.has_same_answer(&call) => {
                last.count += 1;
                last.milliseconds = last.milliseconds.max(call.milliseconds);
            }
            _ => calls.push(call),
        }
        answer
    }
}
