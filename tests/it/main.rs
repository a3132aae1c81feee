//! Black-box tests of the copier: the two real programs run in a sandbox, and the tests observe what AWS and the subscribers see.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test shows where it failed"
)]

mod chaos;
mod clock_skew;
mod copy_answers;
mod dead_connections;
mod documents;
mod events;
mod identity;
mod intake;
mod ledger_contract;
mod outages;
mod parameters;
mod polls;
mod project_policies;
mod settings;
mod story;
mod support;
mod telemetry;
mod template;
mod upgrade;
