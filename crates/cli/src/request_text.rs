//! Reads the request of `copy`, from a file or from flags, and gives it an id.

use std::io::Read;
use std::{fs, io};

use jiff::Timestamp;
use rekognition_model_copier::domain::envelope::{Content, open};
use rekognition_model_copier::domain::fingerprint::fingerprint;
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::intake::{Intake, Message, WayIn, read_message};
use rekognition_model_copier::domain::json::{Object, lower_camel_case};
use rekognition_model_copier::domain::record::{Accepted, Record};
use rekognition_model_copier::domain::request::{Context, CopyRequest, Draft};
use rekognition_model_copier::domain::rules::Rules;
use rekognition_model_copier::lambda::payload::{self, Payload};
use serde::Serialize;
use uuid::Uuid;

use crate::exit::Failure;
use crate::local_rules::EVENT_SOURCE;

/// A valid request with its id, in one form, whether it came from flags or from a file of any form.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestText {
    /// What is to be copied.
    #[serde(flatten)]
    pub(crate) copy: CopyRequest,
    #[serde(rename = "requestId")]
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Context>,
    /// Whether the requester chose the id. Else it is a hash of the request's fields.
    #[serde(skip)]
    pub(crate) is_id_given: bool,
}

/// Reads the text of a request from a file, or from standard input for `-`.
pub(crate) fn read_file(path: &str) -> Result<String, Failure> {
    let text = match path {
        "-" => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).map(|_| text)
        }
        path => fs::read_to_string(path),
    };
    text.map_err(|error| Failure::Usage(format!("`{path}` cannot be read: {error}")))
}

/// Reads the bare request from any form that a function accepts.
///
/// # Errors
/// If there is not exactly one request.
pub fn read_bare(text: &str) -> Result<String, Failure> {
    let payload = payload::read(text).map_err(|error| Failure::Usage(error.to_string()))?;
    let messages: Vec<Message<'_>> = match &payload {
        Payload::Request(text) => vec![Message { text, id: "", way_in: WayIn::Invocation }],
        Payload::Batch(records) => records.iter().map(|record| record.message(None)).collect(),
        Payload::Topic(records) => records.iter().map(|record| record.message()).collect(),
    };
    let [message] = messages.as_slice() else {
        return Err(Failure::Usage(format!("it holds {} requests: give one at a time", messages.len())));
    };
    match open(message.text, EVENT_SOURCE) {
        Content::Request(request) if request.problems.is_empty() => Ok(request.text.into_owned()),
        Content::Request(request) => {
            let problems: Vec<&str> =
                request.problems.iter().map(|problem| problem.message.as_str()).collect();
            Err(Failure::Usage(problems.join("; ")))
        }
        Content::Ignored(_) => Err(not_a_request()),
    }
}

/// What a request's text holds.
#[derive(Clone, Debug)]
pub enum RequestCheck {
    Valid(Box<RequestText>),
    /// The record of an invalid request. It is not saved, because nothing delivers the request again.
    Rejected(Box<Record>),
}

/// The request in a bare text; `id` replaces its own.
///
/// # Errors
/// If it is not a request.
pub fn check_request(
    text: &str,
    id: Option<&str>,
    rules: &Rules,
    now: Timestamp,
) -> Result<RequestCheck, Failure> {
    let text = id.map_or_else(|| text.to_owned(), |id| with_id(text, id));
    let copy = match take_in(&text, rules, now)?.record {
        Record::Accepted(accepted) => accepted.copy,
        rejected @ Record::Rejected(_) => return Ok(RequestCheck::Rejected(Box::new(rejected))),
    };
    let Draft { request_id, correlation_id, context, .. } = Draft::parse(&text);
    let is_id_given = request_id.is_some();
    let id = request_id.unwrap_or_else(|| derived_id(&copy));
    Ok(RequestCheck::Valid(Box::new(RequestText { copy, id, correlation_id, context, is_id_given })))
}

impl RequestText {
    /// The request of a record, under another id.
    pub(crate) fn repeat(Accepted { header, copy, .. }: &Accepted, id: String) -> Self {
        let correlation_id = Some(header.correlation_id.clone());
        let (copy, context) = (copy.clone(), header.context.clone());
        Self { copy, id, correlation_id, context, is_id_given: true }
    }

    pub(crate) fn text(&self) -> String {
        // A struct of strings always serializes.
        serde_json::to_string(self).unwrap_or_default()
    }

    pub fn key(&self) -> RecordKey {
        let requester = self.copy.destination_project_arn.account().to_owned();
        RecordKey { requester, request_id: self.id.clone() }
    }

    /// The rejection of this request if its id already belongs to another request.
    pub(crate) fn rejection(
        &self,
        known: &Record,
        rules: &Rules,
        now: Timestamp,
    ) -> Result<Option<Record>, Failure> {
        let text = self.text();
        if fingerprint(&text) == known.header().fingerprint {
            return Ok(None);
        }
        Ok(Some(take_in(&text, rules, now)?.id_reused(rules, now)))
    }
}

fn take_in(text: &str, rules: &Rules, now: Timestamp) -> Result<Intake, Failure> {
    let message_id = Uuid::new_v4().to_string();
    let message = Message { text, id: &message_id, way_in: WayIn::Invocation };
    read_message(message, rules, &message_id, now).map_err(|_| not_a_request())
}

fn not_a_request() -> Failure {
    Failure::Usage("it is an announcement or a confirmation, not a request".to_owned())
}

/// The text with this id instead of its own. Text that is not an object stays unchanged and is rejected later.
fn with_id(text: &str, id: &str) -> String {
    let Ok(object) = Object::parse("request", text) else { return text.to_owned() };
    let others = object.members().filter(|(name, _)| lower_camel_case(name) != "requestId");
    let members: Vec<String> =
        others.map(|(name, value)| format!("{}:{}", json(name), value.get())).collect();
    format!("{{\"requestId\":{},{}}}", json(id), members.join(","))
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The id of a request that has none, so that the same command finds its record again.
///
/// It is 32 hexadecimal digits of a hash of the source version, destination project, name, bucket, prefix, key and tags.
fn derived_id(copy: &CopyRequest) -> String {
    // A struct of strings always serialises.
    let text = serde_json::to_string(copy).unwrap_or_default();
    fingerprint(&text).chars().take(32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local_rules::local_rules;
    use crate::session::Identity;

    const BARE: &str = include_str!("../../../events/copy-requested-bare.json");
    const CLI: &str = include_str!("../../../events/copy-requested-cli.json");
    const EVENT: &str = include_str!("../../../events/copy-requested.json");

    fn check(text: &str, id: Option<&str>) -> RequestCheck {
        let [region, account, caller] = ["us-east-1", "444455556666", "release"].map(str::to_owned);
        let identity = Identity { partition: "aws".to_owned(), region, account, caller };
        check_request(text, id, &local_rules(&identity, "111122223333"), Timestamp::UNIX_EPOCH).unwrap()
    }

    fn valid(text: &str, id: Option<&str>) -> RequestText {
        match check(&read_bare(text).unwrap(), id) {
            RequestCheck::Valid(request) => *request,
            RequestCheck::Rejected(record) => panic!("{record:?}"),
        }
    }

    #[test]
    fn one_request_of_any_form_in_events_is_read_and_nothing_else() {
        for text in [BARE, EVENT, CLI, include_str!("../../../events/copy-requested-sns.json")] {
            assert_eq!(valid(text, None).copy.source_project_arn.project_name(), "flowers");
        }
        let batch = read_bare(include_str!("../../../events/copy-requested-batch.json")).unwrap_err();
        assert!(batch.to_string().contains("give one at a time"), "{batch}");
        read_bare(include_str!("../../../events/announcements/completed.json")).unwrap_err();
    }

    #[test]
    fn the_id_is_that_of_the_command_else_of_the_request_else_a_hash() {
        assert_eq!(valid(EVENT, Some("mine")).id, "mine");
        assert_eq!(valid(EVENT, None).id, "release-2026-11-02");
        let hashed = valid(CLI, None);
        assert!(!hashed.is_id_given && hashed.id.len() == 32);
        assert_eq!(valid(&hashed.text(), None).id, hashed.id);
    }

    #[test]
    fn a_request_is_the_same_in_every_form() {
        let event = valid(EVENT, Some("r")).text();
        assert!(event.contains(r#""context":{"#) && event.contains("pipeline-run-4711"), "{event}");
        let spaced = CLI.replacen('{', r#"{"CorrelationId": null, "Context": null,"#, 1);
        assert_eq!(valid(CLI, None).text(), valid(&spaced, None).text());
    }

    #[test]
    fn a_hash_stands_for_what_is_copied_and_nothing_else() {
        let id = |text: &str| valid(text, None).id;
        let with_context = CLI.replacen('{', r#"{"context": {"run": 1}, "correlationId": "c","#, 1);
        assert_eq!(id(CLI), id(&with_context));
        for (one, other) in [
            ("copied/", "other/"),
            ("\"production\"", "\"test\""),
            ("\"VersionName\": \"flowers", "\"VersionName\": \"roses"),
            ("flowers-production-models", "other-models"),
            ("1234abcd-12ab", "4321abcd-12ab"),
        ] {
            assert_ne!(id(CLI), id(&CLI.replace(one, other)), "{one}");
        }
    }

    #[test]
    fn a_bad_request_is_rejected_with_all_its_problems() {
        let RequestCheck::Rejected(record) = check(&BARE.replace("us-east-1", "eu-west-1"), None) else {
            panic!("it is valid")
        };
        let message = &record.failure().unwrap().message;
        assert_eq!(message.matches("must be in Region `us-east-1`").count(), 3, "{message}");
    }
}
