//! Parses one request and decides its first step COUNT times: `parse_and_decide COUNT`. The part `instructions` runs it.

use std::error::Error;
use std::hint::black_box;

use jiff::Timestamp;
use rekognition_model_copier::Rules;
use rekognition_model_copier::domain::arn::ProjectVersionArn;
use rekognition_model_copier::domain::aws_answer::CopyAnswer;
use rekognition_model_copier::domain::decisions::copy_answer::copy_answer;
use rekognition_model_copier::domain::intake::{Message, WayIn, read_message};
use rekognition_model_copier::domain::record::Record;
use rekognition_model_copier::domain::status::Status;
use rekognition_model_copier::settings::Settings;

const REQUEST: &str = include_str!("../../../../events/copy-requested.json");
const COPY: &str = "arn:aws:rekognition:us-east-1:444455556666:project/flowers-production/version/flowers.2026-11-02/1763978400000";
const SETTINGS: [(&str, &str); 4] = [
    ("AWS_REGION", "us-east-1"),
    ("ACCOUNT_ID", "444455556666"),
    ("LEDGER_TABLE", "ledger"),
    ("ALLOWED_SOURCE_ACCOUNTS", "111122223333"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args().nth(1).ok_or("a number is missing: `parse_and_decide COUNT`")?.parse()?;
    let setting = |name: &str| SETTINGS.iter().find(|(known, _)| *known == name);
    let rules = Settings::read(|name| setting(name).map(|(_, value)| (*value).to_owned()))?.rules;
    for _ in 0..count {
        let status = black_box(parse_and_decide(black_box(REQUEST), &rules));
        // Otherwise the instructions would be those of a rejection.
        if status != Some(Status::Started) {
            return Err(format!("the copy was not started: {status:?}").into());
        }
    }
    Ok(())
}

fn parse_and_decide(text: &str, rules: &Rules) -> Option<Status> {
    let now = Timestamp::UNIX_EPOCH;
    let message = Message { text, id: "b7c0f1d2-message", way_in: WayIn::Queue };
    let Record::Accepted(accepted) =
        read_message(message, rules, "an invocation/a message", now).ok()?.record
    else {
        return None;
    };
    let answer = CopyAnswer::Accepted(ProjectVersionArn::parse(COPY).ok()?);
    black_box(copy_answer(accepted, answer, None, None, now, rules)).status()
}
