//! Lambda over HTTP: the [Runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) for the processes,
//! and [Invoke](https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html) for the AWS CLI and SDKs.
//!
//! Neither checks signatures or permissions.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{json, value::RawValue};

use super::{FunctionError, Functions};

/// Lambda's limit for a synchronous payload and its answer: 6 MB.
const MAX_PAYLOAD: usize = 6 * 1024 * 1024;

pub(super) fn router(functions: Functions) -> Router {
    let runtime = "/_lambda/{name}/{number}/2018-06-01/runtime";
    Router::new()
        .route(&format!("{runtime}/invocation/next"), get(next))
        .route(&format!("{runtime}/invocation/{{request_id}}/response"), post(response))
        .route(&format!("{runtime}/invocation/{{request_id}}/error"), post(error))
        .route(&format!("{runtime}/init/error"), post(init_error))
        .route("/2015-03-31/functions/{name}/invocations", post(invoke))
        .layer(DefaultBodyLimit::max(MAX_PAYLOAD))
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
        runtime_error(StatusCode::BAD_REQUEST, "InvalidRequestID", "no such invocation is in progress here")
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
    runtime_error(StatusCode::FORBIDDEN, "Forbidden", "no such execution environment")
}

fn runtime_error(status: StatusCode, error_type: &str, message: &str) -> Response {
    (status, Json(json!({ "errorType": error_type, "errorMessage": message }))).into_response()
}

async fn invoke(
    State(functions): State<Functions>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(function) = functions.get(plain_name(&name)) else {
        let message = format!("no function `{name}` runs here");
        return invoke_error(StatusCode::NOT_FOUND, "ResourceNotFoundException", &message);
    };
    let payload = if body.is_empty() { Bytes::from_static(b"{}") } else { body };
    // The function gets the payload's bytes: a parsed number could lose digits.
    if let Err(error) = serde_json::from_slice::<&RawValue>(&payload) {
        let message = format!("the payload is no JSON: {error}");
        return invoke_error(StatusCode::BAD_REQUEST, "InvalidRequestContentException", &message);
    }
    let version = [("x-amz-executed-version", "$LATEST")];
    let kind = headers.get("x-amz-invocation-type").and_then(|kind| kind.to_str().ok());
    match kind.unwrap_or("RequestResponse") {
        "RequestResponse" => match function.invoke_bytes(payload).await {
            Ok(answer) => (version, [(header::CONTENT_TYPE, "application/json")], answer).into_response(),
            Err(error) => (version, [("x-amz-function-error", "Unhandled")], Json(error)).into_response(),
        },
        "Event" => {
            tokio::spawn(async move { function.invoke_bytes(payload).await });
            StatusCode::ACCEPTED.into_response()
        }
        "DryRun" => StatusCode::NO_CONTENT.into_response(),
        other => {
            let message =
                format!("`X-Amz-Invocation-Type` is `{other}`: use RequestResponse, Event or DryRun");
            invoke_error(StatusCode::BAD_REQUEST, "InvalidParameterValueException", &message)
        }
    }
}

/// `NAME` of `NAME`, `NAME:QUALIFIER`, `ACCOUNT:function:NAME` and the function's ARN.
fn plain_name(name: &str) -> &str {
    let name = name.split_once(":function:").map_or(name, |(_, name)| name);
    name.split_once(':').map_or(name, |(name, _)| name)
}

fn invoke_error(status: StatusCode, code: &str, message: &str) -> Response {
    let body = Json(json!({ "Type": "User", "Message": message }));
    (status, [("x-amzn-errortype", code.to_owned())], body).into_response()
}
