//! The front door: `POST /` for every service. Finds out which service, which operation and who calls, lets faults
//! strike, hands the call on and records it. Knows no operation's meaning.

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
use serde_json::Value;
use uuid::Uuid;

use crate::{
    answer::Answer,
    caller::Caller,
    calls::Call,
    clock::Clock,
    cloudformation,
    error::AwsError,
    events,
    fault::{CopyEnd, Instead},
    logs, rekognition,
    server::NoAnswer,
    service::{self, Operation, Service},
    signature,
    state::Shared,
    sts,
};

/// As much as DynamoDB, the most generous of the services, takes.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// The route of the AWS services. A bucket's HeadBucket is not implemented: 404 would say that there is no such bucket.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let head_bucket = head(async || StatusCode::NOT_IMPLEMENTED);
    let buckets = Router::new().route("/{bucket}", head_bucket.clone()).route("/{bucket}/", head_bucket);
    Router::new().route("/", any(take)).with_state(shared).merge(buckets)
}

/// Bounds what any route reads into memory.
pub(crate) fn limited(router: Router) -> Router {
    router.layer(DefaultBodyLimit::max(MAX_BODY))
}

/// Dates every answer by the sandbox's clock: clients correct theirs by it.
pub(crate) fn dated(router: Router, clock: Clock) -> Router {
    let date = move |mut response: Response<Body>| {
        let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&clock.now());
        if let Some(date) = date.ok().and_then(|date| HeaderValue::try_from(date).ok()) {
            response.headers_mut().insert(header::DATE, date);
        }
        std::future::ready(response)
    };
    router.layer(map_response(date))
}

/// A client that gives up does not take its request back: what has arrived is carried out. In a task of its own, so
/// that a panic in a library is an answer too.
async fn take(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    tokio::spawn(carry_out(shared, request)).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a call ended without an answer");
        let request_id = Uuid::new_v4().to_string();
        let error = AwsError::new("InternalServerError", "the sandbox could not carry this out");
        Service::Rekognition.refused(&error, &request_id).into_response(&request_id)
    })
}

async fn carry_out(shared: Arc<Shared>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let request_id = Uuid::new_v4().to_string();
    let headers = parts.headers;
    let too_large = AwsError::new("RequestEntityTooLargeException", "the body is larger than 16 MiB");
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return Service::Rekognition.refused(&too_large, &request_id).into_response(&request_id);
    };
    let body = String::from_utf8_lossy(&body);
    let operation = match service::operation(&parts.method, &headers, &body) {
        Ok(operation) => operation,
        Err((service, error)) => {
            return service.refused(&error, &request_id).into_response(&request_id);
        }
    };
    let call = Received { shared: &shared, operation, body: &body, request_id: &request_id };
    let caller = match call.caller(&headers) {
        Ok(caller) => caller,
        Err(error) => return call.refused(&error).into_response(&request_id),
    };
    match call.run(&caller).await {
        Some(answer) => answer.into_response(&request_id),
        None => {
            let mut response = ().into_response();
            response.extensions_mut().insert(NoAnswer);
            response
        }
    }
}

struct Received<'a> {
    shared: &'a Shared,
    operation: Operation,
    body: &'a str,
    request_id: &'a str,
}

impl Received<'_> {
    fn refused(&self, error: &AwsError) -> Answer {
        self.operation.service.refused(error, self.request_id)
    }

    fn caller(&self, headers: &HeaderMap) -> Result<Caller, AwsError> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let credential = signature::read(text("authorization"))?;
        let region = self.shared.lock().world.region.clone();
        let service = self.operation.service.name();
        if credential.service != service {
            let message = format!("Credential should be scoped to correct service: `{service}`.");
            return Err(AwsError::new("InvalidSignatureException", message));
        }
        if credential.region != region {
            let message = format!("Credential should be scoped to a valid region, `{region}` here.");
            return Err(AwsError::new("InvalidSignatureException", message));
        }
        self.shared.caller(&credential.access_key, text("x-amz-security-token"))
    }

    /// The answer, or none if the connection is to be closed without one.
    async fn run(&self, caller: &Caller) -> Option<Answer> {
        let action = self.operation.action();
        let struck = self.shared.lock().faults.strike(&action, self.body);
        if !struck.delay.is_zero() {
            tokio::time::sleep(struck.delay).await;
        }
        let answer = match struck.instead {
            Some(Instead::Error(error)) => Some(self.refused(&error)),
            Some(Instead::Nothing) => None,
            None => {
                let answer = self.answer(caller, struck.copy_end.as_ref());
                match struck.afterwards {
                    Some(Instead::Error(error)) => Some(self.refused(&error)),
                    Some(Instead::Nothing) => None,
                    None => Some(answer),
                }
            }
        };
        self.record(caller, action, answer.as_ref());
        answer
    }

    fn answer(&self, caller: &Caller, copy_end: Option<&CopyEnd>) -> Answer {
        let now = self.shared.clock.now();
        let name = self.operation.name;
        match self.operation.service {
            Service::Rekognition => {
                let mut state = self.shared.settled();
                let request =
                    rekognition::Request { operation: name, body: self.body, caller, now, copy_end };
                match rekognition::answer(&mut state, &request) {
                    Ok(body) => self.operation.service.answered(&body),
                    Err(error) => self.refused(&error),
                }
            }
            Service::DynamoDb => {
                let region = self.shared.lock().world.region.clone();
                self.shared.databases.answer(&region, &caller.account, name, self.body)
            }
            Service::Events => {
                let region = self.shared.lock().world.region.clone();
                match events::put(self.body, &caller.account, &region, now) {
                    Ok((body, taken)) => {
                        self.shared.published.add(taken);
                        self.operation.service.answered(&body)
                    }
                    Err(error) => self.refused(&error),
                }
            }
            Service::Sts => {
                let state = &mut self.shared.lock();
                sts::answer(name, self.body, caller, state, now, self.request_id)
                    .unwrap_or_else(|error| self.refused(&error))
            }
            Service::Logs => match logs::answer(self.body, &self.shared.functions) {
                Ok(body) => self.operation.service.answered(&body),
                Err(error) => self.refused(&error),
            },
            Service::CloudFormation => {
                let world = &self.shared.lock().world;
                cloudformation::answer(self.body, &caller.account, world, self.request_id)
                    .unwrap_or_else(|error| self.refused(&error))
            }
        }
    }

    fn record(&self, caller: &Caller, action: String, answer: Option<&Answer>) {
        let body: Value = serde_json::from_str(self.body).unwrap_or_default();
        let mut state = self.shared.lock();
        let resources =
            self.operation.service.resources(&state.world.region, &caller.account, self.body, &body);
        let call = Call {
            at: self.shared.clock.now(),
            request_id: self.request_id.to_owned(),
            account: caller.account.clone(),
            access_key: caller.access_key.clone(),
            caller: caller.arn.clone(),
            action,
            resources,
            status: answer.map_or(0, |answer| answer.status),
            error: answer.and_then(|answer| answer.error.clone()),
        };
        state.calls.push(call);
    }
}
