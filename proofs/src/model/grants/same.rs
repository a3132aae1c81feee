//! Which states are one. Two reductions, neither of which loses anything that can happen:
//!
//! - What can make no difference any more is forgotten: a write or a change that can only be refused is not waited
//!   for, and what was read only for it is dropped. The step that is left out touches nothing that others see, and
//!   what may go wrong with it may go wrong with the step before or after it.
//! - Requests that differ in nothing but their number are interchangeable, and so are versions: of all the ways to
//!   number them, one stands for the others. No decision looks at an id, and all have the same length.

use super::actor::{Actor, Attempt, Change};
use super::compact::Says;
use super::decide::Setting;
use super::renaming::Renaming;
use super::state::State;

impl State {
    /// The one state that stands for all that are the same.
    pub(super) fn representative(&self, setting: &Setting) -> Self {
        let mut state = *self;
        for (actor, frozen) in &mut state.actors {
            *actor = actor.without_what_is_over(setting);
            *frozen &= *actor != Actor::Idle;
        }
        for late in &mut state.late {
            *late = late.filter(|(change, _)| change.can_land()).map(|(change, left)| (change.sent(), left));
        }
        let renamed = setting.renamings().iter().map(|renaming| state.renamed(renaming));
        renamed.min().unwrap_or(state)
    }

    /// The same under other numbers. Neither which instance does a thing matters nor which change was sent first.
    fn renamed(&self, renaming: &Renaming) -> Self {
        let mut state = *self;
        for (phase, to) in self.phases.iter().zip(renaming.requests) {
            state.phases[usize::from(to)] = *phase;
        }
        state.grants = self.grants.map(|held| held.renamed(renaming));
        state.policy = self.policy.renamed(renaming);
        for (change, _) in state.late.iter_mut().flatten() {
            *change = change.renamed(renaming);
        }
        for (actor, _) in &mut state.actors {
            *actor = actor.renamed(renaming);
        }
        state.actors.sort_unstable();
        state.late.sort_unstable();
        state
    }
}

impl Actor {
    fn without_what_is_over(self, setting: &Setting) -> Self {
        match self.in_time(setting) {
            Self::Lease(_, false)
            | Self::Write(_, false, _)
            | Self::Audited(_, false)
            | Self::Settle(_, false) => Self::Idle,
            Self::Call(attempt) if !setting.may_call(attempt.left) => Self::Idle,
            Self::Hold(attempt, _, false) => Self::Ask(attempt),
            Self::Released(r, fresh, _, false) => Self::Release(r, fresh),
            Self::Change(errand, change, held, fresh) => match (setting.changing(held).0, fresh) {
                (true, _) if !change.can_land() => Self::Look(errand),
                (false, false) => Self::Look(errand),
                (true, false) => Self::Change(errand, change.sent_as(change.takes), held.of_nobody(), false),
                (_, true) => Self::Change(errand, change.sent_as(change.takes), held, true),
            },
            actor => actor,
        }
    }

    /// Of a lease only counts whether its holder may still call.
    fn in_time(mut self, setting: &Setting) -> Self {
        if let Some(attempt) = self.attempt()
            && !setting.may_call(attempt.left)
        {
            attempt.left = 0;
        }
        self
    }

    fn renamed(mut self, to: &Renaming) -> Self {
        if let Some(Attempt { r, .. }) = self.attempt() {
            *r = to.request(*r);
        }
        match &mut self {
            Self::Lease(r, _) | Self::Write(r, ..) | Self::Release(r, _) => *r = to.request(*r),
            Self::Released(r, _, held, _) => (*r, *held) = (to.request(*r), held.renamed(to)),
            Self::Hold(_, held, _) | Self::Audited(held, _) | Self::Settle(held, _) => {
                *held = held.renamed(to)
            }
            Self::Compare(_, present, _) => *present = present.renamed(to),
            Self::Change(_, change, held, _) => (*change, *held) = (change.renamed(to), held.renamed(to)),
            Self::Idle | Self::Ask(_) | Self::Look(_) | Self::Call(_) | Self::Audit => {}
        }
        self
    }
}

impl Change {
    /// Whether it can still come true: one for a policy that is no more cannot, one for none may again.
    fn can_land(self) -> bool {
        self.fresh || self.present == Says::Absent
    }

    /// Of what it was made for only counts whether there was a policy, and where there was none, not which reading.
    fn sent_as(self, takes: bool) -> Self {
        let (present, fresh) = match self.present {
            Says::Absent => (Says::Absent, true),
            _ => (Says::Other, self.fresh),
        };
        let matters = self.can_land();
        Self { present, fresh, to: if matters { self.to } else { Says::Absent }, takes: matters && takes }
    }

    /// Who has sent it does not look at what it took.
    fn sent(self) -> Self {
        self.sent_as(false)
    }

    fn renamed(self, to: &Renaming) -> Self {
        Self { present: self.present.renamed(to), to: self.to.renamed(to), ..self }
    }
}
