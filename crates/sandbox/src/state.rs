//! Everything behind the routes: the world and the record of what happened in it, under one lock.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::SignedDuration;
use tokio::sync::{mpsc, oneshot};

use crate::{
    caller::Sessions,
    calls::{Call, PolicyChange},
    clock::Clock,
    dynamodb::Databases,
    fault::Faults,
    lambda::Functions,
    published::PublishedEvent,
    rates::Rates,
    settings::Settings,
    world::World,
};

/// An advance of the clock, and the channel that reports its end.
pub(crate) type Advance = (SignedDuration, oneshot::Sender<()>);

/// The data that the routes and every handle share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) address: SocketAddr,
    pub(crate) clock: Clock,
    /// Whether the clock must stay the machine's.
    pub(crate) is_real_time: bool,
    /// Takes the advances of the clock while a deployment runs, so that its schedule runs in between.
    pub(crate) advances: Mutex<Option<mpsc::Sender<Advance>>>,
    pub(crate) databases: Databases,
    /// The functions whose logs FilterLogEvents returns.
    pub(crate) functions: Functions,
    pub(crate) state: Mutex<State>,
}

/// The data under the lock.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// What a reset restores.
    pub(crate) start: Arc<(World, Settings)>,
    pub(crate) world: World,
    pub(crate) settings: Settings,
    pub(crate) faults: Faults,
    pub(crate) calls: Vec<Call>,
    pub(crate) published: Vec<PublishedEvent>,
    pub(crate) policy_changes: Vec<PolicyChange>,
    pub(crate) sessions: Sessions,
    pub(crate) rates: Rates,
    /// The number of resets so far.
    pub(crate) resets: u64,
    /// The last number given to an ARN. Numbers never repeat, even while the clock is paused.
    pub(crate) last_number: u64,
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state after everything that is due by now.
    pub(crate) fn settled(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        state.world.settle(self.clock.now());
        state
    }
}

impl State {
    /// The state of a new sandbox with this world.
    pub(crate) fn new(world: World, start: Arc<(World, Settings)>) -> Self {
        Self { world, settings: start.1.clone(), start, ..Self::default() }
    }
}

/// How much of a list a reader has: the number of items, and of resets before.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Position(Option<(usize, u64)>);

impl Position {
    /// Moves to the end of a list of `count` items. Returns how many of them the reader has; `None` if it has not read this
    /// list since the last reset.
    pub(crate) fn advance(&mut self, count: usize, resets: u64) -> Option<usize> {
        let had = self.0.filter(|(_, before)| *before == resets).map(|(count, _)| count);
        self.0 = Some((count, resets));
        had
    }
}
