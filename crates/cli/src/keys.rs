//! The check of a KMS key.

use crate::check::{Outcome, Trouble};
use crate::session::Session;

/// Checks that the key exists in the session's Region and is enabled.
pub async fn check(session: &Session, key: &str) -> Outcome {
    let remedy = format!("use a key of Region `{}`", session.identity.region);
    if let ["arn", _, _, region, ..] = key.split(':').collect::<Vec<_>>()[..]
        && region != session.identity.region
    {
        return Err(Trouble::found(format!("`{key}` is of another Region"), remedy));
    }
    let client = aws_sdk_kms::Client::new(&session.config.shared);
    let answer = client.describe_key().key_id(key).send().await;
    let answer = answer.map_err(|error| Trouble::missing(&error, format!("key `{key}`"), remedy))?;
    let metadata = answer.key_metadata();
    let state = metadata.and_then(|key| key.key_state()).map_or("unknown", |state| state.as_str());
    let arn = metadata.and_then(|key| key.arn()).unwrap_or(key);
    match state {
        "Enabled"
            if metadata
                .and_then(|key| key.aws_account_id())
                .is_some_and(|of| of != session.identity.account) =>
        {
            Ok(format!(
                "`{arn}` is enabled; it belongs to another account, and its key policy has to allow this account"
            ))
        }
        "Enabled" => Ok(format!("`{arn}` is enabled")),
        "PendingDeletion" => {
            let remedy =
                format!("aws kms cancel-key-deletion --key-id {arn} && aws kms enable-key --key-id {arn}");
            Err(Trouble::found(format!("`{arn}` will be deleted and cannot be used"), remedy))
        }
        "Disabled" => {
            Err(Trouble::found(format!("`{arn}` is disabled"), format!("aws kms enable-key --key-id {arn}")))
        }
        _ => Err(Trouble::found(format!("`{arn}` has state {state}"), "use a key that is enabled")),
    }
}
