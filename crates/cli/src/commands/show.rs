//! `model-copier show`: shows one request.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use rekognition_model_copier::domain::announcement::Announcement;
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::record::Record;
use serde::Serialize;
use tokio::time::sleep;

use crate::exit::{Exit, Failure};
use crate::global::{Form, Global};
use crate::output::Output;
use crate::request_logs::{LogLine, request_logs};
use crate::request_view::RequestView;
use crate::requests::Requests;
use crate::session::Session;
use crate::stack::Stack;

/// How often `--follow` reads the request.
const INTERVAL: Duration = Duration::from_secs(2);

/// Show one request: its state, why it failed or waits, what to do, announcements and log
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  model-copier show release-2026-11-02
  model-copier show release-2026-11-02 --output json
  model-copier show release-2026-11-02 --follow
  model-copier show release-2026-11-02 --stack rekognition-model-copier --requester 111122223333")]
pub struct Arguments {
    /// The request's id
    #[arg(value_name = "ID")]
    pub id: String,
    /// Show a request of this stack, with its log, instead of one of this machine
    #[arg(long, value_name = "NAME")]
    pub stack: Option<String>,
    /// The account that sent the request; default: your own
    #[arg(long, value_name = "ACCOUNT", requires = "stack")]
    pub requester: Option<String>,
    /// Show every change until the request has ended; the exit code says how it ended
    #[arg(long, short)]
    pub follow: bool,
}

/// A request with what the functions logged about it.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    view: &'a RequestView,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<Vec<LogLine>>,
}

pub(super) async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let session = Session::open(global).await?;
    let stack = Stack::read_named(&session, arguments.stack.as_deref()).await?;
    let requests = Requests::open(&session, stack.as_ref())?;
    let requester = arguments.requester.unwrap_or_else(|| session.identity.account.clone());
    let key = RecordKey { requester, request_id: arguments.id };
    let mut shown: Option<RequestView> = None;
    loop {
        let record = requests.existing(&key, &session, stack.as_ref()).await?;
        let view = RequestView::of(&record);
        let end = end(&record);
        // The form `json` is one value: that of the end.
        let is_wanted = !arguments.follow || end.is_some() || output.form != Form::Json;
        if is_wanted && shown.as_ref().is_none_or(|shown| !shown.is_same_state(&view)) {
            let log = match &stack {
                Some(stack) => Some(request_logs(&session, stack, &record, output).await?),
                None => None,
            };
            let shown = Shown { view: &view, log };
            output.result(&shown, || shown.lines(output))?;
        }
        match end {
            Some(exit) if arguments.follow => return Ok(exit),
            _ if !arguments.follow => return Ok(Exit::Done),
            _ => shown = Some(view),
        }
        sleep(INTERVAL).await;
    }
}

impl Shown<'_> {
    fn lines(&self, output: &Output) -> String {
        let (style, now) = (output.times(), Timestamp::now());
        let log = self.log.iter().flatten().map(|line| format!("{:<12} {}\n", "log", line.text(style, now)));
        std::iter::once(self.view.lines(style, now)).chain(log).collect()
    }
}

fn end(record: &Record) -> Option<Exit> {
    let status = Announcement::of(record)?.status;
    status.is_final().then(|| Exit::of(status))
}
