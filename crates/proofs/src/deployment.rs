//! The functions as they are deployed: some start-copy instances at the queue, and check-copies every minute.

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
use crate::watch::mark;
use crate::world::queue::{Letter, Receipt};
use crate::world::{Shared, World, later};

/// The template's time-outs of the functions.
const START_COPY: Duration = Duration::from_secs(60);
const CHECK_COPIES: Duration = Duration::from_secs(70);
/// The template's schedule.
pub const MINUTE: Duration = Duration::from_secs(60);

/// How it is deployed.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// What it decides by.
    pub rules: Rules,
    /// By how much each start-copy instance's clock is ahead; one instance each.
    pub starters: Vec<SignedDuration>,
    /// The same for check-copies; the schedule fires once for each.
    pub checkers: Vec<SignedDuration>,
    /// How often the schedule fires.
    pub every: Duration,
    /// Leaves out the sweeps that would find nothing: most of a life is waiting.
    pub spares_sweeps: bool,
    /// How long to wait for the end of it all.
    pub patience: Duration,
}

impl Deployment {
    /// Two starters at the queue and one checker, with good clocks.
    pub fn usual(rules: &Rules) -> Self {
        Self {
            rules: rules.clone(),
            starters: vec![SignedDuration::ZERO; 2],
            checkers: vec![SignedDuration::ZERO],
            every: MINUTE,
            spares_sweeps: false,
            patience: Duration::from_secs(60 * 3600),
        }
    }

    /// Sends the requests, each after a while, and runs until all is said and done, or patience ends.
    pub async fn run(&self, shared: &Shared, requests: Vec<(Duration, Request)>) {
        let functions = LocalSet::new();
        for (i, skew) in self.starters.iter().copied().enumerate() {
            let instance = Instance { shared: shared.clone(), rules: self.rules.clone(), skew };
            functions.spawn_local(start_copies(instance, i));
        }
        for (i, skew) in self.checkers.iter().copied().enumerate() {
            let instance = Instance { shared: shared.clone(), rules: self.rules.clone(), skew };
            functions.spawn_local(check_copies(instance, i, self.every, self.spares_sweeps));
        }
        functions.run_until(self.send_and_wait(shared, &requests)).await;
        shared.with(|world| {
            for (i, (_, request)) in requests.iter().enumerate() {
                let message = format!("message-{i}-{}", request.mark);
                let recorded = is_recorded(world, &request.id, &message, &request.mark);
                world.watch.must(recorded, || format!("{message}: lost"));
            }
            world.watch.settled(&world.table);
            let dead = world.queue.dead.len();
            world.watch.must(dead == 0, || format!("{dead} dead letters"));
            // INVARIANT: no policy outlives the hour after it was put.
            let then = later(world.now, Duration::from_secs(3600 + 120));
            let left = world.policies.allowed(then);
            world.watch.must(left.is_empty(), || format!("allowed for ever: {left:?}"));
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
                shared.with(|world| world.watch.violations.push("it never ends".to_owned()));
                break;
            }
            sleep(Duration::from_secs(30)).await;
        }
    }
}

fn is_quiet(world: &mut World) -> bool {
    world.queue.is_empty()
        && world.table.unfinished == 0
        && world.models.in_flight.is_empty()
        && !world.policies.is_pending()
}

/// Whether a message's request has a record: under its own id, or, where that names another request, under
/// the message's.
fn is_recorded(world: &World, id: &str, message: &str, wanted: &str) -> bool {
    let get =
        |id: &str| world.table.get(&RecordKey { requester: ACCOUNT.to_owned(), request_id: id.to_owned() });
    get(id).is_some_and(|record| record.accepted().is_none() || mark(record) == Some(wanted))
        || get(message).is_some()
}

async fn start_copies(instance: Instance, number: usize) {
    let shared = &instance.shared;
    let mut invocation = 0_u64;
    let mut copier = None;
    loop {
        let rings = shared.bell.notified();
        let (batch, next) = shared.with(|world| {
            (world.queue.take(world.now), world.queue.next().map(|next| next.duration_since(world.now)))
        });
        if batch.is_empty() {
            let wait = next.and_then(|next| Duration::try_from(next).ok()).unwrap_or(MINUTE * 60);
            tokio::select! {
                biased;
                () = rings => {}
                () = sleep(wait) => {}
            }
            continue;
        }
        invocation += 1;
        let (process, copier_of) = copier.take().unwrap_or_else(|| instance.start());
        let id = format!("start-{number}-{invocation}");
        let messages: Vec<_> = batch
            .iter()
            .map(|(_, letter)| Message { text: &letter.body, id: &letter.id, way_in: WayIn::Queue })
            .collect();
        let budget = Budget::new(START_COPY);
        let taken = process.invoke(START_COPY, copier_of.start_batch(&messages, &id, &budget)).await;
        if let Some(taken) = taken {
            shared.with(|world| acknowledge(world, &batch, &taken.failed));
            copier = Some((process, copier_of));
        }
    }
}

/// INVARIANT: a message is acknowledged only when its record is in the ledger.
fn acknowledge(world: &mut World, batch: &[(Receipt, Letter)], failed: &[String]) {
    for (receipt, letter) in batch.iter().filter(|(_, letter)| !failed.contains(&letter.id)) {
        let body: serde_json::Value = serde_json::from_str(&letter.body).unwrap_or_default();
        let text = |pointer: &str| body.pointer(pointer).and_then(|v| v.as_str()).unwrap_or_default();
        let recorded = is_recorded(world, text("/requestId"), &letter.id, text("/tags/mark"));
        world.watch.must(recorded, || format!("{}: acknowledged and not recorded", letter.id));
        world.queue.acknowledge(*receipt);
    }
}

async fn check_copies(instance: Instance, number: usize, every: Duration, spares_sweeps: bool) {
    let Instance { shared, skew, .. } = &instance;
    let mut sweep = 0_u64;
    let mut copier = None;
    loop {
        let next = Instant::now() + every;
        let began = shared.with(|world| world.now);
        let by_its_clock = began.checked_add(*skew).unwrap_or(began);
        if spares_sweeps && !shared.with(|world| world.table.has_due(by_its_clock, world.now)) {
            sleep_until(next).await;
            continue;
        }
        sweep += 1;
        let (process, copier_of) = copier.take().unwrap_or_else(|| instance.start());
        let owner = format!("check-{number}-{sweep}");
        let budget = Budget::for_sweep(CHECK_COPIES);
        if process.invoke(CHECK_COPIES, copier_of.sweep(&owner, budget)).await.is_some() {
            copier = Some((process, copier_of));
        }
        sleep_until(next).await;
    }
}

/// Where a function's instance runs, by which rules, and by how much its clock is ahead.
struct Instance {
    shared: Shared,
    rules: Rules,
    skew: SignedDuration,
}

impl Instance {
    /// What can be killed, and the copier in it.
    fn start(&self) -> (Process, Copier<Ports<Process, Process, Process, Process>>) {
        let process = Process::new(&self.shared, self.skew);
        (process.clone(), Copier::new(process.ports(), self.rules.clone()))
    }
}
