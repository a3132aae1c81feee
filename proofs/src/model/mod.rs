//! Explicit-state searches: every state that a protocol can reach, from the first one on, by the shipped decisions.
//!
//! Safety is checked at every step. Liveness, from every state: what follows if nothing goes wrong any more comes to
//! a good end. That path is a function of the state, so what is known of one state is known of all on its path.
//!
//! There are two models. What [`copies`] are to each other is a name, a lease and an answer; what [`grants`] are to
//! each other is one document that all of them write. Joined, each state of the one would be multiplied by every
//! state of the other, and neither could be searched far. They meet in two points only, and each model has those: a
//! copy is refused unless the policy allows it, and a grant is over once its record has ended.

pub mod copies;
pub mod grants;
pub mod time;

use std::collections::{BTreeSet, HashSet};
use std::fmt::Debug;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::report::Result as Report;

/// Takes a state that can come next, and whether it may.
pub type Next<'a, S> = &'a mut dyn FnMut(S, Result<(), String>);

/// What is searched.
pub trait Model: Sync {
    /// The world and everybody in it.
    type State: Copy + Debug + Hash + Send + Sync;

    /// Nothing has happened.
    fn first(&self) -> Self::State;

    /// Everything that can happen next.
    fn successors(&self, state: &Self::State, next: Next<'_, Self::State>);

    /// Follows the calm path from a state up to its end, or to a state that is known to come to a good one.
    ///
    /// # Errors
    /// What goes wrong although nothing goes wrong any more.
    fn ends(&self, state: &Self::State, good: &Known) -> Result<(), String>;
}

/// How long a calm path may be.
const PATH: usize = 400;
const SHARDS: usize = 64;

#[derive(Debug, Default)]
struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {}
    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

type Set = HashSet<u64, BuildHasherDefault<Same>>;

/// States by their hash, of 64 bits: two of 100 million fall together with a chance of 1 in 3,700.
#[derive(Debug)]
pub struct Known(Vec<Mutex<Set>>);

impl Default for Known {
    fn default() -> Self {
        Self((0..SHARDS).map(|_| Mutex::default()).collect())
    }
}

impl Known {
    fn shard(&self, print: u64) -> MutexGuard<'_, Set> {
        self.0[(print >> 58) as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it was not known.
    fn insert(&self, print: u64) -> bool {
        self.shard(print).insert(print)
    }

    fn has(&self, print: u64) -> bool {
        self.shard(print).contains(&print)
    }
}

fn print(state: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}

/// What came of a search.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Different states.
    pub states: u64,
    /// Steps between them.
    pub steps: u64,
    /// How far the furthest is from the first.
    pub depth: u64,
    /// Whether there are no others.
    pub is_complete: bool,
    /// What must never be.
    pub violations: Vec<String>,
}

/// Searches from the first state on, breadth first, up to about `most` states.
pub fn search<M: Model>(model: &M, most: u64) -> Outcome {
    let (known, good) = (Known::default(), Known::default());
    let mut layer = vec![model.first()];
    known.insert(print(&layer[0]));
    let mut outcome = Outcome { states: 1, ..Outcome::default() };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    while !layer.is_empty() && outcome.violations.is_empty() && outcome.states < most {
        let size = layer.len().div_ceil(threads);
        let parts: Vec<Part<M::State>> = std::thread::scope(|scope| {
            let searches: Vec<_> = layer
                .chunks(size)
                .map(|chunk| scope.spawn(|| search_from(model, chunk, &known, &good)))
                .collect();
            searches.into_iter().map(|search| search.join().unwrap_or_else(|_| Part::panicked())).collect()
        });
        layer.clear();
        for part in parts {
            outcome.steps += part.steps;
            outcome.states += part.found.len() as u64;
            outcome.violations.extend(part.violations);
            layer.extend(part.found);
        }
        outcome.depth += 1;
    }
    outcome.is_complete = layer.is_empty() && outcome.violations.is_empty();
    outcome
}

struct Part<S> {
    found: Vec<S>,
    steps: u64,
    violations: Vec<String>,
}

impl<S> Part<S> {
    fn panicked() -> Self {
        Self { found: Vec::new(), steps: 0, violations: vec!["the search panicked".to_owned()] }
    }
}

fn search_from<M: Model>(model: &M, states: &[M::State], known: &Known, good: &Known) -> Part<M::State> {
    let mut part = Part { found: Vec::new(), steps: 0, violations: Vec::new() };
    for state in states {
        if let Err(violation) = model.ends(state, good) {
            part.violations.push(violation);
        }
        model.successors(state, &mut |next, holds| {
            part.steps += 1;
            if let Err(what) = holds
                && part.violations.len() < 5
            {
                part.violations.push(format!("{what}\n    from {state:?}\n    to   {next:?}"));
            }
            if known.insert(print(&next)) {
                part.found.push(next);
            }
        });
        if part.violations.len() >= 5 {
            break;
        }
    }
    part
}

/// How often what may go wrong, always in the same order.
pub type Wrong = Vec<(u8, &'static str)>;

/// One world of a model and how much may go wrong in it.
pub struct World<M> {
    /// Which model, of which variant.
    pub name: &'static str,
    /// How often what may go wrong.
    pub wrong: Wrong,
    /// The model.
    pub model: M,
}

/// Searches the worlds of one model or both, in which more and more goes wrong, up to about `states` states of each.
/// `None` if there is no such model.
pub fn run(states: u64, of: Option<&str>) -> Option<Report> {
    match of {
        None => {
            let mut report = run_all("copies", copies::worlds(), states);
            let grants = run_all("grants", grants::worlds(), states);
            report.done.extend(grants.done);
            report.violations.extend(grants.violations);
            Some(report)
        }
        Some("copies") => Some(run_all("copies", copies::worlds(), states)),
        Some("grants") => Some(run_all("grants", grants::worlds(), states)),
        Some(_) => None,
    }
}

/// Searches these worlds one after the other, each whole, until the number of states is used up.
pub fn run_all<M: Model>(of: &str, worlds: impl IntoIterator<Item = World<M>>, most: u64) -> Report {
    let mut report = Report::default();
    let mut total = Outcome::default();
    let mut whole: Vec<(&str, Wrong)> = Vec::new();
    for World { name, wrong, model } in worlds {
        let outcome = search(&model, most.saturating_sub(total.states));
        total.states += outcome.states;
        total.steps += outcome.steps;
        total.depth = total.depth.max(outcome.depth);
        let part = if outcome.is_complete { "whole" } else { "in part" };
        println!(
            "  {of}, {name}, {}: {} states, {} deep, {part}",
            text(&wrong),
            outcome.states,
            outcome.depth
        );
        if outcome.is_complete {
            whole.retain(|(known, less)| *known != name || !is_within(less, &wrong));
            whole.push((name, wrong));
        }
        report.violations.extend(outcome.violations);
        if total.states >= most || !report.violations.is_empty() {
            break;
        }
    }
    let names: BTreeSet<&str> = whole.iter().map(|(name, _)| *name).collect();
    for name in names {
        let up_to: Vec<String> =
            whole.iter().filter(|(of, _)| *of == name).map(|(_, wrong)| text(wrong)).collect();
        report.done.push((format!("{of}, {name}"), format!("whole up to {}", up_to.join("; "))));
    }
    for (what, count) in [("states", total.states), ("steps", total.steps), ("deepest", total.depth)] {
        report.done.push((format!("{of}: {what}"), count.to_string()));
    }
    report
}

fn is_within(less: &Wrong, wrong: &Wrong) -> bool {
    less.iter().zip(wrong).all(|((less, _), (more, _))| less <= more)
}

fn text(wrong: &Wrong) -> String {
    let some: Vec<String> =
        wrong.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{what} {count}")).collect();
    if some.is_empty() { "nothing wrong".to_owned() } else { some.join(", ") }
}
