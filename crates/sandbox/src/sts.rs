//! STS as far as a copier needs it: GetCallerIdentity and AssumeRole, in the query protocol. A role that the world
//! lists is assumed by whom it trusts; where it lists none of an account, anybody may assume any.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html>

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::{
    answer::Answer,
    caller::Caller,
    clock::later,
    error::AwsError,
    policy::{self, Policy, Question, Verdict},
    query::{self, elements, parameters},
    state::State,
    world::World,
};

pub(crate) const OPERATIONS: &[&str] = &["AssumeRole", "GetCallerIdentity"];

pub(crate) const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

pub(crate) fn answer(
    operation: &str,
    body: &str,
    caller: &Caller,
    state: &mut State,
    now: Timestamp,
    request_id: &str,
) -> Result<Answer, AwsError> {
    let result = match operation {
        "AssumeRole" => assume_role(&parameters(body), caller, state, now)?,
        _ => elements(&[("Arn", &caller.arn), ("UserId", &caller.user_id), ("Account", &caller.account)]),
    };
    Ok(query::answered(NAMESPACE, operation, &result, request_id))
}

fn assume_role(
    parameters: &HashMap<String, String>,
    caller: &Caller,
    state: &mut State,
    now: Timestamp,
) -> Result<String, AwsError> {
    let required = |name: &str| {
        parameters.get(name).map(String::as_str).filter(|value| !value.is_empty()).ok_or_else(|| {
            AwsError::validation(format!(
                "1 validation error detected: Value null at '{name}' failed to satisfy constraint: \
                 Member must not be null"
            ))
        })
    };
    let (role_arn, session_name) = (required("RoleArn")?, required("RoleSessionName")?);
    let plain = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if !(2..=64).contains(&session_name.len()) || !session_name.chars().all(plain) {
        return Err(AwsError::validation(format!(
            "1 validation error detected: Value '{session_name}' at 'roleSessionName' failed to satisfy \
             constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*, 2 to 64 characters"
        )));
    }
    let seconds = match parameters.get("DurationSeconds") {
        None => 3600,
        Some(text) => {
            text.parse::<i64>().ok().filter(|seconds| (900..=43_200).contains(seconds)).ok_or_else(|| {
                AwsError::validation(format!(
                    "1 validation error detected: Value '{text}' at 'durationSeconds' failed to satisfy \
                     constraint: Member must be between 900 and 43200"
                ))
            })?
        }
    };
    let expiration = later(now, SignedDuration::from_secs(seconds));
    if !trusts(&state.world, role_arn, caller, parameters.get("ExternalId")) {
        let message = format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
            caller.arn
        );
        return Err(AwsError { status: 403, ..AwsError::new("AccessDenied", message) });
    }
    let (caller, credentials) = state.sessions.open(role_arn, session_name, expiration)?;
    let expiration = credentials.expiration.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let user = elements(&[("AssumedRoleId", &caller.user_id), ("Arn", &caller.arn)]);
    let credentials = elements(&[
        ("AccessKeyId", &credentials.access_key_id),
        ("SecretAccessKey", &credentials.secret_access_key),
        ("SessionToken", &credentials.session_token),
        ("Expiration", &expiration),
    ]);
    Ok(format!("<AssumedRoleUser>{user}</AssumedRoleUser><Credentials>{credentials}</Credentials>"))
}

fn trusts(world: &World, role_arn: &str, caller: &Caller, external_id: Option<&String>) -> bool {
    let Some(role) = world.role(role_arn) else {
        let account = role_arn.split(':').nth(4).unwrap_or_default();
        return !world.lists_roles_of(account);
    };
    // A world with a policy that can't be read isn't loaded.
    let Ok(trust) = Policy::read_trust(&role.trust) else { return false };
    let mut context = BTreeMap::from([
        ("aws:principalarn".to_owned(), vec![caller.principal_arn.clone()]),
        ("aws:principalaccount".to_owned(), vec![caller.account.clone()]),
        ("aws:principaltype".to_owned(), vec![caller.principal_type.to_owned()]),
    ]);
    let organization = world.organizations.get(&caller.account);
    context.extend(organization.map(|id| ("aws:principalorgid".to_owned(), vec![id.clone()])));
    context.extend(external_id.map(|id| ("sts:externalid".to_owned(), vec![id.clone()])));
    let question = Question { caller, action: "sts:AssumeRole", resource: role_arn, context };
    policy::ask(&[trust], &question) == Verdict::Allowed
}
