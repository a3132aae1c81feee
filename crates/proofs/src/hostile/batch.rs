//! An invocation's payload: a batch from the queue, or anything else.

use rekognition_model_copier::lambda::{messages, sqs_event};
use serde_json::{Value, json};

use super::text;

/// Reads a payload. A batch gives one message with an id for each of its records, or none at all; the same messages in
/// a plain batch are read the same.
pub fn batch(data: &[u8]) {
    let text = &text(data);
    let Ok(Some(event)) = sqs_event(text) else { return };
    let Ok(read) = messages(&event) else { return };
    assert!(read.iter().all(|message| !message.id.is_empty()), "{text:?}");
    // What nobody reads of a record may be more than this reader takes.
    if let Ok(payload) = serde_json::from_str::<Value>(text) {
        assert_eq!(payload["Records"].as_array().map(Vec::len), Some(read.len()), "{text:?}");
    }
    let plain = |(id, body): (&str, &str)| json!({ "messageId": id, "body": body });
    let records: Vec<_> = read.iter().map(|message| plain((message.id, message.body))).collect();
    let again = sqs_event(&json!({ "Records": records }).to_string()).ok().flatten().expect("a batch");
    let again = messages(&again).expect("messages");
    assert!(again.iter().map(|m| (m.id, m.body)).eq(read.iter().map(|m| (m.id, m.body))), "{text:?}");
}
