//! A state of the model and all that can come of it: requests for versions of one source project, its grants and its
//! policy, two function instances, changes that land late, somebody outside, and time.

use super::decide::{Ask, Held, LANDS, LONG, Phase, REQUESTS, Says, Setting, Why};
use crate::model::Next;

/// How often each thing may go wrong, or be done by others, on one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Budget {
    /// Errors, lost answers, late changes, permissions not seen yet, frozen functions.
    pub faults: u8,
    /// Functions killed.
    pub crashes: u8,
    /// The policy deleted or replaced, the slots taken, a record deleted.
    pub outside: u8,
}

/// A start under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Attempt {
    /// Whose.
    r: u8,
    /// How many ticks its lease lasts.
    left: u8,
    /// Whether the record is still what was read.
    fresh: bool,
}

/// What the policy is brought in line for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Errand {
    /// A start.
    Start(Attempt),
    /// A sweep that began to look so many ticks ago.
    Sweep(u8),
}

/// A change of the policy, and whether the policy is still what it was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Change {
    present: Says,
    fresh: bool,
    to: Says,
    takes: bool,
}

/// What a function instance does next. A `bool` tells whether what it has read is still the present revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Actor {
    /// Nothing.
    Idle,
    /// Write the lease.
    Lease(u8, bool),
    /// Read the grants and ask for one.
    Ask(Attempt),
    /// Write them with the new one.
    Hold(Attempt, Held, bool),
    /// Read the policy.
    Look(Errand),
    /// Read the grants and compare.
    Compare(Errand, Says, bool),
    /// Change the policy, if it is not too late for that, else write the grants first.
    Change(Errand, Change, Held, bool),
    /// Call CopyProjectVersion, if the lease is not too old.
    Call(Attempt),
    /// Write where the request stands.
    Write(u8, bool, Phase),
    /// Read the grants and take out those of a request that has ended.
    Release(u8, bool),
    /// Write them.
    Released(u8, bool, Held, bool),
    /// Read the grants and take out those of records that are over.
    Audit,
    /// Write them.
    Audited(Held, bool),
    /// Write that they are at rest.
    Settle(Held, bool),
}

/// The world and everybody in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The ledger's records.
    pub phases: [Phase; REQUESTS],
    /// Its grants item.
    pub grants: Option<Held>,
    /// The policy of our name.
    pub policy: Says,
    /// Whether the project has room for one more policy.
    pub room: bool,
    /// Changes that can still land, and for how many ticks.
    pub late: [Option<(Change, u8)>; 2],
    /// The function instances, and whether each is frozen.
    pub actors: [(Actor, bool); 2],
    /// Whether somebody else has touched what is ours.
    pub meddled: bool,
    /// What may still go wrong.
    pub left: Budget,
}

impl State {
    /// Nothing has happened.
    pub fn first(setting: &Setting, budget: Budget) -> Self {
        let mut phases = [Phase::Gone; REQUESTS];
        setting.requests().for_each(|r| phases[usize::from(r)] = Phase::None);
        Self {
            phases,
            grants: None,
            policy: Says::Absent,
            room: true,
            late: [None; 2],
            actors: [(Actor::Idle, false); 2],
            meddled: false,
            left: budget,
        }
    }

    /// Everything that can happen next.
    pub fn successors(&self, setting: &Setting, next: Next<'_, State>) {
        let mut next = |mut state: State, holds: Result<(), String>| {
            // Neither which instance does a thing matters nor which change was sent first.
            state.actors.sort_unstable();
            state.late.sort_unstable();
            next(state, holds.and_then(|()| state.is_sound(setting)));
        };
        for i in 0..2 {
            match self.actors[i].0 {
                Actor::Idle if i == 1 && self.actors[0].0 == Actor::Idle => {}
                Actor::Idle => self.due(setting).for_each(|state| next(state.0.with(i, state.1), Ok(()))),
                actor => {
                    self.step(i, actor, setting, &mut next);
                    if let Some(left) = self.left.crashes.checked_sub(1) {
                        let state = self.with(i, Actor::Idle);
                        next(State { left: Budget { crashes: left, ..self.left }, ..state }, Ok(()));
                    }
                    if let Some(mut state) = self.faulty().filter(|_| !self.actors[i].1) {
                        state.actors[i].1 = true;
                        next(state, Ok(()));
                    }
                }
            }
            if let Some((change, _)) = self.late[i] {
                next(self.landed(i, change), Ok(()));
            }
        }
        self.outside(setting, &mut next);
        // A function lives shorter than a tick, unless it is frozen.
        if self.actors.iter().all(|(actor, frozen)| *frozen || *actor == Actor::Idle) {
            next(self.tick(), Ok(()));
        }
    }

    /// What must be true whatever happened.
    fn is_sound(&self, setting: &Setting) -> Result<(), String> {
        let Some(held) = self.grants else { return Ok(()) };
        let allowed = setting.allowed(held);
        if allowed != setting.held(held) {
            return Err(format!("who holds a grant is kept out of the policy: {held:?}"));
        }
        if !held.is_settled() {
            return Ok(());
        }
        let changing = |actor: &Actor| match actor {
            Actor::Change(_, change, held, _) => change.fresh && setting.changing(*held).0,
            _ => false,
        };
        let lands = self.late.iter().flatten().any(|(change, _)| self.lands(*change));
        if lands || self.actors.iter().any(|(actor, _)| changing(actor)) {
            return Err("grants at rest have a change that can land".to_owned());
        }
        let should = if allowed == 0 { Says::Absent } else { Says::Ours(allowed) };
        if !self.meddled && self.policy != should {
            return Err(format!("grants at rest have a policy that says {:?}", self.policy));
        }
        Ok(())
    }

    /// The same with an instance that goes on with this.
    pub fn with(&self, i: usize, actor: Actor) -> Self {
        let mut state = *self;
        state.actors[i] = (actor, false);
        state
    }

    fn faulty(&self) -> Option<Self> {
        let faults = self.left.faults.checked_sub(1)?;
        Some(Self { left: Budget { faults, ..self.left }, ..*self })
    }

    /// What an idle instance may begin: a start, a look, a withdrawal.
    fn due(&self, setting: &Setting) -> impl Iterator<Item = (Self, Actor)> {
        let requests = setting.requests().flat_map(|r| self.due_of(r, setting)).collect::<Vec<_>>();
        requests.into_iter().chain(self.audit(setting).map(|actor| (*self, actor)))
    }

    /// A sweep's last step, if the grants are due.
    pub fn audit(&self, setting: &Setting) -> Option<Actor> {
        self.grants.filter(|held| setting.is_due(*held)).map(|_| Actor::Audit)
    }

    /// What is due for a request, the usual first.
    pub fn due_of(&self, r: u8, setting: &Setting) -> Vec<(Self, Actor)> {
        let write = |phase| (*self, Actor::Write(r, true, phase));
        match self.phases[usize::from(r)] {
            // Every later delivery finds the record and does nothing.
            Phase::None => {
                let Phase::Starting(left) = setting.start(Phase::None, false) else { return Vec::new() };
                let mut state = *self;
                state.phases[usize::from(r)] = Phase::Starting(left);
                vec![(state, Actor::Ask(Attempt { r, left, fresh: true }))]
            }
            // A start that was given up is found to have worked, or begins anew.
            Phase::Starting(0) => vec![(*self, Actor::Lease(r, true)), write(Phase::Copying)],
            Phase::Waiting => {
                vec![(*self, Actor::Lease(r, true)), write(setting.start(Phase::Waiting, true))]
            }
            Phase::Copying => vec![write(Phase::Ended)],
            Phase::Ended => vec![(*self, Actor::Release(r, true))],
            Phase::Starting(_) | Phase::Done | Phase::Gone => Vec::new(),
        }
    }

    /// What an instance does next, first as if nothing went wrong.
    pub fn step(&self, i: usize, actor: Actor, setting: &Setting, next: Next<'_, State>) {
        let goes_on = |state: &Self, actor| state.with(i, actor);
        match actor {
            Actor::Idle => return,
            Actor::Lease(r, fresh) => {
                let Phase::Starting(left) = setting.start(Phase::Waiting, false) else { return };
                match self.written(r, fresh, Phase::Starting(left)) {
                    Some(state) => {
                        next(goes_on(&state, Actor::Ask(Attempt { r, left, fresh: true })), Ok(()));
                        self.lost(i, &state, Actor::Idle, next);
                    }
                    None => next(goes_on(self, Actor::Idle), Ok(())),
                }
            }
            Actor::Ask(attempt) => {
                let actor = match setting.ask(self.grants, attempt.r) {
                    Ask::Held => Actor::Look(Errand::Start(attempt)),
                    Ask::Given(held) => Actor::Hold(attempt, held, true),
                    Ask::Full => self.not_granted(Errand::Start(attempt), Why::Full, setting),
                };
                next(goes_on(self, actor), Ok(()));
            }
            Actor::Hold(attempt, held, fresh) => match self.saved(held, fresh) {
                Some(state) => {
                    next(goes_on(&state, Actor::Look(Errand::Start(attempt))), Ok(()));
                    self.lost(
                        i,
                        &state,
                        self.not_granted(Errand::Start(attempt), Why::Unavailable, setting),
                        next,
                    );
                }
                None => next(goes_on(self, Actor::Ask(attempt)), Ok(())),
            },
            Actor::Look(errand) => next(goes_on(self, Actor::Compare(errand, self.policy, true)), Ok(())),
            Actor::Compare(errand, present, fresh) => {
                next(goes_on(self, self.compared(errand, present, fresh, setting)), Ok(()));
            }
            Actor::Change(errand, change, held, fresh) => {
                let (may, held) = setting.changing(held);
                if may {
                    return self.send(i, errand, change, held, fresh, setting, next);
                }
                match self.saved(held, fresh) {
                    Some(state) => {
                        next(goes_on(&state, Actor::Change(errand, change, held, true)), Ok(()));
                        self.lost(i, &state, self.not_granted(errand, Why::Unavailable, setting), next);
                    }
                    None => next(goes_on(self, Actor::Look(errand)), Ok(())),
                }
            }
            Actor::Call(attempt) => self.call(i, attempt, setting, next),
            Actor::Write(r, fresh, phase) => {
                let state = self.written(r, fresh, phase).unwrap_or(*self);
                next(goes_on(&state, Actor::Idle), Ok(()));
            }
            Actor::Release(r, fresh) => {
                let actor = match self.grants.and_then(|held| setting.released(held, 1 << r)) {
                    Some(held) => Actor::Released(r, fresh, held, true),
                    None => Actor::Write(r, fresh, Phase::Done),
                };
                next(goes_on(self, actor), Ok(()));
            }
            Actor::Released(r, fresh, held, is_new) => match self.saved(held, is_new) {
                Some(state) => {
                    next(goes_on(&state, Actor::Write(r, fresh, Phase::Done)), Ok(()));
                    self.lost(i, &state, Actor::Idle, next);
                }
                None => next(goes_on(self, Actor::Release(r, fresh)), Ok(())),
            },
            Actor::Audit => {
                let is_over = |r: &u8| !setting.needs_grant(self.phases[usize::from(*r)]);
                let over = setting.requests().filter(is_over).fold(0, |over, r| over | 1 << r);
                let released = self.grants.and_then(|held| setting.released(held, over));
                let actor = released.map_or(Actor::Look(Errand::Sweep(0)), |held| Actor::Audited(held, true));
                next(goes_on(self, actor), Ok(()));
            }
            Actor::Audited(held, fresh) => match self.saved(held, fresh) {
                Some(state) => {
                    next(goes_on(&state, Actor::Look(Errand::Sweep(0))), Ok(()));
                    self.lost(i, &state, Actor::Idle, next);
                }
                None => next(goes_on(self, Actor::Idle), Ok(())),
            },
            Actor::Settle(held, fresh) => {
                let state = self.saved(held, fresh).unwrap_or(*self);
                next(goes_on(&state, Actor::Idle), Ok(()));
            }
        }
        // An effect that failed.
        if let Some(state) = self.faulty() {
            next(state.with(i, self.failed(actor, setting)), Ok(()));
        }
    }

    /// What was done although it seems to have failed.
    fn lost(&self, i: usize, made: &Self, actor: Actor, next: Next<'_, State>) {
        if let Some(state) = made.faulty() {
            next(state.with(i, actor), Ok(()));
        }
    }

    fn failed(&self, actor: Actor, setting: &Setting) -> Actor {
        match actor {
            Actor::Ask(attempt) | Actor::Hold(attempt, ..) => {
                self.not_granted(Errand::Start(attempt), Why::Unavailable, setting)
            }
            Actor::Look(errand) | Actor::Compare(errand, ..) | Actor::Change(errand, ..) => {
                self.not_granted(errand, Why::Unavailable, setting)
            }
            _ => Actor::Idle,
        }
    }

    fn not_granted(&self, errand: Errand, why: Why, setting: &Setting) -> Actor {
        match errand {
            Errand::Start(Attempt { r, left, fresh }) => Actor::Write(r, fresh, setting.refused(left, why)),
            Errand::Sweep(_) => Actor::Idle,
        }
    }

    /// Writes a record, unless it is no longer what was read.
    fn written(&self, r: u8, fresh: bool, phase: Phase) -> Option<Self> {
        let mut state = fresh.then_some(*self)?;
        state.phases[usize::from(r)] = phase;
        state.forget_record(r);
        Some(state)
    }

    fn forget_record(&mut self, r: u8) {
        for (actor, _) in &mut self.actors {
            match actor {
                Actor::Lease(of, fresh)
                | Actor::Write(of, fresh, _)
                | Actor::Release(of, fresh)
                | Actor::Released(of, fresh, ..)
                    if *of == r =>
                {
                    *fresh = false;
                }
                Actor::Ask(attempt) | Actor::Hold(attempt, ..) | Actor::Call(attempt) if attempt.r == r => {
                    attempt.fresh = false;
                }
                Actor::Look(Errand::Start(attempt))
                | Actor::Compare(Errand::Start(attempt), ..)
                | Actor::Change(Errand::Start(attempt), ..)
                    if attempt.r == r =>
                {
                    attempt.fresh = false;
                }
                _ => {}
            }
        }
    }

    /// Writes the grants, unless they are no longer what was read.
    fn saved(&self, held: Held, fresh: bool) -> Option<Self> {
        let mut state = fresh.then_some(*self)?;
        state.grants = Some(held);
        for (actor, _) in &mut state.actors {
            match actor {
                Actor::Hold(_, _, fresh)
                | Actor::Change(.., fresh)
                | Actor::Released(.., fresh)
                | Actor::Audited(_, fresh)
                | Actor::Settle(_, fresh) => *fresh = false,
                _ => {}
            }
        }
        Some(state)
    }

    fn compared(&self, errand: Errand, present: Says, fresh: bool, setting: &Setting) -> Actor {
        let Some(held) = self.grants else { return Actor::Idle };
        let alignment = setting.align(held, present);
        match alignment.change {
            None => self.aligned(errand, held, true, setting),
            Some(to) => {
                let change = Change { present, fresh, to, takes: alignment.takes };
                Actor::Change(errand, change, held, true)
            }
        }
    }

    fn aligned(&self, errand: Errand, held: Held, fresh: bool, setting: &Setting) -> Actor {
        match errand {
            Errand::Start(attempt) => Actor::Call(attempt),
            Errand::Sweep(ago) => {
                setting.settled(held, ago).map_or(Actor::Idle, |settled| Actor::Settle(settled, fresh))
            }
        }
    }

    /// Whether the policy is what the change was made for.
    fn lands(&self, change: Change) -> bool {
        match change.present {
            Says::Absent => self.policy == Says::Absent && self.room,
            _ => change.fresh,
        }
    }

    /// A change arrives.
    fn changed(&self, change: Change) -> Self {
        let mut state = *self;
        if self.lands(change) {
            state.policy_becomes(change.to);
        }
        state
    }

    fn policy_becomes(&mut self, says: Says) {
        self.policy = says;
        for (actor, _) in &mut self.actors {
            match actor {
                Actor::Compare(_, _, fresh) => *fresh = false,
                Actor::Change(_, change, ..) => change.fresh = false,
                _ => {}
            }
        }
        self.late.iter_mut().flatten().for_each(|(change, _)| change.fresh = false);
    }

    fn landed(&self, i: usize, change: Change) -> Self {
        let mut state = self.changed(change);
        state.late[i] = None;
        state
    }

    #[expect(clippy::too_many_arguments, reason = "what a change is made of")]
    fn send(
        &self,
        i: usize,
        errand: Errand,
        change: Change,
        held: Held,
        fresh: bool,
        setting: &Setting,
        next: Next<'_, State>,
    ) {
        let made = self.changed(change);
        let actor = match (self.lands(change), change.takes) {
            (true, false) => self.aligned(errand, held, fresh, setting),
            (false, _) if change.present == Says::Absent && self.policy == Says::Absent => {
                self.not_granted(errand, Why::Full, setting)
            }
            _ => Actor::Look(errand),
        };
        next(made.with(i, actor), Ok(()));
        let lost = self.not_granted(errand, Why::Unavailable, setting);
        self.lost(i, &made, lost, next);
        self.lost(i, self, lost, next);
        if let Some(free) = self.late.iter().position(Option::is_none) {
            let mut state = *self;
            state.late[free] = Some((change, LANDS));
            self.lost(i, &state, lost, next);
        }
    }

    fn call(&self, i: usize, attempt: Attempt, setting: &Setting, next: Next<'_, State>) {
        let Attempt { r, left, fresh } = attempt;
        if !setting.may_call(left) {
            return next(self.with(i, Actor::Idle), Ok(()));
        }
        let write = |state: &Self, phase| state.with(i, Actor::Write(r, fresh, phase));
        let denied = setting.refused(left, Why::Denied);
        let allowed = matches!(self.policy, Says::Ours(bits) if bits & setting.version(r) != 0);
        if allowed {
            next(write(self, Phase::Copying), Ok(()));
        } else {
            // Only who shares a version, or was meddled with, may lose it between the look and the call.
            let excused = self.meddled || !setting.is_alone(r);
            let lost = || format!("request {r} lost the version that it was granted");
            next(write(self, denied), if excused { Ok(()) } else { Err(lost()) });
        }
        if let Some(state) = self.faulty() {
            // Not seen yet; and no answer, which leaves the lease.
            next(write(&state, denied), Ok(()));
            next(state.with(i, Actor::Idle), Ok(()));
        }
    }

    /// What happens without us.
    fn outside(&self, setting: &Setting, next: Next<'_, State>) {
        let Some(outside) = self.left.outside.checked_sub(1) else { return };
        let state = Self { left: Budget { outside, ..self.left }, ..*self };
        next(Self { room: !self.room, ..state }, Ok(()));
        for says in [Says::Absent, Says::Other] {
            if self.policy != says && (self.room || self.policy != Says::Absent) {
                let mut state = Self { meddled: true, ..state };
                state.policy_becomes(says);
                next(state, Ok(()));
            }
        }
        for r in setting.requests() {
            if !matches!(self.phases[usize::from(r)], Phase::None | Phase::Done | Phase::Gone) {
                let mut state = Self { meddled: true, ..state };
                state.phases[usize::from(r)] = Phase::Gone;
                state.forget_record(r);
                next(state, Ok(()));
            }
        }
    }

    /// A tick passes. What can land no later is lost.
    pub fn tick(&self) -> Self {
        let mut state = *self;
        for phase in &mut state.phases {
            if let Phase::Starting(left) = phase {
                *left = left.saturating_sub(1);
            }
        }
        state.grants = self.grants.map(Held::later);
        for late in &mut state.late {
            *late =
                late.and_then(|(change, left)| Some((change, left.checked_sub(1).filter(|left| *left > 0)?)));
        }
        for (actor, _) in &mut state.actors {
            actor.grow_older();
        }
        state
    }

    /// What has begun goes on to its end, what was sent arrives, and others make room.
    pub fn calmed(&self, setting: &Setting) -> Option<Self> {
        let mut state = Self { left: Budget { faults: 0, crashes: 0, outside: 0 }, room: true, ..*self };
        for i in 0..2 {
            if let Some((change, _)) = state.late[i] {
                state = state.landed(i, change);
            }
        }
        (0..2).try_fold(state, |state, i| state.finished(i, setting))
    }

    /// The same after an instance has done what it began; `None` if that takes forever.
    pub fn finished(&self, i: usize, setting: &Setting) -> Option<Self> {
        let mut state = *self;
        for _ in 0..60 {
            if state.actors[i].0 == Actor::Idle {
                return Some(state);
            }
            let mut first = None;
            state.step(i, state.actors[i].0, setting, &mut |next, _| {
                first.get_or_insert(next);
            });
            state = first?;
        }
        None
    }
}

impl Actor {
    fn grow_older(&mut self) {
        match self {
            Self::Ask(attempt)
            | Self::Hold(attempt, ..)
            | Self::Call(attempt)
            | Self::Look(Errand::Start(attempt))
            | Self::Compare(Errand::Start(attempt), ..)
            | Self::Change(Errand::Start(attempt), ..) => attempt.left = attempt.left.saturating_sub(1),
            Self::Look(Errand::Sweep(ago))
            | Self::Compare(Errand::Sweep(ago), ..)
            | Self::Change(Errand::Sweep(ago), ..) => *ago = (*ago + 1).min(LONG),
            _ => {}
        }
        match self {
            Self::Hold(_, held, _)
            | Self::Change(_, _, held, _)
            | Self::Released(_, _, held, _)
            | Self::Audited(held, _)
            | Self::Settle(held, _) => *held = held.later(),
            _ => {}
        }
    }
}
