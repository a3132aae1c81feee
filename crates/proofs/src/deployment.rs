//! The deployed functions: instances of start-copy read the queue, and a schedule runs check-copies.

use std::time::Duration;

use jiff::SignedDuration;
use rekognition_model_copier::Rules;
use rekognition_model_copier::budget::Budget;
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::intake::{Message, WayIn};
use tokio::runtime::Builder;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::process::{Process, RunningCopier};
use crate::request::{ACCOUNT, Request};
use crate::world::queue::{QueuedMessage, Receipt};
use crate::world::watch::{MAX_SKEW, mark};
use crate::world::{Shared, World};

/// The template's time-outs of the functions.
pub const START_COPY_TIMEOUT: Duration = Duration::from_secs(60);
pub const CHECK_COPIES_TIMEOUT: Duration = Duration::from_secs(70);
/// The time between two sweeps of the template's schedule.
pub const MINUTE: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
pub struct Deployment {
    pub rules: Rules,
    /// How far the clock of each instance of start-copy is ahead.
    pub starter_skews: Vec<SignedDuration>,
    /// How far the clock of each instance of check-copies is ahead.
    pub checker_skews: Vec<SignedDuration>,
    /// The time between two sweeps.
    pub sweeps_every: Duration,
    /// Whether to leave out sweeps that would find nothing, which are most of them.
    pub skips_idle_sweeps: bool,
    /// How long all requests may take to end.
    pub patience: Duration,
}

/// Requests, each with the time after which it is sent.
pub type Requests = Vec<(Duration, Request)>;

/// Runs `work` in virtual time, which passes whenever every task waits.
///
/// # Panics
/// If tokio cannot make a runtime.
pub fn in_virtual_time<T>(work: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime without I/O").block_on(work)
}

impl Deployment {
    /// Two instances of start-copy and one of check-copies, with correct clocks.
    pub fn usual(rules: Rules) -> Self {
        Self {
            rules,
            starter_skews: vec![SignedDuration::ZERO; 2],
            checker_skews: vec![SignedDuration::ZERO],
            sweeps_every: MINUTE,
            skips_idle_sweeps: false,
            patience: Duration::from_secs(80 * 3600),
        }
    }

    /// Sends the requests in a prepared world, runs until every request has ended, and checks the end. Returns the world, with
    /// the violations that its watch found.
    pub fn run(&self, requests: &Requests, prepare: impl FnOnce(&mut World)) -> World {
        in_virtual_time(async {
            let shared = Shared::new(&self.rules, 1);
            shared.with(prepare);
            let functions = LocalSet::new();
            for (number, skew) in self.starter_skews.iter().enumerate() {
                functions.spawn_local(start_copies(self.instance(&shared, *skew), number));
            }
            for (number, skew) in self.checker_skews.iter().enumerate() {
                let instance = self.instance(&shared, *skew);
                functions.spawn_local(check_copies(
                    instance,
                    number,
                    self.sweeps_every,
                    self.skips_idle_sweeps,
                ));
            }
            functions.run_until(self.send_and_wait(&shared, requests)).await;
            drop(functions);
            let mut world = shared.into_world();
            check_end(&mut world, requests);
            world
        })
    }

    fn instance(&self, shared: &Shared, skew: SignedDuration) -> Instance {
        Instance { shared: shared.clone(), rules: self.rules.clone(), skew, running: None }
    }

    async fn send_and_wait(&self, shared: &Shared, requests: &Requests) {
        let began = Instant::now();
        for (number, (after, request)) in requests.iter().enumerate() {
            sleep_until(began + *after).await;
            shared.with(|world| world.queue.send(&message_id(number, request), &request.body(), world.now));
            shared.bell.notify_waiters();
        }
        while !shared.with(is_quiet) {
            if began.elapsed() > self.patience {
                shared.with(|world| world.watch.violations.push("the run never ends".to_owned()));
                break;
            }
            sleep(Duration::from_secs(30)).await;
        }
    }
}

fn message_id(number: usize, request: &Request) -> String {
    format!("message-{number}-{}", request.mark)
}

fn is_quiet(world: &mut World) -> bool {
    world.queue.is_empty() && world.table.unfinished == 0 && world.late_calls == 0
}

fn check_end(world: &mut World, requests: &Requests) {
    for (number, (_, request)) in requests.iter().enumerate() {
        let message = message_id(number, request);
        let is_recorded = is_recorded(world, &request.id, &message, &request.mark);
        world.watch.must(is_recorded, || format!("{message}: lost"));
    }
    world.watch.check_end(&world.table);
    let dead = world.queue.dead_letters;
    world.watch.must(dead == 0, || format!("{dead} dead letters"));
    // INVARIANT: no policy permits a copy later than an hour after it was put.
    let permitting = world.policies.permitting(world.now + Duration::from_secs(3600) + MAX_SKEW);
    world.watch.must(permitting.is_empty(), || format!("policies that do not expire: {permitting:?}"));
}

/// Whether a message's request has a record: under its own id, or under the message's id if the own one names another request.
fn is_recorded(world: &World, id: &str, message: &str, wanted: &str) -> bool {
    let get =
        |id: &str| world.table.get(&RecordKey { requester: ACCOUNT.to_owned(), request_id: id.to_owned() });
    get(id).is_some_and(|record| record.accepted().is_none() || mark(record) == Some(wanted))
        || get(message).is_some()
}

/// An instance of a function: the parts that survive a kill, and the copier that runs since the last one.
struct Instance {
    shared: Shared,
    rules: Rules,
    skew: SignedDuration,
    running: Option<RunningCopier>,
}

impl Instance {
    /// Runs an invocation. Returns `None` if it was killed.
    async fn invoke<T>(
        &mut self,
        limit: Duration,
        invocation: impl AsyncFnOnce(&RunningCopier) -> T,
    ) -> Option<T> {
        let start = || Process::start(&self.shared, self.skew, self.rules.clone());
        let copier = self.running.take().unwrap_or_else(start);
        let answer = copier.world().clock.invoke(limit, invocation(&copier)).await?;
        self.running = Some(copier);
        Some(answer)
    }
}

async fn start_copies(mut instance: Instance, number: usize) {
    let shared = instance.shared.clone();
    for invocation in 1_u64.. {
        let batch = receive(&shared).await;
        let id = format!("start-{number}-{invocation}");
        let messages: Vec<_> = batch
            .iter()
            .map(|(_, message)| Message { text: &message.body, id: &message.id, way_in: WayIn::Queue })
            .collect();
        let budget = Budget::new(START_COPY_TIMEOUT);
        let start = async |copier: &RunningCopier| copier.start_batch(&messages, &id, &budget).await;
        if let Some(answer) = instance.invoke(START_COPY_TIMEOUT, start).await {
            shared.with(|world| acknowledge(world, &batch, &answer.failed));
        }
    }
}

/// Waits for messages and receives them.
async fn receive(shared: &Shared) -> Vec<(Receipt, QueuedMessage)> {
    loop {
        let new_message = shared.bell.notified();
        let (batch, next) = shared.with(|world| {
            let batch = world.queue.receive(world.now);
            (batch, world.queue.next_receive().map(|next| next.duration_since(world.now)))
        });
        if !batch.is_empty() {
            return batch;
        }
        let wait = next.and_then(|next| Duration::try_from(next).ok()).unwrap_or(MINUTE * 60);
        tokio::select! {
            biased;
            () = new_message => {}
            () = sleep(wait) => {}
        }
    }
}

/// INVARIANT: a message is acknowledged only when its record is in the ledger.
fn acknowledge(world: &mut World, batch: &[(Receipt, QueuedMessage)], failed: &[String]) {
    for (receipt, message) in batch.iter().filter(|(_, message)| !failed.contains(&message.id)) {
        let body: serde_json::Value = serde_json::from_str(&message.body).unwrap_or_default();
        let text = |pointer: &str| body.pointer(pointer).and_then(|v| v.as_str()).unwrap_or_default();
        let recorded = is_recorded(world, text("/requestId"), &message.id, text("/tags/mark"));
        world.watch.must(recorded, || format!("{}: acknowledged and not recorded", message.id));
        world.queue.acknowledge(*receipt);
    }
}

async fn check_copies(mut instance: Instance, number: usize, every: Duration, skips_idle_sweeps: bool) {
    let (shared, skew) = (instance.shared.clone(), instance.skew);
    for sweep in 1_u64.. {
        let next = Instant::now() + every;
        if !skips_idle_sweeps || shared.with(|world| world.table.has_due(world.now + skew, world.now)) {
            let owner = format!("check-{number}-{sweep}");
            let budget = Budget::for_sweep(CHECK_COPIES_TIMEOUT);
            let sweep = async |copier: &RunningCopier| copier.sweep(&owner, budget).await;
            instance.invoke(CHECK_COPIES_TIMEOUT, sweep).await;
        }
        sleep_until(next).await;
    }
}
