//! The [Runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) for the functions' processes.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{FunctionError, Functions, environment::Environment};

/// Lambda's limit for a synchronous answer: 6 MB.
const MAX_ANSWER: usize = 6 * 1024 * 1024;

pub(super) fn router(functions: Functions) -> Router {
    let runtime = "/_lambda/{name}/{environment}/2018-06-01/runtime";
    Router::new()
        .route(&format!("{runtime}/invocation/next"), get(next))
        .route(&format!("{runtime}/invocation/{{request_id}}/response"), post(response))
        .route(&format!("{runtime}/invocation/{{request_id}}/error"), post(error))
        .route(&format!("{runtime}/init/error"), post(init_error))
        .layer(DefaultBodyLimit::max(MAX_ANSWER))
        .with_state(functions)
}

type Reply = (StatusCode, Json<Value>);

/// The environment that a request comes from, or the answer that it is unknown.
fn environment(functions: &Functions, name: &str, id: &str) -> Result<Arc<Environment>, Reply> {
    let unknown = || refusal(StatusCode::FORBIDDEN, "Forbidden", "no such execution environment");
    functions.get(name).and_then(|function| function.environment(id)).ok_or_else(unknown)
}

async fn next(
    State(functions): State<Functions>,
    Path((name, id)): Path<(String, String)>,
) -> Result<impl IntoResponse, Reply> {
    let invocation = environment(&functions, &name, &id)?.next().await;
    let headers = [
        ("lambda-runtime-aws-request-id", invocation.request_id),
        ("lambda-runtime-deadline-ms", invocation.deadline_ms.to_string()),
        ("lambda-runtime-invoked-function-arn", invocation.function_arn),
        ("lambda-runtime-trace-id", invocation.trace_id),
        ("content-type", "application/json".to_owned()),
    ];
    Ok((headers, invocation.payload))
}

type InvocationPath = Path<(String, String, String)>;

async fn response(
    State(functions): State<Functions>,
    path: InvocationPath,
    body: Bytes,
) -> Result<Reply, Reply> {
    report(&functions, path, Ok(body))
}

async fn error(
    State(functions): State<Functions>,
    path: InvocationPath,
    body: Bytes,
) -> Result<Reply, Reply> {
    report(&functions, path, Err(FunctionError::reported(&body)))
}

fn report(
    functions: &Functions,
    Path((name, id, request_id)): InvocationPath,
    outcome: Result<Bytes, FunctionError>,
) -> Result<Reply, Reply> {
    if environment(functions, &name, &id)?.report(&request_id, outcome) {
        Ok(accepted())
    } else {
        Err(refusal(StatusCode::BAD_REQUEST, "InvalidRequestID", "no such invocation is in progress here"))
    }
}

async fn init_error(
    State(functions): State<Functions>,
    Path((name, id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Reply, Reply> {
    environment(&functions, &name, &id)?.fail_init(FunctionError::reported(&body));
    Ok(accepted())
}

fn accepted() -> Reply {
    (StatusCode::ACCEPTED, Json(json!({ "status": "OK" })))
}

fn refusal(status: StatusCode, error_type: &str, message: &str) -> Reply {
    (status, Json(json!({ "errorType": error_type, "errorMessage": message })))
}
