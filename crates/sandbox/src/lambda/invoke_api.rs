//! Lambda's [Invoke](https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html) over HTTP, for
//! `aws lambda invoke` and the SDKs.
//!
//! It finds the function and hands on; signatures and permissions aren't looked at.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{json, value::RawValue};

use super::Functions;

/// Lambda's limit for a synchronous payload: 6 MB.
const LARGEST_PAYLOAD: usize = 6 * 1024 * 1024;

pub(super) fn router(functions: Functions) -> Router {
    Router::new()
        .route("/2015-03-31/functions/{name}/invocations", post(invoke))
        .layer(DefaultBodyLimit::max(LARGEST_PAYLOAD))
        .with_state(functions)
}

async fn invoke(
    State(functions): State<Functions>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(function) = functions.get(plain_name(&name)) else {
        let message = format!("no function `{name}` runs here");
        return refused(StatusCode::NOT_FOUND, "ResourceNotFoundException", &message);
    };
    let payload = if body.is_empty() { Bytes::from_static(b"{}") } else { body };
    // Handed on as it is: a number may have more digits than we could keep.
    if let Err(error) = serde_json::from_slice::<&RawValue>(&payload) {
        let message = format!("the payload is no JSON: {error}");
        return refused(StatusCode::BAD_REQUEST, "InvalidRequestContentException", &message);
    }
    let version = [("x-amz-executed-version", "$LATEST")];
    let kind = headers.get("x-amz-invocation-type").and_then(|kind| kind.to_str().ok());
    match kind.unwrap_or("RequestResponse") {
        "RequestResponse" => match function.invoke_with(payload).await {
            Ok(answer) => (version, [(header::CONTENT_TYPE, "application/json")], answer).into_response(),
            Err(error) => (version, [("x-amz-function-error", "Unhandled")], Json(error)).into_response(),
        },
        "Event" => {
            tokio::spawn(async move { function.invoke_with(payload).await });
            StatusCode::ACCEPTED.into_response()
        }
        "DryRun" => StatusCode::NO_CONTENT.into_response(),
        other => {
            let message =
                format!("`X-Amz-Invocation-Type` is `{other}`: use RequestResponse, Event or DryRun");
            refused(StatusCode::BAD_REQUEST, "InvalidParameterValueException", &message)
        }
    }
}

/// `NAME` of `NAME`, `NAME:QUALIFIER`, `ACCOUNT:function:NAME` and the function's ARN.
fn plain_name(name: &str) -> &str {
    let unprefixed = name.split_once(":function:").map_or(name, |(_, rest)| rest);
    unprefixed.split(':').next().unwrap_or(unprefixed)
}

fn refused(status: StatusCode, code: &str, message: &str) -> Response {
    let body = Json(json!({ "Type": "User", "Message": message }));
    (status, [("x-amzn-errortype", code.to_owned())], body).into_response()
}
