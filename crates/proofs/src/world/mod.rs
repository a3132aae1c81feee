//! The world in memory: a ledger, Custom Labels, a bus and a queue, in virtual time, with an eye on
//! everything that happens.

pub mod cancels;
pub mod models;
pub mod policies;
pub mod queue;
pub mod table;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::Rules;
use rekognition_model_copier::domain::aws_answer::Refusal;
use rekognition_model_copier::domain::record::Record;
use rekognition_model_copier::domain::times::Times;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::chance::Chance;
use crate::watch::Watch;
use crate::weather::{Fault, Kind, Weather};
use cancels::Cancel;
use models::Models;
use policies::Policies;
use queue::Queue;
use table::Table;

/// When every world begins: 2026-11-24T10:00:00Z.
const BEGINNING: Timestamp = Timestamp::constant(1_795_514_400, 0);

/// `time` plus `duration`.
pub fn later(time: Timestamp, duration: Duration) -> Timestamp {
    let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}

/// `time` less `duration`.
pub fn earlier(time: Timestamp, duration: Duration) -> Timestamp {
    let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    time.checked_sub(duration).unwrap_or(Timestamp::MIN)
}

/// A refusal of this code.
pub fn refusal(code: &str) -> Refusal {
    Refusal { code: code.to_owned(), message: "says the world".to_owned(), http_status: None }
}

/// How long an effect takes, in all.
#[derive(Clone, Copy, Debug)]
pub enum Latency {
    /// Always the same for a kind.
    Steady,
    /// By chance, up to three times that.
    Varying,
    /// The same for what changes something, and nothing for a read.
    OfWrites,
}

/// Everything outside the functions.
#[derive(Debug)]
pub struct World {
    began: Instant,
    /// The time.
    pub now: Timestamp,
    /// How long things may take.
    pub times: Times,
    /// The ledger.
    pub table: Table,
    /// Custom Labels.
    pub models: Models,
    /// The source account's project policies.
    pub policies: Policies,
    /// The people who cancel requests.
    pub cancels: Vec<Cancel>,
    /// Whether copying needs a policy that the copier puts.
    pub needs_policy: bool,
    /// The queue.
    pub queue: Queue,
    /// What goes wrong.
    pub weather: Weather,
    /// What must hold.
    pub watch: Watch,
    /// Chance for all of it.
    pub chance: Chance,
    /// How long effects take.
    pub latency: Latency,
    number: u64,
    /// The kind of every effect so far.
    pub effects: Vec<Kind>,
    /// Whether those are kept.
    pub keep_effects: bool,
    /// How many effects there were, by kind.
    pub counts: [u64; Kind::ALL.len()],
    /// A hash over every effect, its time and what befell it: equal histories, equal hashes.
    pub history: u64,
    /// Prints every effect.
    pub verbose: bool,
    /// Sees every record that is written.
    pub check: fn(&Record, &Times),
}

impl World {
    /// Notes something in the history.
    pub fn note(&mut self, what: u64) {
        self.history = (self.history ^ what).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    }

    /// How long the world has lasted.
    pub fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// Lets everything happen that was to happen by now.
    fn settle(&mut self) {
        self.now = later(BEGINNING, self.age());
        self.models.settle(self.now);
        self.policies.settle(self.now);
        self.cancel();
    }

    /// Begins an effect: what befalls it, and how long its way there and back takes.
    pub(crate) fn begin(&mut self, kind: Kind) -> (Option<Fault>, Duration, Duration) {
        let now = self.now;
        if self.keep_effects {
            self.effects.push(kind);
        }
        self.counts[kind as usize] += 1;
        self.number += 1;
        let number = self.number;
        let fault = self.weather.strike(number, kind, now, &mut self.chance);
        self.note(number ^ (kind as u64) << 32 ^ fault.map_or(0, |fault| fault as u64 + 1) << 40);
        self.note(now.as_millisecond() as u64);
        if self.verbose {
            println!(
                "{now} {number} {kind:?} {}",
                fault.map(|fault| format!("{fault:?}")).unwrap_or_default()
            );
        }
        if fault == Some(Fault::Duplicate) {
            self.queue.duplicate(now);
        }
        let half = Duration::from_millis(match kind {
            Kind::Describe | Kind::Publish | Kind::Policies | Kind::ChangePolicy => 20,
            Kind::Copy => 100,
            _ => 2,
        });
        let mut part = || match self.latency {
            Latency::Steady => half,
            Latency::Varying | Latency::OfWrites => self.chance.up_to(half * 3),
        };
        // Where nothing is changed, it makes no difference when on the way it was read.
        match (kind.changes_something(), self.latency) {
            (true, _) => (fault, part(), part()),
            (false, Latency::OfWrites) => (fault, Duration::ZERO, Duration::ZERO),
            (false, _) => (fault, Duration::ZERO, part() + part()),
        }
    }
}

/// The world, for everybody in it.
#[derive(Clone, Debug)]
pub struct Shared {
    world: Arc<Mutex<World>>,
    /// Rings when a message was sent.
    pub(crate) bell: Arc<Notify>,
}

impl Shared {
    /// A world without anything in it, beginning now.
    pub fn new(rules: &Rules, seed: u64) -> Self {
        let world = World {
            began: Instant::now(),
            now: BEGINNING,
            times: rules.times,
            table: Table::new(rules.times),
            models: Models::default(),
            policies: Policies::default(),
            cancels: Vec::new(),
            needs_policy: !rules.policies.roles.is_empty(),
            queue: Queue::default(),
            weather: Weather::Calm,
            watch: Watch::new(rules.times),
            chance: Chance::new(seed),
            latency: Latency::Steady,
            number: 0,
            effects: Vec::new(),
            keep_effects: true,
            counts: [0; Kind::ALL.len()],
            history: seed,
            verbose: false,
            check: |_, _| {},
        };
        Self { world: Arc::new(Mutex::new(world)), bell: Arc::default() }
    }

    /// Uses the world as it is now.
    pub fn with<T>(&self, use_it: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.settle();
        use_it(&mut world)
    }
}
