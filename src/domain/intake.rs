//! Turns a message into a record. A valid request becomes an accepted record, and an invalid or forbidden one becomes a
//! rejected record.

use jiff::Timestamp;

use super::arn::is_account;
use super::envelope::{self, Content, IgnoreReason, RawRequest};
use super::failure::{self, Failure};
use super::fingerprint::fingerprint;
use super::id::{RecordKey, event_namespace, is_id};
use super::problem::{Problem, ProblemCode, shown, summary};
use super::record::{Accepted, Header, Lease, Record, Rejected, State};
use super::remedy;
use super::request::{Draft, ReadableFields};
use super::rules::Rules;

/// How a message reached start-copy. It decides which account counts as the requester.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayIn<'a> {
    /// Through the stack's own queue. The event's account is the requester. The copier's own account is the requester
    /// of a bare request, of an SNS notification and of an event without a valid account.
    ///
    /// The queue's policy admits EventBridge rules named `*model-copy-requests-*` in this account, and the senders in
    /// `DirectSenders`. EventBridge sets the account of an event that a rule matches. The direct senders are trusted.
    Queue,
    /// Through an SNS subscription of start-copy. The topic's account is the requester.
    Topic(&'a str),
    /// By a direct invocation, by a Pipe or through another queue. The copier's own account is the requester.
    Invocation,
}

/// One message.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    pub text: &'a str,
    /// Its id: the SQS or SNS message id, or the invocation's request id.
    pub id: &'a str,
    pub way_in: WayIn<'a>,
}

/// The record that a message becomes.
#[derive(Clone, Debug, PartialEq)]
pub struct Intake {
    pub record: Record,
    fields: ReadableFields,
    message_id: String,
}

/// Turns a message into a record. A valid request's record begins with a lease: for 20 minutes nobody but this
/// delivery, which `owner` names, may call CopyProjectVersion.
///
/// # Errors
/// If the message is an announcement, another event with the copier's own `source`, or a topic's request to confirm a
/// subscription. Any other text becomes a record.
pub fn read_message(
    message: Message<'_>,
    rules: &Rules,
    owner: &str,
    now: Timestamp,
) -> Result<Intake, IgnoreReason> {
    let content = match message.way_in {
        WayIn::Topic(_) => envelope::open_notification(message.text, &rules.event_source),
        WayIn::Queue | WayIn::Invocation => envelope::open(message.text, &rules.event_source),
    };
    let request = match content {
        Content::Ignored(ignored) => return Err(ignored),
        Content::Request(request) => request,
    };
    let requester = requester(&request, message.way_in, rules);
    let draft = draft(&request, requester, rules);
    let event_id = request.event_id.as_ref().filter(|id| is_id(id));
    let causation_id = event_id.map_or(message.id, String::as_str);
    let key = RecordKey {
        requester: requester.to_owned(),
        request_id: draft.request_id.clone().unwrap_or_else(|| causation_id.to_owned()),
    };
    let header = Header {
        revision: 0,
        fingerprint: fingerprint(&request.text),
        event_namespace: namespace(rules, &key),
        correlation_id: draft.correlation_id.clone().unwrap_or_else(|| key.request_id.clone()),
        causation_id: causation_id.to_owned(),
        context: draft.context.clone(),
        requested_at: now,
        announced: Vec::new(),
        outbox: Vec::new(),
        key,
    };
    let record = match draft.complete() {
        Some(copy) => Record::Accepted(Accepted {
            header,
            copy,
            attempts: 1,
            unanswered_starts: Vec::new(),
            refused_since: None,
            state: State::Starting { lease: Lease::new(owner, now), unanswered: false },
        }),
        None => {
            let failure = rejection(&draft.problems);
            Record::Rejected(Rejected::new(header, draft.fields.clone(), failure, now))
        }
    };
    Ok(Intake { record, fields: draft.fields, message_id: message.id.to_owned() })
}

impl Intake {
    /// Whether `recorded`, the ledger's record with the same key, was made from a request with the same content.
    pub fn is_redelivery_of(&self, recorded: &Record) -> bool {
        recorded.header().fingerprint == self.record.header().fingerprint
    }

    /// The rejection of a request whose id belongs to another request. The rejection gets the message's id as its
    /// request id, so that the record of the other request does not change.
    pub fn id_reused(&self, rules: &Rules, now: Timestamp) -> Record {
        let header = self.record.header();
        let rest =
            format!("{} already names another request: choose a new one", shown(&header.key.request_id));
        let problem = Problem::new("requestId", ProblemCode::RequestIdReused, rest);
        let failure =
            Failure::new(failure::REQUEST_ID_REUSED, problem.message).with_remedy(remedy::rejected());
        let key = RecordKey { requester: header.key.requester.clone(), request_id: self.message_id.clone() };
        let header = Header {
            event_namespace: namespace(rules, &key),
            key,
            announced: Vec::new(),
            outbox: Vec::new(),
            ..header.clone()
        };
        Record::Rejected(Rejected::new(header, self.fields.clone(), failure, now))
    }
}

fn namespace(rules: &Rules, key: &RecordKey) -> uuid::Uuid {
    event_namespace(&rules.admission.account, &rules.admission.region, &rules.stack_name, key)
}

fn draft(request: &RawRequest<'_>, requester: &str, rules: &Rules) -> Draft {
    let mut draft = if request.problems.is_empty() {
        Draft::parse(&request.text)
    } else {
        Draft { problems: request.problems.clone(), ..Draft::default() }
    };
    let not_allowed = rules.admission.problems(&draft, requester);
    draft.problems.extend(not_allowed);
    draft
}

/// The account that asks.
///
/// INVARIANT: the copier trusts an event's account only in the stack's own queue, because the queue's policy decides
/// who may send there. The sender of a notification or an invocation could write another account into the event, and
/// get a copy of that account's models.
fn requester<'a>(request: &'a RawRequest<'_>, way_in: WayIn<'a>, rules: &'a Rules) -> &'a str {
    let own = &rules.admission.account;
    match (way_in, &request.event_account) {
        (WayIn::Topic(account), _) => account,
        (WayIn::Queue, Some(account)) if !request.is_from_notification && is_account(account) => account,
        (WayIn::Queue | WayIn::Invocation, _) => own,
    }
}

fn rejection(problems: &[Problem]) -> Failure {
    let is_only_permission = problems.iter().all(|problem| problem.code.is_about_permission());
    let code = if is_only_permission { failure::NOT_ALLOWED } else { failure::INVALID_REQUEST };
    Failure::new(code, summary(problems)).with_remedy(remedy::rejected())
}

#[cfg(test)]
mod tests;
