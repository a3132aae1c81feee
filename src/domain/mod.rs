//! The domain: what a request is, what its record can be, and what happens next.
//!
//! INVARIANT: nothing below this module knows an SDK, a clock or any I/O. Time and Rekognition's answers are
//! arguments. So the same code runs in a Lambda function, on a command line and in a simulation of a year.

pub mod admission;
pub mod announcement;
pub mod arn;
pub mod decisions;
pub mod envelope;
#[cfg(test)]
pub(crate) mod examples;
pub mod failure;
pub mod fingerprint;
pub mod id;
pub mod intake;
pub mod json;
pub mod model;
pub mod outbox;
pub mod problem;
pub mod project_policy;
pub mod record;
pub mod refusal;
pub mod remedy;
pub mod request;
pub mod rules;
#[cfg(test)]
mod schemas;
pub mod times;
