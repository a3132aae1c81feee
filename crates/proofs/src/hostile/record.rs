//! The life of requests in a world whose chance the input decides.

use std::panic::panic_any;

use super::item::survives;
use crate::chance::Chance;
use crate::simulation;

/// Lives through a small world of the simulation. It breaks no invariant, and every state of every record survives
/// being an item of the ledger.
pub fn record(data: &[u8]) -> bool {
    let outcome = simulation::live_by(Chance::steered(data), simulation::Size::Small, false, survives);
    if !outcome.violations.is_empty() {
        panic_any(outcome.violations.join("\n"));
    }
    true
}
