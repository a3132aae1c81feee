//! Requests, records and every transition of a record. No I/O: time and answers are arguments.
//!
//! | file | holds |
//! |---|---|
//! | [`envelope`] | the text of a request, taken out of an EventBridge event or SNS notification |
//! | [`json`], [`problem`] | a JSON object, read member by member; what is wrong with it |
//! | [`request`], [`arn`], [`id`] | a well-formed request, its ARNs and its ids |
//! | [`admission`] | which requests this deployment allows |
//! | [`fingerprint`] | the hash by which a redelivery is recognized |
//! | [`intake`] | turns a message into a record: it calls the files above, in this order |
//! | [`record`], [`status`], [`failure`] | the states of a record (and the lease of a start), their status, and why a request failed or waits |
//! | [`transition`] | puts a record into a new state, and the state's announcement into the record's outbox |
//! | [`announcement`], [`outbox`] | an announcement and its bytes; the announcements of a record that are kept until they are published |
//! | [`aws_answer`], [`model`] | what an answer of AWS means: an error's name, a version's status |
//! | [`decisions`] | the next state of a record, decided from an answer and the time: start, wait, adopt, recover, end |
//! | [`remedy`] | what a person can do about a failure |
//! | [`project_policy`] | the copier's project policy, and the change that is needed if it is missing, wrong or about to expire |
//! | [`rules`], [`times`] | what a deployment allows, and how long things may take |

pub mod admission;
pub mod announcement;
pub mod arn;
pub mod aws_answer;
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
pub mod remedy;
pub mod request;
pub mod rules;
#[cfg(test)]
mod schemas;
pub mod status;
pub mod times;
pub mod transition;
