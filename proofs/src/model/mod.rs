//! An explicit-state search: every state that the protocol can reach, from the first one on, by the shipped
//! decisions.
//!
//! Safety is checked at every step. Liveness, from every state: if nothing goes wrong any more, both requests
//! end and are announced. That path is a function of the state, so what is known of one state is known of all
//! on its path.

pub mod decide;
pub mod record;
pub mod state;

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};
use std::sync::Mutex;
use std::sync::PoisonError;

use state::{Budget, Setting, State};

/// How long the calm path to the end may be.
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
struct Known(Vec<Mutex<Set>>);

impl Known {
    fn new() -> Self {
        Self((0..SHARDS).map(|_| Mutex::default()).collect())
    }

    fn shard(&self, print: u64) -> std::sync::MutexGuard<'_, Set> {
        self.0[(print >> 58) as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn insert(&self, print: u64) -> bool {
        self.shard(print).insert(print)
    }

    fn has(&self, print: u64) -> bool {
        self.shard(print).contains(&print)
    }
}

fn print(state: &State) -> u64 {
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
pub fn search(setting: &Setting, budget: Budget, most: u64) -> Outcome {
    let (known, good) = (Known::new(), Known::new());
    let mut layer = vec![State::first(budget)];
    known.insert(print(&layer[0]));
    let mut outcome = Outcome { states: 1, ..Outcome::default() };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    while !layer.is_empty() && outcome.violations.is_empty() && outcome.states < most {
        let size = layer.len().div_ceil(threads);
        let parts: Vec<Part> = std::thread::scope(|scope| {
            let searches: Vec<_> = layer
                .chunks(size)
                .map(|chunk| scope.spawn(|| search_from(chunk, setting, &known, &good)))
                .collect();
            searches.into_iter().map(|search| search.join().unwrap_or_default()).collect()
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

#[derive(Default)]
struct Part {
    found: Vec<State>,
    steps: u64,
    violations: Vec<String>,
}

fn search_from(states: &[State], setting: &Setting, known: &Known, good: &Known) -> Part {
    let mut part = Part::default();
    for state in states {
        if let Err(violation) = ends(state, setting, good) {
            part.violations.push(violation);
        }
        state.successors(setting, &mut |next, holds| {
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

/// Whether everything ends when nothing goes wrong any more.
fn ends(state: &State, setting: &Setting, good: &Known) -> Result<(), String> {
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
        present = present.calm(setting);
    }
    for print in path {
        good.insert(print);
    }
    Ok(())
}
