//! The fuzz target `record`: the random decisions of a simulated world.

use super::item::check_round_trip;
use crate::chance::Chance;
use crate::simulation::run_with;

/// Runs a world of the simulation. It has no violation, and every record round-trips through an item.
pub(super) fn record(data: &[u8]) -> bool {
    let world = run_with(Chance::steered(data), |world| {
        let times = world.rules.times;
        world.on_write = Box::new(move |record| check_round_trip(record, &times));
    });
    assert_eq!(world.watch.violations, Vec::<String>::new());
    true
}
