//! The [Principal](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html) of a
//! statement.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Malformed, OneOrMany, malformed};
use crate::caller::{Caller, is_account};

#[derive(Debug)]
pub(super) enum Principal {
    Anyone,
    /// Every caller of an account.
    Account(String),
    /// One role, user or session.
    One(String),
    /// A service or an identity provider, which never calls the sandbox.
    Other,
}

impl Principal {
    pub(super) fn covers(&self, caller: &Caller) -> bool {
        match self {
            Self::Anyone => true,
            Self::Account(account) => *account == caller.account,
            Self::One(arn) => *arn == caller.principal_arn || *arn == caller.arn,
            Self::Other => false,
        }
    }

    fn parse(text: &str) -> Result<Self, Malformed> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            ["*"] => Ok(Self::Anyone),
            [account] if is_account(account) => Ok(Self::Account(text.to_owned())),
            ["arn", _, "iam", "", account, "root"] if is_account(account) => {
                Ok(Self::Account((*account).to_owned()))
            }
            ["arn", _, "iam" | "sts", "", account, resource]
                if is_account(account) && resource.contains('/') && !resource.contains(['*', '?']) =>
            {
                Ok(Self::One(text.to_owned()))
            }
            _ => malformed(format!(
                "`Principal` names `{text}`, which is no account, no ARN of IAM or STS, and not `*`"
            )),
        }
    }
}

pub(super) fn read(value: &Value) -> Result<Vec<Principal>, Malformed> {
    if value == "*" {
        return Ok(vec![Principal::Anyone]);
    }
    let kinds: BTreeMap<String, OneOrMany<String>> = serde_json::from_value(value.clone())
        .map_err(|_| Malformed("`Principal` has to be `*` or an object such as {\"AWS\": …}".to_owned()))?;
    let mut principals = Vec::new();
    for (kind, values) in kinds {
        match kind.as_str() {
            "AWS" => {
                for text in values.read("Principal")? {
                    principals.push(Principal::parse(&text)?);
                }
            }
            "Service" | "Federated" | "CanonicalUser" => principals.push(Principal::Other),
            other => return malformed(format!("`Principal` has the unknown kind `{other}`")),
        }
    }
    if principals.is_empty() { malformed("`Principal` is empty") } else { Ok(principals) }
}
