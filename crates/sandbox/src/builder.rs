//! How a sandbox is started: what it begins with, where it listens, which routes it has beside its own.

use std::{net::SocketAddr, sync::Arc};

use axum::Router;

use crate::{
    changes,
    clock::Clock,
    control, front, guard,
    lambda::Functions,
    page,
    sandbox::Sandbox,
    server::{self, Server},
    settings::Settings,
    state::Shared,
    world::{World, WorldError},
};

/// Why a sandbox could not start.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum StartError {
    #[error("could not listen on 127.0.0.1, port `{0}` (0 picks a free one): {1}")]
    Port(u16, std::io::Error),
    #[error(transparent)]
    World(#[from] WorldError),
}

impl Sandbox {
    /// Starts to say how a sandbox with this world should be.
    pub fn builder(world: World) -> Builder {
        Builder::new(world)
    }

    /// A sandbox with this world and everything else as by default: a free port, real time.
    pub async fn start(world: World) -> Result<Self, StartError> {
        Self::builder(world).start().await
    }
}

/// Routes of one's own beside the sandbox's, with the sandbox to use in them.
type Routes = Box<dyn FnOnce(&Sandbox) -> Router + Send>;

/// Says how to start a sandbox; see [`Sandbox::builder`].
pub struct Builder {
    world: World,
    settings: Settings,
    clock: Clock,
    is_real_time: bool,
    port: u16,
    hosts: Vec<String>,
    routes: Vec<Routes>,
    functions: Functions,
}

impl Builder {
    pub(crate) fn new(world: World) -> Self {
        Self {
            world,
            settings: Settings::default(),
            clock: Clock::real(),
            is_real_time: false,
            port: 0,
            hosts: Vec::new(),
            routes: Vec::new(),
            functions: Functions::default(),
        }
    }

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

    /// Refuses to turn the clock over HTTP: the functions that run here have the machine's.
    #[must_use]
    pub fn real_time(self) -> Self {
        Self { clock: Clock::real(), is_real_time: true, ..self }
    }

    /// Listens on this port instead of a free one.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Also answers requests that call this machine `host`, beside `localhost`, `127.0.0.1` and `[::1]`. Others are refused.
    #[must_use]
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// Mounts more routes, under any path but `/` and the sandbox's own `/_sandbox/…`. They are asked for once, with
    /// a handle that does not keep the server alive.
    #[must_use]
    pub fn routes(mut self, routes: impl FnOnce(&Sandbox) -> Router + Send + 'static) -> Self {
        self.routes.push(Box::new(routes));
        self
    }

    /// Lets these functions run here: mounts what their processes talk to, and shows their logs.
    #[must_use]
    pub fn functions(self, functions: &Functions) -> Self {
        let router = functions.router();
        Self { functions: functions.clone(), ..self.routes(|_| router) }
    }

    /// Binds the port on 127.0.0.1 and starts to answer. Needs a Tokio runtime.
    pub async fn start(self) -> Result<Sandbox, StartError> {
        let port = self.port;
        let (listener, address) = server::bind(port).await.map_err(|error| StartError::Port(port, error))?;
        let (sandbox, router) = self.assemble(address)?;
        let server = Server::start(listener, router);
        Ok(Sandbox { server: Some(Arc::new(server)), ..sandbox })
    }

    /// The sandbox without a port: its routes, to be called in process. Its endpoint is of no use.
    pub fn in_process(self) -> Result<(Sandbox, Router), StartError> {
        Ok(self.assemble(SocketAddr::from(([127, 0, 0, 1], 0)))?)
    }

    fn assemble(self, address: SocketAddr) -> Result<(Sandbox, Router), WorldError> {
        let clock = self.clock.clone();
        let mut shared = Shared::new(address, self.clock, self.world, self.settings)?;
        shared.is_real_time = self.is_real_time;
        shared.functions = self.functions;
        let shared = Arc::new(shared);
        let sandbox = Sandbox { shared: Arc::clone(&shared), server: None };
        let router = front::router(Arc::clone(&shared))
            .merge(page::router())
            .merge(changes::router(Arc::clone(&shared)))
            .merge(control::router(shared));
        let router = self.routes.into_iter().fold(router, |router, routes| router.merge(routes(&sandbox)));
        Ok((sandbox, guard::guarded(front::dated(front::limited(router), clock), self.hosts)))
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("port", &self.port).finish_non_exhaustive()
    }
}
