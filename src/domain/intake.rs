//! From a message to the record it becomes: a start, or a rejection. Every request becomes one of the two.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::admission::Admission;
use super::announcement::Status;
use super::arn::is_account;
use super::decide::start::lease;
use super::envelope::{self, Letter, Opened};
use super::failure::{self, Failure};
use super::grant::Granting;
use super::id::{RecordKey, event_namespace, is_id};
use super::problem::{Problem, ProblemCode, shown, summary};
use super::record::{Record, State};
use super::request::{CopyRequest, Draft};

/// How a message reached us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Through the queue, whose policy lets only our rule in, so that EventBridge vouches for an event's
    /// `account`.
    Queue,
    /// By an invocation of start-copy, which only our own account can make.
    Invocation,
}

/// A message as it was handed to us.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Its text.
    pub text: &'a str,
    /// Its id: the SQS message id, or the invocation's request id.
    pub id: &'a str,
    /// How it reached us.
    pub via: Via,
}

/// What a message becomes.
#[derive(Clone, Debug, PartialEq)]
pub struct Intake {
    /// The record to create.
    pub record: Record,
    draft: Draft,
    message_id: String,
}

/// Reads a message; `owner` gets the lease. `None` for an announcement of ours, which needs no answer.
pub fn intake(
    message: Message<'_>,
    admission: &Admission,
    source: &str,
    owner: &str,
    now: Timestamp,
) -> Option<Intake> {
    let letter = match envelope::open(message.text, source) {
        Opened::Announcement => return None,
        Opened::Request(letter) => letter,
    };
    let draft = draft(&letter, admission);
    let sender = sender(&letter, message.via, admission);
    let event_id = letter.event_id.filter(|id| is_id(id));
    let causation_id = event_id.unwrap_or_else(|| message.id.to_owned());
    let key =
        RecordKey { sender, request_id: draft.request_id.clone().unwrap_or_else(|| causation_id.clone()) };
    let copy = draft.complete();
    let record = Record {
        revision: 0,
        fingerprint: fingerprint(copy.as_ref(), &draft, letter.text.as_str()),
        event_namespace: event_namespace(&admission.account, &admission.region, &key),
        correlation_id: draft.correlation_id.clone().unwrap_or_else(|| key.request_id.clone()),
        causation_id,
        context: draft.context.clone(),
        copy,
        grant: false,
        requested_at: now,
        attempts: 1,
        refused_since: None,
        state: State::Starting { lease: lease(owner, now), unanswered: false },
        announced: Vec::new(),
        outbox: Vec::new(),
        key,
    };
    let record = match record.copy {
        Some(_) => record,
        None => record.rejecting(&draft, invalid(&draft.problems), now),
    };
    Some(Intake { record, draft, message_id: message.id.to_owned() })
}

impl Intake {
    /// The same, to be granted its model where that is for us to do. Within an account no policy is needed.
    pub fn granting(mut self, granting: &Granting) -> Self {
        let source = self.record.copy.as_ref().map(|copy| copy.source_project_arn.account());
        self.record.grant = source.is_some_and(|account| granting.serves(account));
        self
    }

    /// The rejection of a request whose id names another one. It goes by the message's id, and the record
    /// that has the request's id isn't touched.
    pub fn reused(&self, admission: &Admission, now: Timestamp) -> Record {
        let request_id = &self.record.key.request_id;
        let key = RecordKey { sender: self.record.key.sender.clone(), request_id: self.message_id.clone() };
        let rest = format!("{} names another request already: choose a new one", shown(request_id));
        let problem = Problem::new("requestId", ProblemCode::RequestIdReused, rest);
        let record = Record {
            event_namespace: event_namespace(&admission.account, &admission.region, &key),
            key,
            copy: None,
            grant: false,
            announced: Vec::new(),
            outbox: Vec::new(),
            ..self.record.clone()
        };
        record.rejecting(&self.draft, Failure::new(failure::REQUEST_ID_REUSED, problem.message), now)
    }
}

fn draft(letter: &Letter<'_>, admission: &Admission) -> Draft {
    let mut draft = if letter.problems.is_empty() {
        Draft::parse(letter.text.as_str())
    } else {
        Draft { problems: letter.problems.clone(), ..Draft::default() }
    };
    let not_allowed = admission.problems(&draft);
    draft.problems.extend(not_allowed);
    draft
}

/// INVARIANT: an event's account is believed only where the queue's policy makes it true. An event inside
/// a notification or an invocation was written by whoever sent that.
fn sender(letter: &Letter<'_>, via: Via, admission: &Admission) -> String {
    match &letter.event_account {
        Some(account) if via == Via::Queue && !letter.notified && is_account(account) => account.clone(),
        _ => admission.account.clone(),
    }
}

/// Tells a redelivery from another request: by its meaning where it has one, by its text otherwise.
fn fingerprint(copy: Option<&CopyRequest>, draft: &Draft, text: &str) -> String {
    let mut hash = Sha256::new();
    match copy.and_then(|copy| serde_json::to_string(copy).ok()) {
        Some(copy) => {
            let mut context: serde_json::Value = draft
                .context
                .as_ref()
                .and_then(|c| serde_json::from_str(c.as_str()).ok())
                .unwrap_or_default();
            context.sort_all_objects();
            let correlation_id = draft.correlation_id.as_deref().unwrap_or_default();
            hash.update(format!("request\n{copy}\n{correlation_id}\n{context}"));
        }
        None => hash.update(format!("text\n{text}")),
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn invalid(problems: &[Problem]) -> Failure {
    let only_permission = problems.iter().all(|problem| problem.code.is_about_permission());
    let code = if only_permission { failure::NOT_ALLOWED } else { failure::INVALID_REQUEST };
    Failure::new(code, summary(problems))
}

impl Record {
    /// The same, rejected; the announcement carries what could be read.
    fn rejecting(mut self, draft: &Draft, failure: Failure, now: Timestamp) -> Self {
        self.state = State::Ended {
            status: Status::Rejected,
            at: now,
            started_at: None,
            failure: Some(failure),
            project_version_arn: None,
        };
        self.announcing_as(Status::Rejected, now, |announcement| {
            announcement.source_project_arn = draft.source_project_arn.clone();
            announcement.source_project_version_arn = draft.source_project_version_arn.clone();
            announcement.destination_project_arn = draft.destination_project_arn.clone();
            announcement.version_name = draft.version_name.clone();
        })
    }
}

#[cfg(test)]
mod tests;
