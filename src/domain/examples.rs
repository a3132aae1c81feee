//! The request and the record that the domain's tests are about.

use jiff::{SignedDuration, Timestamp};

use super::admission::Admission;
use super::arn::ProjectVersionArn;
use super::aws_answer::{CopyAnswer, Refusal};
use super::decisions::copy_answer::copy_answer;
use super::decisions::starting::StartDecision;
use super::intake::{Intake, Message, WayIn, read_message};
use super::model::{ModelStatus, Version};
use super::project_policy::{Caller, CopierPolicy, PolicyRules};
use super::record::{Accepted, Record};
use super::rules::Rules;
use super::times::{Times, saturating_add};

pub(crate) const SOURCE: &str = "rekognition.model-copier";
pub(crate) const EVENT: &str = include_str!("../../events/copy-requested.json");
pub(crate) const BARE: &str = include_str!("../../events/copy-requested-bare.json");
pub(crate) const COPY: &str = "arn:aws:rekognition:us-east-1:444455556666:project/flowers-production/version/flowers.2026-11-02/1763978460123";

pub(crate) fn rules() -> Rules {
    let roles = ["check-copies", "start-copy"].map(|name| format!("arn:aws:iam::444455556666:role/{name}"));
    Rules {
        admission: Admission {
            partition: "aws".into(),
            region: "us-east-1".into(),
            account: "444455556666".into(),
            source_accounts: ["111122223333", "444455556666"].map(str::to_owned).into(),
            trusted_requesters: [].into(),
            output_locations: None,
            tag_keys: None,
        },
        times: Times::default(),
        policies: PolicyRules {
            roles: [].into(),
            policy: CopierPolicy {
                name: CopierPolicy::name_of("444455556666", "copier"),
                principals: roles.into(),
                expires: true,
            },
            caller: Caller::Functions,
        },
        stack_name: "copier".into(),
        event_source: SOURCE.into(),
        calls_per_second: 5,
    }
}

/// Ten o'clock, and so many seconds.
pub(crate) fn at(seconds: i64) -> Timestamp {
    let ten: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
    saturating_add(ten, SignedDuration::from_secs(seconds))
}

/// What a message from the queue becomes.
pub(crate) fn intake_of(text: &str) -> Intake {
    let message = Message { text, id: "message-1", way_in: WayIn::Queue };
    read_message(message, &rules(), "owner-1", at(0)).unwrap()
}

/// A record whose first call is about to be made.
pub(crate) fn starting() -> Accepted {
    match intake_of(EVENT).record {
        Record::Accepted(accepted) => accepted,
        Record::Rejected(rejected) => panic!("{:?}", rejected.failure),
    }
}

/// The record after an answer.
pub(crate) fn after_answer(accepted: Accepted, answer: CopyAnswer, now: Timestamp) -> Accepted {
    copy_answer(accepted, answer, None, None, now, &rules())
}

/// The record that a decision saves without a call.
pub(crate) fn saved(decision: StartDecision) -> Accepted {
    match decision {
        StartDecision::Save(accepted) => accepted,
        other => panic!("{other:?}"),
    }
}

/// The record with the lease of the call that a decision makes.
pub(crate) fn called(decision: StartDecision) -> Accepted {
    match decision {
        StartDecision::Call(accepted) => accepted,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn refused(code: &str) -> CopyAnswer {
    CopyAnswer::Refused(Refusal { code: code.into(), message: "because".into(), http_status: None })
}

pub(crate) fn unanswered() -> CopyAnswer {
    CopyAnswer::Unanswered { reason: "reset".into() }
}

pub(crate) fn accepted() -> CopyAnswer {
    CopyAnswer::Accepted(copy_arn())
}

pub(crate) fn copy_arn() -> ProjectVersionArn {
    ProjectVersionArn::parse(COPY).unwrap()
}

/// The copy as Rekognition describes it.
pub(crate) fn version(status: ModelStatus) -> Version {
    let copy = starting().copy;
    Version {
        arn: copy_arn(),
        status,
        status_message: Some("a word of Rekognition".into()),
        source_project_version_arn: Some(copy.source_project_version_arn.to_string()),
        created_at: Some(at(1)),
        s3_bucket: Some(copy.output_config.s3_bucket),
        kms_key_id: copy.kms_key_id,
    }
}

/// The statuses of all announcements not yet published.
pub(crate) fn statuses(accepted: &Accepted) -> Vec<&'static str> {
    accepted.header.outbox.iter().map(|outgoing| outgoing.status.as_str()).collect()
}

/// Where an accepted request stands, in an announcement's word.
pub(crate) fn status(accepted: &Accepted) -> &'static str {
    accepted.status().map_or("STARTING", |status| status.as_str())
}
