//! Every state that the protocols can reach, as far as a run of the tests has time.

use proofs::model::{Model, World, copies, grants, run_all};

fn search<M: Model>(of: &str, worlds: impl IntoIterator<Item = World<M>>, states: u64) {
    let report = run_all(of, worlds, states);
    assert_eq!(report.violations, Vec::<String>::new());
    let states_of = format!("{of}: states");
    let found = report.done.iter().find(|(what, _)| *what == states_of).map(|(_, count)| count);
    assert!(found.unwrap().parse::<u64>().unwrap() >= states, "{:?}", report.done);
}

#[test]
fn five_million_states_of_copies_break_nothing_and_all_come_to_a_good_end() {
    search("copies", copies::worlds(), 5_000_000);
}

/// Every world in which nothing goes wrong, whole, and part of one with a fault.
#[test]
fn a_million_states_of_grants_break_nothing_and_every_policy_is_withdrawn() {
    search("grants", grants::worlds(), 1_000_000);
}
