//! Every scenario, every effect, every fault.

use proofs::commands::{self, finds_nothing};
use proofs::crashes::{aims, run};
use proofs::scenario;

#[test]
fn a_calm_world_breaks_nothing() {
    for scenario in scenario::all() {
        let run = run(&scenario, Vec::new(), false);
        println!("{scenario:?}: {} effects, {} aims", run.effects.len(), aims(&run.effects).len());
        assert_eq!(run.violations, Vec::<String>::new(), "{scenario:?}");
    }
}

#[test]
fn every_fault_at_every_effect_hits_and_breaks_nothing() {
    finds_nothing(commands::run, &["crashes"]);
}
