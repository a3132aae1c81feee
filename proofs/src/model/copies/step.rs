//! A step of a function instance, and how it may fail.

use super::actor::Actor;
use super::decide::{Decision, Input, calls, decide};
use super::record::{Phase, Rec};
use super::state::{Setting, State};
use crate::model::Next;

impl State {
    /// What an instance does next, first as if nothing went wrong.
    pub(super) fn step(&self, i: usize, actor: Actor, setting: &Setting, next: Next<'_, State>) {
        let all = &setting.beginnings;
        match actor {
            Actor::Idle => {}
            Actor::Call(r, rec, fresh) => self.call(i, (r, rec, fresh), setting, next),
            Actor::Answer(r, rec, fresh, input) => match decide(all, r, rec, input) {
                Decision::LookUp => next(self.with(i, Actor::LookUp(r, rec, fresh)), Ok(())),
                Decision::Write(rec) => next(self.with(i, Actor::Write(r, rec, fresh)), Ok(())),
                _ => next(self.with(i, Actor::Idle), Ok(())),
            },
            Actor::LookUp(r, rec, fresh) => {
                let mut seen = |state: &Self, model| {
                    if let Decision::Write(rec) = decide(all, r, rec, Input::Taken(model)) {
                        next(state.with(i, Actor::Write(r, rec, fresh)), Ok(()));
                    }
                };
                seen(self, self.model);
                // Not visible yet, or not readable.
                if let Some(state) = self.faulty() {
                    seen(&state, None);
                }
            }
            Actor::Decide(r, input) => {
                let rec = self.records[usize::from(r)];
                let actor = match decide(all, r, rec, input) {
                    Decision::Write(rec) => Actor::Write(r, rec, true),
                    Decision::Call(rec) => Actor::Lease(r, rec, true),
                    _ => Actor::Idle,
                };
                next(self.with(i, actor), Ok(()));
            }
            Actor::Lease(r, rec, fresh) => {
                let (state, holds) = self.write(i, r, rec, fresh, setting);
                let actor = if fresh { Actor::Call(r, rec, true) } else { Actor::Idle };
                next(state.with(i, actor), holds.clone());
                self.write_faults(i, state, holds, fresh, next);
            }
            Actor::Write(r, rec, fresh) => {
                let (state, holds) = self.write(i, r, rec, fresh, setting);
                let publishes = fresh && rec.unpublished > 0;
                let actor = if publishes { Actor::Publish(r, rec, true) } else { Actor::Idle };
                next(state.with(i, actor), holds.clone());
                self.write_faults(i, state, holds, fresh, next);
            }
            Actor::Publish(r, rec, fresh) => {
                let (state, holds) = self.publish(r, rec);
                next(state.with(i, Actor::Mark(r, rec, fresh)), holds);
                if let Some(state) = self.faulty() {
                    next(state.with(i, Actor::Idle), Ok(()));
                }
            }
            Actor::Mark(r, rec, fresh) => {
                let marked = rec.marked();
                let (state, holds) = self.write(i, r, marked, fresh, setting);
                next(state.with(i, Actor::Idle), holds);
                if let Some(state) = self.faulty() {
                    next(state.with(i, Actor::Idle), Ok(()));
                }
            }
        }
    }

    /// A write that fails, and one that was made and seems to have failed.
    fn write_faults(
        &self,
        i: usize,
        made: Self,
        holds: Result<(), String>,
        fresh: bool,
        next: Next<'_, State>,
    ) {
        if let Some(state) = self.faulty() {
            next(state.with(i, Actor::Idle), Ok(()));
        }
        if let Some(state) = made.faulty().filter(|_| fresh) {
            next(state.with(i, Actor::Idle), holds);
        }
    }

    fn call(&self, i: usize, (r, rec, fresh): (u8, Rec, bool), setting: &Setting, next: Next<'_, State>) {
        if !calls(&setting.beginnings, r, rec) {
            return next(self.with(i, Actor::Idle), Ok(()));
        }
        let n = usize::from(r);
        let holds = match self.records[n].phase {
            Phase::Starting(_) if self.late[n] < 0 => Ok(()),
            phase => Err(format!("request {r} is called for in {phase:?}, late: {}", self.late[n])),
        };
        let answer = |state: &Self, input| state.with(i, Actor::Answer(r, rec, fresh, input));
        let (landed, input) = self.land(r, setting);
        next(answer(&landed, input), holds.clone());
        if let Some(state) = landed.faulty() {
            next(answer(&state, Input::Unanswered), holds.clone());
        }
        if let Some(mut state) = self.faulty() {
            next(answer(&state, Input::Unanswered), holds.clone());
            next(answer(&state, Input::Refused("ThrottlingException")), holds.clone());
            state.late[n] = 3;
            next(answer(&state, Input::Unanswered), holds);
        }
    }
}
