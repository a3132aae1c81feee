//! AWS's answer in words that may be published, and the verdict on a row.

use std::time::Duration;

use aws_sdk_rekognition::config::http::HttpResponse;
use aws_sdk_rekognition::error::{ProvideErrorMetadata, SdkError};
use rekognition_model_copier::domain::aws_answer::Meaning;
use serde::{Deserialize, Serialize};

use crate::exit::Failure;

/// A call's answer.
pub(crate) type Answer<T> = Result<T, CallError>;

/// The result of an experiment that may stop early.
pub(crate) type Tested = Result<(), Stop>;

/// Why an experiment stops early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Something that the rest needs is missing, for instance because a call did not work.
    Undecided,
    /// The journal cannot be written.
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// A refusal, or no answer.
#[derive(Clone, Debug)]
pub(crate) struct CallError {
    /// The error's name; `HttpStatus403` for an answer without one, `NoAnswer` without an answer.
    pub(crate) code: String,
    /// The HTTP status of the answer.
    pub(crate) status: Option<u16>,
}

impl CallError {
    pub(super) fn of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Self {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let code = match (error.code(), status) {
            (Some(code), _) => word(code),
            (None, Some(status)) => format!("HttpStatus{status}"),
            (None, None) => "NoAnswer".to_owned(),
        };
        Self { code, status }
    }

    /// Whether the call may have worked.
    pub(crate) fn may_have_worked(&self) -> bool {
        self.status.is_none_or(|status| status >= 500) || Meaning::of(&self.code) == Meaning::Unanswered
    }

    /// Whether the same call, made again, may get another answer: then this answer decides nothing.
    fn is_passing(&self) -> bool {
        self.may_have_worked() || Meaning::of(&self.code) == Meaning::Throttled
    }
}

/// The text, if it can be a service's word and nobody's name or account: at most 64 letters, digits, `_` and `.`, of them
/// fewer than 8 digits.
pub(super) fn word(text: &str) -> String {
    let is_word = text.len() <= 64
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
        && text.chars().filter(char::is_ascii_digit).count() < 8;
    if is_word { text.to_owned() } else { "Unlisted".to_owned() }
}

/// Consecutive calls of one operation that got the same answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// The operation, for instance `CopyProjectVersion`.
    pub operation: String,
    /// The error's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The HTTP status of a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) http_status: Option<u16>,
    /// The members that the answer had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) fields: Vec<String>,
    /// How many calls.
    pub count: u32,
    /// How long the slowest took.
    pub(crate) milliseconds: u64,
}

impl Call {
    /// Whether both are the same operation with the same answer.
    pub(super) fn has_same_answer(&self, other: &Self) -> bool {
        let answer =
            |call: &Self| (call.operation.clone(), call.error.clone(), call.http_status, call.fields.clone());
        answer(self) == answer(other)
    }
}

/// The verdict on an assumption. A row has that verdict of its parts which stands last in this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It was not tested.
    Skipped,
    /// AWS behaves as the code assumes.
    AsAssumed,
    /// The answer decides nothing.
    Unknown,
    /// AWS behaves otherwise.
    Otherwise,
}

impl Verdict {
    pub(super) fn of(is_assumed: bool) -> Self {
        if is_assumed { Self::AsAssumed } else { Self::Otherwise }
    }

    /// As it is written.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::AsAssumed => "as-assumed",
            Self::Unknown => "unknown",
            Self::Otherwise => "otherwise",
        }
    }
}

/// One answer that a row asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// What AWS was asked, in a few words; for row 1, the status of the version that has the name.
    pub(crate) part: String,
    /// The answer in words.
    pub seen: String,
    /// How long it took, if the row asks for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seconds: Option<u64>,
    /// Its verdict.
    pub verdict: Verdict,
}

/// The observation of a row's experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowAnswer {
    /// The verdict on the row.
    pub verdict: Verdict,
    /// The row's number.
    pub row: u8,
    /// The answers that the experiment got, in order.
    pub parts: Vec<Part>,
    /// The calls that it made.
    pub calls: Vec<Call>,
}

/// The answers that an experiment has got so far, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observation {
    pub(super) parts: Vec<Part>,
}

impl Observation {
    /// The verdict on the row.
    pub(crate) fn verdict(&self) -> Verdict {
        self.parts.iter().map(|part| part.verdict).max().unwrap_or(Verdict::Skipped)
    }

    pub(super) fn note(&mut self, part: &str, seen: impl Into<String>, verdict: Verdict) {
        self.push(part, seen.into(), None, verdict);
    }

    /// Something that cannot be tested here, and why.
    pub(super) fn skip(&mut self, part: &str, why: &str) {
        self.note(part, why, Verdict::Skipped);
    }

    /// A call that must work before the rest can be tested.
    pub(super) fn need<T>(&mut self, part: &str, answer: Answer<T>) -> Result<T, Stop> {
        answer.map_err(|refused| {
            self.note(part, refused.code, Verdict::Unknown);
            Stop::Undecided
        })
    }

    /// A call that should be accepted.
    pub(super) fn accepted<T>(&mut self, part: &str, answer: &Answer<T>) {
        self.answered(part, answer, true, &[]);
    }

    /// A call that should be refused with one of these errors.
    pub(super) fn refused<T>(&mut self, part: &str, answer: &Answer<T>, errors: &[&str]) {
        self.answered(part, answer, false, errors);
    }

    /// A call that may be accepted, or be refused with one of these errors.
    pub(super) fn either<T>(&mut self, part: &str, answer: &Answer<T>, errors: &[&str]) {
        self.answered(part, answer, true, errors);
    }

    fn answered<T>(&mut self, part: &str, answer: &Answer<T>, may_be_accepted: bool, errors: &[&str]) {
        let (seen, is_assumed) = match answer {
            Ok(_) => ("accepted", may_be_accepted),
            Err(refused) if errors.contains(&refused.code.as_str()) => (refused.code.as_str(), true),
            Err(refused) if refused.is_passing() => return self.note(part, &refused.code, Verdict::Unknown),
            Err(refused) => (refused.code.as_str(), false),
        };
        self.note(part, seen, Verdict::of(is_assumed));
    }

    /// Something that should take no longer than this; `None` if it did not happen.
    pub(super) fn took(&mut self, part: &str, took: Option<Duration>, limit: Duration) {
        let is_assumed = took.is_some_and(|took| took <= limit);
        let seen = if is_assumed { "in time" } else { "not in time" };
        self.push(part, seen.to_owned(), took.map(|took| took.as_secs()), Verdict::of(is_assumed));
    }

    fn push(&mut self, part: &str, seen: String, seconds: Option<u64>, verdict: Verdict) {
        self.parts.push(Part { part: part.to_owned(), seen, seconds, verdict });
    }
}
