//! `model-copier doctor`: checks that a stack is sound.

use clap::Args;

use crate::arguments::{Global, RequiredStack};
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Check a stack and say what to do
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  model-copier doctor --stack rekognition-model-copier")]
pub struct Arguments {
    /// The copier's stack.
    #[command(flatten)]
    pub stack: RequiredStack,
}

pub(super) async fn run(_: Arguments, _: &Global, _: &Output) -> Result<Exit, Failure> {
    Err(super::not_yet("`doctor`"))
}
