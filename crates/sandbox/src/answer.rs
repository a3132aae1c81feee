//! The answer of an AWS call: a body or an error, with an HTTP status.

use std::fmt::Display;

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};

/// An answer in its wire form.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
    pub(crate) error: Option<String>,
}

impl Answer {
    pub(crate) fn ok(content_type: &'static str, body: String) -> Self {
        Self { status: 200, content_type, body, error: None }
    }

    pub(crate) fn failed(status: u16, content_type: &'static str, body: String, code: &str) -> Self {
        Self { status, content_type, body, error: Some(code.to_owned()) }
    }

    pub(crate) fn into_response(self, request_id: &str) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if let Ok(id) = HeaderValue::from_str(request_id) {
            headers.insert("x-amzn-requestid", id);
        }
        if let Some(code) = self.error.as_deref().and_then(|code| HeaderValue::from_str(code).ok()) {
            headers.insert("x-amzn-errortype", code);
        }
        response
    }
}

/// An error as AWS answers it. Each service has its own wire form for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub(crate) struct AwsError {
    /// The exception's name, for instance `ResourceInUseException`.
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) status: u16,
}

impl AwsError {
    /// An error with the HTTP status that AWS gives this code: 500 or 503 for its own failures, otherwise 400.
    pub(crate) fn new(code: impl Into<String>, message: impl Display) -> Self {
        let code = code.into();
        let status = match code.as_str() {
            "InternalServerError" | "InternalFailure" | "InternalServerErrorException" => 500,
            "ServiceUnavailable" | "ServiceUnavailableException" => 503,
            "RequestEntityTooLargeException" => 413,
            _ => 400,
        };
        Self { code, message: message.to_string(), status }
    }

    pub(crate) fn invalid_parameter(message: impl Display) -> Self {
        Self::new("InvalidParameterException", message)
    }

    pub(crate) fn not_found(message: impl Display) -> Self {
        Self::new("ResourceNotFoundException", message)
    }

    pub(crate) fn in_use(message: impl Display) -> Self {
        Self::new("ResourceInUseException", message)
    }

    pub(crate) fn limit_exceeded(message: impl Display) -> Self {
        Self::new("LimitExceededException", message)
    }

    pub(crate) fn serialization(message: impl Display) -> Self {
        Self::new("SerializationException", message)
    }

    pub(crate) fn validation(message: impl Display) -> Self {
        Self::new("ValidationException", message)
    }
}
