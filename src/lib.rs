//! An event-driven service that copies Amazon Rekognition Custom Labels models between projects and accounts, and
//! publishes the outcome of every copy.
//!
//! The modules, from the edge to the core. A module depends only on modules in its own row or in rows below it:
//!
//! | module | holds |
//! |---|---|
//! | `bin/start-copy`, `bin/check-copies` | the programs: they run a function of `lambda` |
//! | [`lambda`] | the functions: wiring, and an invocation's payload, time limit and answer |
//! | [`settings`], [`telemetry`] | the settings of a deployment; its logs and metrics |
//! | [`aws`] | the ports, implemented with the AWS SDK |
//! | [`start_copy`], [`check_copies`] | the two use cases |
//! | `copy_call` | the call of CopyProjectVersion, and the save of its result |
//! | `publisher`, `project_policies` | what both use cases do: publish outboxes, put the copier's policy on source projects |
//! | [`Copier`] | the ports, the rules of a deployment and the state that one instance keeps between invocations |
//! | [`budget`], [`rate_limit`] | time limits and rate limits |
//! | `poll_rotation`, `unread_projects` | which project is polled first, which projects could not be read |
//! | [`counts`] | what happened to requests in one invocation |
//! | [`ports`] | what the use cases need from the world: a ledger, Rekognition, a bus, a clock |
//! | [`domain`] | requests, records and every transition of a record, without any I/O |

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
