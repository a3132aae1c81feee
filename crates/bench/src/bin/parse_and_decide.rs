//! Parses one request and decides its first step, COUNT times: `parse_and_decide COUNT`. Part `instructions` runs it.

use std::hint::black_box;
use std::process::ExitCode;

use jiff::Timestamp;
use rekognition_model_copier::domain::admission::Admission;
use rekognition_model_copier::domain::arn::ProjectVersionArn;
use rekognition_model_copier::domain::decide::start::{Answered, answered};
use rekognition_model_copier::domain::intake::{Message, Via, intake};
use rekognition_model_copier::domain::record::Record;
use rekognition_model_copier::domain::refusal::CopyAnswer;
use rekognition_model_copier::domain::times::Times;

const REQUEST: &str = include_str!("../../../../events/copy-requested.json");
const COPY: &str = "arn:aws:rekognition:us-east-1:444455556666:project/flowers-production/version/flowers.2026-11-02/1763978400000";

fn main() -> ExitCode {
    let count = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(1);
    let admission = Admission {
        partition: "aws".to_owned(),
        region: "us-east-1".to_owned(),
        account: "444455556666".to_owned(),
        source_accounts: ["111122223333".to_owned()].into(),
        output_buckets: None,
    };
    for _ in 0..count {
        match black_box(decided(black_box(REQUEST), &admission)) {
            // Anything else would be the price of a refusal.
            Some(record) if record.status() == "STARTED" => {}
            other => {
                eprintln!("not started: {other:?}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

fn decided(text: &str, admission: &Admission) -> Option<Record> {
    let message = Message { text, id: "b7c0f1d2-message", via: Via::Queue };
    let now = Timestamp::UNIX_EPOCH;
    let taken_in = intake(message, admission, "rekognition.model-copier", "an invocation/a message", now)?;
    let answer = CopyAnswer::Accepted(ProjectVersionArn::parse(COPY).ok()?);
    match answered(taken_in.record, answer, now, &Times::default()) {
        Answered::Write(record) => Some(record),
        Answered::LookUpName(_) => None,
    }
}
