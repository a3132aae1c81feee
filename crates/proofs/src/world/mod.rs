//! A simulated AWS in memory and in virtual time: a ledger, Custom Labels, project policies, a bus and a queue. It checks the
//! invariants at every effect.

pub mod models;
pub mod policies;
pub mod queue;
pub mod table;
pub mod timeline;
pub mod watch;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rekognition_model_copier::Rules;
use rekognition_model_copier::domain::arn::ProjectVersionArn;
use rekognition_model_copier::domain::aws_answer::{CopyAnswer, Refusal};
use rekognition_model_copier::domain::decisions::copy_answer::copy_answer;
use rekognition_model_copier::domain::outbox::Outgoing;
use rekognition_model_copier::domain::record::{Accepted, Record};
use rekognition_model_copier::domain::request::CopyRequest;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::chance::Chance;
use crate::weather::{Dependency, Fault, Kind, Weather};
use models::{Models, refusal};
use policies::Policies;
use queue::Queue;
use table::Table;
use watch::Watch;

/// When every world begins: 2026-11-24T10:00:00Z.
pub const BEGINNING: Timestamp = Timestamp::constant(1_795_514_400, 0);
/// A late call takes effect just before its signature expires.
const LATE: Duration = Duration::from_secs(15 * 60 - 1);

/// How long an effect lasts.
#[derive(Clone, Copy, Debug)]
pub enum Latency {
    /// As long as [`Kind::latency`] says.
    Steady,
    /// A random time up to three times as long.
    Varying,
    /// As `Varying` for an effect that changes something; a read takes no time.
    OfWrites,
}

/// A scheduled action: a call that takes effect late, or something that other people do.
type Action = Box<dyn FnOnce(&mut World) + Send>;

/// Everything outside the functions.
pub struct World {
    began: Instant,
    pub now: Timestamp,
    pub rules: Rules,
    pub table: Table,
    pub models: Models,
    pub policies: Policies,
    pub queue: Queue,
    agenda: BTreeMap<(Timestamp, u64), Action>,
    scheduled: u64,
    /// How many calls without an answer will still take effect.
    pub late_calls: usize,
    pub weather: Weather,
    pub watch: Watch,
    pub chance: Chance,
    pub latency: Latency,
    /// Calls of these kinds take this much longer.
    pub slowed: (Dependency, Duration),
    /// The kind of every effect so far.
    pub effects: Vec<Kind>,
    /// Hashes every effect, its time and its fault. Equal histories have equal hashes.
    pub history: DefaultHasher,
    /// Whether to print every effect.
    pub is_verbose: bool,
    /// Sees every record that is written.
    pub on_write: Box<dyn FnMut(&Record) + Send>,
}

impl World {
    fn new(rules: &Rules, seed: u64) -> Self {
        Self {
            began: Instant::now(),
            now: BEGINNING,
            rules: rules.clone(),
            table: Table::new(rules.times),
            models: Models::default(),
            policies: Policies::default(),
            queue: Queue::default(),
            agenda: BTreeMap::new(),
            scheduled: 0,
            late_calls: 0,
            weather: Weather::default(),
            watch: Watch::new(rules.times),
            chance: Chance::new(seed),
            latency: Latency::Steady,
            slowed: (&[], Duration::ZERO),
            effects: Vec::new(),
            history: DefaultHasher::new(),
            is_verbose: false,
            on_write: Box::new(|_| {}),
        }
    }

    /// Returns how long the world has existed, in virtual time.
    pub fn age(&self) -> Duration {
        self.now.duration_since(BEGINNING).unsigned_abs()
    }

    pub fn count(&self, kind: Kind) -> usize {
        self.effects.iter().filter(|effect| **effect == kind).count()
    }

    /// Schedules an action of other people.
    pub fn after(&mut self, wait: Duration, action: impl FnOnce(&mut Self) + Send + 'static) {
        self.scheduled += 1;
        self.agenda.insert((self.now + wait, self.scheduled), Box::new(action));
    }

    /// Schedules the effect of a call that got no answer, shortly before its signature expires.
    pub fn late_call(&mut self, signed: Timestamp, effect: impl FnOnce(&mut Self) + Send + 'static) {
        self.late_calls += 1;
        let wait = (signed + LATE).duration_since(self.now).unsigned_abs();
        self.after(wait, |world| {
            world.late_calls -= 1;
            effect(world);
        });
    }

    /// Does every scheduled action whose time has come.
    fn catch_up(&mut self) {
        let now = BEGINNING + self.began.elapsed();
        while let Some(next) = self.agenda.first_entry().filter(|next| next.key().0 <= now) {
            let ((time, _), action) = next.remove_entry();
            self.now = time;
            action(self);
        }
        self.now = now;
    }

    /// Begins an effect: returns its fault, and how long it takes there and back.
    pub(crate) fn begin(&mut self, kind: Kind) -> (Option<Fault>, Duration, Duration) {
        self.effects.push(kind);
        let number = self.effects.len() as u64;
        let fault = self.weather.strike(number, kind, self.now, &mut self.chance);
        (kind, fault, self.now).hash(&mut self.history);
        if self.is_verbose {
            println!("{} {number} {kind:?} {fault:?}", self.now);
        }
        if fault == Some(Fault::Duplicate) {
            self.queue.duplicate(self.now);
        }
        let half = kind.latency() / 2;
        let mut part = || match self.latency {
            Latency::Steady => half,
            Latency::Varying | Latency::OfWrites => self.chance.up_to(half * 3),
        };
        // The moment of a read within its latency makes no difference.
        let (there, back) = match (kind.changes_something(), self.latency) {
            (true, _) => (part(), part()),
            (false, Latency::OfWrites) => (Duration::ZERO, Duration::ZERO),
            (false, _) => (Duration::ZERO, part() + part()),
        };
        let delay = if self.slowed.0.contains(&kind) { self.slowed.1 } else { Duration::ZERO };
        (fault, there + delay, back)
    }

    /// CopyProjectVersion, without the quota of calls a second.
    ///
    /// # Errors
    /// The refusal.
    pub fn copy(&mut self, copy: &CopyRequest) -> Result<ProjectVersionArn, Refusal> {
        let needs_policy = !self.rules.policies.roles.is_empty();
        if needs_policy && !self.policies.permit(&copy.source_project_arn, self.now) {
            return Err(refusal("AccessDeniedException"));
        }
        self.models.copy(copy, self.now)
    }

    /// Writes a record whatever its revision is in the ledger; returns whether it was written.
    pub fn save(&mut self, record: Record) -> Option<Arc<Record>> {
        let write = self.table.save(record, self.now)?;
        let before = write.before.as_deref()?;
        write.after.header().revision.hash(&mut self.history);
        if *before != *write.after {
            (self.on_write)(&write.after);
            self.watch.saved(before, &write.after, &self.models, self.now);
        }
        Some(write.after)
    }

    /// The bus accepts an announcement.
    pub fn publish(&mut self, outgoing: &Outgoing) {
        self.watch.published(outgoing).hash(&mut self.history);
    }

    /// Puts the record of a request whose first copy call got this answer, with its announcements published.
    ///
    /// # Panics
    /// If the answer is a taken name.
    pub fn put_answered(&mut self, accepted: Accepted, answer: CopyAnswer) {
        let mut accepted = copy_answer(accepted, answer, None, None, self.now, &self.rules);
        accepted.header.outbox.clear();
        self.table.create(&accepted.into(), self.now);
    }

    /// Starts a copy in Custom Labels and puts its record.
    ///
    /// # Panics
    /// If the copy is refused.
    pub fn put_copying(&mut self, accepted: Accepted) {
        let arn = self.models.copy(&accepted.copy, self.now).expect("an accepted copy");
        self.put_answered(accepted, CopyAnswer::Accepted(arn));
    }
}

/// The world, shared by everything in it.
#[derive(Clone)]
pub struct Shared {
    world: Arc<Mutex<World>>,
    /// Notifies start-copy of a new message.
    pub(crate) bell: Arc<Notify>,
}

impl Shared {
    /// Makes an empty world that begins now.
    pub fn new(rules: &Rules, seed: u64) -> Self {
        Self { world: Arc::new(Mutex::new(World::new(rules, seed))), bell: Arc::default() }
    }

    /// Returns the world once nothing else shares it.
    ///
    /// # Panics
    /// If a function still runs in it.
    pub fn into_world(self) -> World {
        let world = Arc::into_inner(self.world).expect("no function runs any more");
        world.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Uses the world as it is at the present time.
    pub fn with<T>(&self, use_it: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.catch_up();
        use_it(&mut world)
    }
}
