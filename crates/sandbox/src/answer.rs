//! An answer on its way out: status, body, and what the record of calls needs. Knows no service.

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};

/// What a call is answered with.
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
