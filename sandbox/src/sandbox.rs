//! The handle on a running sandbox: starts it, and gives a test or a demo its state without HTTP.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::Router;
use jiff::SignedDuration;
use uuid::Uuid;

use crate::{
    caller::{Caller, Credentials, Sessions},
    calls::{Call, PolicyChange},
    clock::{Clock, later},
    control,
    dynamodb::Databases,
    error::AwsError,
    fault::{Fault, Faults},
    front,
    ledger::ledger_table,
    published::{Follow, Published, PublishedEvent},
    rekognition::Rates,
    server::{self, Server},
    settings::Settings,
    status::Status,
    world::{Project, Table, Version, World, WorldError},
};

/// A running sandbox. Clones are the same one; it stops when the last is dropped.
#[derive(Clone, Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
    // Not in `Shared`: the server's routes hold that, and would keep themselves alive.
    _server: Option<Arc<Server>>,
}

/// Everything behind the routes.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) address: SocketAddr,
    pub(crate) clock: Clock,
    pub(crate) published: Published,
    pub(crate) databases: Databases,
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

/// Why a sandbox could not start.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum StartError {
    #[error("could not listen on 127.0.0.1, port `{0}` (0 picks a free one): {1}")]
    Port(u16, std::io::Error),
    #[error(transparent)]
    World(#[from] WorldError),
}

/// Routes of one's own beside the sandbox's, with the sandbox to use in them.
type Routes = Box<dyn FnOnce(&Sandbox) -> Router + Send>;

/// Says how to start a sandbox; see [`Sandbox::builder`].
pub struct Builder {
    world: World,
    settings: Settings,
    clock: Clock,
    port: u16,
    routes: Vec<Routes>,
}

impl Builder {
    /// Takes these settings instead of the defaults.
    #[must_use]
    pub fn settings(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// Takes this clock instead of real time.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Listens on this port instead of a free one.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Mounts more routes, under any path but `/` and the sandbox's own `/_sandbox/…`. They are asked for once, with
    /// a handle that does not keep the server alive.
    #[must_use]
    pub fn routes(mut self, routes: impl FnOnce(&Sandbox) -> Router + Send + 'static) -> Self {
        self.routes.push(Box::new(routes));
        self
    }

    /// Binds the port on 127.0.0.1 and starts to answer. Needs a Tokio runtime.
    pub async fn start(self) -> Result<Sandbox, StartError> {
        let port = self.port;
        let (listener, address) = server::bind(port).await.map_err(|error| StartError::Port(port, error))?;
        let (sandbox, router) = self.assemble(address)?;
        let server = Server::start(listener, router);
        Ok(Sandbox { _server: Some(Arc::new(server)), ..sandbox })
    }

    /// The sandbox without a port: its routes, to be called in process. Its endpoint is of no use.
    pub fn in_process(self) -> Result<(Sandbox, Router), StartError> {
        Ok(self.assemble(SocketAddr::from(([127, 0, 0, 1], 0)))?)
    }

    fn assemble(self, address: SocketAddr) -> Result<(Sandbox, Router), WorldError> {
        let world = self.world.checked()?;
        let databases = Databases::none(self.clock.clone());
        for table in &world.tables {
            databases.create(table)?;
        }
        let shared = Arc::new(Shared {
            address,
            databases,
            clock: self.clock,
            published: Published::none(),
            state: Mutex::new(State::new(world, self.settings)),
        });
        let sandbox = Sandbox { shared: Arc::clone(&shared), _server: None };
        let router = front::router(Arc::clone(&shared)).merge(control::router(shared));
        let router = self.routes.into_iter().fold(router, |router, routes| router.merge(routes(&sandbox)));
        Ok((sandbox, front::limited(router)))
    }
}

impl Sandbox {
    /// Starts to say how a sandbox with this world should be.
    pub fn builder(world: World) -> Builder {
        Builder { world, settings: Settings::default(), clock: Clock::real(), port: 0, routes: Vec::new() }
    }

    /// A sandbox with this world and everything else as by default: a free port, real time.
    pub async fn start(world: World) -> Result<Self, StartError> {
        Self::builder(world).start().await
    }

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
        self.shared.databases.create(&table)?;
        let mut state = self.shared.lock();
        state.start.0.tables.push(table.clone());
        state.world.tables.push(table);
        Ok(())
    }

    /// Creates the ledger table of rekognition-model-copier; it comes back, empty, after a reset.
    pub fn create_ledger(&self, account: &str, name: &str) -> Result<(), WorldError> {
        self.create_table(ledger_table(account, name))
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
        let start = self.shared.lock().start.0.clone();
        self.shared.reset(start)
    }

    /// As [`Sandbox::reset`], to another world.
    pub fn reset_to(&self, world: World) -> Result<(), WorldError> {
        self.shared.reset(world)
    }
}

impl Shared {
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

    pub(crate) fn set_status(&self, arn: &str, status: Status, message: Option<String>) -> bool {
        let mut state = self.settled();
        let version = arn.parse().ok().and_then(|arn| state.world.version_mut(&arn));
        version.map(|version| version.begin(status, message, None)).is_some()
    }

    /// Loads a world in place of the present one and forgets everything that happened.
    pub(crate) fn reset(&self, world: World) -> Result<(), WorldError> {
        let world = world.checked()?;
        let mut state = self.lock();
        let (start, settings) = state.start.clone();
        self.databases.clear();
        for table in &world.tables {
            self.databases.create(table)?;
        }
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

/// An id as AWS gives them to requests.
pub(crate) fn request_id() -> String {
    Uuid::new_v4().to_string()
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("port", &self.port).finish_non_exhaustive()
    }
}

/// The caller behind a credential; see [`Sessions::caller`].
pub(crate) fn identify(shared: &Shared, access_key: &str, token: Option<&str>) -> Result<Caller, AwsError> {
    shared.lock().sessions.caller(access_key, token, shared.clock.now())
}
