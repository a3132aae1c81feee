//! Runs the searches in their short forms.

use std::hash::Hasher;

use proofs::load::{at_once, backlog, outages};
use proofs::mutants::{all, sources};
use proofs::{crashes, simulation};

#[test]
fn every_single_fault_hits_and_causes_no_violation() {
    crashes::search(0, None).expect_no_violation();
}

#[test]
fn twenty_thousand_seeds_cause_no_violation() {
    simulation::search(20_000, 0).expect_no_violation();
}

#[test]
fn a_seed_replays_exactly() {
    for seed in 0..20 {
        let history = || simulation::run(seed, false).history.finish();
        assert_eq!(history(), history(), "seed {seed}");
    }
}

#[test]
fn ten_thousand_requests_at_once_wait_little_longer_than_the_quota_forces() {
    at_once(10_000).expect_no_violation();
}

#[test]
fn each_of_five_thousand_running_copies_is_polled_in_time() {
    backlog(5_000, 50).expect_no_violation();
}

/// There are more projects than a sweep can poll, and their number changes.
#[test]
fn each_of_a_thousand_projects_is_polled_in_time() {
    backlog(3_000, 1_000).expect_no_violation();
}

#[test]
fn requests_end_without_help_after_an_outage() {
    outages(1).expect_no_violation();
}

#[test]
fn the_sources_have_the_removed_lines_of_each_mutant_exactly_once() {
    for mutant in all() {
        let text = std::fs::read_to_string(sources().join(mutant.file)).unwrap();
        assert!(mutant.apply(&text).is_some(), "{}", mutant.name);
    }
}
