use rekognition_model_copier::lambda::{messages, sqs_event};

use super::text;
use crate::hostile::oracle::json::{Json, parse};

/// An invocation's payload: a batch from the queue if and only if it is an object with `Records`; and what is a batch
/// gives every body under its own id, or none at all.
pub fn batch(data: &[u8]) {
    let text = &text(data);
    let expected = records(text);
    match (sqs_event(text), &expected) {
        (Ok(None), None) => {}
        (Ok(Some(event)), Some(records)) => {
            let read = messages(&event).ok();
            let read: Option<Vec<_>> =
                read.map(|all| all.iter().map(|m| (m.id.to_owned(), m.body.to_owned())).collect());
            assert_eq!(read, whole(records), "{text:?}");
        }
        (Err(_), Some(records)) => assert!(!is_of_sqs(records), "{text:?}"),
        (read, _) => panic!("{text:?}: {:?}, not {expected:?}", read.map(|event| event.is_some())),
    }
}

/// The value of `Records`, where that is there once.
fn records(text: &str) -> Option<Json> {
    let Some(Json::Object(members)) = parse(text) else { return None };
    let mut all = members.into_iter().filter(|member| member.0 == "Records");
    all.next().filter(|_| all.next().is_none()).map(|(_, value, _)| value)
}

/// Every message's id and body, if each has an id. A body that is left out or null is empty.
fn whole(records: &Json) -> Option<Vec<(String, String)>> {
    let Json::Array(records) = records else { return None };
    let text = |record: &Json, name: &str| {
        let Json::Object(members) = record else { return None };
        members.iter().find(|member| member.0 == name).and_then(|(_, value, _)| match value {
            Json::Text(text) => Some(text.clone()),
            _ => None,
        })
    };
    let of = |record: &Json| {
        let id = text(record, "messageId").filter(|id| !id.is_empty())?;
        Some((id, text(record, "body").unwrap_or_default()))
    };
    records.iter().map(of).collect()
}

/// Whether every message has the members that SQS gives it, once each, and of their types. Of `messageAttributes`,
/// which nobody reads, only none are vouched for.
fn is_of_sqs(records: &Json) -> bool {
    let Json::Array(records) = records else { return false };
    let is_text = |value: &Json| matches!(value, Json::Text(_) | Json::Null);
    records.iter().all(|record| {
        let Json::Object(members) = record else { return false };
        let once = |name: &str| members.iter().filter(|member| member.0 == name).count() == 1;
        members.iter().all(|(name, value, _)| match name.as_str() {
            "messageId"
            | "receiptHandle"
            | "body"
            | "md5OfBody"
            | "md5OfMessageAttributes"
            | "eventSourceARN"
            | "eventSource"
            | "awsRegion" => once(name) && is_text(value),
            "attributes" => {
                once(name)
                    && match value {
                        Json::Null => true,
                        Json::Object(all) => all.iter().all(|(_, value, _)| matches!(value, Json::Text(_))),
                        _ => false,
                    }
            }
            "messageAttributes" => once(name) && (*value == Json::Null || *value == Json::Object(vec![])),
            _ => true,
        })
    })
}
