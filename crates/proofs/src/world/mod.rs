//! A simulated AWS in memory and in virtual time: a ledger, Custom Labels, project policies, a bus and a queue. It checks the
//! invariants at every effect.

pub mod models;
pub mod policies;
pub mod queue;
pub mod table;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::Rules;
use rekognition_model_copier::domain::arn::ProjectVersionArn;
use rekognition_model_copier::domain::aws_answer::{CopyAnswer, Refusal};
use rekognition_model_copier::domain::decisions::copy_answer::{AnswerDecision, copy_answer};
use rekognition_model_copier::domain::record::{Accepted, Record};
use rekognition_model_copier::domain::request::CopyRequest;
use rekognition_model_copier::domain::times::Times;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::chance::Chance;
use crate::watch::Watch;
use crate::weather::{Aim, Fault, Kind, Storm};
use models::Models;
use policies::Policies;
use queue::Queue;
use table::Table;

/// When every world begins: 2026-11-24T10:00:00Z.
const BEGINNING: Timestamp = Timestamp::constant(1_795_514_400, 0);

pub fn later(time: Timestamp, duration: Duration) -> Timestamp {
    let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}

pub fn earlier(time: Timestamp, duration: Duration) -> Timestamp {
    let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    time.checked_sub(duration).unwrap_or(Timestamp::MIN)
}

pub fn refusal(code: &str) -> Refusal {
    Refusal { code: code.to_owned(), message: "the world refuses".to_owned(), http_status: None }
}

/// The assumed duration of a call, there and back: AWS cannot be measured here.
pub fn latency_of(kind: Kind) -> Duration {
    Duration::from_millis(match kind {
        Kind::Copy => 200,
        Kind::Describe => 60,
        Kind::Publish => 20,
        Kind::Policies | Kind::ChangePolicy => 40,
        Kind::Create | Kind::Load | Kind::Save | Kind::Due => 4,
    })
}

/// How long an effect lasts.
#[derive(Clone, Copy, Debug)]
pub enum Latency {
    /// As long as [`latency_of`] says.
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
    pub times: Times,
    pub table: Table,
    pub models: Models,
    pub policies: Policies,
    pub queue: Queue,
    /// Whether CopyProjectVersion needs a policy that the copier puts.
    pub needs_policy: bool,
    agenda: BTreeMap<(Timestamp, u64), Action>,
    scheduled: u64,
    /// How many calls without an answer will still take effect.
    pub late_calls: usize,
    pub aims: Vec<Aim>,
    pub storm: Storm,
    pub watch: Watch,
    pub chance: Chance,
    pub latency: Latency,
    /// Calls of these kinds take this much longer.
    pub slowed: (&'static [Kind], Duration),
    /// The kind of every effect so far.
    pub effects: Vec<Kind>,
    /// A hash over every effect, its time and its fault. Equal histories have equal hashes.
    pub history: u64,
    /// Whether to print every effect.
    pub is_verbose: bool,
    /// Sees every record that is written.
    pub on_write: Box<dyn FnMut(&Record) + Send>,
}

impl World {
    /// Adds a value to the hash of the history.
    pub fn note(&mut self, value: u64) {
        self.history = (self.history ^ value).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    }

    /// Returns how long the world has existed, in virtual time.
    pub fn age(&self) -> Duration {
        self.now.duration_since(BEGINNING).unsigned_abs()
    }

    pub fn count(&self, kind: Kind) -> usize {
        self.effects.iter().filter(|effect| **effect == kind).count()
    }

    /// Schedules an action of other people.
    pub fn at(&mut self, time: Timestamp, action: impl FnOnce(&mut Self) + Send + 'static) {
        self.scheduled += 1;
        self.agenda.insert((time, self.scheduled), Box::new(action));
    }

    /// Schedules an action of other people, as long after the present time.
    pub fn after(&mut self, wait: Duration, action: impl FnOnce(&mut Self) + Send + 'static) {
        self.at(later(self.now, wait), action);
    }

    /// Schedules the effect of a call that got no answer.
    pub fn at_late_call(&mut self, time: Timestamp, effect: impl FnOnce(&mut Self) + Send + 'static) {
        self.late_calls += 1;
        self.at(time, |world| {
            world.late_calls -= 1;
            effect(world);
        });
    }

    /// Does every scheduled action whose time has come.
    fn catch_up(&mut self) {
        let now = later(BEGINNING, self.began.elapsed());
        while let Some(next) = self.agenda.first_entry().filter(|next| next.key().0 <= now) {
            let ((time, _), action) = next.remove_entry();
            self.now = time;
            action(self);
        }
        self.now = now;
    }

    /// Begins an effect: returns its fault, and how long it takes there and back.
    pub(crate) fn begin(&mut self, kind: Kind) -> (Option<Fault>, Duration, Duration) {
        let now = self.now;
        self.effects.push(kind);
        let number = self.effects.len() as u64;
        let aimed = self.aims.iter_mut().find_map(|aim| aim.strike(number, kind, now));
        let fault = aimed.or_else(|| self.storm.strike(kind, now, &mut self.chance));
        self.note(number ^ (kind as u64) << 32 ^ fault.map_or(0, |fault| fault as u64 + 1) << 40);
        self.note(now.as_millisecond() as u64);
        if self.is_verbose {
            println!(
                "{now} {number} {kind:?} {}",
                fault.map(|fault| format!("{fault:?}")).unwrap_or_default()
            );
        }
        if fault == Some(Fault::Duplicate) {
            self.queue.duplicate(now);
        }
        let half = latency_of(kind) / 2;
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
        if self.needs_policy && !self.policies.permit(&copy.source_project_arn, self.now) {
            return Err(refusal("AccessDeniedException"));
        }
        self.models.copy(copy, self.now)
    }

    /// Puts the record of a request whose first copy call got this answer, with its announcements published.
    ///
    /// # Panics
    /// If the answer is a taken name.
    pub fn put_answered(&mut self, accepted: Accepted, answer: CopyAnswer, rules: &Rules) {
        let decision = copy_answer(accepted, answer, None, self.now, rules);
        let AnswerDecision::Save(mut accepted) = decision else { panic!("the name is taken") };
        accepted.header.outbox.clear();
        self.table.create(&accepted.into(), self.now);
    }

    /// Starts a copy in Custom Labels and puts its record.
    ///
    /// # Panics
    /// If the copy is refused.
    pub fn put_copying(&mut self, accepted: Accepted, rules: &Rules) {
        let arn = self.models.copy(&accepted.copy, self.now).expect("an accepted copy");
        self.put_answered(accepted, CopyAnswer::Accepted(arn), rules);
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
        let world = World {
            began: Instant::now(),
            now: BEGINNING,
            times: rules.times,
            table: Table::new(rules.times),
            models: Models::default(),
            policies: Policies::default(),
            queue: Queue::default(),
            needs_policy: !rules.policies.roles.is_empty(),
            agenda: BTreeMap::new(),
            scheduled: 0,
            late_calls: 0,
            aims: Vec::new(),
            storm: Storm::default(),
            watch: Watch::new(rules.times),
            chance: Chance::new(seed),
            latency: Latency::Steady,
            slowed: (&[], Duration::ZERO),
            effects: Vec::new(),
            history: seed,
            is_verbose: false,
            on_write: Box::new(|_| {}),
        };
        Self { world: Arc::new(Mutex::new(world)), bell: Arc::default() }
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
