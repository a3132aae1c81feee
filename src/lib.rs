//! An event-driven service that copies Amazon Rekognition Custom Labels models between projects and accounts, and
//! publishes the outcome of every copy.
//!
//! The map, outside in. Dependencies point downwards only:
//!
//! | module | holds |
//! |---|---|
//! | `bin/start-copy`, `bin/check-copies` | wiring: settings, clients, the handler |
//! | [`lambda`] | the edge to Lambda: an invocation's payload, its time limit and its answer |
//! | [`settings`], [`telemetry`] | the settings of a deployment; its logs and metrics |
//! | [`aws`] | the ports through the AWS SDK |
//! | [`start_copy`], [`check_copies`] | the two use cases |
//! | `publisher`, `project_policies` | what both use cases do: publish outboxes, put the copier's policy on source projects |
//! | [`Copier`] | a world and the rules, and the call of CopyProjectVersion |
//! | [`budget`], [`rate_limit`], `poll_rotation`, `unread_projects`, [`counts`] | time limits, rate limits, the order of polls, projects that could not be read, counts |
//! | [`ports`] | what the use cases need from the world: a ledger, Rekognition, a bus, a clock |
//! | [`domain`] | requests, records and every decision, without any I/O |

pub mod aws;
pub mod budget;
pub mod check_copies;
mod copier;
mod copy_call;
pub mod counts;
pub mod domain;
pub mod lambda;
mod poll_rotation;
pub mod ports;
mod project_policies;
mod publisher;
pub mod rate_limit;
pub mod settings;
pub mod start_copy;
pub mod telemetry;
mod unread_projects;

pub use copier::Copier;
pub use domain::rules::Rules;
