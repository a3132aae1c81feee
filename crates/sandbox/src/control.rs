//! The sandbox's own interface under `/_sandbox/`: time, faults, settings, the world, and what happened. Everything
//! here is there for Rust as well, on [`crate::Sandbox`].

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;

use crate::{
    calls::Call,
    clock::{ClockChange, ClockReading, is_speed},
    fault::{Fault, Faults},
    published::PublishedEvent,
    service,
    settings::Settings,
    state::Shared,
    status::Status,
    world::World,
};

type Sandbox = State<Arc<Shared>>;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/_sandbox/announcements", get(announcements))
        .route("/_sandbox/calls", get(calls))
        .route("/_sandbox/clock", get(clock).post(change_clock))
        .route("/_sandbox/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/_sandbox/requests", get(requests))
        .route("/_sandbox/reset", post(reset))
        .route("/_sandbox/settings", get(settings).put(set_settings))
        .route("/_sandbox/status", post(set_status))
        .route("/_sandbox/world", get(world).put(load_world))
        .with_state(shared)
}

/// What was wrong with a request to the sandbox itself.
struct Refused(StatusCode, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

fn bad(error: impl std::fmt::Display) -> Refused {
    Refused(StatusCode::BAD_REQUEST, error.to_string())
}

/// Bodies are JSON whatever their content type says, so that plain `curl -d` will do.
fn read<T: DeserializeOwned>(body: &str) -> Result<T, Refused> {
    serde_json::from_str(body).map_err(bad)
}

async fn announcements(State(shared): Sandbox) -> Json<Vec<PublishedEvent>> {
    Json(shared.published.list().into_iter().filter(|event| !event.is_request()).collect())
}

async fn requests(State(shared): Sandbox) -> Json<Vec<PublishedEvent>> {
    Json(shared.published.list().into_iter().filter(PublishedEvent::is_request).collect())
}

async fn calls(State(shared): Sandbox) -> Json<Vec<Call>> {
    Json(shared.lock().calls.clone())
}

async fn clock(State(shared): Sandbox) -> Json<ClockReading> {
    Json(shared.clock.reading())
}

async fn change_clock(State(shared): Sandbox, body: String) -> Result<Json<ClockReading>, Refused> {
    let mut change: ClockChange = read(&body)?;
    if shared.is_real_time {
        let refused = "this sandbox runs the shipped functions, whose clock is the machine's: run the sandbox's own with `serve --functions` to turn the clock";
        return Err(Refused(StatusCode::CONFLICT, refused.to_owned()));
    }
    if change.speed.is_some_and(|speed| !is_speed(speed)) {
        return Err(bad("`speed` has to be a number above 0; to stop time, set `paused`"));
    }
    if let Some(time) = change.advance.filter(|_| shared.passing.is_taken_over()) {
        // Time passes for the functions as well.
        shared.clock.apply(&ClockChange { now: change.now.take(), ..ClockChange::default() });
        shared.passing.pass(time).await;
        change.advance = None;
    }
    shared.clock.apply(&change);
    Ok(Json(shared.clock.reading()))
}

async fn faults(State(shared): Sandbox) -> Json<Vec<Fault>> {
    Json(shared.lock().faults.list())
}

async fn add_fault(State(shared): Sandbox, body: String) -> Result<Json<Vec<Fault>>, Refused> {
    let fault: Fault = read(&body)?;
    if !service::is_action(&fault.action) {
        return Err(bad(format!(
            "the sandbox has no action `{}`: name one such as `rekognition:CopyProjectVersion`, a service as `dynamodb:*`, or `*`",
            fault.action
        )));
    }
    let faults = &mut shared.lock().faults;
    faults.add(fault);
    Ok(Json(faults.list()))
}

async fn clear_faults(State(shared): Sandbox) -> StatusCode {
    shared.lock().faults = Faults::none();
    StatusCode::NO_CONTENT
}

/// Without a body: back to the world the sandbox started with.
async fn reset(State(shared): Sandbox, body: String) -> Result<StatusCode, Refused> {
    let world =
        if body.trim().is_empty() { shared.start_world() } else { World::from_json(&body).map_err(bad)? };
    shared.reset(world).map_err(bad)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn settings(State(shared): Sandbox) -> Json<Settings> {
    Json(shared.lock().settings.clone())
}

/// What the body leaves out is as by default.
async fn set_settings(State(shared): Sandbox, body: String) -> Result<Json<Settings>, Refused> {
    let settings: Settings = read(&body)?;
    shared.lock().settings = settings.clone();
    Ok(Json(settings))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ForcedStatus {
    project_version_arn: String,
    status: Status,
    #[serde(default)]
    status_message: Option<String>,
}

async fn set_status(State(shared): Sandbox, body: String) -> Result<StatusCode, Refused> {
    let ForcedStatus { project_version_arn, status, status_message } = read(&body)?;
    if shared.set_status(&project_version_arn, status, status_message) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refused(StatusCode::NOT_FOUND, format!("there is no version `{project_version_arn}`")))
    }
}

async fn world(State(shared): Sandbox) -> Response {
    let json = shared.settled().world.to_json();
    ([(header::CONTENT_TYPE, "application/json")], json).into_response()
}

/// Puts another world in place; calls, faults, announcements and sessions stay, tables don't change.
async fn load_world(State(shared): Sandbox, body: String) -> Result<StatusCode, Refused> {
    let world = World::from_json(&body).map_err(bad)?;
    shared.lock().world = world;
    Ok(StatusCode::NO_CONTENT)
}
