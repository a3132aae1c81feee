//! Worlds by chance, at the ports.

use proofs::simulation::live;

#[test]
fn no_seed_breaks_anything() {
    let seeds = std::env::var("SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(500);
    let mut bad = 0;
    for seed in 0..seeds {
        let outcome = live(seed, false);
        if !outcome.violations.is_empty() {
            bad += 1;
            println!("seed {seed}: {:?}", outcome.violations);
        }
    }
    assert_eq!(bad, 0, "of {seeds} seeds");
}

#[test]
fn a_seed_replays_bit_for_bit() {
    for seed in 0..20 {
        assert_eq!(live(seed, false).history, live(seed, false).history, "seed {seed}");
    }
}
