//! Worlds by chance, at the ports.

use proofs::commands;
use proofs::simulation::live;

#[test]
fn no_seed_breaks_anything() {
    let result = commands::run(&["simulation", "20000"]).expect("a search of that name");
    println!("{result}");
    assert_eq!(result.violations, Vec::<String>::new());
}

#[test]
fn a_seed_replays_bit_for_bit() {
    for seed in 0..20 {
        assert_eq!(live(seed, false).history, live(seed, false).history, "seed {seed}");
    }
}
