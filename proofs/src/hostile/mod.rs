//! Hostile input: a corpus of bad requests with the problem that each must get, and a second opinion on every one.

mod corpus;
pub mod json;
pub mod oracle;

use rekognition_model_copier::Rules;
use rekognition_model_copier::domain::problem::{Problem, ProblemCode};
use rekognition_model_copier::domain::request::Draft;

pub use corpus::{all, good};

use crate::request::rules;

/// The one bucket that may be written to.
pub const BUCKET: &str = "flowers-production-models";

/// A bad request.
#[derive(Clone, Debug)]
pub struct Bad {
    /// Its text.
    pub text: String,
    /// The field that a problem has to name.
    pub field: String,
    /// And its code.
    pub code: ProblemCode,
}

/// A deployment that admits one bucket.
pub fn strict() -> Rules {
    rules(&[("ALLOWED_OUTPUT_BUCKETS", BUCKET)])
}

/// All that the shipped code finds wrong with a request.
pub fn problems(text: &str, rules: &Rules) -> Vec<Problem> {
    let mut draft = Draft::parse(text);
    let not_allowed = rules.admission.problems(&draft);
    draft.problems.append(&mut { not_allowed });
    if draft.problems.is_empty() && draft.complete().is_none() {
        draft.problems.push(Problem::new("request", ProblemCode::Missing, "is not complete"));
    }
    draft.problems
}
