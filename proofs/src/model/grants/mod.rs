//! Grants: two and three requests for versions of one source project, whose one policy of ours all of them write.
//!
//! Safety, at every step:
//! - Who holds a grant is in what the policy should say, and nobody else.
//! - Grants at rest have the policy that they should have, unless somebody else changed it, and no change of ours can
//!   land any more.
//! - A request whose version nobody else wants is never refused for want of a grant once it has seen it granted: no
//!   update is lost. Who shares a version may be, in the one window that ARCHITECTURE.md names.
//!
//! Liveness, from every state, once nothing goes wrong any more: every request is copied or ends, and two sweeps after
//! the last has ended the policy is gone.
//!
//! What is left out: a sweep's order and its deadline (an instance takes up whatever is due, so every order is
//! searched); how many times a loop goes round; the turns that the instances of one process take; what a copy does
//! besides being accepted and ending; the policies of other names, which no change can name. An audit after an hour
//! comes after a tick. Records are read together. A change is sent in the instant in which it is found not to be too
//! late.

pub mod actor;
pub mod compact;
pub mod decide;
pub mod renaming;
mod same;
pub mod state;
mod step;

use actor::Actor;
use compact::{Held, Phase, Says};
use decide::Setting;
use state::{Budget, State};

use super::{Known, Model, Next, World, print};

/// How many sweeps a calm path may take.
const SWEEPS: usize = 60;

/// A setting, and how much may go wrong in it.
#[derive(Debug)]
pub struct Project {
    setting: Setting,
    budget: Budget,
}

/// A name, the version that each request wants, and for how many versions a policy has room.
type Variant = (&'static str, &'static [u8], usize);

const SMALL: &[Variant] = &[
    ("one request", &[1], 3),
    ("two versions", &[1, 2], 3),
    ("one version", &[1, 1], 3),
    ("room for one of two", &[1, 2], 1),
];
const LARGE: &[Variant] =
    &[("three requests for two versions", &[1, 2, 1], 3), ("three versions", &[1, 2, 3], 3)];

/// Faults, crashes, acts of others.
type Wrong = (u8, u8, u8);

const NOTHING: &[Wrong] = &[(0, 0, 0)];
const ONE: &[Wrong] = &[(1, 0, 0), (0, 1, 0), (0, 0, 1)];
const TWO: &[Wrong] = &[(1, 1, 0), (1, 0, 1), (0, 1, 1), (2, 0, 0), (0, 2, 0), (0, 0, 2)];
const MORE: &[Wrong] = &[(1, 1, 1), (2, 1, 1), (2, 2, 2), (3, 2, 2)];

/// The worlds that a run of the tests has time for.
pub fn small_worlds() -> impl Iterator<Item = World<Project>> {
    worlds_of(&[(NOTHING, SMALL), (NOTHING, LARGE), (ONE, SMALL)])
}

/// All worlds, in the order in which they are searched.
pub fn worlds() -> impl Iterator<Item = World<Project>> {
    let more = [(ONE, LARGE), (TWO, SMALL), (MORE, SMALL), (TWO, LARGE), (MORE, LARGE)];
    small_worlds().chain(worlds_of(&more))
}

fn worlds_of(
    groups: &[(&'static [Wrong], &'static [Variant])],
) -> impl Iterator<Item = World<Project>> + use<> {
    let pairs = |(wrong, variants): &(&'static [Wrong], &'static [Variant])| {
        let variants = *variants;
        wrong.iter().flat_map(move |wrong| variants.iter().map(move |variant| (*wrong, *variant)))
    };
    let pairs: Vec<(Wrong, Variant)> = groups.iter().flat_map(pairs).collect();
    pairs.into_iter().map(|((faults, crashes, outside), (name, versions, room))| World {
        name,
        wrong: vec![(faults, "faults"), (crashes, "crashes"), (outside, "acts of others")],
        model: Project { setting: Setting::new(versions, room), budget: Budget { faults, crashes, outside } },
    })
}

impl Model for Project {
    type State = State;

    fn first(&self) -> State {
        State::first(&self.setting, self.budget)
    }

    fn successors(&self, state: &State, next: Next<'_, State>) {
        state.successors(&self.setting, next);
    }

    fn ends(&self, from: &State, good: &Known) -> Result<(), String> {
        let stuck = |at: &State| format!("an instance never ends\n    from {from:?}\n    at   {at:?}");
        let mut state = from.calmed(&self.setting).ok_or_else(|| stuck(from))?;
        let (mut path, mut since) = (Vec::new(), 0);
        for sweep in 0..SWEEPS {
            let has_ended = |phase: &Phase| matches!(phase, Phase::Ended | Phase::Done | Phase::Gone);
            let ended = state.phases.iter().all(has_ended);
            if !ended && sweep % 2 == 0 {
                // Nothing is counted yet, so that what is known of this state is known of its path.
                let print = print(&state);
                if good.has(print) {
                    break;
                }
                path.push(print);
            } else if ended && self.is_over(&state) {
                break;
            }
            state = self.swept(state).ok_or_else(|| stuck(&state))?;
            since += usize::from(ended);
            // A record that was deleted is missed at the next audit, whenever that is.
            let counts = !from.phases[..self.setting.requests().count()].contains(&Phase::Gone);
            if since == 2 && counts && matches!(state.policy, Says::Ours(_)) {
                return Err(format!("two sweeps leave the policy\n    from {from:?}\n    at   {state:?}"));
            }
            if sweep % 2 == 1 {
                state = state.tick();
            }
            if sweep + 1 == SWEEPS {
                return Err(format!("it never ends\n    from {from:?}\n    at   {state:?}"));
            }
        }
        path.into_iter().for_each(|print| {
            good.insert(print);
        });
        Ok(())
    }
}

impl Project {
    /// Nothing is left of ours, and nothing is due.
    fn is_over(&self, state: &State) -> bool {
        let at_rest = |held: Held| held.requests().next().is_none() && held.is_settled();
        let over = |phase: &Phase| matches!(phase, Phase::Done | Phase::Gone);
        state.phases.iter().all(over)
            && !matches!(state.policy, Says::Ours(_))
            && state.grants.is_none_or(at_rest)
    }

    /// A whole sweep in its order, with the messages that wait.
    fn swept(&self, mut state: State) -> Option<State> {
        let setting = &self.setting;
        let is_release = |phase| phase == Phase::Ended;
        let is_start = |phase| matches!(phase, Phase::None | Phase::Starting(_) | Phase::Waiting);
        let is_look = |phase| phase == Phase::Copying;
        let parts: [&dyn Fn(Phase) -> bool; 3] = [&is_release, &is_start, &is_look];
        for part in parts {
            for r in setting.requests().filter(|r| part(state.phases[usize::from(*r)])).collect::<Vec<_>>() {
                if let Some((begun, actor)) = state.due_of(r, setting).first() {
                    state = begun.with(0, *actor).finished(0, setting)?;
                }
            }
        }
        match state.audit(setting) {
            Some(actor @ Actor::Audit) => state.with(0, actor).finished(0, setting),
            _ => Some(state),
        }
    }
}
