//! The searches in their short forms.

use proofs::load::{at_once, backlog, outages};
use proofs::mutants::{ALL, sources};
use proofs::{crashes, simulation};

#[test]
fn every_fault_at_every_effect_hits_and_breaks_nothing() {
    crashes::search(0, None).finds_nothing();
}

#[test]
fn no_seed_breaks_anything() {
    simulation::search(20_000, 0).finds_nothing();
}

#[test]
fn a_seed_replays_bit_for_bit() {
    for seed in 0..20 {
        let lived = || simulation::live(seed, false).history;
        assert_eq!(lived(), lived(), "seed {seed}");
    }
}

#[test]
fn ten_thousand_at_once_wait_for_the_quota_and_little_more() {
    at_once(10_000).finds_nothing();
}

#[test]
fn every_one_of_five_thousand_running_copies_is_polled() {
    backlog(5_000, 50).finds_nothing();
}

/// In more projects than a sweep has time for, while their number grows and shrinks.
#[test]
fn every_project_gets_its_turn() {
    backlog(3_000, 1_000).finds_nothing();
}

/// With a bus that hung, no sweep came further than to its announcements.
#[test]
fn what_an_outage_has_held_up_drains_without_help() {
    outages(1).finds_nothing();
}

#[test]
fn every_mutant_has_exactly_one_place_in_the_sources() {
    for mutant in ALL {
        let text = std::fs::read_to_string(sources().join(mutant.file)).unwrap();
        assert!(mutant.apply(&text).is_some(), "{}", mutant.name);
    }
}

#[test]
fn at_least_thirty_mutants_are_not_taken_for_harmless() {
    assert!(ALL.iter().filter(|mutant| mutant.harmless.is_none()).count() >= 30);
}
