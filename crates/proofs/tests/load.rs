//! Many requests at once, and services that are down for six hours.

use proofs::commands::{self, finds_nothing};

#[test]
fn ten_thousand_at_once_wait_for_the_quota_and_little_more() {
    finds_nothing(commands::run, &["load", "10000"]);
}

#[test]
fn every_one_of_five_thousand_pending_copies_is_looked_at() {
    finds_nothing(commands::run, &["backlog", "5000"]);
}

/// In more projects than a sweep has time for, while their number grows and shrinks.
#[test]
fn every_project_gets_its_turn() {
    finds_nothing(commands::run, &["backlog", "3000", "1000"]);
}

/// With a bus that hung, no sweep came further than to its announcements.
#[test]
fn what_a_service_that_is_down_has_held_up_drains_by_itself() {
    finds_nothing(commands::run, &["outages", "1"]);
}
