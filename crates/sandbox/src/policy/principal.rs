//! The [Principal](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html) of a
//! statement: `*`, an account, or the ARN of a role, a user or a session.

use std::collections::BTreeMap;

use rekognition_model_copier::domain::arn::is_account;
use serde_json::Value;

use super::{Malformed, OneOrMany, malformed};
use crate::caller::Caller;

/// Whether one of these principals is the caller.
pub(super) fn covers(principals: &[String], caller: &Caller) -> bool {
    let names = ["*", &caller.account, &caller.principal_arn, &caller.arn];
    principals.iter().any(|principal| names.contains(&principal.as_str()))
}

/// The principals that can call the sandbox. A service or an identity provider never does.
pub(super) fn read(value: Value) -> Result<Vec<String>, Malformed> {
    if value == "*" {
        return Ok(vec!["*".to_owned()]);
    }
    let kinds: BTreeMap<String, OneOrMany<String>> = serde_json::from_value(value)
        .map_err(|_| Malformed("`Principal` has to be `*` or an object such as {\"AWS\": …}".to_owned()))?;
    if kinds.is_empty() {
        return malformed("`Principal` is empty");
    }
    let mut principals = Vec::new();
    for (kind, values) in kinds {
        match kind.as_str() {
            "AWS" => {
                for text in values.read("Principal")? {
                    principals.push(parse(&text)?);
                }
            }
            "Service" | "Federated" | "CanonicalUser" => {}
            other => return malformed(format!("`Principal` has the unknown kind `{other}`")),
        }
    }
    Ok(principals)
}

/// A principal in the form in which [`covers`] compares it: the root of an account is the account.
fn parse(text: &str) -> Result<String, Malformed> {
    let is_one = |resource: &str| resource.contains('/') && !resource.contains(['*', '?']);
    match text.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        ["*"] => Ok(text.to_owned()),
        [account] | ["arn", _, "iam", "", account, "root"] if is_account(account) => {
            Ok((*account).to_owned())
        }
        ["arn", _, "iam" | "sts", "", account, resource] if is_account(account) && is_one(resource) => {
            Ok(text.to_owned())
        }
        _ => malformed(format!(
            "`Principal` names `{text}`, which is no account, no ARN of IAM or STS, and not `*`"
        )),
    }
}
