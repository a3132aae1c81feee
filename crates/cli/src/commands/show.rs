//! `model-copier show`: one request.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use rekognition_model_copier::domain::announcement::Announcement;
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::record::Record;
use rekognition_model_copier::ports::Ledger;
use tokio::time::sleep;

use crate::exit::{Exit, Failure};
use crate::file_ledger::FileLedger;
use crate::global::Global;
use crate::output::Output;
use crate::request_view::RequestView;
use crate::session::Session;

/// How often a request that is followed is read.
const INTERVAL: Duration = Duration::from_secs(2);

/// Show a request: its state, the reason and the remedy, announcements and times
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  model-copier show release-2026-11-02
  model-copier show release-2026-11-02 --output json
  model-copier show release-2026-11-02 --follow")]
pub struct Arguments {
    /// The request's id
    #[arg(value_name = "ID")]
    pub id: String,
    /// Show every change until the request has ended; the exit code tells how
    #[arg(long, short)]
    pub follow: bool,
}

pub(super) async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let identity = Session::open(global).await?.identity;
    let ledger = FileLedger::of_user(&identity.account, &identity.region)?;
    let key = RecordKey { requester: identity.account.clone(), request_id: arguments.id };
    let mut shown: Option<RequestView> = None;
    loop {
        let Some(record) = ledger.load(&key).await? else {
            return Err(Failure::Error(format!(
                "there is no request `{}` of account `{}` in `{}` on this machine: `model-copier list --all` lists them",
                key.request_id, identity.account, identity.region
            )));
        };
        let view = RequestView::of(&record);
        if shown.as_ref().is_none_or(|shown| !shown.is_same_state(&view)) {
            output.result(&view, || view.lines(output.times(), Timestamp::now()))?;
        }
        match end(&record) {
            Some(exit) if arguments.follow => return Ok(exit),
            _ if !arguments.follow => return Ok(Exit::Done),
            _ => shown = Some(view),
        }
        sleep(INTERVAL).await;
    }
}

fn end(record: &Record) -> Option<Exit> {
    let status = Announcement::of(record)?.status;
    status.is_final().then(|| Exit::of(status))
}
