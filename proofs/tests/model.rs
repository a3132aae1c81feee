//! Every state that the protocols can reach, as far as a run of the tests has time.

use proofs::model::{copies, grants, run_all};

#[test]
fn five_million_states_of_copies_break_nothing_and_all_come_to_a_good_end() {
    let report = run_all("copies", copies::worlds(), 5_000_000);
    assert_eq!(report.violations, Vec::<String>::new());
    let found = report.done.iter().find(|(what, _)| what == "copies: states").map(|(_, count)| count);
    assert!(found.unwrap().parse::<u64>().unwrap() >= 5_000_000, "{:?}", report.done);
}

#[test]
fn a_fault_a_crash_and_an_act_of_others_break_no_grant_anywhere_and_every_policy_is_withdrawn() {
    let report = run_all("grants", grants::small_worlds(), u64::MAX);
    assert_eq!(report.violations, Vec::<String>::new());
    for small in ["one request", "two versions", "one version", "room for one of two"] {
        let whole =
            (format!("grants, {small}"), "whole up to faults 1; crashes 1; acts of others 1".to_owned());
        assert!(report.done.contains(&whole), "{:?}", report.done);
    }
}
