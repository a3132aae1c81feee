//! The sandbox's own interface under `/_sandbox/`. [`Sandbox`] has a method for almost all of its routes.

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    clock::{ClockReading, is_speed},
    fault::Fault,
    sandbox::Sandbox,
    service,
    settings::Settings,
    world::World,
};

/// `sandbox` must not hold the server, which holds these routes.
pub(crate) fn router(sandbox: Sandbox) -> Router {
    type At = State<Sandbox>;
    let events = |sandbox: &Sandbox, are_requests: bool| {
        let events = sandbox.announcements().into_iter();
        Json(events.filter(|event| event.is_request() == are_requests).collect::<Vec<_>>())
    };
    let announcements = get(async move |State(sandbox): At| events(&sandbox, false));
    let requests = get(async move |State(sandbox): At| events(&sandbox, true));
    let calls = get(async |State(sandbox): At| Json(sandbox.calls()));
    let clock = get(async |State(sandbox): At| Json(sandbox.clock().reading()));
    let settings = get(async |State(sandbox): At| Json(sandbox.settings()));
    let faults = get(async |State(sandbox): At| Json(sandbox.faults()));
    let clear_faults = async |State(sandbox): At| {
        sandbox.clear_faults();
        StatusCode::NO_CONTENT
    };
    Router::new()
        .route("/_sandbox/announcements", announcements)
        .route("/_sandbox/calls", calls)
        .route("/_sandbox/clock", clock.post(change_clock))
        .route("/_sandbox/faults", faults.post(add_fault).delete(clear_faults))
        .route("/_sandbox/requests", requests)
        .route("/_sandbox/reset", post(reset))
        .route("/_sandbox/settings", settings.put(set_settings))
        .route("/_sandbox/status", post(set_status))
        .route("/_sandbox/world", get(world).put(load_world))
        .with_state(sandbox)
}

/// The answer to a request that this interface refuses.
type Refusal = (StatusCode, Json<Value>);

fn refusal(status: StatusCode, error: impl std::fmt::Display) -> Refusal {
    (status, Json(json!({"error": error.to_string()})))
}

fn bad_request(error: impl std::fmt::Display) -> Refusal {
    refusal(StatusCode::BAD_REQUEST, error)
}

/// Reads a JSON body with any content type, so that a plain `curl -d` works.
fn read<T: DeserializeOwned>(body: &str) -> Result<T, Refusal> {
    serde_json::from_str(body).map_err(bad_request)
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ClockChange {
    now: Option<Timestamp>,
    #[serde(deserialize_with = "crate::duration::read")]
    advance: Option<SignedDuration>,
    speed: Option<f64>,
    paused: Option<bool>,
}

async fn change_clock(State(sandbox): State<Sandbox>, body: String) -> Result<Json<ClockReading>, Refusal> {
    let ClockChange { now, advance, speed, paused } = read(&body)?;
    if sandbox.shared.is_real_time {
        let reason = "this sandbox runs the shipped functions, whose clock is the machine's: run the sandbox's own with `serve --functions` to change the clock";
        return Err(refusal(StatusCode::CONFLICT, reason));
    }
    if speed.is_some_and(|speed| !is_speed(speed)) {
        return Err(bad_request("`speed` has to be a number above 0; to stop time, set `paused`"));
    }
    let clock = sandbox.clock();
    // First, so that no time passes between the other changes.
    if paused == Some(true) {
        clock.set_paused(true);
    }
    if let Some(now) = now {
        clock.set(now);
    }
    if let Some(time) = advance {
        sandbox.advance(time).await;
    }
    if let Some(speed) = speed {
        clock.set_speed(speed);
    }
    if paused == Some(false) {
        clock.set_paused(false);
    }
    Ok(Json(clock.reading()))
}

async fn add_fault(State(sandbox): State<Sandbox>, body: String) -> Result<Json<Vec<Fault>>, Refusal> {
    let fault: Fault = read(&body)?;
    if !service::is_action(&fault.action) {
        return Err(bad_request(format!(
            "the sandbox has no action `{}`: name one such as `rekognition:CopyProjectVersion`, a service as `dynamodb:*`, or `*`",
            fault.action
        )));
    }
    sandbox.fault(fault);
    Ok(Json(sandbox.faults()))
}

async fn reset(State(sandbox): State<Sandbox>, body: String) -> Result<StatusCode, Refusal> {
    let reset = match body.trim() {
        "" => sandbox.reset(),
        world => World::from_json(world).and_then(|world| sandbox.reset_to(world)),
    };
    reset.map_err(bad_request)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn set_settings(State(sandbox): State<Sandbox>, body: String) -> Result<Json<Settings>, Refusal> {
    sandbox.set_settings(read(&body)?);
    Ok(Json(sandbox.settings()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ForcedStatus {
    project_version_arn: String,
    status: String,
    status_message: Option<String>,
}

async fn set_status(State(sandbox): State<Sandbox>, body: String) -> Result<StatusCode, Refusal> {
    let ForcedStatus { project_version_arn, status, status_message } = read(&body)?;
    if sandbox.set_status(&project_version_arn, &status, status_message.as_deref()) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(refusal(StatusCode::NOT_FOUND, format_args!("there is no version `{project_version_arn}`")))
    }
}

async fn world(State(sandbox): State<Sandbox>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], sandbox.world().to_json()).into_response()
}

/// Replaces the world and nothing else: calls, faults, announcements, sessions and tables stay.
async fn load_world(State(sandbox): State<Sandbox>, body: String) -> Result<StatusCode, Refusal> {
    let world = World::from_json(&body).map_err(bad_request)?;
    sandbox.change(|present| *present = world);
    Ok(StatusCode::NO_CONTENT)
}
