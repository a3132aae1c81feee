//! The Principal of a statement: who it speaks of.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>

use serde_json::Value;

use super::element::{Malformed, texts};
use crate::caller::{Caller, is_account};

#[derive(Debug)]
pub(super) enum Principal {
    Anyone,
    /// Everybody in an account.
    Account(String),
    /// One role, user or session.
    One(String),
    /// A service or an identity provider: never a caller of the sandbox.
    Elsewhere,
}

impl Principal {
    pub(super) fn covers(&self, caller: &Caller) -> bool {
        match self {
            Self::Anyone => true,
            Self::Account(account) => *account == caller.account,
            Self::One(arn) => *arn == caller.principal_arn || *arn == caller.arn,
            Self::Elsewhere => false,
        }
    }

    fn aws(text: &str) -> Result<Self, Malformed> {
        if text == "*" {
            return Ok(Self::Anyone);
        }
        if is_account(text) {
            return Ok(Self::Account(text.to_owned()));
        }
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", _, "iam", "", account, "root"] if is_account(account) => {
                Ok(Self::Account((*account).to_owned()))
            }
            ["arn", _, "iam" | "sts", "", account, resource]
                if is_account(account) && resource.contains('/') && !resource.contains(['*', '?']) =>
            {
                Ok(Self::One(text.to_owned()))
            }
            _ => Err(Malformed(format!(
                "`Principal` names `{text}`, which is no account, no ARN of IAM or STS, and not `*`"
            ))),
        }
    }
}

pub(super) fn read(value: &Value) -> Result<Vec<Principal>, Malformed> {
    if value == "*" {
        return Ok(vec![Principal::Anyone]);
    }
    let malformed = || Malformed("`Principal` has to be `*` or an object such as {\"AWS\": …}".to_owned());
    let kinds = value.as_object().filter(|kinds| !kinds.is_empty()).ok_or_else(malformed)?;
    let mut principals = Vec::new();
    for (kind, value) in kinds {
        match kind.as_str() {
            "AWS" => {
                for text in texts("Principal", value)? {
                    principals.push(Principal::aws(&text)?);
                }
            }
            "Service" | "Federated" | "CanonicalUser" => principals.push(Principal::Elsewhere),
            other => return Err(Malformed(format!("`Principal` has the unknown kind `{other}`"))),
        }
    }
    Ok(principals)
}
