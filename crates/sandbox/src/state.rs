//! Everything behind the routes: the world and what happened in it, under one lock. Holds it together; decides nothing
//! about AWS.

use std::{
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    caller::{Caller, Sessions},
    calls::{Call, PolicyChange},
    clock::Clock,
    dynamodb::Databases,
    error::AwsError,
    fault::Faults,
    lambda::Functions,
    passing::Passing,
    published::Published,
    rates::Rates,
    settings::Settings,
    status::Status,
    world::{Stack, Table, World, WorldError},
};

/// Shared by the routes and every handle.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) address: SocketAddr,
    pub(crate) clock: Clock,
    /// Whether the clock stays the machine's.
    pub(crate) is_real_time: bool,
    /// Whoever lets time pass on behalf of a deployment, so that its schedule strikes on the way.
    pub(crate) passing: Passing,
    pub(crate) published: Published,
    pub(crate) databases: Databases,
    /// The functions whose logs can be read.
    pub(crate) functions: Functions,
    state: Mutex<State>,
}

/// What changes under one lock.
#[derive(Debug)]
pub(crate) struct State {
    start: (World, Settings),
    pub(crate) world: World,
    pub(crate) settings: Settings,
    pub(crate) faults: Faults,
    pub(crate) calls: Vec<Call>,
    pub(crate) policy_changes: Vec<PolicyChange>,
    pub(crate) sessions: Sessions,
    pub(crate) rates: Rates,
    /// The last number given to an ARN: numbers never repeat, however still the clock stands.
    pub(crate) last_number: u64,
}

impl Shared {
    pub(crate) fn new(
        address: SocketAddr,
        clock: Clock,
        world: World,
        settings: Settings,
    ) -> Result<Self, WorldError> {
        let world = world.checked()?;
        let databases = Databases::none(clock.clone());
        databases.replace(&world.tables)?;
        let state = Mutex::new(State::new(world, settings));
        let (passing, is_real_time) = (Passing::default(), false);
        let (published, functions) = (Published::none(), Functions::default());
        Ok(Self { address, clock, is_real_time, passing, published, databases, functions, state })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, with everything done that should have happened by now.
    pub(crate) fn settled(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        state.world.settle(self.clock.now());
        state
    }

    pub(crate) fn start_world(&self) -> World {
        self.lock().start.0.clone()
    }

    /// Creates a table that a reset brings back, empty.
    pub(crate) fn create_table(&self, table: Table) -> Result<(), WorldError> {
        self.databases.create(&table)?;
        let mut state = self.lock();
        state.start.0.tables.push(table.clone());
        state.world.tables.push(table);
        Ok(())
    }

    /// Creates a stack that a reset brings back.
    pub(crate) fn create_stack(&self, stack: Stack) {
        let mut state = self.lock();
        state.start.0.stacks.push(stack.clone());
        state.world.stacks.push(stack);
    }

    pub(crate) fn set_status(&self, arn: &str, status: Status, message: Option<String>) -> bool {
        let mut state = self.settled();
        let version = arn.parse().ok().and_then(|arn| state.world.version_mut(&arn));
        version.map(|version| version.begin(status, message, None)).is_some()
    }

    /// The caller behind a credential.
    pub(crate) fn caller(&self, access_key: &str, token: Option<&str>) -> Result<Caller, AwsError> {
        self.lock().sessions.caller(access_key, token, self.clock.now())
    }

    /// Loads a world in place of the present one and forgets everything that happened.
    pub(crate) fn reset(&self, world: World) -> Result<(), WorldError> {
        let world = world.checked()?;
        let mut state = self.lock();
        let (start, settings) = state.start.clone();
        self.databases.replace(&world.tables)?;
        *state = State { start: (start, settings.clone()), ..State::new(world, settings) };
        self.published.clear();
        Ok(())
    }
}

impl State {
    fn new(world: World, settings: Settings) -> Self {
        Self {
            start: (world.clone(), settings.clone()),
            world,
            settings,
            faults: Faults::none(),
            calls: Vec::new(),
            policy_changes: Vec::new(),
            sessions: Sessions::default(),
            rates: Rates::default(),
            last_number: 0,
        }
    }
}
