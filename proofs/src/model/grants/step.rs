//! A step of a function instance, in the order of reads and writes of `src/grants.rs`, and how it may fail.

use super::actor::{Actor, Attempt, Change, Errand};
use super::compact::{Ask, Held, LANDS, Phase, Says, Why};
use super::decide::Setting;
use super::state::State;
use crate::model::Next;

impl State {
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
                        let errand = errand.overtaken();
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
                let actor =
                    released.map_or(Actor::Look(Errand::Sweep(0, true)), |held| Actor::Audited(held, true));
                next(goes_on(self, actor), Ok(()));
            }
            Actor::Audited(held, fresh) => match self.saved(held, fresh) {
                Some(state) => {
                    next(goes_on(&state, Actor::Look(Errand::Sweep(0, true))), Ok(()));
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
            Errand::Sweep(..) => Actor::Idle,
        }
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
            Errand::Sweep(_, false) => Actor::Idle,
            Errand::Sweep(ago, true) => {
                setting.settled(held, ago).map_or(Actor::Idle, |settled| Actor::Settle(settled, fresh))
            }
        }
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
}
