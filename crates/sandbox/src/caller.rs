//! The account and principal behind an access key.
//!
//! An access key of 12 digits is the root user of that account. A key such as `444455556666.copier` is a session of the
//! role `copier` in that account. AssumeRole creates the keys of other sessions.

use std::collections::HashMap;

use jiff::Timestamp;
use rekognition_model_copier::domain::arn::is_account;
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

impl Caller {
    fn root(account: &str) -> Self {
        let arn = format!("arn:aws:iam::{account}:root");
        Self {
            access_key: account.to_owned(),
            account: account.to_owned(),
            principal_arn: arn.clone(),
            arn,
            user_id: account.to_owned(),
        }
    }

    /// A session of a role; `None` if `role_arn` is not `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`.
    fn session(access_key: &str, role_arn: &str, session_name: &str, role_id: &str) -> Option<Self> {
        let parts: Vec<&str> = role_arn.splitn(6, ':').collect();
        let ["arn", partition, "iam", "", account, resource] = parts.as_slice() else { return None };
        let name = resource.strip_prefix("role/")?.rsplit('/').next()?;
        (is_account(account) && !name.is_empty()).then(|| Self {
            access_key: access_key.to_owned(),
            account: (*account).to_owned(),
            arn: format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session_name}"),
            principal_arn: role_arn.to_owned(),
            user_id: format!("{role_id}:{session_name}"),
        })
    }

    /// A session of a role without path, as a Lambda function has one. The access key is `ACCOUNT.NAME`.
    fn of_function(access_key: &str) -> Option<Self> {
        let (account, name) = access_key.split_once('.')?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        if !name.chars().all(is_plain) {
            return None;
        }
        Self::session(access_key, &format!("arn:aws:iam::{account}:role/{name}"), name, "AROASANDBOX")
    }

    /// The condition keys of policies that describe the caller. `organization` is the one that its account is in.
    pub(crate) fn condition_keys(&self, organization: Option<&String>) -> Vec<(&'static str, String)> {
        let kind = if self.arn == self.principal_arn { "Account" } else { "AssumedRole" };
        let mut keys = vec![
            ("aws:PrincipalArn", self.principal_arn.clone()),
            ("aws:PrincipalAccount", self.account.clone()),
            ("aws:PrincipalType", kind.to_owned()),
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
        if let Some(caller) = Caller::of_function(access_key) {
            return Ok(caller);
        }
        let refused = |code: &str, why: &str| {
            Err(AwsError::new(code, format!("The security token included in the request is {why}")))
        };
        match self.0.get(access_key).filter(|session| token == Some(session.token.as_str())) {
            None => {
                refused("UnrecognizedClientException", "invalid: use 12 digits, an account, as access key")
            }
            Some(session) if session.expiration <= now => refused("ExpiredTokenException", "expired"),
            Some(session) => Ok(session.caller.clone()),
        }
    }

    /// Opens a session without asking who may open it. Returns its caller, secret key and token. `role_arn` is
    /// `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`.
    pub(crate) fn open(
        &mut self,
        role_arn: &str,
        session_name: &str,
        expiration: Timestamp,
    ) -> Result<(Caller, String, String), AwsError> {
        let [key, role_id, secret, token] =
            [(); 4].map(|()| Uuid::new_v4().simple().to_string().to_uppercase());
        let (access_key, role_id) = (format!("ASIA{key:.16}"), format!("AROA{role_id:.16}"));
        let caller = Caller::session(&access_key, role_arn, session_name, &role_id)
            .ok_or_else(|| AwsError::validation(format!("`{role_arn}` is no ARN of a role")))?;
        let token = format!("sandbox-session-{token}");
        self.0.insert(access_key, Session { caller: caller.clone(), token: token.clone(), expiration });
        Ok((caller, secret, token))
    }
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
