//! Every scenario, every effect, every fault.

use proofs::crashes::{aims, lasting, run};
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
    let mut runs = 0;
    let mut bad = Vec::new();
    for scenario in scenario::all() {
        let calm = run(&scenario, Vec::new(), false);
        let once = aims(&calm.effects);
        for aim in once.iter().cloned().chain(lasting(&once)) {
            let run = run(&scenario, vec![aim.clone()], false);
            runs += 1;
            assert!(run.aims[0].hit.is_some(), "{scenario:?}: {aim:?} did not hit");
            if !run.violations.is_empty() {
                bad.push(format!(
                    "{scenario:?} {} {:?} {:?}: {:?}",
                    aim.at, aim.fault, aim.lasting, run.violations
                ));
            }
        }
    }
    println!("{runs} runs");
    assert!(
        bad.is_empty(),
        "{} of {runs}:\n{}",
        bad.len(),
        bad.iter().take(60).cloned().collect::<Vec<_>>().join("\n")
    );
}
