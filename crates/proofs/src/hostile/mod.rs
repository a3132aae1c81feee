//! Hostile input: invalid requests and messages, and the bodies of the fuzz targets.
//!
//! A target is a function of bytes. It panics if the shipped code breaks a promise on them, and returns whether the code
//! accepted them. `tests/hostile.rs` runs the stored inputs and mutations of them; `fuzz/` has the program for cargo-fuzz.

mod answers;
mod arns;
mod batch;
pub mod invalid;
mod item;
mod message;
mod policy;
mod record;
mod request;
mod sandbox_http;
mod settings;

use std::borrow::Cow;
use std::sync::LazyLock;

use rekognition_model_copier::Rules;
use rekognition_model_copier::domain::problem::{Problem, ProblemCode};
use rekognition_model_copier::domain::request::Draft;
use tokio::runtime::{Builder, Runtime};

use crate::request::SOURCE;
use crate::world::BEGINNING as NOW;

/// The name of each target, and its body.
pub type Target = (&'static str, fn(&[u8]) -> bool);

pub const ALL: [Target; 10] = [
    ("answers", answers::answers),
    ("arns", arns::arns),
    ("batch", batch::batch),
    ("item", item::item),
    ("message", message::message),
    ("policy", policy::policy),
    ("record", record::record),
    ("request", request::request),
    ("sandbox_http", sandbox_http::sandbox_http),
    ("settings", settings::settings),
];

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().expect("a runtime"));

/// The rules of a deployment with one allowed output bucket.
static RULES: LazyLock<Rules> =
    LazyLock::new(|| crate::request::rules(&[("ALLOWED_OUTPUT_BUCKETS", invalid::BUCKET)]));

/// Returns every problem of a request in a deployment with one allowed output bucket.
pub fn problems(text: &str) -> Vec<Problem> {
    let mut draft = Draft::parse(text);
    let not_allowed = RULES.admission.problems(&draft, SOURCE);
    draft.problems.extend(not_allowed);
    if draft.problems.is_empty() && draft.complete().is_none() {
        draft.problems.push(Problem::new("request", ProblemCode::Missing, "is not complete"));
    }
    draft.problems
}

fn text(data: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(data)
}
