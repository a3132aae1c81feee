//! What the elements of a policy document have in common: why one is refused, and texts.

use serde_json::Value;

/// Why a document is refused, in words for MalformedPolicyDocumentException.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(pub(super) String);

/// One text or a list of them, at least one.
pub(super) fn texts(name: &str, value: &Value) -> Result<Vec<String>, Malformed> {
    let malformed = || Malformed(format!("`{name}` has to be a text or a list of texts"));
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Array(values) if !values.is_empty() => {
            values.iter().map(|value| value.as_str().map(str::to_owned).ok_or_else(malformed)).collect()
        }
        _ => Err(malformed()),
    }
}
