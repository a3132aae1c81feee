//! A message in any wrapping.

use rekognition_model_copier::domain::announcement::Status;
use rekognition_model_copier::domain::arn::is_account;
use rekognition_model_copier::domain::envelope::DETAIL_TYPE;
use rekognition_model_copier::domain::id::is_id;
use rekognition_model_copier::domain::intake::{Intake, Message, Via, intake};
use rekognition_model_copier::domain::record::State;
use serde_json::json;

use super::item::survives;
use super::{NOW, RULES, problems, text};
use crate::request::{ACCOUNT, SOURCE};

/// Takes a message in. It becomes a start or a rejection, or it is an announcement of a copier; only the queue is
/// believed about a sender; a request is the same in any wrapping.
pub fn message(data: &[u8]) {
    let text = &text(data);
    for via in [Via::Queue, Via::Invocation] {
        let Some(taken) = take(text, via) else { continue };
        check(&taken, text);
        assert!(via == Via::Queue || taken.record.key.sender == ACCOUNT, "{text:?}");
    }
    if !problems(text).is_empty() {
        return;
    }
    let bare = take(text, Via::Queue).expect("a request").record;
    let detail_type = json!(DETAIL_TYPE);
    let event =
        format!(r#"{{"detail-type":{detail_type},"id":"event-1","account":"{SOURCE}","detail":{text}}}"#);
    let notification = json!({ "Type": "Notification", "MessageId": "notification-1", "Message": &event });
    for (wrapped, sender) in [(event, SOURCE), (notification.to_string(), ACCOUNT)] {
        let record = take(&wrapped, Via::Queue).expect("a request").record;
        assert_eq!((&record.copy, &record.fingerprint), (&bare.copy, &bare.fingerprint), "{text:?}");
        assert_eq!(
            (record.key.sender.as_str(), record.causation_id.as_str()),
            (sender, "event-1"),
            "{text:?}"
        );
    }
}

fn take(text: &str, via: Via) -> Option<Intake> {
    let message = Message { text, id: "message-1", via };
    intake(message, &RULES.admission, &RULES.event_source, "owner", NOW)
}

fn check(taken: &Intake, text: &str) {
    let record = &taken.record;
    match &record.state {
        State::Starting { .. } => assert!(record.copy.is_some() && record.outbox.is_empty(), "{text:?}"),
        State::Ended { status: Status::Rejected, failure: Some(failure), .. } => {
            assert!(record.copy.is_none() && record.outbox.len() == 1, "{text:?}");
            assert!(!failure.message.contains(char::is_control), "{text:?}: {}", failure.message);
        }
        other => panic!("{text:?}: {other:?}"),
    }
    assert!(is_account(&record.key.sender) && is_id(&record.key.request_id), "{text:?}");
    survives(record, &RULES.times);
    survives(&taken.reused(&RULES.admission, NOW), &RULES.times);
}
