//! The [Runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) for the functions' processes.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::json;

use super::{FunctionError, Functions};

/// Lambda's limit for a synchronous answer: 6 MB.
const MAX_ANSWER: usize = 6 * 1024 * 1024;

pub(super) fn router(functions: Functions) -> Router {
    let runtime = "/_lambda/{name}/{number}/2018-06-01/runtime";
    Router::new()
        .route(&format!("{runtime}/invocation/next"), get(next))
        .route(&format!("{runtime}/invocation/{{request_id}}/response"), post(response))
        .route(&format!("{runtime}/invocation/{{request_id}}/error"), post(error))
        .route(&format!("{runtime}/init/error"), post(init_error))
        .layer(DefaultBodyLimit::max(MAX_ANSWER))
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

type InvocationPath = Path<(String, u64, String)>;

async fn response(State(functions): State<Functions>, path: InvocationPath, body: Bytes) -> Response {
    report(&functions, path, Ok(body))
}

async fn error(State(functions): State<Functions>, path: InvocationPath, body: Bytes) -> Response {
    report(&functions, path, Err(FunctionError::reported(&body)))
}

fn report(
    functions: &Functions,
    Path((_, number, request_id)): InvocationPath,
    outcome: Result<Bytes, FunctionError>,
) -> Response {
    let Some(mailbox) = functions.mailbox(number) else { return unknown_environment() };
    if mailbox.report(&request_id, outcome) {
        accepted()
    } else {
        refusal(StatusCode::BAD_REQUEST, "InvalidRequestID", "no such invocation is in progress here")
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
    refusal(StatusCode::FORBIDDEN, "Forbidden", "no such execution environment")
}

fn refusal(status: StatusCode, error_type: &str, message: &str) -> Response {
    (status, Json(json!({ "errorType": error_type, "errorMessage": message }))).into_response()
}
