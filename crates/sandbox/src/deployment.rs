//! The copier, deployed in a sandbox as `template.yaml` deploys it in an account: two functions, the queue with its
//! dead-letter queue, the rule that fills the queue, and the schedule.
//!
//! Nothing runs on its own: a test says when the queue is delivered and when the schedule runs. [`Deployment::keep_running`]
//! does both as time passes.

mod binaries;
mod settings;

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::SignedDuration;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

pub use self::binaries::{Binaries, BinariesError, cargo, root};
pub use self::settings::{DeploymentSettings, create_ledger, environment};
use crate::{
    Builder, PublishedEvent, Sandbox, StartError, World, WorldError,
    clock::CLOCK_FILE,
    lambda::{Function, FunctionError, FunctionSettings, Functions},
    queue::{Message, Queue, failed_ids},
    state::Position,
};

/// The interval of the schedule in sandbox time, as in `template.yaml`.
pub const SCHEDULE: SignedDuration = SignedDuration::from_secs(60);

/// The largest number of sweeps in one call of [`Deployment::pass`].
const MAX_SWEEPS: i32 = 100;

/// How often [`Deployment::keep_running`] looks for work, by the machine's clock.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// The running copier. Dropping it kills its processes.
#[derive(Debug)]
pub struct Deployment {
    sandbox: Sandbox,
    start_copy: Arc<Function>,
    check_copies: Arc<Function>,
    intake: Mutex<Intake>,
    _clock_file: TempDir,
}

/// The queue, and the events on the bus that the rule has seen.
#[derive(Debug)]
struct Intake {
    queue: Queue,
    seen: Position,
}

/// The outcome of one batch of the queue.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// The batch's messages.
    pub batch: Vec<Message>,
    /// The answer of start-copy.
    pub answer: Result<Value, FunctionError>,
    /// The ids of the messages that failed. The queue hands them out again.
    pub failed: Vec<String>,
}

/// A reason why a deployment could not start.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    #[error(transparent)]
    Sandbox(#[from] StartError),
    #[error(transparent)]
    Ledger(#[from] WorldError),
    #[error("could not write a temporary file: {0}")]
    File(#[from] io::Error),
}

impl Deployment {
    /// Starts a sandbox with a ledger table and deploys the two programs into it. The first invocation of each starts its
    /// process.
    ///
    /// # Errors
    /// The sandbox does not start, its database refuses the table, or no temporary file can be created.
    pub async fn start(
        sandbox: Builder,
        binaries: Binaries,
        settings: DeploymentSettings,
    ) -> Result<Self, DeployError> {
        let functions = Functions::default();
        let sandbox = sandbox.functions(&functions).start().await?;
        create_ledger(&sandbox)?;
        sandbox.create_stack(settings.stack(&sandbox));
        let folder = tempfile::tempdir()?;
        let clock_file = folder.path().join("clock.json");
        sandbox.clock().write_to(clock_file.clone())?;
        let add = |mut function: FunctionSettings| {
            let file = clock_file.to_string_lossy().into_owned();
            function.environment.insert(CLOCK_FILE.to_owned(), file);
            functions.add(&sandbox.endpoint(), function)
        };
        let start_copy =
            settings.function("start-copy", &sandbox, binaries.start_copy, settings.start_timeout);
        let check_copies =
            settings.function("check-copies", &sandbox, binaries.check_copies, settings.check_timeout);
        let queue = Queue::new(settings::queue_arn(&sandbox.world()), settings.queue);
        Ok(Self {
            start_copy: add(start_copy)?,
            check_copies: add(check_copies)?,
            intake: Mutex::new(Intake { queue, seen: Position::default() }),
            _clock_file: folder,
            sandbox,
        })
    }

    /// The sandbox that runs it.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Puts a message on the queue, and returns its id.
    pub fn send(&self, body: impl Into<String>) -> String {
        let now = self.sandbox.clock().now();
        self.lock(|intake| intake.queue.send(body, now))
    }

    /// Delivers the requests on the bus to the queue, and the queue to start-copy, batch by batch, until no message is
    /// visible. A message that failed becomes visible again after its visibility time-out, in sandbox time.
    pub async fn deliver(&self) -> Vec<Delivered> {
        let mut delivered = Vec::new();
        while let Some((batch, event)) = self.next_batch() {
            let answer = self.start_copy.invoke(&event).await;
            let failed = match &answer {
                Ok(answer) => failed_ids(&batch, answer),
                Err(_) => batch.iter().map(|message| message.id.clone()).collect(),
            };
            self.lock(|intake| intake.queue.settle(&batch, &failed));
            delivered.push(Delivered { batch, answer, failed });
        }
        delivered
    }

    /// Runs the schedule once, and returns the report of check-copies.
    ///
    /// # Errors
    /// The failure of the function.
    pub async fn check(&self) -> Result<Value, FunctionError> {
        self.check_copies.invoke(&self.scheduled_event()).await
    }

    /// Advances the clock, and delivers the queue and runs the schedule in between: every minute, or 100 times if that is
    /// fewer, so that days pass in seconds. A failed invocation is only in the function's log.
    pub async fn pass(&self, time: SignedDuration) {
        let step = SCHEDULE.max(time / MAX_SWEEPS);
        let mut left = time;
        while left > SignedDuration::ZERO {
            self.sandbox.clock().advance(left.min(step));
            left -= step;
            self.deliver().await;
            let _ = self.check().await;
        }
    }

    /// Delivers the queue, runs the schedule after every `interval` of sandbox time, and serves the advances of the clock
    /// that clients ask for. Calls `show` after each round, with the round's new announcements, and stops at its error. A
    /// failed invocation is a warning.
    pub async fn keep_running<E>(
        &self,
        interval: SignedDuration,
        mut show: impl FnMut(&[PublishedEvent]) -> Result<(), E>,
    ) -> Result<(), E> {
        let clock = self.sandbox.clock();
        let mut next_check = clock.now();
        let mut advances = self.sandbox.take_advances();
        let mut seen = Position::default();
        loop {
            for error in self.deliver().await.into_iter().filter_map(|delivered| delivered.answer.err()) {
                tracing::warn!(%error, "start-copy failed");
            }
            if clock.now() >= next_check {
                next_check = clock.now() + interval;
                if let Err(error) = self.check().await {
                    tracing::warn!(%error, "check-copies failed");
                }
            }
            let mut announced = self.sandbox.new_events(&mut seen);
            announced.retain(|event| !event.is_request());
            show(&announced)?;
            if let Ok(Some((time, over))) = tokio::time::timeout(POLL_INTERVAL, advances.recv()).await {
                self.pass(time).await;
                next_check = clock.now() + interval;
                // The only error is that the client has disconnected.
                let _ = over.send(());
            }
        }
    }

    /// Invokes start-copy directly, and returns its answer.
    ///
    /// # Errors
    /// The failure of the function.
    pub async fn invoke_start(&self, payload: &Value) -> Result<Value, FunctionError> {
        self.start_copy.invoke(payload).await
    }

    /// The number of messages on the queue, including hidden ones.
    pub fn queue_depth(&self) -> usize {
        self.lock(|intake| intake.queue.depth())
    }

    /// The messages on the dead-letter queue, oldest first.
    pub fn dead_letters(&self) -> Vec<Message> {
        self.lock(|intake| intake.queue.dead_letters().to_vec())
    }

    /// The function start-copy.
    pub fn start_copy(&self) -> &Function {
        &self.start_copy
    }

    /// The function check-copies.
    pub fn check_copies(&self) -> &Function {
        &self.check_copies
    }

    /// The log of both functions, start-copy first.
    ///
    /// # Errors
    /// When a log cannot be read.
    pub fn logs(&self) -> io::Result<Vec<String>> {
        let (mut lines, _) = self.start_copy.log_from(0)?;
        lines.extend(self.check_copies.log_from(0)?.0);
        Ok(lines)
    }

    /// Applies the rule to the new events on the bus, then takes a batch from the queue.
    ///
    /// Every account's default bus is one bus here. So an event that `source-account.yaml` would forward is simply there.
    fn next_batch(&self) -> Option<(Vec<Message>, Value)> {
        let now = self.sandbox.clock().now();
        self.lock(|Intake { queue, seen }| {
            for event in self.sandbox.new_events(seen).iter().filter(|event| is_for_queue(event)) {
                queue.send(event.to_json(), now);
            }
            let batch = queue.receive(now);
            let event = queue.event(&batch);
            (!batch.is_empty()).then_some((batch, event))
        })
    }

    /// The event that EventBridge sends for a schedule expression in a rule.
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

    fn lock<T>(&self, work: impl FnOnce(&mut Intake) -> T) -> T {
        work(&mut self.intake.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether the rule sends an event to the queue. The copier's own events never match.
fn is_for_queue(event: &PublishedEvent) -> bool {
    event.event_bus_name == "default" && event.is_request() && event.source != settings::EVENT_SOURCE
}
