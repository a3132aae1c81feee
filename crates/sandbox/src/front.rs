//! The route `POST /` of every AWS service: it finds the operation and the caller, applies faults, passes the call on and
//! records it.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    middleware::map_response,
    response::IntoResponse,
    routing::{any, head},
};
use jiff::fmt::rfc2822::DateTimePrinter;
use uuid::Uuid;

use crate::{
    answer::{Answer, AwsError},
    caller::Caller,
    calls::Call,
    clock::Clock,
    cloudformation, events,
    fault::{CopyEnd, Failure},
    logs, query, rekognition,
    server::NoAnswer,
    service::{self, Operation, Service, json_answer},
    signature,
    state::Shared,
    sts,
};

/// The limit of DynamoDB, which is the largest of the services.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// The routes of the AWS services. The sandbox has no S3: HeadBucket is not implemented, because 404 would mean that the
/// bucket does not exist.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let head_bucket = head(async || StatusCode::NOT_IMPLEMENTED);
    let buckets = Router::new().route("/{bucket}", head_bucket.clone()).route("/{bucket}/", head_bucket);
    Router::new().route("/", any(take)).with_state(shared).merge(buckets)
}

/// Limits the bodies that the routes read into memory, and gives every answer a `Date` by the sandbox's clock. The AWS SDKs correct their own clock by it.
pub(crate) fn wrapped(router: Router, clock: Clock) -> Router {
    let date = move |mut response: Response<Body>| {
        let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&clock.now());
        if let Some(date) = date.ok().and_then(|date| HeaderValue::try_from(date).ok()) {
            response.headers_mut().insert(header::DATE, date);
        }
        std::future::ready(response)
    };
    router.layer(DefaultBodyLimit::max(MAX_BODY)).layer(map_response(date))
}

/// Runs the call in a task of its own. So the call is carried out even if the client disconnects, and a panic in a library
/// becomes an answer.
async fn take(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    tokio::spawn(carry_out(shared, request)).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a call ended without an answer");
        let request_id = Uuid::new_v4().to_string();
        let error = AwsError::new("InternalServerError", "the sandbox could not carry this out");
        Service::Rekognition.error_answer(&error, &request_id).into_response(&request_id)
    })
}

async fn carry_out(shared: Arc<Shared>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let request_id = Uuid::new_v4().to_string();
    let fail = |(service, error): (Service, AwsError)| {
        service.error_answer(&error, &request_id).into_response(&request_id)
    };
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        let too_large = AwsError::new("RequestEntityTooLargeException", "the body is larger than 16 MiB");
        return fail((Service::Rekognition, too_large));
    };
    let body = String::from_utf8_lossy(&body);
    let operation = match service::operation(&parts.method, &parts.headers, &body) {
        Ok(operation) => operation,
        Err(error) => return fail(error),
    };
    let caller = match caller(&shared, operation, &parts.headers) {
        Ok(caller) => caller,
        Err(error) => return fail((operation.service, error)),
    };
    let call = Received { shared: &shared, operation, caller, body: &body, request_id: &request_id };
    match call.run().await {
        Some(answer) => answer.into_response(&request_id),
        None => {
            let mut response = ().into_response();
            response.extensions_mut().insert(NoAnswer);
            response
        }
    }
}

/// The caller, from the request's signature.
fn caller(shared: &Shared, operation: Operation, headers: &HeaderMap) -> Result<Caller, AwsError> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let credential = signature::read(text("authorization"))?;
    let (state, service) = (shared.lock(), operation.service_name);
    let region = &state.world.region;
    let wrong_scope = |scope: String| {
        let message = format!("Credential should be scoped to {scope}");
        Err(AwsError::new("InvalidSignatureException", message))
    };
    if credential.service != service {
        return wrong_scope(format!("correct service: `{service}`."));
    }
    if credential.region != *region {
        return wrong_scope(format!("a valid region, `{region}` here."));
    }
    state.sessions.caller(&credential.access_key, text("x-amz-security-token"), shared.clock.now())
}

/// A call whose operation and caller are known.
struct Received<'a> {
    shared: &'a Shared,
    operation: Operation,
    caller: Caller,
    body: &'a str,
    request_id: &'a str,
}

impl Received<'_> {
    /// The answer, or `None` if the connection must be closed without one.
    async fn run(&self) -> Option<Answer> {
        let action = self.operation.action();
        let strike = self.shared.lock().faults.strike(&action, self.body);
        if !strike.delay.is_zero() {
            tokio::time::sleep(strike.delay).await;
        }
        let failure = match strike.instead {
            Some(failure) => Err(failure),
            None => {
                let answer = self.answer(strike.copy_end.as_ref());
                strike.afterwards.map_or(Ok(answer), Err)
            }
        };
        let answer = match failure {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(error)) | Err(Failure::Error(error)) => {
                Some(self.operation.service.error_answer(&error, self.request_id))
            }
            Err(Failure::NoAnswer) => None,
        };
        self.record(action, answer.as_ref());
        answer
    }

    fn answer(&self, copy_end: Option<&CopyEnd>) -> Result<Answer, AwsError> {
        let Self { shared, operation: Operation { service, name, .. }, caller, body, request_id } = self;
        let now = shared.clock.now();
        let region = || shared.lock().world.region.clone();
        Ok(match service {
            Service::Rekognition => {
                let state = &mut shared.settled();
                let call = rekognition::Call { state, operation: name, caller, now, copy_end };
                json_answer(&rekognition::answer(call, body)?)
            }
            Service::DynamoDb => shared.databases.answer(&region(), &caller.account, name, body),
            Service::Events => {
                let (answer, accepted) = events::put(body, &caller.account, &region(), now)?;
                shared.lock().published.extend(accepted);
                json_answer(&answer)
            }
            Service::Logs => json_answer(&logs::answer(body, &shared.functions)?),
            Service::Sts => {
                let result = sts::answer(name, body, caller, &mut shared.lock(), now)?;
                query::answer(sts::NAMESPACE, name, &result, request_id)
            }
            Service::CloudFormation => {
                let result = cloudformation::answer(body, &caller.account, &shared.lock().world)?;
                query::answer(cloudformation::NAMESPACE, name, &result, request_id)
            }
        })
    }

    fn record(&self, action: String, answer: Option<&Answer>) {
        let mut state = self.shared.lock();
        let account = self.caller.account.clone();
        let call = Call {
            at: self.shared.clock.now(),
            request_id: self.request_id.to_owned(),
            resources: self.operation.service.resources(&state.world.region, &account, self.body),
            account,
            access_key: self.caller.access_key.clone(),
            caller: self.caller.arn.clone(),
            action,
            status: answer.map_or(0, |answer| answer.status),
            error: answer.and_then(|answer| answer.error.clone()),
        };
        state.calls.push(call);
    }
}
