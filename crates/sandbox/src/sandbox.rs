//! The handle on a running sandbox.

use std::sync::{Arc, PoisonError};

use jiff::SignedDuration;
use tokio::sync::{mpsc, oneshot};

use crate::{
    ProjectArn, ProjectVersionArn, Status,
    calls::{Call, PolicyChange},
    clock::Clock,
    fault::{Fault, Faults},
    published::PublishedEvent,
    server::Server,
    settings::Settings,
    state::{Advance, Position, Shared, State},
    world::{Project, Stack, Version, World, WorldError, ledger_table},
};

/// A running sandbox. Clones share it; it stops when the last one is dropped.
#[derive(Clone, Debug)]
pub struct Sandbox {
    pub(crate) shared: Arc<Shared>,
    // Not in `Shared`: the server's routes hold `Shared`, so the server would keep itself alive.
    #[expect(dead_code, reason = "held, not used: the server stops when the last is dropped")]
    pub(crate) server: Option<Arc<Server>>,
}

impl Sandbox {
    /// The value of AWS_ENDPOINT_URL: `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// The environment in which any AWS client uses this sandbox as `account`: endpoint, Region and keys.
    pub fn environment(&self, account: &str) -> Vec<(String, String)> {
        let region = self.shared.lock().world.region.clone();
        let pairs = [
            ("AWS_ENDPOINT_URL", self.endpoint()),
            ("AWS_REGION", region.clone()),
            ("AWS_DEFAULT_REGION", region),
            ("AWS_ACCESS_KEY_ID", account.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "sandbox".to_owned()),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }

    /// Sandbox time.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Every event that PutEvents accepted since the last reset, in order.
    pub fn announcements(&self) -> Vec<PublishedEvent> {
        self.shared.lock().published.clone()
    }

    /// Every AWS call since the last reset, in the order of the answers.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.lock().calls.clone()
    }

    pub fn call_count(&self) -> usize {
        self.shared.lock().calls.len()
    }

    /// The calls since the last reset without the first `seen`; all of them if there are fewer.
    pub fn calls_after(&self, seen: usize) -> Vec<Call> {
        let state = self.shared.lock();
        state.calls.get(seen..).unwrap_or(&state.calls).to_vec()
    }

    /// The accepted events behind a position, which moves to the last one.
    pub(crate) fn new_events(&self, position: &mut Position) -> Vec<PublishedEvent> {
        let state = self.shared.lock();
        let first = position.advance(state.published.len(), state.resets).unwrap_or_default();
        state.published.get(first..).unwrap_or_default().to_vec()
    }

    /// Every change of a project policy since the last reset, in order.
    pub fn policy_changes(&self) -> Vec<PolicyChange> {
        self.shared.lock().policy_changes.clone()
    }

    pub fn fault(&self, fault: Fault) {
        self.shared.lock().faults.add(fault);
    }

    pub fn faults(&self) -> Vec<Fault> {
        self.shared.lock().faults.set.iter().map(|it| it.fault.clone()).collect()
    }

    pub fn clear_faults(&self) {
        self.shared.lock().faults = Faults::default();
    }

    pub fn settings(&self) -> Settings {
        self.shared.lock().settings.clone()
    }

    /// Replaces the settings. Copies and other work in progress still end as was decided when they began.
    pub fn set_settings(&self, settings: Settings) {
        self.shared.lock().settings = settings;
    }

    pub fn world(&self) -> World {
        self.shared.settled().world.clone()
    }

    pub fn project(&self, arn: &str) -> Option<Project> {
        self.shared.settled().world.project(&ProjectArn::parse(arn).ok()?).cloned()
    }

    pub fn version(&self, arn: &str) -> Option<Version> {
        self.shared.settled().world.version(&ProjectVersionArn::parse(arn).ok()?).cloned()
    }

    /// Changes the world without any check.
    pub fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.shared.settled().world)
    }

    /// Sets a version's status until something else changes it: to AWS's word, or to any other. Returns false if the version
    /// does not exist.
    pub fn set_status(&self, arn: &str, status: &str, message: Option<&str>) -> bool {
        let mut state = self.shared.settled();
        let version = ProjectVersionArn::parse(arn).ok().and_then(|arn| state.world.version_mut(&arn));
        let (status, message) = (Status::read(status), message.map(str::to_owned));
        version.map(|version| version.begin(status, message, None)).is_some()
    }

    /// Creates the copier's ledger table. A reset restores it, empty.
    pub fn create_ledger(&self, account: &str, name: &str) -> Result<(), WorldError> {
        let table = ledger_table(account, name);
        self.shared.databases.create(&table)?;
        self.change_for_good(|world| world.tables.push(table.clone()));
        Ok(())
    }

    /// Creates a stack of CloudFormation. A reset restores it.
    pub(crate) fn create_stack(&self, stack: Stack) {
        self.change_for_good(|world| world.stacks.push(stack.clone()));
    }

    /// Changes the world and the one that a reset restores.
    fn change_for_good(&self, change: impl Fn(&mut World)) {
        let mut state = self.shared.lock();
        change(&mut state.world);
        change(&mut Arc::make_mut(&mut state.start).0);
    }

    /// Restores the first world, its settings and empty tables. Calls, faults, announcements and sessions are deleted;
    /// the clock stays.
    pub fn reset(&self) -> Result<(), WorldError> {
        let world = self.shared.lock().start.0.clone();
        self.reset_to(world)
    }

    /// Does what [`Sandbox::reset`] does, with another world.
    pub fn reset_to(&self, world: World) -> Result<(), WorldError> {
        let world = world.checked()?;
        let mut state = self.shared.lock();
        self.shared.databases.replace(&world.tables)?;
        let resets = state.resets + 1;
        *state = State { resets, ..State::new(world, Arc::clone(&state.start)) };
        Ok(())
    }

    /// Receives, from now on, the advances that `POST /_sandbox/clock` asks for.
    pub(crate) fn take_advances(&self) -> mpsc::Receiver<Advance> {
        let (sender, receiver) = mpsc::channel(1);
        *self.shared.advances.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        receiver
    }

    /// Advances the clock and returns when the time has passed. While a deployment runs, the time passes in steps, and its queue and its schedule are served after each.
    pub(crate) async fn advance(&self, time: SignedDuration) {
        let taker = self.shared.advances.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (over, is_over) = oneshot::channel();
        match taker {
            Some(taker) if taker.send((time, over)).await.is_ok() => {
                // The only error is that the deployment stopped.
                let _ = is_over.await;
            }
            _ => self.clock().advance(time),
        }
    }
}
