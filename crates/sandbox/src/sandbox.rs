//! The handle on a running sandbox: gives a test or a demo its state and its switches without HTTP.

use std::sync::Arc;

use jiff::SignedDuration;
use tokio::sync::mpsc;

use crate::{
    caller::Credentials,
    calls::{Call, PolicyChange},
    clock::{Clock, later},
    error::AwsError,
    fault::{Fault, Faults},
    ledger::ledger_table,
    passing::Advance,
    published::{Follow, PublishedEvent},
    server::Server,
    settings::Settings,
    state::Shared,
    status::Status,
    world::{Project, Stack, Table, Version, World, WorldError},
};

/// A running sandbox. Clones are the same one; it stops when the last is dropped.
#[derive(Clone, Debug)]
pub struct Sandbox {
    pub(crate) shared: Arc<Shared>,
    // Not in `Shared`: the server's routes hold that, and would keep themselves alive.
    #[expect(dead_code, reason = "held, not used: the server stops when the last is dropped")]
    pub(crate) server: Option<Arc<Server>>,
}

impl Sandbox {
    /// Where it answers: `http://127.0.0.1:PORT`, for AWS_ENDPOINT_URL.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// The environment that makes any AWS client use this sandbox as `account`: endpoint, Region, keys.
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

    /// What is asked of `POST /_sandbox/clock` as `advance` from now on: for a loop that runs functions and lets their
    /// schedule strike on the way.
    pub fn take_over_advances(&self) -> mpsc::Receiver<Advance> {
        self.shared.passing.take_over()
    }

    /// Every event PutEvents took since the last reset, in order.
    pub fn announcements(&self) -> Vec<PublishedEvent> {
        self.shared.published.list()
    }

    /// Follows what PutEvents takes, from the first event on.
    pub fn follow(&self) -> Follow {
        self.shared.published.follow()
    }

    /// Every AWS call since the last reset, in the order they were answered.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.lock().calls.clone()
    }

    /// How many AWS calls there were since the last reset.
    pub fn call_count(&self) -> usize {
        self.shared.lock().calls.len()
    }

    /// The calls since the last reset but for the first `seen`.
    pub fn calls_after(&self, seen: usize) -> Vec<Call> {
        let state = self.shared.lock();
        state.calls.get(seen..).unwrap_or(&state.calls).to_vec()
    }

    /// Every change of a project policy since the last reset, in order.
    pub fn policy_changes(&self) -> Vec<PolicyChange> {
        self.shared.lock().policy_changes.clone()
    }

    /// Sets one more fault.
    pub fn fault(&self, fault: Fault) {
        self.shared.lock().faults.add(fault);
    }

    /// The faults that are set.
    pub fn faults(&self) -> Vec<Fault> {
        self.shared.lock().faults.list()
    }

    /// Removes every fault.
    pub fn clear_faults(&self) {
        self.shared.lock().faults = Faults::none();
    }

    /// The choices in force.
    pub fn settings(&self) -> Settings {
        self.shared.lock().settings.clone()
    }

    /// Makes other choices from now on. What is under way keeps its end.
    pub fn set_settings(&self, settings: Settings) {
        self.shared.lock().settings = settings;
    }

    /// The world as it is now.
    pub fn world(&self) -> World {
        self.shared.settled().world.clone()
    }

    /// The project with this ARN, as it is now.
    pub fn project(&self, arn: &str) -> Option<Project> {
        self.shared.settled().world.project(&arn.parse().ok()?).cloned()
    }

    /// The version with this ARN, as it is now.
    pub fn version(&self, arn: &str) -> Option<Version> {
        self.shared.settled().world.version(&arn.parse().ok()?).cloned()
    }

    /// Changes the world past all rules.
    pub fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.shared.settled().world)
    }

    /// Gives a version any status, for good. False: there is no such version.
    pub fn set_status(&self, arn: &str, status: impl Into<Status>, message: Option<&str>) -> bool {
        self.shared.set_status(arn, status.into(), message.map(str::to_owned))
    }

    /// The account's DynamoDB. After a reset, ask again.
    pub fn dynamodb(&self, account: &str) -> Result<dynoxide::Database, dynoxide::DynoxideError> {
        self.shared.databases.of(account)
    }

    /// Creates a table; it comes back, empty, after a reset.
    pub fn create_table(&self, table: Table) -> Result<(), WorldError> {
        self.shared.create_table(table)
    }

    /// Creates the ledger table of rekognition-model-copier; it comes back, empty, after a reset.
    pub fn create_ledger(&self, account: &str, name: &str) -> Result<(), WorldError> {
        self.create_table(ledger_table(account, name))
    }

    /// Creates a stack of CloudFormation; it comes back after a reset.
    pub fn create_stack(&self, stack: Stack) {
        self.shared.create_stack(stack);
    }

    /// A session of a role, as AssumeRole would open it, for an hour of sandbox time.
    pub fn assume_role(&self, role_arn: &str, session_name: &str) -> Result<Credentials, AwsError> {
        let end = later(self.shared.clock.now(), SignedDuration::from_hours(1));
        let (_, credentials) = self.shared.lock().sessions.open(role_arn, session_name, end)?;
        Ok(credentials)
    }

    /// Back to the start: the world it began with, its settings, empty tables; no calls, faults, announcements or
    /// sessions. The clock stays.
    pub fn reset(&self) -> Result<(), WorldError> {
        self.shared.reset(self.shared.start_world())
    }

    /// As [`Sandbox::reset`], to another world.
    pub fn reset_to(&self, world: World) -> Result<(), WorldError> {
        self.shared.reset(world)
    }
}
