//! The request and the record that the domain's tests are about.

use jiff::{SignedDuration, Timestamp};

use super::admission::Admission;
use super::arn::ProjectVersionArn;
use super::decide::start::{Answered, answered};
use super::intake::{Intake, Message, Via, intake};
use super::model::{ModelStatus, Version};
use super::record::Record;
use super::refusal::{CopyAnswer, Refusal};
use super::times::{Times, after};

pub(crate) const SOURCE: &str = "rekognition.model-copier";
pub(crate) const EVENT: &str = include_str!("../../events/copy-requested.json");
pub(crate) const BARE: &str = include_str!("../../events/copy-requested-bare.json");
pub(crate) const COPY: &str = "arn:aws:rekognition:us-east-1:444455556666:project/flowers-production/version/flowers.2026-11-02/1763978460123";

pub(crate) fn admission() -> Admission {
    Admission {
        partition: "aws".into(),
        region: "us-east-1".into(),
        account: "444455556666".into(),
        source_accounts: ["111122223333", "444455556666"].map(str::to_owned).into(),
        output_buckets: None,
    }
}

/// Ten o'clock, and so many seconds.
pub(crate) fn at(seconds: i64) -> Timestamp {
    let ten: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
    after(ten, SignedDuration::from_secs(seconds))
}

pub(crate) fn taken_in(text: &str) -> Intake {
    let message = Message { text, id: "message-1", via: Via::Queue };
    intake(message, &admission(), SOURCE, "owner-1", at(0)).unwrap()
}

/// A record whose first call is about to be made.
pub(crate) fn starting() -> Record {
    taken_in(EVENT).record
}

/// What an answer leads to when it has to be written.
pub(crate) fn after_answer(record: Record, answer: CopyAnswer, now: Timestamp) -> Record {
    match answered(record, answer, now, &Times::default()) {
        Answered::Write(record) => record,
        Answered::LookUpName(_) => panic!("the name is to be looked up"),
    }
}

pub(crate) fn refused(code: &str) -> CopyAnswer {
    CopyAnswer::Refused(Refusal { code: code.into(), message: "because".into() })
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
    let copy = starting().copy.unwrap();
    Version {
        arn: copy_arn(),
        status,
        status_message: Some("a word of Rekognition".into()),
        source_project_version_arn: Some(copy.source_project_version_arn.to_string()),
        s3_bucket: Some(copy.output_config.s3_bucket),
        kms_key_id: copy.kms_key_id,
    }
}

/// The words of all announcements not yet published.
pub(crate) fn words(record: &Record) -> Vec<&'static str> {
    record.outbox.iter().map(|letter| letter.status.as_str()).collect()
}
