//! What the fuzz targets do with an input. Each is a function of bytes that panics where the shipped code disagrees
//! with a second opinion on the input, or breaks a promise on it.
//!
//! They live here and not with the fuzzer, so that a plain test can replay what the fuzzer has found worth keeping:
//! `tests/corpora.rs`.

mod answers;
mod arns;
mod batch;
mod item;
mod message;
mod policy;
mod record;
mod request;
mod sandbox_http;
mod settings;
mod survival;

use std::borrow::Cow;
use std::sync::LazyLock;

use jiff::Timestamp;
use rekognition_model_copier::Rules;

pub use answers::answers;
pub use arns::arns;
pub use batch::batch;
pub use item::item;
pub use message::message;
pub use policy::policy;
pub use record::record;
pub use request::request;
pub use sandbox_http::sandbox_http;
pub use settings::settings;

use crate::request::{ACCOUNT, SOURCE};

use crate::hostile::oracle::Oracle;
use crate::hostile::{BUCKET, strict};

/// A target with its name.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const ALL: [Target; 10] = [
    ("answers", answers),
    ("arns", arns),
    ("batch", batch),
    ("item", item),
    ("message", message),
    ("policy", policy),
    ("record", record),
    ("request", request),
    ("sandbox_http", sandbox_http),
    ("settings", settings),
];

static RULES: LazyLock<Rules> = LazyLock::new(strict);
static ORACLE: LazyLock<Oracle> = LazyLock::new(|| Oracle::new(SOURCE, ACCOUNT, &[BUCKET]));

/// 2026-11-24T10:00:00Z
const NOW: Timestamp = Timestamp::constant(1_795_514_400, 0);

/// The shipped reading of an account's id once more, apart from it.
fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn text(data: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(data)
}
