//! The deployed functions: instances of start-copy read the queue, and a schedule runs check-copies.

use std::time::Duration;

use jiff::SignedDuration;
use rekognition_model_copier::budget::Budget;
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::intake::{Message, WayIn};
use rekognition_model_copier::ports::Ports;
use rekognition_model_copier::{Copier, Rules};
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::process::Process;
use crate::request::{ACCOUNT, Request};
use crate::watch::{MAX_SKEW, mark};
use crate::world::queue::{QueuedMessage, Receipt};
use crate::world::{Shared, World, later};

/// The template's time-outs of the functions.
const START_COPY_TIMEOUT: Duration = Duration::from_secs(60);
const CHECK_COPIES_TIMEOUT: Duration = Duration::from_secs(70);
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

impl Deployment {
    /// Two instances of start-copy and one of check-copies, with correct clocks.
    pub fn usual(rules: &Rules) -> Self {
        Self {
            rules: rules.clone(),
            starter_skews: vec![SignedDuration::ZERO; 2],
            checker_skews: vec![SignedDuration::ZERO],
            sweeps_every: MINUTE,
            skips_idle_sweeps: false,
            patience: Duration::from_secs(60 * 3600),
        }
    }

    /// Sends each request after its time, runs until every request has ended, and checks the end.
    pub async fn run(&self, shared: &Shared, requests: Vec<(Duration, Request)>) {
        let functions = LocalSet::new();
        let instance = |skew| Instance { shared: shared.clone(), rules: self.rules.clone(), skew };
        for (i, skew) in self.starter_skews.iter().copied().enumerate() {
            functions.spawn_local(start_copies(instance(skew), i));
        }
        for (i, skew) in self.checker_skews.iter().copied().enumerate() {
            functions.spawn_local(check_copies(instance(skew), i, self.sweeps_every, self.skips_idle_sweeps));
        }
        functions.run_until(self.send_and_wait(shared, &requests)).await;
        shared.with(|world| {
            for (i, (_, request)) in requests.iter().enumerate() {
                let message = format!("message-{i}-{}", request.mark);
                let recorded = is_recorded(world, &request.id, &message, &request.mark);
                world.watch.must(recorded, || format!("{message}: lost"));
            }
            world.watch.check_end(&world.table);
            let dead = world.queue.dead_letters;
            world.watch.must(dead == 0, || format!("{dead} dead letters"));
            // INVARIANT: no policy permits a copy later than an hour after it was put.
            let in_an_hour = later(world.now, Duration::from_secs(3600) + MAX_SKEW);
            let permitting = world.policies.permitting(in_an_hour);
            world
                .watch
                .must(permitting.is_empty(), || format!("policies that do not expire: {permitting:?}"));
        });
    }

    async fn send_and_wait(&self, shared: &Shared, requests: &[(Duration, Request)]) {
        let began = Instant::now();
        for (i, (after, request)) in requests.iter().enumerate() {
            sleep_until(began + *after).await;
            shared.with(|world| {
                world.queue.send(&format!("message-{i}-{}", request.mark), &request.body(), world.now);
            });
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

fn is_quiet(world: &mut World) -> bool {
    world.queue.is_empty() && world.table.unfinished == 0 && world.late_calls == 0
}

/// Whether a message's request has a record: under its own id, or under the message's id if the own one names another request.
fn is_recorded(world: &World, id: &str, message: &str, wanted: &str) -> bool {
    let get =
        |id: &str| world.table.get(&RecordKey { requester: ACCOUNT.to_owned(), request_id: id.to_owned() });
    get(id).is_some_and(|record| record.accepted().is_none() || mark(record) == Some(wanted))
        || get(message).is_some()
}

async fn start_copies(instance: Instance, number: usize) {
    let shared = &instance.shared;
    let mut invocation = 0_u64;
    let mut running = None;
    loop {
        let new_message = shared.bell.notified();
        let (batch, next) = shared.with(|world| {
            (
                world.queue.receive(world.now),
                world.queue.next_receive().map(|next| next.duration_since(world.now)),
            )
        });
        if batch.is_empty() {
            let wait = next.and_then(|next| Duration::try_from(next).ok()).unwrap_or(MINUTE * 60);
            tokio::select! {
                biased;
                () = new_message => {}
                () = sleep(wait) => {}
            }
            continue;
        }
        invocation += 1;
        let (process, copier) = running.take().unwrap_or_else(|| instance.start());
        let id = format!("start-{number}-{invocation}");
        let messages: Vec<_> = batch
            .iter()
            .map(|(_, message)| Message { text: &message.body, id: &message.id, way_in: WayIn::Queue })
            .collect();
        let budget = Budget::new(START_COPY_TIMEOUT);
        let answer = process.invoke(START_COPY_TIMEOUT, copier.start_batch(&messages, &id, &budget)).await;
        if let Some(answer) = answer {
            shared.with(|world| acknowledge(world, &batch, &answer.failed));
            running = Some((process, copier));
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

async fn check_copies(instance: Instance, number: usize, every: Duration, skips_idle_sweeps: bool) {
    let Instance { shared, skew, .. } = &instance;
    let mut sweep = 0_u64;
    let mut running = None;
    loop {
        let next = Instant::now() + every;
        let began = shared.with(|world| world.now);
        let by_its_clock = began.checked_add(*skew).unwrap_or(began);
        if skips_idle_sweeps && !shared.with(|world| world.table.has_due(by_its_clock, world.now)) {
            sleep_until(next).await;
            continue;
        }
        sweep += 1;
        let (process, copier) = running.take().unwrap_or_else(|| instance.start());
        let owner = format!("check-{number}-{sweep}");
        let budget = Budget::for_sweep(CHECK_COPIES_TIMEOUT);
        if process.invoke(CHECK_COPIES_TIMEOUT, copier.sweep(&owner, budget)).await.is_some() {
            running = Some((process, copier));
        }
        sleep_until(next).await;
    }
}

/// The parts of a function's instance that survive a kill.
struct Instance {
    shared: Shared,
    rules: Rules,
    skew: SignedDuration,
}

impl Instance {
    /// Starts a process and a copier in it.
    fn start(&self) -> (Process, Copier<Ports<Process, Process, Process, Process>>) {
        let process = Process::new(&self.shared, self.skew);
        (process.clone(), Copier::new(process.ports(), self.rules.clone()))
    }
}
