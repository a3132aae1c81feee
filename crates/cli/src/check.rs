//! A check and its verdict: the results of `doctor` and of `copy --dry-run`.
//!
//! A check that could not be made is `unknown`, never `ok`.

use std::fmt::Display;

use aws_sdk_sts::config::http::HttpResponse;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use rekognition_model_copier::aws::describe_error;
use serde::Serialize;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Nothing is wrong.
    Ok,
    /// Something is wrong.
    Found,
    /// It could not be checked.
    Unknown,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// The subject, for instance `bucket`.
    pub check: &'static str,
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub message: String,
    /// The remedy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// Why a check does not say `ok`.
#[derive(Debug)]
pub struct Trouble {
    verdict: Verdict,
    message: String,
    remedy: Option<String>,
}

/// The message of a check that is `ok`, else the trouble.
pub type Outcome = Result<String, Trouble>;

impl Check {
    /// The check with this result.
    pub fn of(check: &'static str, outcome: Outcome) -> Self {
        match outcome {
            Ok(message) => Self { check, verdict: Verdict::Ok, message, remedy: None },
            Err(Trouble { verdict, message, remedy }) => Self { check, verdict, message, remedy },
        }
    }
}

impl Trouble {
    /// Something is wrong, and `remedy` says what to do.
    pub fn found(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { verdict: Verdict::Found, message: message.into(), remedy: Some(remedy.into()) }
    }

    /// It could not be checked.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self { verdict: Verdict::Unknown, message: message.into(), remedy: None }
    }

    /// The same trouble with a remedy.
    pub fn with_remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    /// The trouble that an error of AWS means: `what` does not exist, or cannot be read.
    pub fn missing<E>(
        error: &SdkError<E, HttpResponse>,
        what: impl Display,
        remedy: impl Into<String>,
    ) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        if error.code().is_some_and(|code| MISSING.contains(&code)) {
            return Self::found(format!("{what} does not exist"), remedy);
        }
        Self::unread(error, what)
    }

    /// The trouble of an error, where AWS has no code for a thing that does not exist.
    pub fn unread<E>(error: &SdkError<E, HttpResponse>, what: impl Display) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        Self::unknown(format!("{what} cannot be read: {}", describe_error(error)))
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::unknown(failure.to_string())
    }
}

/// Writes the checks, and in the form `text` a line that sums them up.
///
/// # Errors
/// If they cannot be written.
pub fn write_checks(checks: &[Check], output: &Output) -> Result<Exit, Failure> {
    output.results(checks, || {
        let lines: String = checks.iter().map(Check::line).collect();
        format!("{lines}{}\n", summary(checks))
    })?;
    Ok(if count(checks, Verdict::Found) > 0 { Exit::Finding } else { Exit::Done })
}

impl Check {
    fn line(&self) -> String {
        let verdict = match self.verdict {
            Verdict::Ok => "ok",
            Verdict::Found => "FOUND",
            Verdict::Unknown => "unknown",
        };
        let remedy = self.remedy.iter().map(|remedy| format!("\n  what to do: {remedy}")).collect::<String>();
        format!("{verdict:<8} {:<20} {}{remedy}\n", self.check, self.message)
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
    checks.iter().filter(|check| check.verdict == verdict).count()
}
