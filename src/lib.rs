//! Copies Amazon Rekognition Custom Labels models between projects and accounts, on events.
//!
//! The map, outside in:
//!
//! | module | holds |
//! |---|---|
//! | `bin/start-copy`, `bin/check-copies` | wiring: settings, clients, the handler |
//! | [`start_copy`], [`check_copies`] | the two use cases |
//! | [`ports`] | what they need from the world: a ledger, Rekognition, a bus, a clock |
//! | [`aws`] | that world, through the AWS SDK |
//! | [`lambda`] | what an invocation hands us |
//! | [`domain`] | requests, records and every decision, without any I/O |
//! | [`settings`], [`telemetry`] | what a deployment may set, and what it shows of itself |
//!
//! Dependencies point inwards: nothing in [`domain`] knows any other module.

pub mod aws;
pub mod check_copies;
mod copier;
pub mod counts;
pub mod domain;
mod grants;
pub mod lambda;
pub mod pace;
pub mod ports;
pub mod settings;
pub mod start_copy;
pub mod telemetry;

pub use copier::{Copier, Rules};
