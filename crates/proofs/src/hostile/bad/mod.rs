//! Requests and messages with one thing wrong with them.

mod good;
mod shape;
mod values;
mod wrapping;

use rekognition_model_copier::domain::problem::ProblemCode;

pub use good::good;
pub use wrapping::all as messages;

/// A bad request, or a message whose wrapping is bad.
#[derive(Clone, Debug)]
pub struct Bad {
    /// Its text.
    pub text: String,
    /// The field that a problem has to name.
    pub field: String,
    /// And its code.
    pub code: ProblemCode,
}

/// Every bad request.
pub fn requests() -> Vec<Bad> {
    let mut all = Vec::new();
    shape::texts(&mut all);
    shape::members_missing_twice_or_unknown(&mut all);
    shape::wrong_types(&mut all);
    values::arns(&mut all);
    values::names_and_ids(&mut all);
    values::buckets_and_prefixes(&mut all);
    values::tags(&mut all);
    values::contexts(&mut all);
    all
}

fn add(all: &mut Vec<Bad>, text: String, field: &str, code: ProblemCode) {
    all.push(Bad { text, field: field.to_owned(), code });
}
