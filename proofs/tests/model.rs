//! Every state that the protocol can reach, as far as a run of the tests has time.

use proofs::model::run;

#[test]
fn five_million_states_break_nothing_and_all_come_to_a_good_end() {
    let report = run(5_000_000);
    assert_eq!(report.violations, Vec::<String>::new());
    let states = report.done.iter().find(|(what, _)| what == "copies: states").map(|(_, count)| count);
    assert!(states.unwrap().parse::<u64>().unwrap() >= 5_000_000, "{:?}", report.done);
}
