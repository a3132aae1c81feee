//! The fuzz target `message`: a message in any envelope.

use rekognition_model_copier::domain::arn::is_account;
use rekognition_model_copier::domain::envelope::DETAIL_TYPE;
use rekognition_model_copier::domain::id::is_id;
use rekognition_model_copier::domain::intake::{Intake, Message, WayIn, read_message};
use rekognition_model_copier::domain::record::{Record, State};
use serde_json::json;

use super::item::check_round_trip;
use super::{NOW, RULES, problems, text};
use crate::request::{ACCOUNT, SOURCE};

/// Reads a message. It becomes a starting or a rejected record, or is no request. Only a message of the queue may name its
/// requester. A request is the same in any envelope.
pub(super) fn message(data: &[u8]) -> bool {
    let text = &text(data);
    for way_in in [WayIn::Queue, WayIn::Topic(SOURCE), WayIn::Invocation] {
        let Some(taken) = take(text, way_in) else { continue };
        check(&taken, text);
        let requester = taken.record.header().key.requester.as_str();
        match way_in {
            WayIn::Queue => {}
            WayIn::Topic(account) => assert_eq!(requester, account, "{text:?}"),
            WayIn::Invocation => assert_eq!(requester, ACCOUNT, "{text:?}"),
        }
    }
    if !problems(text).is_empty() {
        return false;
    }
    let bare = take(text, WayIn::Queue).expect("a request").record;
    let detail_type = json!(DETAIL_TYPE);
    let event =
        format!(r#"{{"detail-type":{detail_type},"id":"event-1","account":"{SOURCE}","detail":{text}}}"#);
    let notification = json!({ "Type": "Notification", "MessageId": "notification-1", "Message": &event });
    for (wrapped, requester) in [(event, SOURCE), (notification.to_string(), ACCOUNT)] {
        let record = take(&wrapped, WayIn::Queue).expect("a request").record;
        let content = |record: &Record| {
            (record.accepted().map(|accepted| accepted.copy.clone()), record.header().fingerprint.clone())
        };
        assert_eq!(content(&record), content(&bare), "{text:?}");
        let header = record.header();
        assert_eq!(
            (header.key.requester.as_str(), header.causation_id.as_str()),
            (requester, "event-1"),
            "{text:?}"
        );
    }
    true
}

fn take(text: &str, way_in: WayIn<'_>) -> Option<Intake> {
    read_message(Message { text, id: "message-1", way_in }, &RULES, "owner", NOW).ok()
}

fn check(taken: &Intake, text: &str) {
    let header = taken.record.header();
    match &taken.record {
        Record::Accepted(accepted) => {
            assert!(matches!(accepted.state, State::Starting { .. }) && header.outbox.is_empty(), "{text:?}");
        }
        Record::Rejected(rejected) => {
            assert_eq!(header.outbox.len(), 1, "{text:?}");
            let message = &rejected.failure.message;
            assert!(!message.contains(char::is_control), "{text:?}: {message}");
        }
    }
    assert!(is_account(&header.key.requester) && is_id(&header.key.request_id), "{text:?}");
    check_round_trip(&taken.record, &RULES.times);
    check_round_trip(&taken.id_reused(&RULES, NOW), &RULES.times);
}
