//! `model-copier cancel`: ends a request of a stack that waits.

use clap::Args;

use crate::arguments::{Global, RequiredStack};
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// End a request that waits to be started
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  model-copier cancel release-2026-11-02 --stack rekognition-model-copier")]
pub struct Arguments {
    /// The copier's stack.
    #[command(flatten)]
    pub stack: RequiredStack,
    /// The request's id
    #[arg(value_name = "ID")]
    pub id: String,
}

pub(super) async fn run(_: Arguments, _: &Global, _: &Output) -> Result<Exit, Failure> {
    Err(super::not_yet("`cancel`"))
}
