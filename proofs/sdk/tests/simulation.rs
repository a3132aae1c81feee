//! Worlds by chance, through the SDK.

use proofs::commands::finds_nothing;
use proofs_sdk::{live, run};

#[test]
fn no_seed_breaks_anything() {
    finds_nothing(run, &["simulation", "1000"]);
}

#[test]
fn a_seed_replays_bit_for_bit() {
    for seed in 0..4 {
        assert_eq!(live(seed, false).history, live(seed, false).history, "seed {seed}");
    }
}
