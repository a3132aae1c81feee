//! The clients and the journal that an experiment uses. Every call is recorded.

mod following;
mod operations;
mod queues;
mod stack;
mod time;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_rekognition::Client;
use aws_sdk_rekognition::config::http::HttpResponse;
use aws_sdk_rekognition::config::retry::RetryConfig;
use aws_sdk_rekognition::error::{ProvideErrorMetadata, SdkError};
use jiff::Timestamp;
use rekognition_model_copier::domain::arn::ProjectArn;
use uuid::Uuid;

use super::answer::{Answer, Call, CallError, Observation, RowAnswer, Stop};
use super::journal::{DeployedStack, Entry, Journal, Model, Run, Thing};
use crate::exit::Failure;

pub(crate) use following::FirstCopy;
pub(crate) use operations::Description;
pub(crate) use queues::without_rule;
pub use stack::StackClients;
pub(crate) use time::RealTime;
pub use time::Time;

/// The prefix of the names of everything that a run makes.
pub(crate) const PREFIX: &str = "live-check-";
/// The tag of everything that can have one; its value is the run.
const TAG: &str = "model-copier-live-check";
/// The wait before each call: AWS accepts five calls of an operation per second.
const PACE: Duration = Duration::from_millis(250);

/// What an experiment works with.
pub struct Lab {
    pub(crate) run: Run,
    /// The journal of the run.
    pub journal: RefCell<Journal>,
    /// The clients for a stack.
    pub stack: StackClients,
    /// The client for the bucket.
    pub s3: aws_sdk_s3::Client,
    own: Client,
    source: Option<Client>,
    time: Rc<dyn Time>,
    calls: RefCell<Vec<Call>>,
    first_copy: RefCell<Option<Rc<FirstCopy>>>,
}

impl Lab {
    /// A lab with clients of the run's account, of the account that owns the model, and of the stack. The clients do not
    /// retry, because each answer counts.
    pub fn new(
        journal: Journal,
        own: &Client,
        source: Option<&Client>,
        shared: &SdkConfig,
        time: Rc<dyn Time>,
    ) -> Self {
        let once = |client: &Client| {
            let config = client.config().to_builder().retry_config(RetryConfig::disabled());
            Client::from_conf(config.build())
        };
        Self {
            run: journal.run.clone(),
            journal: RefCell::new(journal),
            own: once(own),
            source: source.map(once),
            stack: StackClients::new(shared),
            s3: aws_sdk_s3::Client::new(shared),
            time,
            calls: RefCell::default(),
            first_copy: RefCell::default(),
        }
    }

    /// The time now.
    pub(crate) fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// Waits.
    pub(crate) async fn sleep(&self, time: Duration) {
        self.time.sleep(time).await;
    }

    /// The time since then.
    pub(crate) fn since(&self, begun: Timestamp) -> Duration {
        Duration::try_from(self.now().duration_since(begun)).unwrap_or_default()
    }

    /// A new, unused name.
    pub(crate) fn new_name(&self) -> String {
        let random: String = Uuid::new_v4().simple().to_string().chars().take(8).collect();
        format!("{PREFIX}{}-{random}", self.run.id)
    }

    /// The ARN of the run's account, as a principal.
    pub(crate) fn own_root(&self) -> String {
        format!("arn:{}:iam::{}:root", self.run.partition, self.run.account)
    }

    /// Records what an experiment observed, with its calls.
    pub(crate) fn conclude(&self, row: u8, observation: Observation) -> Result<(), Failure> {
        let calls = self.calls.take();
        let verdict = observation.verdict();
        self.write(Entry::Observed(RowAnswer { verdict, row, parts: observation.parts, calls }))
    }

    /// The model that the run may copy.
    pub(super) fn model(&self) -> Result<&Model, Stop> {
        self.run.model.as_ref().ok_or(Stop::Undecided)
    }

    /// The stack that the run reads.
    pub(super) fn deployed(&self) -> Result<&DeployedStack, Stop> {
        self.run.stack.as_ref().ok_or(Stop::Undecided)
    }

    /// The client that may change what is in this project.
    fn client_of(&self, project: &ProjectArn) -> &Client {
        let is_own = project.account() == self.run.account;
        self.source.as_ref().filter(|_| !is_own).unwrap_or(&self.own)
    }

    /// A call that makes something. The journal names it before the call.
    async fn make<O, E: ProvideErrorMetadata>(
        &self,
        operation: &'static str,
        thing: Thing,
        send: impl Future<Output = Result<O, SdkError<E, HttpResponse>>>,
        arn: impl Fn(&O) -> Option<String>,
    ) -> Result<Answer<O>, Failure> {
        self.sleep(PACE).await;
        // INVARIANT: what is made is in the journal, on the disk, before the call.
        let id = self.journal.borrow().next_id();
        self.write(Entry::Making { id, thing })?;
        let answer = self.record(operation, send, |_| Vec::new()).await;
        match &answer {
            Ok(output) => self.write(Entry::Made { id, arn: arn(output) })?,
            Err(refused) if !refused.may_have_worked() => self.write(Entry::NotMade { id })?,
            Err(_) => {}
        }
        Ok(answer)
    }

    fn write(&self, entry: Entry) -> Result<(), Failure> {
        self.journal.borrow_mut().write(entry, self.now())
    }

    /// Records that something that the run has made is deleted.
    pub(crate) fn deleted(&self, id: usize) -> Result<(), Failure> {
        self.write(Entry::Deleted { id })
    }

    /// Records that something that the run has made is gone.
    pub(crate) fn is_gone(&self, thing: &Thing) -> Result<(), Failure> {
        let left = self.journal.borrow().left();
        let mut gone = left.iter().filter(|left| left.thing == *thing);
        gone.try_for_each(|left| self.deleted(left.id))
    }

    /// A call that makes nothing.
    async fn call<O, E: ProvideErrorMetadata>(
        &self,
        operation: &'static str,
        send: impl Future<Output = Result<O, SdkError<E, HttpResponse>>>,
    ) -> Answer<O> {
        self.sleep(PACE).await;
        self.record(operation, send, |_| Vec::new()).await
    }

    /// Makes a call and records its answer, with the members that `fields` reads from it.
    async fn record<O, E: ProvideErrorMetadata>(
        &self,
        operation: &'static str,
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
