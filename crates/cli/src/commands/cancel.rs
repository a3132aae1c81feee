//! `model-copier cancel`: ends a waiting request.

use clap::Args;
use jiff::Timestamp;
use rekognition_model_copier::aws::{DynamoDb, SystemClock};
use rekognition_model_copier::domain::decisions::cancelling::{NotCancelled, cancel};
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::record::{Accepted, Record};
use rekognition_model_copier::domain::times::CLOCK_TOLERANCE;
use rekognition_model_copier::ports::{Clock, Ledger};

use crate::arguments::Global;
use crate::confirm::Confirmation;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::request_view::RequestView;
use crate::requests::RequestArguments;

/// Cancel a waiting request
///
/// This ends a request that still waits for its start. It is then FAILED, with the code `Cancelled`. A stack
/// publishes this within a minute. The command refuses to cancel a request that is starting or copying: it stops no
/// copy.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  model-copier cancel release-2026-11-02
  model-copier cancel release-2026-11-02 --stack rekognition-model-copier --requester 111122223333")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) request: RequestArguments,
    /// Do not ask for confirmation
    #[arg(long, short)]
    pub(crate) yes: bool,
}

pub(super) async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let (place, key) = arguments.request.open(global).await?;
    let identity = &place.session.identity;
    cancel_record(place.load(&key).await?, Timestamp::now())?;
    let what = format!("Cancels: request `{}` of account `{}`", key.request_id, key.requester);
    let confirmed = Confirmation::ask(identity, &what, arguments.yes, output)?;
    let show = |record: &Record| {
        let view = RequestView::of(record);
        output.result(&view, || view.lines(output.times, Timestamp::now()))
    };
    if let Some(stack) = &place.stack {
        let settings = stack.settings(identity)?;
        let (times, table) = (settings.rules.times, &settings.ledger_table);
        let shared = &place.session.config.shared;
        let ledger = DynamoDb::new(shared, SystemClock, table, times, settings.retention);
        show(&cancel_in(&ledger, &key, confirmed).await?)?;
    } else {
        let files = place.session.files()?;
        let mut record = cancel_in(&files, &key, confirmed).await?;
        show(&record)?;
        // The user has seen the result, so nothing is left to announce. Another command that works on it may print
        // it, too.
        record.header_mut().outbox.clear();
        files.save(record).await?;
    }
    Ok(Exit::Done)
}

/// Records that a waiting request was cancelled.
///
/// INVARIANT: the write succeeds only on the revision that the decision read. If another process changed the record,
/// the decision is made again.
async fn cancel_in<L: Ledger>(ledger: &L, key: &RecordKey, _: Confirmation) -> Result<Record, Failure> {
    loop {
        let Some(record) = ledger.load(key).await? else {
            return Err(Failure::Error(format!("the record of `{}` was deleted", key.request_id)));
        };
        let skew = ledger.clock_skew();
        if skew.abs() > CLOCK_TOLERANCE {
            return Err(Failure::Error(format!("this machine's clock is wrong by {skew:#}: set it right")));
        }
        if let Some(saved) = ledger.save(cancel_record(record, SystemClock.now())?.into()).await? {
            return Ok(saved);
        }
    }
}

fn cancel_record(record: Record, now: Timestamp) -> Result<Accepted, Failure> {
    let id = record.header().key.request_id.clone();
    let cancelled = match record {
        Record::Accepted(accepted) => cancel(accepted, now),
        Record::Rejected(_) => Err(NotCancelled::Ended),
    };
    cancelled.map_err(|why| Failure::Error(format!("request `{id}` is not cancelled: {why}")))
}
