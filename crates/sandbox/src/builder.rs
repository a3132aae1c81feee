//! Builds a sandbox and starts it.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use axum::Router;
use tokio::net::TcpListener;

use crate::{
    clock::Clock,
    control,
    dynamodb::Databases,
    front, guard,
    lambda::Functions,
    page,
    sandbox::Sandbox,
    server::Server,
    settings::Settings,
    state::{Shared, State},
    world::{World, WorldError},
};

/// The settings of a sandbox that is not started yet; see [`Sandbox::builder`].
#[must_use = "it does nothing until it is started"]
pub struct Builder {
    start: (World, Settings),
    clock: Clock,
    is_real_time: bool,
    port: u16,
    hosts: Vec<String>,
    routes: Router,
    functions: Functions,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("could not listen on 127.0.0.1, port `{0}` (0 picks a free one): {1}")]
    Port(u16, std::io::Error),
    #[error(transparent)]
    World(#[from] WorldError),
    #[error("could not write a temporary file: {0}")]
    File(#[from] std::io::Error),
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
            routes: Router::new(),
            functions: Functions::default(),
        }
    }

    pub async fn start(world: World) -> Result<Self, StartError> {
        Self::builder(world).start().await
    }
}

impl Builder {
    pub fn settings(mut self, settings: Settings) -> Self {
        self.start.1 = settings;
        self
    }

    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Refuses to change the clock over HTTP, because the functions that run here use the machine's.
    pub fn real_time(self) -> Self {
        Self { clock: Clock::real(), is_real_time: true, ..self }
    }

    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Also accepts requests whose `Host` is this name, with any port.
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// Adds routes, under any path except `/` and `/_sandbox/…`.
    pub fn routes(self, routes: Router) -> Self {
        Self { routes: self.routes.merge(routes), ..self }
    }

    /// Serves the Runtime API to these functions, and lets FilterLogEvents answer with their logs.
    pub(crate) fn functions(self, functions: &Functions) -> Self {
        Self { functions: functions.clone(), ..self.routes(functions.router()) }
    }

    /// Listens on 127.0.0.1 and starts to answer. Needs a Tokio runtime.
    pub async fn start(self) -> Result<Sandbox, StartError> {
        let address = (Ipv4Addr::LOCALHOST, self.port);
        let port_error = |error| StartError::Port(address.1, error);
        let listener = TcpListener::bind(address).await.map_err(port_error)?;
        let (sandbox, router) = self.assemble(listener.local_addr().map_err(port_error)?)?;
        let server = Some(Arc::new(Server::start(listener, router)));
        Ok(Sandbox { server, ..sandbox })
    }

    /// The sandbox's routes, to be called in this process. No port is open, so the endpoint is useless.
    pub fn in_process(self) -> Result<(Sandbox, Router), StartError> {
        Ok(self.assemble(SocketAddr::from(([127, 0, 0, 1], 0)))?)
    }

    fn assemble(self, address: SocketAddr) -> Result<(Sandbox, Router), WorldError> {
        let (world, settings) = self.start;
        let world = world.checked()?;
        let databases = Databases::new(self.clock.clone());
        databases.replace(&world.tables)?;
        let shared = Arc::new(Shared {
            address,
            clock: self.clock.clone(),
            is_real_time: self.is_real_time,
            advances: Mutex::default(),
            databases,
            functions: self.functions,
            state: Mutex::new(State::new(world.clone(), Arc::new((world, settings)))),
        });
        let sandbox = Sandbox { shared: Arc::clone(&shared), server: None };
        let router = front::router(Arc::clone(&shared))
            .merge(page::router(shared))
            .merge(control::router(sandbox.clone()))
            .merge(self.routes);
        Ok((sandbox, guard::guarded(front::wrapped(router, self.clock), self.hosts)))
    }
}
