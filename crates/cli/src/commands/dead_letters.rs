//! `model-copier dead-letters`: shows, redrives or deletes the messages in a stack's dead-letter queues.

use clap::Args;

use crate::arguments::{Global, RequiredStack};
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Show, redrive or delete dead letters
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  model-copier dead-letters --stack rekognition-model-copier")]
pub struct Arguments {
    /// The copier's stack.
    #[command(flatten)]
    pub stack: RequiredStack,
}

pub(super) async fn run(_: Arguments, _: &Global, _: &Output) -> Result<Exit, Failure> {
    Err(super::not_yet("`dead-letters`"))
}
