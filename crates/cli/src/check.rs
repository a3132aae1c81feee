//! A check and its verdict: the results of `doctor` and of `copy --dry-run`.
//!
//! A check that could not be made is `unknown`, never `ok`.

use std::fmt::Display;

use aws_sdk_sts::config::http::HttpResponse;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use rekognition_model_copier::aws::describe_error;
use serde::Serialize;
use strum::Display;

use crate::exit::{Exit, Failure};
use crate::output::Output;

/// The error codes by which AWS says that something does not exist.
const MISSING: [&str; 5] = [
    "ResourceNotFoundException",
    "NotFoundException",
    "NotFound",
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
];

/// A check's verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Display)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "lowercase")]
pub(crate) enum Verdict {
    Ok,
    #[strum(to_string = "FOUND")]
    Found,
    Unknown,
}

/// One check.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    /// The subject, for instance `bucket`.
    check: &'static str,
    #[serde(flatten)]
    finding: Finding,
}

/// The result of a check: a verdict, a message and a remedy.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Finding {
    verdict: Verdict,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

/// The message of a check that is `ok`, else what was found.
pub(crate) type Outcome = Result<String, Finding>;

impl Finding {
    /// Something is wrong, and `remedy` says what to do.
    pub(crate) fn found(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { verdict: Verdict::Found, message: message.into(), remedy: Some(remedy.into()) }
    }

    pub(crate) fn unknown(message: impl Into<String>) -> Self {
        Self { verdict: Verdict::Unknown, message: message.into(), remedy: None }
    }

    pub(crate) fn with_remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }
}

/// The outcome of a check that something is so. If not, `remedy` says what to do.
pub(crate) fn ensure(
    is_so: bool,
    message: impl Into<String>,
    remedy: impl Into<String>,
) -> Result<(), Finding> {
    if is_so { Ok(()) } else { Err(Finding::found(message, remedy)) }
}

/// A failed call of AWS as a finding.
pub(crate) trait OrFinding<T> {
    /// The answer; an error says that `what` does not exist, or cannot be read.
    fn or_missing(self, what: impl Display, remedy: impl Into<String>) -> Result<T, Finding>;

    /// The answer, where AWS has no code for a thing that does not exist.
    fn or_unread(self, what: impl Display) -> Result<T, Finding>;
}

impl<T, E> OrFinding<T> for Result<T, SdkError<E, HttpResponse>>
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    fn or_missing(self, what: impl Display, remedy: impl Into<String>) -> Result<T, Finding> {
        match self {
            Err(error) if error.code().is_some_and(|code| MISSING.contains(&code)) => {
                Err(Finding::found(format!("{what} does not exist"), remedy))
            }
            answer => answer.or_unread(what),
        }
    }

    fn or_unread(self, what: impl Display) -> Result<T, Finding> {
        self.map_err(|error| Finding::unknown(format!("{what} cannot be read: {}", describe_error(&error))))
    }
}

impl From<Failure> for Finding {
    fn from(failure: Failure) -> Self {
        Self::unknown(failure.to_string())
    }
}

/// Writes the checks, and in the form `text` a line that sums them up.
pub(crate) fn write_checks(checks: &[Check], output: &Output) -> Result<Exit, Failure> {
    output.results(checks, || {
        let lines: String = checks.iter().map(Check::line).collect();
        format!("{lines}{}\n", summary(checks))
    })?;
    Ok(if count(checks, Verdict::Found) > 0 { Exit::Finding } else { Exit::Done })
}

impl Check {
    pub(crate) fn of(check: &'static str, outcome: Outcome) -> Self {
        let ok = |message| Finding { verdict: Verdict::Ok, message, remedy: None };
        Self { check, finding: outcome.map_or_else(|finding| finding, ok) }
    }

    /// One check for each outcome; if the subjects cannot be listed, one that says why.
    pub(crate) fn of_each(check: &'static str, outcomes: Result<Vec<Outcome>, Finding>) -> Vec<Self> {
        let outcomes = outcomes.unwrap_or_else(|finding| vec![Err(finding)]);
        outcomes.into_iter().map(|outcome| Self::of(check, outcome)).collect()
    }

    fn line(&self) -> String {
        let Finding { verdict, message, remedy } = &self.finding;
        let remedy = remedy.iter().map(|remedy| format!("\n  what to do: {remedy}")).collect::<String>();
        format!("{verdict:<8} {:<20} {message}{remedy}\n", self.check)
    }
}

fn summary(checks: &[Check]) -> String {
    let unknown = match count(checks, Verdict::Unknown) {
        0 => String::new(),
        count => format!("; {count} could not be made"),
    };
    match count(checks, Verdict::Found) {
        0 => format!("{} checks found no problem{unknown}", checks.len()),
        found => format!("{found} of {} checks found a problem{unknown}", checks.len()),
    }
}

fn count(checks: &[Check], verdict: Verdict) -> usize {
    checks.iter().filter(|check| check.finding.verdict == verdict).count()
}
