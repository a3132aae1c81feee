//! The copier, deployed in a sandbox as `template.yaml` deploys it in an account: two functions, the queue
//! with its dead-letter queue, and the rule that fills it.
//!
//! Nothing happens by itself: a test (or the demo, or a timer in `serve`) says when the queue is delivered
//! and when the schedule strikes. It knows how the parts are wired and set, and nothing of what the
//! functions do; what they are for is in the announcements, which the sandbox collects.

mod binaries;
mod rule;
mod settings;
mod stack;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::SignedDuration;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

pub use self::binaries::{Binaries, NoBinaries, cargo, root};
use self::rule::Rule;
use self::settings::queue_arn;
pub use self::settings::{DeploymentSettings, create_ledger, environment};
use crate::clock::CLOCK_FILE;
use crate::lambda::{Function, FunctionError, FunctionSettings, Functions};
use crate::queue::{Batch, Message, Queue, Verdict, verdict};
use crate::{Builder, Sandbox, StartError, World, WorldError};

/// How often the schedule strikes, as in `template.yaml`. Sandbox time.
pub const SCHEDULE: SignedDuration = SignedDuration::from_secs(60);

/// How often the schedule strikes while a long time passes at once.
const STRIKES: i32 = 100;

/// The running copier. Dropping it ends its processes.
#[derive(Debug)]
pub struct Deployment {
    sandbox: Sandbox,
    start_copy: Arc<Function>,
    check_copies: Arc<Function>,
    queue: Mutex<Queue>,
    rule: Mutex<Rule>,
    _clock_file: TempDir,
}

/// What came of one batch of the queue.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// The batch.
    pub batch: Batch,
    /// What start-copy answered.
    pub answer: Result<Value, FunctionError>,
    /// What that means for the batch's messages.
    pub verdict: Verdict,
}

/// Why a deployment could not start.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum DeployError {
    #[error(transparent)]
    Sandbox(#[from] StartError),
    #[error(transparent)]
    Ledger(#[from] WorldError),
    #[error("could not write a temporary file: {0}")]
    File(#[from] io::Error),
}

impl Delivered {
    /// The ids of the messages that will be handed out again.
    pub fn failed(&self) -> Vec<&str> {
        let mut ids = self.batch.message_ids();
        ids.retain(|id| !self.verdict.is_done(id));
        ids
    }
}

impl Deployment {
    /// Starts a sandbox with a ledger table and deploys the two programs into it. Their processes start when
    /// they are first invoked.
    ///
    /// # Errors
    /// When the sandbox doesn't start or take the table, or no temporary file can be made.
    pub async fn start(
        sandbox: Builder,
        binaries: Binaries,
        settings: DeploymentSettings,
    ) -> Result<Self, DeployError> {
        let functions = Functions::default();
        let sandbox = sandbox.functions(&functions).start().await?;
        create_ledger(&sandbox)?;
        sandbox.create_stack(settings.stack(&sandbox));
        let queue_arn = queue_arn(&sandbox.world());
        let endpoint = sandbox.endpoint();
        let folder = tempfile::tempdir()?;
        let clock_file = folder.path().join("clock.json");
        sandbox.clock().write_to(clock_file.clone())?;
        let add = |mut function: FunctionSettings| {
            let file = clock_file.to_string_lossy().into_owned();
            function.environment.insert(CLOCK_FILE.to_owned(), file);
            functions.add(&endpoint, function)
        };
        Ok(Self {
            start_copy: add(settings.start_copy(&sandbox, binaries.start_copy))?,
            check_copies: add(settings.check_copies(&sandbox, binaries.check_copies))?,
            _clock_file: folder,
            queue: Mutex::new(Queue::new(queue_arn, settings.queue, Uuid::new_v4())),
            rule: Mutex::new(Rule::default()),
            sandbox,
        })
    }

    /// The sandbox it is deployed in.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Puts a message on the queue, and returns its id.
    pub fn send(&self, body: impl Into<String>) -> String {
        let now = self.sandbox.clock().now();
        self.with_queue(|queue| queue.send(body, now))
    }

    /// Runs the queue through start-copy, batch by batch, until no message is visible; first takes in what
    /// the rule sends there. What failed becomes visible again when the sandbox's clock has passed its
    /// visibility timeout.
    pub async fn deliver(&self) -> Vec<Delivered> {
        let mut delivered = Vec::new();
        while let Some(batch) = self.next_batch() {
            let answer = self.start_copy.invoke(&batch.event()).await;
            let verdict = match &answer {
                Ok(answer) => verdict(&batch.message_ids(), answer),
                Err(_) => Verdict::AllFailed,
            };
            self.with_queue(|queue| queue.settle(&batch, &verdict));
            delivered.push(Delivered { batch, answer, verdict });
        }
        delivered
    }

    /// Strikes the schedule once, and returns check-copies' report.
    ///
    /// # Errors
    /// What Lambda reports as a function error.
    pub async fn check(&self) -> Result<Value, FunctionError> {
        self.check_copies.invoke(&self.scheduled_event()).await
    }

    /// Lets time pass as it would without anybody waiting: the schedule strikes and the queue is delivered on the way.
    /// Every minute, or [`STRIKES`] times if that is fewer, so that days pass in seconds. A failed invocation is in the
    /// function's log; the next one comes.
    pub async fn pass(&self, time: SignedDuration) {
        let step = SCHEDULE.max(time / STRIKES);
        let mut left = time;
        while left > SignedDuration::ZERO {
            self.sandbox.clock().advance(left.min(step));
            left -= step;
            self.deliver().await;
            let _ = self.check().await;
        }
    }

    /// Invokes start-copy directly, and returns its answer.
    ///
    /// # Errors
    /// What Lambda reports as a function error.
    pub async fn invoke_start(&self, payload: &Value) -> Result<Value, FunctionError> {
        self.start_copy.invoke(payload).await
    }

    /// How many messages are on the queue, hidden ones included.
    pub fn queue_depth(&self) -> usize {
        self.with_queue(|queue| queue.depth())
    }

    /// What the dead-letter queue holds, oldest first.
    pub fn dead_letters(&self) -> Vec<Message> {
        self.with_queue(|queue| queue.dead_letters().to_vec())
    }

    /// start-copy: its log, its memory, and how to kill it.
    pub fn start_copy(&self) -> &Function {
        &self.start_copy
    }

    /// check-copies: its log, its memory, and how to kill it.
    pub fn check_copies(&self) -> &Function {
        &self.check_copies
    }

    /// What both functions have logged, start-copy first.
    ///
    /// # Errors
    /// When a log can't be read.
    pub fn logs(&self) -> io::Result<Vec<String>> {
        let (mut lines, _) = self.start_copy.log_from(0)?;
        lines.extend(self.check_copies.log_from(0)?.0);
        Ok(lines)
    }

    fn next_batch(&self) -> Option<Batch> {
        let now = self.sandbox.clock().now();
        let requested =
            self.rule.lock().unwrap_or_else(PoisonError::into_inner).take(&self.sandbox.announcements());
        self.with_queue(|queue| {
            for event in requested {
                queue.send(event, now);
            }
            queue.receive(now)
        })
    }

    /// As EventBridge sends it for a schedule expression in a rule.
    fn scheduled_event(&self) -> Value {
        let World { region, copier_account: account, .. } = self.sandbox.world();
        json!({
            "version": "0",
            "id": Uuid::new_v4().to_string(),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": account,
            "time": self.sandbox.clock().now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "region": region,
            "resources": [format!("arn:aws:events:{region}:{account}:rule/rekognition-model-copier-check")],
            "detail": {},
        })
    }

    fn with_queue<T>(&self, work: impl FnOnce(&mut Queue) -> T) -> T {
        work(&mut self.queue.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
