//! Worlds by chance, through the SDK.

use proofs_sdk::{live, run};

#[test]
fn no_seed_breaks_anything() {
    let result = run(&["simulation", "60"]).expect("a search of that name");
    println!("{result}");
    assert_eq!(result.violations, Vec::<String>::new());
}

#[test]
fn a_seed_replays_bit_for_bit() {
    for seed in 0..4 {
        assert_eq!(live(seed, false).history, live(seed, false).history, "seed {seed}");
    }
}
