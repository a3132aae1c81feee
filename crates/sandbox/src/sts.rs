//! [STS](https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html): GetCallerIdentity and AssumeRole.
//!
//! A role that the world lists can be assumed by the callers that its trust policy admits. If the world lists no role of an
//! account, any caller may assume any role of it.

use jiff::{SignedDuration, Timestamp};

use crate::{
    answer::AwsError,
    caller::Caller,
    clock::later,
    policy::{self, Policy, Question, Verdict},
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

fn assume_role(body: &str, caller: &Caller, state: &mut State, now: Timestamp) -> Result<String, AwsError> {
    let parameters = parameters(body);
    let broken = |name: &str, value: &str, constraint: &str| {
        let at = format!("Value {value} at '{name}' failed to satisfy constraint");
        AwsError::constraint(format!("{at}: Member must {constraint}"))
    };
    let required = |name: &str| {
        let value = parameters.get(name).map(String::as_str).filter(|value| !value.is_empty());
        value.ok_or_else(|| broken(name, "null", "not be null"))
    };
    let (role_arn, session_name) = (required("RoleArn")?, required("RoleSessionName")?);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if !(2..=64).contains(&session_name.len()) || !session_name.chars().all(is_plain) {
        let pattern = r"satisfy regular expression pattern: [\w+=,.@-]*, 2 to 64 characters";
        return Err(broken("roleSessionName", &format!("'{session_name}'"), pattern));
    }
    let seconds = match parameters.get("DurationSeconds") {
        None => 3600,
        Some(text) => {
            let seconds = text.parse::<i64>().ok().filter(|seconds| (900..=43_200).contains(seconds));
            let refused = || broken("durationSeconds", &format!("'{text}'"), "be between 900 and 43200");
            seconds.ok_or_else(refused)?
        }
    };
    if !is_trusted(&state.world, role_arn, caller, parameters.get("ExternalId")) {
        let message = format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
            caller.arn
        );
        return Err(AwsError { status: 403, ..AwsError::new("AccessDenied", message) });
    }
    let end = later(now, SignedDuration::from_secs(seconds));
    let (caller, secret, token) = state.sessions.open(role_arn, session_name, end)?;
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
fn is_trusted(world: &World, role_arn: &str, caller: &Caller, external_id: Option<&String>) -> bool {
    let Some(role) = world.role(role_arn) else {
        let account = role_arn.split(':').nth(4).unwrap_or_default();
        return !world.lists_roles_of(account);
    };
    // A world with an unreadable policy is never loaded.
    let Ok(trust) = Policy::read_trust(&role.trust) else { return false };
    let mut keys = caller.condition_keys(world.organizations.get(&caller.account));
    keys.extend(external_id.map(|id| ("sts:ExternalId", id.clone())));
    let context = keys.into_iter().map(|(key, value)| (key.to_lowercase(), vec![value])).collect();
    let question = Question { caller, action: "sts:AssumeRole", resource: role_arn, context };
    policy::evaluate(&[trust], &question) == Verdict::Allowed
}
