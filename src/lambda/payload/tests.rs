//! What payloads bring, and who the requester of each is.

use serde_json::{Value, json};

use super::*;

const QUEUE: &str = "arn:aws:sqs:us-east-1:444455556666:requests";

fn record(changes: Value) -> Value {
    let mut record = json!({
        "messageId": "m1", "body": "{}", "eventSource": "aws:sqs", "eventSourceARN": QUEUE
    });
    for (name, value) in changes.as_object().unwrap() {
        record[name] = value.clone();
    }
    record
}

/// Id, text and way in of every message in a payload.
fn messages(payload: &Value) -> Vec<(String, String, String)> {
    let text = payload.to_string();
    let told = |message: Message<'_>| {
        (message.id.to_owned(), message.text.to_owned(), format!("{:?}", message.way_in))
    };
    match read(&text).unwrap() {
        Payload::Batch(records) => records.iter().map(|record| told(record.message(Some(QUEUE)))).collect(),
        Payload::Topic(records) => records.iter().map(|record| told(record.message())).collect(),
        Payload::Request(text) => vec![(String::new(), text.to_owned(), "Request".to_owned())],
    }
}

fn row(id: &str, text: &str, way_in: &str) -> (String, String, String) {
    (id.to_owned(), text.to_owned(), way_in.to_owned())
}

#[test]
fn a_batch_of_the_own_queue_and_of_another_one_differ() {
    let other = "arn:aws:sqs:us-east-1:444455556666:other";
    for (queue, way_in) in [(json!(QUEUE), "Queue"), (json!(other), "Invocation"), (json!(7), "Invocation")] {
        let batch = json!({ "Records": [record(json!({ "eventSourceARN": queue }))] });
        assert_eq!(messages(&batch), [row("m1", "{}", way_in)]);
    }
    let text = json!({ "Records": [record(json!({ "eventSourceARN": other }))] }).to_string();
    let Ok(Payload::Batch(records)) = read(&text) else { panic!() };
    assert_eq!(records[0].message(None).way_in, WayIn::Queue, "where no queue is set, every one is the own");
}

#[test]
fn a_pipes_list_is_a_batch() {
    let list = json!([record(json!({})), record(json!({ "messageId": "m2", "eventSourceARN": "other" }))]);
    assert_eq!(messages(&list), [row("m1", "{}", "Queue"), row("m2", "{}", "Invocation")]);
}

#[test]
fn a_malformed_field_affects_no_other_message() {
    let attributes = json!({ "X": { "binaryValue": "***", "stringListValues": null } });
    let batch = json!({ "Records": [
        record(json!({ "messageAttributes": attributes, "attributes": 7, "awsRegion": null })),
        record(json!({ "messageId": "m2", "body": 7 })),
        record(json!({ "messageId": "m3", "body": null })),
    ]});
    assert_eq!(messages(&batch), [row("m1", "{}", "Queue"), row("m2", "7", "Queue"), row("m3", "", "Queue")]);
}

#[test]
fn a_record_without_an_id_fails_the_batch() {
    for id in [json!(null), json!(""), json!(7)] {
        let batch = json!({ "Records": [record(json!({})), record(json!({ "messageId": id }))] });
        assert_eq!(read(&batch.to_string()), Err(BadPayload::NoMessageId), "{id}");
    }
    assert_eq!(read(r#"{"Records": [7]}"#), Err(BadPayload::NoMessageId));
    assert_eq!(read(r#"{"Records": 7}"#), Err(BadPayload::NoRecords));
}

#[test]
fn a_notification_is_its_topics_accounts() {
    let sns = json!({ "TopicArn": "arn:aws:sns:us-east-1:111122223333:releases", "MessageId": "n1", "Message": "{}" });
    let event = json!({ "Records": [{ "EventSource": "aws:sns", "Sns": sns }] });
    assert_eq!(messages(&event), [row("n1", "{}", r#"Topic("111122223333")"#)]);
    for broken in [json!({}), json!({ "Message": "{}", "MessageId": "n", "TopicArn": "topic" }), json!(7)] {
        let event = json!({ "Records": [{ "EventSource": "aws:sns", "Sns": broken }] });
        assert_eq!(read(&event.to_string()), Err(BadPayload::NoNotification), "{broken}");
    }
}

#[test]
fn records_of_another_service_are_named() {
    let event = json!({ "Records": [{ "eventSource": "aws:kinesis" }] }).to_string();
    assert_eq!(
        read(&event).unwrap_err().to_string(),
        "records of `aws:kinesis` are not understood: send requests through EventBridge, SQS or SNS"
    );
}

#[test]
fn anything_else_is_a_request() {
    for payload in ["[[]]", "[1]", "[]", "{}", "1", "", "{\"detail\": {}}", "no JSON"] {
        assert_eq!(read(payload), Ok(Payload::Request(payload)));
    }
    assert_eq!(read(r#" {"Records": []}"#), Ok(Payload::Batch(vec![])));
}
