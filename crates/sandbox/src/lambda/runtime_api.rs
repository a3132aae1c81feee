//! The [Lambda Runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) over HTTP: each
//! environment has its own, below `/_lambda/NAME/NUMBER`.
//!
//! It carries; what becomes of an outcome is decided elsewhere.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use super::mailbox::Outcome;
use super::{FunctionError, Functions};

/// Lambda's limit for a synchronous answer: 6 MB.
const LARGEST_ANSWER: usize = 6 * 1024 * 1024;

pub(super) fn router(functions: Functions) -> Router {
    let version = "/_lambda/{name}/{number}/2018-06-01/runtime";
    Router::new()
        .route(&format!("{version}/invocation/next"), get(next))
        .route(&format!("{version}/invocation/{{request_id}}/response"), post(response))
        .route(&format!("{version}/invocation/{{request_id}}/error"), post(error))
        .route(&format!("{version}/init/error"), post(init_error))
        .layer(DefaultBodyLimit::max(LARGEST_ANSWER))
        .with_state(functions)
}

async fn next(State(functions): State<Functions>, Path((_, number)): Path<(String, u64)>) -> Response {
    let Some(mailbox) = functions.mailbox(number) else { return unknown_environment() };
    let invocation = mailbox.next().await;
    let headers = [
        ("lambda-runtime-aws-request-id", invocation.request_id),
        ("lambda-runtime-deadline-ms", invocation.deadline_ms.to_string()),
        ("lambda-runtime-invoked-function-arn", invocation.function_arn),
        ("lambda-runtime-trace-id", invocation.trace_id),
        ("content-type", "application/json".to_owned()),
    ];
    (headers, invocation.payload).into_response()
}

async fn response(
    State(functions): State<Functions>,
    path: Path<(String, u64, String)>,
    body: Bytes,
) -> Response {
    answer(&functions, path, Ok(body))
}

async fn error(
    State(functions): State<Functions>,
    path: Path<(String, u64, String)>,
    body: Bytes,
) -> Response {
    answer(&functions, path, Err(FunctionError::reported(&body)))
}

fn answer(
    functions: &Functions,
    Path((_, number, request_id)): Path<(String, u64, String)>,
    outcome: Outcome,
) -> Response {
    let Some(mailbox) = functions.mailbox(number) else { return unknown_environment() };
    if mailbox.answer(&request_id, outcome) {
        accepted()
    } else {
        refused(StatusCode::BAD_REQUEST, "InvalidRequestID", "no such invocation is under way here")
    }
}

async fn init_error(
    State(functions): State<Functions>,
    Path((_, number)): Path<(String, u64)>,
    body: Bytes,
) -> Response {
    let Some(mailbox) = functions.mailbox(number) else { return unknown_environment() };
    mailbox.fail_init(FunctionError::reported(&body));
    accepted()
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, Json(json!({ "status": "OK" }))).into_response()
}

fn unknown_environment() -> Response {
    refused(StatusCode::FORBIDDEN, "Forbidden", "no such execution environment")
}

fn refused(status: StatusCode, error_type: &str, message: &str) -> Response {
    (status, Json(json!({ "errorType": error_type, "errorMessage": message }))).into_response()
}
