//! A state of the model and all that can come of it: requests for versions of one source project, its grants and its
//! policy, two function instances, changes that land late, somebody outside, and time.

use super::actor::{Actor, Attempt, Change};
use super::compact::{Held, Phase, REQUESTS, Says};
use super::decide::Setting;
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

/// The world and everybody in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
        let mut next = |state: State, holds: Result<(), String>| {
            next(state.representative(setting), holds.and_then(|()| state.is_sound(setting)));
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
            Actor::Change(_, change, held, _) => self.lands(*change) && setting.changing(*held).0,
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

    pub(super) fn faulty(&self) -> Option<Self> {
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

    /// Writes a record, unless it is no longer what was read.
    pub(super) fn written(&self, r: u8, fresh: bool, phase: Phase) -> Option<Self> {
        let mut state = fresh.then_some(*self)?;
        state.phases[usize::from(r)] = phase;
        state.forget_record(r);
        Some(state)
    }

    fn forget_record(&mut self, r: u8) {
        self.actors.iter_mut().for_each(|(actor, _)| actor.record_changed(r));
    }

    /// Writes the grants, unless they are no longer what was read.
    pub(super) fn saved(&self, held: Held, fresh: bool) -> Option<Self> {
        let mut state = fresh.then_some(*self)?;
        state.grants = Some(held);
        state.actors.iter_mut().for_each(|(actor, _)| actor.grants_changed());
        Some(state)
    }

    /// Whether the policy is what the change was made for.
    pub(super) fn lands(&self, change: Change) -> bool {
        match change.present {
            Says::Absent => self.policy == Says::Absent && self.room,
            _ => change.fresh,
        }
    }

    /// A change arrives.
    pub(super) fn changed(&self, change: Change) -> Self {
        let mut state = *self;
        if self.lands(change) {
            state.policy_becomes(change.to);
        }
        state
    }

    fn policy_becomes(&mut self, says: Says) {
        self.policy = says;
        self.actors.iter_mut().for_each(|(actor, _)| actor.policy_changed());
        self.late.iter_mut().flatten().for_each(|(change, _)| change.fresh = false);
    }

    fn landed(&self, i: usize, change: Change) -> Self {
        let mut state = self.changed(change);
        state.late[i] = None;
        state
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
        state.actors.iter_mut().for_each(|(actor, _)| actor.grow_older());
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
