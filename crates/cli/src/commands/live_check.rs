//! `model-copier live-check`: checks in an AWS account what the copier assumes of AWS.

use clap::Args;

use crate::arguments::{Global, RequiredStack};
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Check in your account what the copier assumes of AWS
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  model-copier live-check --stack rekognition-model-copier")]
pub struct Arguments {
    /// The copier's stack.
    #[command(flatten)]
    pub stack: RequiredStack,
}

pub(super) async fn run(_: Arguments, _: &Global, _: &Output) -> Result<Exit, Failure> {
    Err(super::not_yet("`live-check`"))
}
