//! The domain: what a request is, what its record can be, and what happens next.
//!
//! INVARIANT: nothing below this module knows an SDK, a clock or any I/O. Time is an argument, and so is
//! everything Rekognition said. That is what lets the same code run in a Lambda function, in a model
//! checker and in a simulation of a year.

pub mod admission;
pub mod announcement;
pub mod arn;
pub mod decide;
pub mod envelope;
#[cfg(test)]
pub(crate) mod examples;
pub mod failure;
pub mod grant;
pub mod id;
pub mod intake;
pub mod json;
pub mod model;
pub mod outbox;
pub mod policy;
pub mod problem;
pub mod record;
pub mod refusal;
pub mod remedy;
pub mod request;
#[cfg(test)]
mod schemas;
pub mod times;
