use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Batch, Queue, QueueSettings, Verdict, verdict};

const ARN: &str = "arn:aws:sqs:us-east-1:444455556666:rekognition-model-copier-requests";
const HIDDEN: Duration = Duration::from_secs(180);

fn queue() -> Queue {
    queue_with(|_| {})
}

fn queue_with(change: impl FnOnce(&mut QueueSettings)) -> Queue {
    let mut settings = QueueSettings {
        batch_size: 10,
        window: Duration::ZERO,
        visibility_timeout: HIDDEN,
        max_receive_count: 3,
    };
    change(&mut settings);
    Queue::new(ARN.to_owned(), settings, Uuid::NAMESPACE_OID)
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_764_000_000 + seconds).unwrap()
}

fn bodies(batch: &Batch) -> Vec<&str> {
    batch.deliveries().iter().map(|delivery| delivery.body.as_str()).collect()
}

fn all_done() -> Verdict {
    Verdict::DoneBut(Vec::new())
}

#[test]
fn an_empty_queue_hands_out_nothing() {
    let mut queue = queue();
    assert!(queue.receive(at(0)).is_none());
    assert_eq!(queue.next_visible(), None);
}

#[test]
fn a_batch_holds_ten_messages_at_most_oldest_first() {
    let mut queue = queue();
    for n in 0..12 {
        queue.send(n.to_string(), at(0));
    }
    let first = queue.receive(at(0)).unwrap();
    assert_eq!(bodies(&first), ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    assert_eq!(bodies(&queue.receive(at(0)).unwrap()), ["10", "11"]);
    assert!(queue.receive(at(0)).is_none());
}

#[test]
fn a_batch_that_is_not_full_waits_for_the_window() {
    let mut queue = queue_with(|settings| {
        settings.window = Duration::from_secs(5);
        settings.batch_size = 2;
    });
    queue.send("a", at(0));
    assert!(queue.receive(at(4)).is_none());
    assert_eq!(bodies(&queue.receive(at(5)).unwrap()), ["a"]);

    queue.send("b", at(6));
    queue.send("c", at(6));
    assert_eq!(bodies(&queue.receive(at(6)).unwrap()), ["b", "c"]);
}

#[test]
fn a_message_in_hand_is_hidden_until_its_visibility_timeout_ends() {
    let mut queue = queue();
    queue.send("a", at(0));
    queue.receive(at(0)).unwrap();
    assert!(queue.receive(at(179)).is_none());
    assert_eq!(queue.next_visible(), Some(at(180)));
    let again = queue.receive(at(180)).unwrap();
    assert_eq!(again.deliveries()[0].receive_count, 2);
}

#[test]
fn a_message_that_is_done_never_comes_back() {
    let mut queue = queue();
    queue.send("a", at(0));
    let batch = queue.receive(at(0)).unwrap();
    queue.settle(&batch, &all_done());
    assert_eq!(queue.depth(), 0);
    assert!(queue.receive(at(1_000)).is_none());
}

#[test]
fn only_the_messages_that_failed_come_back() {
    let mut queue = queue();
    queue.send("a", at(0));
    let failed = queue.send("b", at(0));
    queue.send("c", at(0));
    let batch = queue.receive(at(0)).unwrap();
    queue.settle(&batch, &Verdict::DoneBut(vec![failed.clone()]));
    assert_eq!(queue.depth(), 1);
    let again = queue.receive(at(180)).unwrap();
    assert_eq!(again.message_ids(), [failed]);
}

#[test]
fn a_failed_batch_comes_back_whole() {
    let mut queue = queue();
    queue.send("a", at(0));
    queue.send("b", at(0));
    let batch = queue.receive(at(0)).unwrap();
    queue.settle(&batch, &Verdict::AllFailed);
    assert_eq!(bodies(&queue.receive(at(180)).unwrap()), ["a", "b"]);
}

#[test]
fn an_outdated_receipt_deletes_nothing() {
    let mut queue = queue();
    queue.send("a", at(0));
    let slow = queue.receive(at(0)).unwrap();
    queue.receive(at(180)).unwrap();
    queue.settle(&slow, &all_done());
    assert_eq!(queue.depth(), 1);
}

#[test]
fn a_message_that_comes_back_too_often_is_a_dead_letter() {
    let mut queue = queue();
    let id = queue.send("a", at(0));
    for time in 0..3 {
        let batch = queue.receive(at(180 * time)).unwrap();
        queue.settle(&batch, &Verdict::AllFailed);
        assert!(queue.dead_letters().is_empty());
    }
    assert!(queue.receive(at(539)).is_none());
    assert!(queue.dead_letters().is_empty(), "it is hidden still");
    assert!(queue.receive(at(540)).is_none());
    assert_eq!(queue.depth(), 0);
    let dead = &queue.dead_letters()[0];
    assert_eq!((dead.id.as_str(), dead.body.as_str(), dead.receive_count), (id.as_str(), "a", 3));
}

#[test]
fn an_event_tells_what_lambda_tells() {
    let mut queue = queue();
    let id = queue.send("hello", at(0));
    queue.receive(at(1)).unwrap();
    let batch = queue.receive(at(181)).unwrap();
    let event = batch.event();
    let record = &event["Records"][0];
    assert_eq!(record["messageId"], json!(id));
    assert_eq!(record["body"], json!("hello"));
    assert_eq!(record["receiptHandle"], json!(batch.deliveries()[0].receipt));
    assert_eq!(record["attributes"]["ApproximateReceiveCount"], json!("2"));
    assert_eq!(record["attributes"]["SentTimestamp"], json!("1764000000000"));
    assert_eq!(record["attributes"]["ApproximateFirstReceiveTimestamp"], json!("1764000001000"));
    assert_eq!(record["attributes"]["SenderId"], json!("444455556666"));
    assert_eq!(record["eventSource"], json!("aws:sqs"));
    assert_eq!(record["eventSourceARN"], json!(ARN));
    assert_eq!(record["awsRegion"], json!("us-east-1"));
}

#[test]
fn every_answer_of_a_function_has_the_verdict_aws_documents() {
    let but = |ids: &[&str]| Verdict::DoneBut(ids.iter().map(|id| (*id).to_owned()).collect());
    let failures = |list: Value| json!({ "batchItemFailures": list });
    let table = [
        (json!(null), but(&[])),
        (json!({}), but(&[])),
        (failures(json!([])), but(&[])),
        (failures(json!(null)), but(&[])),
        (failures(json!([{"itemIdentifier": "a"}])), but(&["a"])),
        (failures(json!([{"itemIdentifier": "a"}, {"itemIdentifier": "b"}])), but(&["a", "b"])),
        (failures(json!([{"itemIdentifier": ""}])), Verdict::AllFailed),
        (failures(json!([{"itemIdentifier": null}])), Verdict::AllFailed),
        (failures(json!([{"itemIdentifier": "stranger"}])), Verdict::AllFailed),
        (failures(json!([{"itemIdentifier": "a"}, {"itemIdentifier": "stranger"}])), Verdict::AllFailed),
        (failures(json!([{"messageId": "a"}])), Verdict::AllFailed),
        (failures(json!([{}])), Verdict::AllFailed),
        (failures(json!(["a"])), Verdict::AllFailed),
        (failures(json!("a")), Verdict::AllFailed),
        (json!("done"), Verdict::AllFailed),
        (json!([]), Verdict::AllFailed),
    ];
    for (answer, expected) in table {
        assert_eq!(verdict(&["a", "b"], &answer), expected, "{answer}");
    }
}
