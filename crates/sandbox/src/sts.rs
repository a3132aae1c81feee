//! [STS](https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html): GetCallerIdentity and AssumeRole.
//!
//! A role that the world lists can be assumed by the callers that its trust policy admits. If the world lists no role of an
//! account, any caller may assume any role of it.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{
    answer::AwsError,
    caller::Caller,
    clock::later,
    model::{read_value, request},
    policy::{self, Kind, Policy, Question, Verdict},
    query::{elements, parameters},
    state::State,
    world::World,
};

pub(crate) const OPERATIONS: &[&str] = &["AssumeRole", "GetCallerIdentity"];

pub(crate) const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// The answer's result as XML.
pub(crate) fn answer(
    operation: &str,
    body: &str,
    caller: &Caller,
    state: &mut State,
    now: Timestamp,
) -> Result<String, AwsError> {
    match operation {
        "AssumeRole" => assume_role(body, caller, state, now),
        _ => Ok(elements(&[("Arn", &caller.arn), ("UserId", &caller.user_id), ("Account", &caller.account)])),
    }
}

request!(AssumeRole {
    required role_arn: String = ROLE_ARN,
    required role_session_name: String = SESSION_NAME,
    optional duration_seconds: Option<i64> = SESSION_SECONDS,
    optional external_id: Option<String> = EXTERNAL_ID,
});

fn assume_role(body: &str, caller: &Caller, state: &mut State, now: Timestamp) -> Result<String, AwsError> {
    let request = parameters(body).into_iter().map(|(name, text)| match text.parse::<i64>() {
        Ok(seconds) if name == "DurationSeconds" => (name, json!(seconds)),
        _ => (name, json!(text)),
    });
    let AssumeRole { role_arn, role_session_name, duration_seconds, external_id } =
        read_value(request.collect())?;
    if !is_trusted(&state.world, &role_arn, caller, external_id) {
        let message = format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
            caller.arn
        );
        return Err(AwsError { status: 403, ..AwsError::new("AccessDenied", message) });
    }
    let end = later(now, SignedDuration::from_secs(duration_seconds.unwrap_or(3600)));
    let (caller, secret, token) = state.sessions.open(&role_arn, &role_session_name, end)?;
    let user = elements(&[("AssumedRoleId", &caller.user_id), ("Arn", &caller.arn)]);
    let credentials = elements(&[
        ("AccessKeyId", &caller.access_key),
        ("SecretAccessKey", &secret),
        ("SessionToken", &token),
        ("Expiration", &end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
    ]);
    Ok(format!("<AssumedRoleUser>{user}</AssumedRoleUser><Credentials>{credentials}</Credentials>"))
}

/// Whether the role can be assumed by this caller.
fn is_trusted(world: &World, role_arn: &str, caller: &Caller, external_id: Option<String>) -> bool {
    let Some(role) = world.role(role_arn) else {
        let account = role_arn.split(':').nth(4).unwrap_or_default();
        return !world.lists_roles_of(account);
    };
    // A world with an unreadable policy is never loaded.
    let Ok(trust) = Policy::read(&role.trust, Kind::Trust) else { return false };
    let mut keys = caller.condition_keys(world.organizations.get(&caller.account));
    keys.extend(external_id.map(|id| ("sts:ExternalId", id)));
    let context = keys.into_iter().map(|(key, value)| (key.to_lowercase(), vec![value])).collect();
    let question = Question { caller, action: "sts:AssumeRole", resource: role_arn, context };
    policy::evaluate(&[trust], &question) == Verdict::Allowed
}
