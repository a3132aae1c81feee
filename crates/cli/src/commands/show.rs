//! `model-copier show`: shows one request.

use clap::Args;
use jiff::Timestamp;
use rekognition_model_copier::domain::announcement::Announcement;
use rekognition_model_copier::domain::record::Record;
use tokio::time::sleep;

use crate::arguments::{Form, Global};
use crate::exit::{Exit, Failure};
use crate::logs::read_request_logs;
use crate::output::Output;
use crate::request_view::RequestView;
use crate::requests::RequestArguments;
use crate::waiting::READ_INTERVAL;

/// Show one request: its state, why it failed or waits, what to do, its announcements, and a stack's log
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  model-copier show release-2026-11-02
  model-copier show release-2026-11-02 --output json
  model-copier show release-2026-11-02 --follow
  model-copier show release-2026-11-02 --stack rekognition-model-copier --requester 111122223333")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) request: RequestArguments,
    /// Show every change until the request has ended; the exit code says how it ended
    #[arg(long, short)]
    pub(crate) follow: bool,
}

pub(super) async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let (place, key) = arguments.request.open(global).await?;
    let mut shown: Option<Record> = None;
    loop {
        let record = place.load(&key).await?;
        let status = Announcement::of(&record).map(|announcement| announcement.status);
        let end = status.filter(|status| status.is_final()).map(Exit::of);
        // With `--follow`, the form `json` is one value: the request when it has ended.
        let is_wanted = !arguments.follow || end.is_some() || output.form != Form::Json;
        if is_wanted && shown.as_ref().is_none_or(|shown| !is_same_state(shown, &record)) {
            let mut view = RequestView::of(&record);
            if let Some(stack) = &place.stack {
                view.log = Some(read_request_logs(&place.session, stack, &record, output).await?);
            }
            output.result(&view, || view.lines(output.times, Timestamp::now()))?;
        }
        match end {
            Some(exit) if arguments.follow => return Ok(exit),
            _ if !arguments.follow => return Ok(Exit::Done),
            _ => shown = Some(record),
        }
        sleep(READ_INTERVAL).await;
    }
}

/// Whether both have the same state. Tries and leases do not count as changes.
fn is_same_state(one: &Record, other: &Record) -> bool {
    (one.status_word(), one.failure(), one.started_copy())
        == (other.status_word(), other.failure(), other.started_copy())
}
