//! Copies: two requests for one name, of one model and of two.

pub mod actor;
pub mod decide;
pub mod record;
pub mod state;
mod step;

use state::{Budget, Setting, State};

use super::{Known, Model, Next, PATH, World, print};

/// A setting, and how much may go wrong in it.
#[derive(Debug)]
pub struct Copies {
    setting: Setting,
    budget: Budget,
}

/// The worlds that are searched, in their order.
pub fn worlds() -> impl Iterator<Item = World<Copies>> {
    let budgets = [
        (0, 0, 0, 0),
        (1, 0, 0, 0),
        (0, 1, 0, 0),
        (0, 0, 1, 0),
        (1, 0, 0, 1),
        (1, 1, 0, 0),
        (1, 0, 1, 0),
        (2, 0, 0, 0),
        (1, 1, 1, 0),
        (2, 0, 1, 0),
        (2, 1, 1, 0),
        (2, 1, 1, 2),
        (3, 2, 2, 2),
    ];
    let variants = [
        ("one model", ["flowers.1", "flowers.1"], [1, 1]),
        ("two models", ["flowers.1", "flowers.2"], [1, 2]),
    ];
    budgets.into_iter().flat_map(move |(faults, crashes, outside, permission)| {
        variants.map(|(name, models, sources)| World {
            name,
            wrong: vec![
                (faults, "faults"),
                (crashes, "crashes"),
                (outside, "acts of others"),
                (permission, "changes of permission"),
            ],
            model: Copies {
                setting: Setting { beginnings: record::beginnings(&models), sources },
                budget: Budget { faults, crashes, outside, permission },
            },
        })
    })
}

impl Model for Copies {
    type State = State;

    fn first(&self) -> State {
        State::first(self.budget)
    }

    fn successors(&self, state: &State, next: Next<'_, State>) {
        state.successors(&self.setting, next);
    }

    /// Both requests end and are announced.
    fn ends(&self, state: &State, good: &Known) -> Result<(), String> {
        let mut path = Vec::new();
        let mut present = *state;
        while !present.is_over() {
            let print = print(&present);
            if good.has(print) {
                break;
            }
            path.push(print);
            if path.len() > PATH {
                return Err(format!("it never ends\n    from {state:?}\n    at   {present:?}"));
            }
            present = present.calm(&self.setting);
        }
        for print in path {
            good.insert(print);
        }
        Ok(())
    }
}
