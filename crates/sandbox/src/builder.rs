//! Builds a sandbox and starts it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::Router;

use crate::{
    clock::Clock,
    control,
    dynamodb::Databases,
    front, guard,
    lambda::Functions,
    page,
    sandbox::Sandbox,
    server::{self, Server},
    settings::Settings,
    state::{Shared, State},
    world::{World, WorldError},
};

/// The settings of a sandbox that is not started yet; see [`Sandbox::builder`].
pub struct Builder {
    start: (World, Settings),
    clock: Clock,
    is_real_time: bool,
    port: u16,
    hosts: Vec<String>,
    routes: Vec<Routes>,
    functions: Functions,
}

/// Further routes, made with a handle on the sandbox.
type Routes = Box<dyn FnOnce(&Sandbox) -> Router + Send>;

/// A reason why a sandbox could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("could not listen on 127.0.0.1, port `{0}` (0 picks a free one): {1}")]
    Port(u16, std::io::Error),
    #[error(transparent)]
    World(#[from] WorldError),
}

impl Sandbox {
    /// A builder with the default settings: a free port and real time.
    pub fn builder(world: World) -> Builder {
        Builder {
            start: (world, Settings::default()),
            clock: Clock::real(),
            is_real_time: false,
            port: 0,
            hosts: Vec::new(),
            routes: Vec::new(),
            functions: Functions::default(),
        }
    }

    /// Starts a sandbox with this world and the default settings.
    pub async fn start(world: World) -> Result<Self, StartError> {
        Self::builder(world).start().await
    }
}

impl Builder {
    /// Uses these settings instead of the defaults.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.start.1 = settings;
        self
    }

    /// Uses this clock instead of real time.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Refuses to change the clock over HTTP, because the functions that run here use the machine's.
    #[must_use]
    pub fn real_time(self) -> Self {
        Self { clock: Clock::real(), is_real_time: true, ..self }
    }

    /// Listens on this port instead of a free one.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Also accepts requests whose `Host` is this name, with any port.
    #[must_use]
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// Adds routes, under any path except `/` and `/_sandbox/…`. The handle that `routes` gets does not keep the server
    /// alive.
    #[must_use]
    pub fn routes(mut self, routes: impl FnOnce(&Sandbox) -> Router + Send + 'static) -> Self {
        self.routes.push(Box::new(routes));
        self
    }

    /// Serves the Runtime API to these functions, and lets FilterLogEvents answer with their logs.
    #[must_use]
    pub(crate) fn functions(self, functions: &Functions) -> Self {
        let router = functions.router();
        Self { functions: functions.clone(), ..self.routes(|_| router) }
    }

    /// Listens on 127.0.0.1 and starts to answer. Needs a Tokio runtime.
    pub async fn start(self) -> Result<Sandbox, StartError> {
        let port = self.port;
        let (listener, address) = server::bind(port).await.map_err(|error| StartError::Port(port, error))?;
        let (sandbox, router) = self.assemble(address)?;
        let server = Some(Arc::new(Server::start(listener, router)));
        Ok(Sandbox { server, ..sandbox })
    }

    /// The sandbox's routes, to be called in this process. No port is open, so the endpoint is useless.
    pub fn in_process(self) -> Result<(Sandbox, Router), StartError> {
        Ok(self.assemble(SocketAddr::from(([127, 0, 0, 1], 0)))?)
    }

    fn assemble(self, address: SocketAddr) -> Result<(Sandbox, Router), WorldError> {
        let clock = self.clock.clone();
        let (world, settings) = self.start;
        let world = world.checked()?;
        let databases = Databases::new(clock.clone());
        databases.replace(&world.tables)?;
        let shared = Shared {
            address,
            clock: self.clock,
            is_real_time: self.is_real_time,
            advances: Mutex::default(),
            databases,
            functions: self.functions,
            state: Mutex::new(State::new(world.clone(), Arc::new((world, settings)))),
        };
        let sandbox = Sandbox { shared: Arc::new(shared), server: None };
        let router = front::router(Arc::clone(&sandbox.shared))
            .merge(page::router(Arc::clone(&sandbox.shared)))
            .merge(control::router(sandbox.clone()));
        let router = self.routes.into_iter().fold(router, |router, routes| router.merge(routes(&sandbox)));
        Ok((sandbox, guard::guarded(front::dated(front::limited(router), clock), self.hosts)))
    }
}
