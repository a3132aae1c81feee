//! The program's exit codes, and the errors that lead to them.

use std::fmt::Display;
use std::process::ExitCode;

use aws_sdk_sts::config::http::HttpResponse;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use rekognition_model_copier::aws::describe_error;
use rekognition_model_copier::domain::project_policy::PolicyError;
use rekognition_model_copier::domain::status::Status;
use rekognition_model_copier::ports::Unavailable;

/// The exit codes, as [`EXIT_CODES`] explains them. They are a contract, as the events are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Done = 0,
    Error = 1,
    Usage = 2,
    Failed = 3,
    TimedOut = 4,
    StillGoing = 5,
    Rejected = 6,
    WrongAccount = 7,
    Finding = 8,
    Interrupted = 130,
}

/// The exit codes as `--help` shows them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0    COMPLETED, or the command did what it says
  1    an error of AWS, of the disk or of this program
  2    the command line is wrong
  3    FAILED: the copier will not try again
  4    TIMED_OUT: the copier stopped trying or polling
  5    the request had not ended when `--timeout` was over
  6    REJECTED: the request is invalid or not allowed
  7    no credentials, or credentials of the wrong account
  8    a check found a problem
  130  interrupted with Ctrl-C";

impl Exit {
    /// The exit code of a request that ended with this status; [`Exit::StillGoing`] if it has not ended.
    pub(crate) fn of(status: Status) -> Self {
        match status {
            Status::Completed => Self::Done,
            Status::Failed => Self::Failed,
            Status::TimedOut => Self::TimedOut,
            Status::Rejected => Self::Rejected,
            Status::Queued | Status::Started | Status::Overdue => Self::StillGoing,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it says.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// AWS, the disk or this program.
    #[error("{0}")]
    Error(String),
    /// The command line, or a setting that it lacks.
    #[error("{0}")]
    Usage(String),
    /// No credentials, or credentials of the wrong account.
    #[error("{0}")]
    WrongAccount(String),
    /// The request is invalid or not allowed.
    #[error("{0}")]
    Rejected(String),
    /// The user did not confirm the change.
    #[error("nothing was changed")]
    NotConfirmed,
    /// The reader closed standard output, as `head` does: this is no error.
    #[error("standard output is closed")]
    ClosedPipe,
}

impl Failure {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Error(_) => Exit::Error,
            Self::Usage(_) | Self::NotConfirmed => Exit::Usage,
            Self::WrongAccount(_) => Exit::WrongAccount,
            Self::Rejected(_) => Exit::Rejected,
            Self::ClosedPipe => Exit::Done,
        }
    }
}

/// A failed call of AWS as a [`Failure`].
pub(crate) trait OrFailure<T> {
    /// The result; an error says that `what` failed, and why.
    fn or_failure(self, what: impl Display) -> Result<T, Failure>;
}

impl<T, E> OrFailure<T> for Result<T, SdkError<E, HttpResponse>>
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    fn or_failure(self, what: impl Display) -> Result<T, Failure> {
        self.map_err(|error| Failure::Error(format!("{what}: {}", describe_error(&error))))
    }
}

/// Why project policies could not be read or changed.
pub(crate) fn describe_policy_error(error: &PolicyError) -> String {
    match error {
        PolicyError::Conflict => "another caller changed them".to_owned(),
        PolicyError::Refused { action, refusal } => {
            format!("`{action}` answered {}: {}", refusal.code, refusal.message)
        }
        PolicyError::Unavailable(why) => why.clone(),
    }
}

impl From<Unavailable> for Failure {
    fn from(error: Unavailable) -> Self {
        Self::Error(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_the_exit_code_of_the_contract() {
        let codes: Vec<u8> = Status::ALL.iter().map(|status| Exit::of(*status) as u8).collect();
        assert_eq!(codes, [5, 5, 5, 0, 3, 4, 6]);
    }
}
