//! The copier, deployed in a sandbox as `template.yaml` deploys it in an account: two functions, the queue with its
//! dead-letter queue, the rule that fills the queue, and the schedule.
//!
//! Nothing runs on its own: a test says when the queue is delivered and when the schedule runs. [`Deployment::keep_running`]
//! does both as time passes.

mod binaries;
mod settings;

use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::SignedDuration;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

pub use self::binaries::{Binaries, BinariesError, cargo, root};
pub use self::settings::{create_ledger, environment, settings_from_env};
use crate::{
    Builder, PublishedEvent, Sandbox, StartError, World,
    clock::CLOCK_FILE,
    lambda::{Function, FunctionError, FunctionSettings, Functions},
    queue::{Message, Queue, failed_ids},
    state::Position,
};

/// The interval of the schedule in sandbox time, as in `template.yaml`.
pub const SCHEDULE: SignedDuration = SignedDuration::from_secs(60);

/// The longest time of an invocation of start-copy, by the machine's clock, as in `template.yaml`.
pub const START_TIMEOUT: Duration = Duration::from_secs(60);

/// The longest time of an invocation of check-copies, by the machine's clock, as in `template.yaml`.
pub const CHECK_TIMEOUT: Duration = Duration::from_secs(70);

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

#[derive(Clone, Debug)]
pub struct Delivered {
    pub batch: Vec<Message>,
    pub answer: Result<Value, FunctionError>,
    /// The ids of the messages that failed. The queue hands them out again.
    pub failed: Vec<String>,
}

impl Delivered {
    fn failure(&self) -> Option<String> {
        match &self.answer {
            Err(error) => Some(format!("start-copy failed: {error}")),
            Ok(_) if self.failed.is_empty() => None,
            Ok(_) => Some("start-copy could not take a request in".to_owned()),
        }
    }
}

/// The events and failures of one round of [`Deployment::keep_running`].
#[derive(Debug)]
pub struct Round {
    /// The new events on the bus, except requests for copies.
    pub announced: Vec<PublishedEvent>,
    /// The failures of the functions, as sentences.
    pub failures: Vec<String>,
}

impl Deployment {
    /// Starts a sandbox with a ledger table and deploys the two programs into it. The first invocation of each starts its
    /// process. The functions get the variables of [`environment`], and these settings in addition.
    ///
    /// # Errors
    /// The sandbox does not start, its database refuses the table, or no temporary file can be created.
    pub async fn start(
        sandbox: Builder,
        binaries: Binaries,
        settings: BTreeMap<String, String>,
    ) -> Result<Self, StartError> {
        let functions = Functions::default();
        let sandbox = sandbox.functions(&functions).start().await?;
        create_ledger(&sandbox)?;
        let account = sandbox.world().copier_account;
        let mut variables = environment(&sandbox);
        variables.extend(settings);
        sandbox.create_stack(settings::stack(&sandbox, &variables));
        let folder = tempfile::tempdir()?;
        let clock_file = folder.path().join("clock.json");
        sandbox.clock().write_to(clock_file.clone())?;
        let function = |name: &str, binary: PathBuf, timeout: Duration| {
            let mut environment = variables.clone();
            let own = [
                (CLOCK_FILE, clock_file.to_string_lossy().into_owned()),
                ("AWS_LAMBDA_LOG_FORMAT", "JSON".to_owned()),
                // Each function has a role with its own name.
                ("AWS_ACCESS_KEY_ID", format!("{account}.{name}")),
            ];
            environment.extend(own.map(|(name, value)| (name.to_owned(), value)));
            let (name, account) = (name.to_owned(), account.clone());
            let function = FunctionSettings { name, account, binary, memory_mb: 256, timeout, environment };
            functions.add(&sandbox.endpoint(), function)
        };
        let queue = Queue::new(settings::queue_arn(&sandbox.world()));
        Ok(Self {
            start_copy: function("start-copy", binaries.start_copy, START_TIMEOUT)?,
            check_copies: function("check-copies", binaries.check_copies, CHECK_TIMEOUT)?,
            intake: Mutex::new(Intake { queue, seen: Position::default() }),
            _clock_file: folder,
            sandbox,
        })
    }

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
    /// that clients ask for. Calls `show` after each round, and stops when it returns true or an error.
    pub async fn keep_running<E>(
        &self,
        interval: SignedDuration,
        mut show: impl FnMut(Round) -> Result<bool, E>,
    ) -> Result<(), E> {
        let clock = self.sandbox.clock();
        let mut next_check = clock.now();
        let mut advances = self.sandbox.take_advances();
        let mut seen = Position::default();
        loop {
            let delivered = self.deliver().await;
            let mut failures: Vec<_> = delivered.iter().filter_map(Delivered::failure).collect();
            if clock.now() >= next_check {
                next_check = clock.now() + interval;
                failures
                    .extend(self.check().await.err().map(|error| format!("check-copies failed: {error}")));
            }
            let mut announced = self.sandbox.new_events(&mut seen);
            announced.retain(|event| !event.is_request());
            if show(Round { announced, failures })? {
                return Ok(());
            }
            if let Ok(Some((time, over))) = tokio::time::timeout(POLL_INTERVAL, advances.recv()).await {
                self.pass(time).await;
                next_check = clock.now() + interval;
                // The only error is that the client has disconnected.
                let _ = over.send(());
            }
        }
    }

    /// The number of messages on the queue, including hidden ones.
    pub fn queue_depth(&self) -> usize {
        self.lock(|intake| intake.queue.depth())
    }

    pub fn dead_letters(&self) -> Vec<Message> {
        self.lock(|intake| intake.queue.dead_letters().to_vec())
    }

    pub fn start_copy(&self) -> &Function {
        &self.start_copy
    }

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
