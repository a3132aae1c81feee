//! `model-copier show`: one request.

use clap::Args;

use crate::arguments::Global;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Show a request: its state, the reason and the remedy, announcements and times
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  model-copier show release-2026-11-02
  model-copier show release-2026-11-02 --output json")]
pub struct Arguments {
    /// The request's id
    #[arg(value_name = "ID")]
    pub id: String,
}

pub(super) async fn run(_: Arguments, _: &Global, _: &Output) -> Result<Exit, Failure> {
    Err(super::not_yet("`show`"))
}
