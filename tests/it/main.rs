//! Black-box tests of the copier: the two real programs in a sandbox, seen as AWS and the subscribers see them.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails says where"
)]

mod answers;
mod calls;
mod chaos;
mod clock_skew;
mod dead_connections;
mod documents;
mod events;
mod identity;
mod intake;
mod ledger_contract;
mod looks;
mod names;
mod outages;
mod parameters;
mod project_policies;
mod settings;
mod story;
mod support;
mod telemetry;
mod template;
mod upgrade;
