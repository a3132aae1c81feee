//! Worlds by chance, at the ports.

use proofs::commands::{self, finds_nothing};
use proofs::simulation::live;

#[test]
fn no_seed_breaks_anything() {
    finds_nothing(commands::run, &["simulation", "20000"]);
}

#[test]
fn a_seed_replays_bit_for_bit() {
    for seed in 0..20 {
        assert_eq!(live(seed, false).history, live(seed, false).history, "seed {seed}");
    }
}
