//! From a file to messages for the queue. What they mean is for start-copy to find out.

use serde_json::Value;

/// The bodies to send: those of an SQS batch's records, else the text as it is.
pub(super) fn messages(text: &str) -> Vec<String> {
    let event: Value = serde_json::from_str(text).unwrap_or_default();
    let records = event.get("Records").and_then(Value::as_array);
    let body = |record: &Value| Some(record.get("body")?.as_str()?.to_owned());
    records
        .and_then(|records| records.iter().map(body).collect::<Option<Vec<_>>>())
        .unwrap_or_else(|| vec![text.to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_sent_record_by_record() {
        let batch = r#"{"Records": [{"body": "a"}, {"body": "b"}]}"#;
        assert_eq!(messages(batch), ["a", "b"]);
    }

    #[test]
    fn everything_else_is_sent_as_it_is() {
        for text in [r#"{"versionName": "v1"}"#, r#"{"Records": [{}]}"#, r#"{"Records": "a"}"#, "no JSON", ""]
        {
            assert_eq!(messages(text), [text]);
        }
    }
}
