//! The fuzz target `record`: the random decisions of a simulated world.

use std::panic::panic_any;

use super::item::check_round_trip;
use crate::chance::Chance;
use crate::simulation;

/// Runs a small world of the simulation. It has no violation, and every record round-trips through an item.
pub fn record(data: &[u8]) -> bool {
    let outcome =
        simulation::run_with(Chance::steered(data), simulation::Size::Small, false, check_round_trip);
    if !outcome.violations.is_empty() {
        panic_any(outcome.violations.join("\n"));
    }
    true
}
