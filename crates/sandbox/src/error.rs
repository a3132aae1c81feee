//! An error as AWS would answer it: a code, a message and an HTTP status. Knows no wire form and no service.

use std::fmt::Display;

/// An AWS error answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct AwsError {
    /// The exception's name, for instance `ResourceInUseException`.
    pub code: String,
    /// The text for people.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
}

impl AwsError {
    /// An error with the HTTP status that AWS gives this code: 500 or 503 for its own trouble, else 400.
    pub fn new(code: impl Into<String>, message: impl Display) -> Self {
        let code = code.into();
        let status = match code.as_str() {
            "InternalServerError" | "InternalFailure" | "InternalServerErrorException" => 500,
            "ServiceUnavailable" | "ServiceUnavailableException" => 503,
            "RequestEntityTooLargeException" => 413,
            _ => 400,
        };
        Self { code, message: message.to_string(), status }
    }

    /// The same error with another HTTP status: throttling, for one, arrives with 400 and with 500.
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn invalid_parameter(message: impl Display) -> Self {
        Self::new("InvalidParameterException", message)
    }

    pub(crate) fn access_denied(message: impl Display) -> Self {
        Self::new("AccessDeniedException", message)
    }

    pub(crate) fn not_found(message: impl Display) -> Self {
        Self::new("ResourceNotFoundException", message)
    }

    pub(crate) fn in_use(message: impl Display) -> Self {
        Self::new("ResourceInUseException", message)
    }

    pub(crate) fn validation(message: impl Display) -> Self {
        Self::new("ValidationException", message)
    }
}
