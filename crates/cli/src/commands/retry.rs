//! `model-copier retry`: sends an ended request to a stack again, under a new id.

use clap::Args;
use rekognition_model_copier::domain::problem::summary;
use rekognition_model_copier::domain::record::Record;
use rekognition_model_copier::domain::request::Draft;
use uuid::Uuid;

use super::copy::{describe_copy, parse_id};
use crate::arguments::Global;
use crate::confirm::Confirmation;
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::request_text::RequestText;
use crate::requests::RequestArguments;
use crate::stack_copy::StackCopy;
use crate::waiting::{Wait, WaitArguments};

/// Send an ended request to a stack again
///
/// Sends the request again under a new id and follows it until it has ended. If the copy exists by now and AWS shows
/// its source, the copier adopts it: it reports that copy and makes no second one.
///
/// The new request belongs to the stack's own account and keeps the old request's `correlationId`. The command
/// refuses the retry if the account that sent the old request may not ask for this copy now.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  model-copier retry release-2026-11-02 --stack rekognition-model-copier --requester 111122223333
  model-copier retry release-2026-11-02 --stack rekognition-model-copier --request-id release-2026-11-02-b --detach")]
#[command(mut_arg("stack", |stack| stack.required(true).help("The stack")))]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) request: RequestArguments,
    /// The new request's id; default: a random one
    #[arg(long, value_name = "ID", value_parser = parse_id)]
    pub(crate) request_id: Option<String>,
    #[command(flatten)]
    pub(crate) wait: WaitArguments,
    /// Do not ask for confirmation
    #[arg(long, short)]
    pub(crate) yes: bool,
}

pub(super) async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let (place, key) = arguments.request.open(global).await?;
    let session = &place.session;
    let Some(stack) = &place.stack else {
        return Err(Failure::Usage("give the stack with `--stack`".to_owned()));
    };
    let settings = stack.settings(&session.identity)?;
    let record = place.load(&key).await?;
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
            "request `{}` is {status}: wait until it has ended, or cancel it if its copy has not started yet",
            key.request_id
        )));
    }
    let id = arguments.request_id.unwrap_or_else(|| Uuid::new_v4().to_string());
    let request = RequestText::repeat(accepted, id);
    // INVARIANT: the new request belongs to the copier's account, which may ask for every model. So this checks
    // whether the account that sent the old request may ask for this one.
    let problems = settings.rules.admission.problems(&Draft::parse(&request.text()), &key.requester);
    if !problems.is_empty() {
        return Err(Failure::Rejected(format!(
            "account `{}` could not ask for this copy now: {}",
            key.requester,
            summary(&problems)
        )));
    }
    let what = format!("Asks stack `{}` again\n{}", stack.name, describe_copy(&request.copy));
    let confirmed = Confirmation::ask(&session.identity, &what, arguments.yes, output)?;
    let wait = Wait::begin(arguments.wait, Interrupt::listen(), output);
    StackCopy { session, stack, settings: &settings, request: &request, wait }.run(confirmed).await
}
