//! The fuzz target `batch`: the payload of an invocation.

use rekognition_model_copier::lambda::payload::{Payload, read};
use serde_json::json;

use super::text;

/// Reads a payload. Each message of a batch has an id, and a batch with only ids and bodies has the same messages.
pub(super) fn batch(data: &[u8]) -> bool {
    let text = &text(data);
    let Ok(payload) = read(text) else { return false };
    match payload {
        Payload::Request(request) => assert_eq!(request, text),
        Payload::Topic(records) => {
            records.iter().for_each(|record| assert!(text.contains("Sns"), "{text:?}: {record:?}"));
        }
        Payload::Batch(records) => {
            let messages: Vec<_> = records.iter().map(|record| record.message(None)).collect();
            assert!(messages.iter().all(|message| !message.id.is_empty()), "{text:?}");
            let plain: Vec<_> = messages
                .iter()
                .map(|message| json!({ "messageId": message.id, "body": message.text }))
                .collect();
            let plain = json!({ "Records": plain }).to_string();
            let Ok(Payload::Batch(again)) = read(&plain) else { panic!("{plain}") };
            let again: Vec<_> = again.iter().map(|record| record.message(None)).collect();
            assert_eq!(format!("{again:?}"), format!("{messages:?}"), "{text:?}");
        }
    }
    true
}
