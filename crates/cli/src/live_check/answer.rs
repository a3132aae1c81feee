//! AWS's answer in words that may be published, and the verdict on a row.

use aws_sdk_rekognition::config::http::HttpResponse;
use aws_sdk_rekognition::error::{ProvideErrorMetadata, SdkError};
use rekognition_model_copier::domain::aws_answer::Meaning;
use serde::{Deserialize, Serialize};
use strum::Display;

use crate::exit::Failure;

/// Rekognition's error for something that does not exist.
pub(crate) const NOT_FOUND: &str = "ResourceNotFoundException";

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

/// The failure that ends the run, if there is one. An experiment that stopped early has noted why.
pub(super) fn failure_of(tested: Tested) -> Result<(), Failure> {
    match tested {
        Ok(()) | Err(Stop::Undecided) => Ok(()),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

/// A refusal, or no answer.
#[derive(Clone, Debug)]
pub(crate) struct CallError {
    /// The error's name; `HttpStatus403` for an answer without one, `NoAnswer` without an answer.
    pub(crate) code: String,
    pub(crate) status: Option<u16>,
}

impl CallError {
    /// An answer with this code, although the call was accepted.
    pub(super) fn in_answer(code: impl Into<String>) -> Self {
        Self { code: code.into(), status: Some(200) }
    }

    pub(super) fn of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Self {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let code = match (error.code(), status) {
            (Some(code), _) => word(code),
            (None, Some(status)) => format!("HttpStatus{status}"),
            (None, None) => "NoAnswer".to_owned(),
        };
        Self { code, status }
    }

    pub(crate) fn may_have_worked(&self) -> bool {
        self.status.is_none_or(|status| status >= 500) || Meaning::of(&self.code) == Meaning::Unanswered
    }

    /// Whether what the call was about does not exist.
    pub(crate) fn is_missing(&self) -> bool {
        // SQS has two names for it.
        let codes = [NOT_FOUND, "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"];
        codes.contains(&self.code.as_str())
    }

    /// Whether the same call, made again, may get another answer: then this answer decides nothing.
    pub(super) fn is_passing(&self) -> bool {
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
    pub count: u32,
    /// How long the slowest took.
    pub(crate) milliseconds: u64,
}

impl Call {
    /// Whether both are the same operation with the same answer.
    pub(super) fn has_same_answer(&self, other: &Self) -> bool {
        (&self.operation, &self.error, self.http_status, &self.fields)
            == (&other.operation, &other.error, other.http_status, &other.fields)
    }
}

/// The verdict on an assumption. A row has that verdict of its parts which stands last in this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Verdict {
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
}

/// One answer that a row asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// What AWS was asked, in a few words; for row 1, the status of the version that has the name.
    pub(crate) part: String,
    pub seen: String,
    /// How long it took, if the row asks for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seconds: Option<u64>,
    pub verdict: Verdict,
}

/// The observation of a row's experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowAnswer {
    pub verdict: Verdict,
    pub row: u8,
    /// The answers that the experiment got, in order.
    pub parts: Vec<Part>,
    pub calls: Vec<Call>,
}
