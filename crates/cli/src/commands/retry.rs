//! `model-copier retry`: sends an ended request to a stack again, under a new id.

use std::time::Duration;

use clap::Args;
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::problem::summary;
use rekognition_model_copier::domain::record::Record;
use rekognition_model_copier::domain::request::Draft;
use uuid::Uuid;

use super::copy::{request_id, wait_time};
use crate::confirm::Confirmed;
use crate::exit::{Exit, Failure};
use crate::global::Global;
use crate::local_copy::Waiting;
use crate::output::Output;
use crate::request_text::repeat;
use crate::requests::Requests;
use crate::session::Session;
use crate::stack::Stack;
use crate::stack_copy::StackCopy;

/// Send an ended request to a stack again
///
/// Sends the request again under a new id and follows it until it has ended. If the copy exists by now, the copier adopts
/// it: it reports that copy and makes no second one.
///
/// The new request belongs to the stack's own account and keeps the old request's `correlationId`. The command refuses the
/// retry if the account that sent the old request may not ask for this copy now.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  model-copier retry release-2026-11-02 --stack rekognition-model-copier --requester 111122223333
  model-copier retry release-2026-11-02 --stack rekognition-model-copier --request-id release-2026-11-02-b --detach")]
pub struct Arguments {
    /// The id of the request that has ended
    #[arg(value_name = "ID")]
    pub id: String,
    /// The stack
    #[arg(long, value_name = "NAME")]
    pub stack: String,
    /// The account that sent the request; default: your own
    #[arg(long, value_name = "ACCOUNT")]
    pub requester: Option<String>,
    /// The new request's id; default: a random one
    #[arg(long, value_name = "ID", value_parser = request_id)]
    pub request_id: Option<String>,
    /// Stop waiting after this time, for instance `30m`; a running copy continues
    #[arg(long, value_name = "TIME", value_parser = wait_time)]
    pub timeout: Option<Duration>,
    /// Wait only until Rekognition has accepted the copy
    #[arg(long)]
    pub detach: bool,
    /// Do not ask for confirmation
    #[arg(long, short)]
    pub yes: bool,
}

pub(super) async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let session = Session::open(global).await?;
    let stack = Stack::read(&session, &arguments.stack).await?;
    let settings = stack.settings(&session.identity)?;
    let requester = arguments.requester.unwrap_or_else(|| session.identity.account.clone());
    let key = RecordKey { requester, request_id: arguments.id };
    let record = Requests::open(&session, Some(&stack))?.existing(&key, &session, Some(&stack)).await?;
    let Record::Accepted(accepted) = &record else {
        return Err(Failure::Rejected(format!(
            "request `{}` was rejected, and the ledger does not hold all of it: correct it and send it with `model-copier copy \
             --stack {}`",
            key.request_id, stack.name
        )));
    };
    if record.ended_at().is_none() {
        let status = record.status_word();
        return Err(Failure::Error(format!(
            "request `{}` is {status}: wait for its end, or cancel it if it waits",
            key.request_id
        )));
    }
    let id = arguments.request_id.unwrap_or_else(|| Uuid::new_v4().to_string());
    let request = repeat(accepted, &id)?;
    // INVARIANT: the new request belongs to the copier's account, which may ask for every model. So this checks whether the
    // account that sent the old request may ask for this one.
    let problems = settings.rules.admission.problems(&Draft::parse(&request.text), &key.requester);
    if !problems.is_empty() {
        return Err(Failure::Rejected(format!(
            "account `{}` could not ask for this copy now: {}",
            key.requester,
            summary(&problems)
        )));
    }
    let copy = &request.copy;
    let what = format!(
        "Asks stack `{}` again\nCopies:  {}\nto:      {} as `{}`",
        stack.name, copy.source_project_version_arn, copy.destination_project_arn, copy.version_name
    );
    let confirmed = Confirmed::by_person(&session.identity, &what, arguments.yes, output)?;
    let waiting = Waiting { timeout: arguments.timeout, is_detached: arguments.detach };
    let copy = StackCopy {
        session: &session,
        stack: &stack,
        settings: &settings,
        request: &request,
        waiting,
        output,
    };
    copy.run(confirmed).await
}
