use crate::request::ACCOUNT;
use rekognition_model_copier::domain::announcement::Status;
use rekognition_model_copier::domain::arn;
use rekognition_model_copier::domain::envelope::{self, Opened};
use rekognition_model_copier::domain::id::is_id;
use rekognition_model_copier::domain::intake::{Intake, Message, Via, intake};
use rekognition_model_copier::domain::record::State;

use super::survival::survives;
use super::{NOW, ORACLE, RULES, is_account, text};
use crate::hostile::oracle::wrapping::{Wrapped, open};

/// A message in any wrapping: opened as the second opinion opens it, and taken in as a start if and only if that
/// finds a request in it that it would serve; else as a rejection. Only the queue is believed about a sender.
pub fn message(data: &[u8]) {
    let text = &text(data);
    let expected = open(text, &RULES.event_source);
    let opened = match envelope::open(text, &RULES.event_source) {
        Opened::Announcement => Wrapped::Announcement,
        Opened::Request(letter) if !letter.problems.is_empty() => Wrapped::Broken,
        Opened::Request(letter) => Wrapped::Letter {
            text: letter.text.as_str().to_owned(),
            id: letter.event_id,
            account: letter.event_account,
            notified: letter.notified,
        },
    };
    assert_eq!(opened, expected, "{text:?}");
    for via in [Via::Queue, Via::Invocation] {
        let message = Message { text, id: "message-1", via };
        let taken = intake(message, &RULES.admission, &RULES.event_source, "owner", NOW);
        let Some(taken) = taken else {
            assert_eq!(expected, Wrapped::Announcement, "{text:?}");
            continue;
        };
        check(&taken, &expected, via, text);
    }
}

fn check(taken: &Intake, expected: &Wrapped, via: Via, text: &str) {
    let record = &taken.record;
    let (allowed, id, account) = match expected {
        Wrapped::Letter { text, id, account, notified } => {
            let is_believed = |account: &&String| via == Via::Queue && !notified && is_account(account);
            let believed = account.as_ref().filter(is_believed);
            (ORACLE.allows(text), id.as_deref(), believed.map_or(ACCOUNT, String::as_str))
        }
        _ => (false, None, ACCOUNT),
    };
    match &record.state {
        State::Starting { .. } => {
            assert!(allowed && record.copy.is_some() && record.outbox.is_empty(), "{text:?}")
        }
        State::Ended { status: Status::Rejected, failure: Some(_), .. } => {
            assert!(!allowed && record.copy.is_none() && record.outbox.len() == 1, "{text:?}");
        }
        other => panic!("{text:?}: {other:?}"),
    }
    if matches!(expected, Wrapped::Letter { .. }) {
        assert_eq!(record.key.sender, account, "{text:?}");
        assert_eq!(record.causation_id, id.filter(|id| is_id(id)).unwrap_or("message-1"), "{text:?}");
    }
    assert!(arn::is_account(&record.key.sender) && is_id(&record.key.request_id), "{text:?}");
    survives(record, &RULES.times);
    survives(&taken.reused(&RULES.admission, NOW), &RULES.times);
}
