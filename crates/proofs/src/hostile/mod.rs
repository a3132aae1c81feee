//! Hostile input: whatever anybody may send to the copier or the sandbox, held against a second opinion.
//!
//! | module | holds |
//! |---|---|
//! | [`bad`] | requests with one thing wrong, each with the problem it must get |
//! | [`oracle`] | the second opinion: slow, and written apart from the shipped code |
//! | [`targets`] | what is done with any bytes: the bodies of the fuzz targets |

pub mod bad;
pub mod oracle;
pub mod targets;

use crate::request::rules;
use rekognition_model_copier::Rules;
use rekognition_model_copier::domain::problem::{Problem, ProblemCode};
use rekognition_model_copier::domain::request::Draft;

/// The one bucket that may be written to.
pub const BUCKET: &str = "flowers-production-models";

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
