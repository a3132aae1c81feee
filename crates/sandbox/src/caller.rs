//! The account and principal behind an access key.
//!
//! An access key of 12 digits is the root user of that account. A key such as `444455556666.copier` is a session of the
//! role `copier` in that account. AssumeRole creates the keys of other sessions.

use std::collections::HashMap;

use jiff::Timestamp;
use uuid::Uuid;

use crate::answer::AwsError;

/// The principal behind a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) access_key: String,
    pub(crate) account: String,
    /// The ARN that GetCallerIdentity shows: `arn:aws:iam::ACCOUNT:root`, or
    /// `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`.
    pub(crate) arn: String,
    /// The ARN that policies see: the same one, or the role's own ARN.
    pub(crate) principal_arn: String,
    /// `Account` or `AssumedRole`.
    pub(crate) principal_type: &'static str,
    /// The user id that GetCallerIdentity shows.
    pub(crate) user_id: String,
}

/// The sessions of assumed roles, by access key.
#[derive(Debug, Default)]
pub(crate) struct Sessions(HashMap<String, Session>);

#[derive(Debug)]
struct Session {
    caller: Caller,
    token: String,
    /// Sandbox time.
    expiration: Timestamp,
}

pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl Caller {
    fn root(account: &str) -> Self {
        let arn = format!("arn:aws:iam::{account}:root");
        Self {
            access_key: account.to_owned(),
            account: account.to_owned(),
            principal_arn: arn.clone(),
            arn,
            principal_type: "Account",
            user_id: account.to_owned(),
        }
    }

    /// A session of a role without path, as a Lambda function has one.
    fn of_role(access_key: &str) -> Option<Self> {
        let (account, name) = access_key.split_once('.')?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        if !is_account(account) || name.is_empty() || !name.chars().all(is_plain) {
            return None;
        }
        Some(Self {
            access_key: access_key.to_owned(),
            account: account.to_owned(),
            arn: format!("arn:aws:sts::{account}:assumed-role/{name}/{name}"),
            principal_arn: format!("arn:aws:iam::{account}:role/{name}"),
            principal_type: "AssumedRole",
            user_id: format!("AROASANDBOX:{name}"),
        })
    }
}

impl Caller {
    /// The condition keys of policies that describe the caller. `organization` is the one that its account is in.
    pub(crate) fn condition_keys(&self, organization: Option<&String>) -> Vec<(&'static str, String)> {
        let mut keys = vec![
            ("aws:PrincipalArn", self.principal_arn.clone()),
            ("aws:PrincipalAccount", self.account.clone()),
            ("aws:PrincipalType", self.principal_type.to_owned()),
            ("aws:userid", self.user_id.clone()),
        ];
        keys.extend(organization.map(|id| ("aws:PrincipalOrgID", id.clone())));
        keys
    }
}

impl Sessions {
    /// The caller that signs with this key at `now`.
    pub(crate) fn caller(
        &self,
        access_key: &str,
        token: Option<&str>,
        now: Timestamp,
    ) -> Result<Caller, AwsError> {
        if is_account(access_key) {
            return Ok(Caller::root(access_key));
        }
        if let Some(caller) = Caller::of_role(access_key) {
            return Ok(caller);
        }
        let invalid = || {
            AwsError::new(
                "UnrecognizedClientException",
                "The security token included in the request is invalid: use 12 digits, an account, as access key",
            )
        };
        let session = self.0.get(access_key).ok_or_else(invalid)?;
        if token != Some(session.token.as_str()) {
            return Err(invalid());
        }
        if session.expiration <= now {
            return Err(AwsError::new(
                "ExpiredTokenException",
                "The security token included in the request is expired",
            ));
        }
        Ok(session.caller.clone())
    }

    /// Opens a session without asking who may open it. Returns its caller, secret key and token. `role_arn` is
    /// `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`.
    pub(crate) fn open(
        &mut self,
        role_arn: &str,
        session_name: &str,
        expiration: Timestamp,
    ) -> Result<(Caller, String, String), AwsError> {
        let (partition, account, name) = split_role_arn(role_arn)
            .ok_or_else(|| AwsError::validation(format!("`{role_arn}` is no ARN of a role")))?;
        let unique = || Uuid::new_v4().simple().to_string().to_uppercase();
        let key = |prefix: &str| {
            let unique = unique();
            format!("{prefix}{}", unique.get(..16).unwrap_or(&unique))
        };
        let access_key = key("ASIA");
        let caller = Caller {
            access_key: access_key.clone(),
            account: account.to_owned(),
            arn: format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session_name}"),
            principal_arn: role_arn.to_owned(),
            principal_type: "AssumedRole",
            user_id: format!("{}:{session_name}", key("AROA")),
        };
        let token = format!("sandbox-session-{}", unique());
        self.0.insert(access_key, Session { caller: caller.clone(), token: token.clone(), expiration });
        Ok((caller, unique(), token))
    }
}

/// Partition, account and name (without path) of a role's ARN.
fn split_role_arn(arn: &str) -> Option<(&str, &str, &str)> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, resource] = parts.as_slice() else { return None };
    let name = resource.strip_prefix("role/")?.rsplit('/').next()?;
    (is_account(account) && !name.is_empty()).then_some((*partition, *account, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn a_key_names_an_account_or_a_role_of_it() {
        for (key, arn) in [
            ("111122223333", "arn:aws:iam::111122223333:root"),
            ("444455556666.start-copy", "arn:aws:sts::444455556666:assumed-role/start-copy/start-copy"),
        ] {
            assert_eq!(Sessions::default().caller(key, None, NOW).unwrap().arn, arn);
        }
        for key in ["AKIAEXAMPLE", "11112222333", "", "444455556666.", "copier", "copier.444455556666"] {
            let error = Sessions::default().caller(key, None, NOW).unwrap_err();
            assert_eq!(error.code, "UnrecognizedClientException");
        }
    }

    #[test]
    fn a_session_needs_its_token_and_ends() {
        let mut sessions = Sessions::default();
        let role = "arn:aws:iam::444455556666:role/functions/copier";
        let end = "1970-01-01T01:00:00Z".parse().unwrap();
        let (caller, _, token) = sessions.open(role, "me", end).unwrap();
        assert_eq!(caller.arn, "arn:aws:sts::444455556666:assumed-role/copier/me");
        assert_eq!(caller.principal_arn, role);
        let (key, token) = (&caller.access_key, Some(token.as_str()));
        assert_eq!(sessions.caller(key, token, NOW).unwrap(), caller);
        assert_eq!(sessions.caller(key, None, NOW).unwrap_err().code, "UnrecognizedClientException");
        assert_eq!(sessions.caller(key, token, end).unwrap_err().code, "ExpiredTokenException");
    }
}
