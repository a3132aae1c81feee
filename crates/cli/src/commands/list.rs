//! `model-copier list`: the requests that have not ended.

use clap::Args;
use jiff::Timestamp;

use crate::exit::{Exit, Failure};
use crate::file_ledger::FileLedger;
use crate::global::Global;
use crate::output::Output;
use crate::request_view::{RequestView, table};
use crate::session::Session;

/// List requests
///
/// Lists the requests of this machine that have not ended, oldest first.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  model-copier list
  model-copier list --all --output json")]
pub struct Arguments {
    /// List the requests that have ended, too
    #[arg(long)]
    pub all: bool,
}

pub(super) async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let identity = Session::open(global).await?.identity;
    let ledger = FileLedger::of_user(&identity.account, &identity.region)?;
    let found = ledger.records().map_err(|error| Failure::Error(error.to_string()))?;
    found.unreadable.iter().for_each(|why| output.note(&format!("warning: {why}")));
    let records = found.records.iter().filter(|record| arguments.all || record.next_step().is_some());
    let views: Vec<RequestView> = records.map(RequestView::of).collect();
    output.results(&views, || table(&views, output.times(), Timestamp::now()))?;
    Ok(Exit::Done)
}
