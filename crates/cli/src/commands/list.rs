//! `model-copier list`: lists requests, by default those that have not ended.

use clap::Args;
use jiff::Timestamp;

use crate::arguments::Global;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::request_view::{RequestView, request_table};
use crate::requests::{Filter, Place};

/// List requests
///
/// Lists the requests that have not ended, oldest first. It lists the requests of this machine, or with `--stack`
/// those of a stack.
///
/// With `--all` or a filter, it lists ended requests, too. For a stack it then reads the whole table.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  model-copier list
  model-copier list --all --output json
  model-copier list --stack rekognition-model-copier
  model-copier list --stack rekognition-model-copier --failed --since 7d
  model-copier list --stack rekognition-model-copier --project flowers-production --name flowers.2026-11-02")]
pub(crate) struct Arguments {
    /// List the requests of this stack, instead of those of this machine
    #[arg(long, value_name = "NAME")]
    pub(crate) stack: Option<String>,
    /// List ended requests, too
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) filter: Filter,
}

pub(super) async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let place = Place::open(global, arguments.stack.as_deref()).await?;
    let found = if arguments.all || arguments.filter != Filter::default() {
        place.filtered(&arguments.filter, output).await?
    } else {
        place.unfinished().await?
    };
    found.unreadable.iter().for_each(|why| output.note(&format!("warning: {why}")));
    let views: Vec<RequestView<'_>> = found.records.iter().map(RequestView::of).collect();
    output.results(&views, || request_table(&views, output.times, Timestamp::now()))?;
    Ok(Exit::Done)
}
