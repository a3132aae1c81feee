//! `model-copier retry`: sends a request of a stack again under a new id.

use clap::Args;

use crate::arguments::{Global, RequiredStack};
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Send a request again under a new id
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  model-copier retry release-2026-11-02 --stack rekognition-model-copier")]
pub struct Arguments {
    /// The copier's stack.
    #[command(flatten)]
    pub stack: RequiredStack,
    /// The request's id
    #[arg(value_name = "ID")]
    pub id: String,
}

pub(super) async fn run(_: Arguments, _: &Global, _: &Output) -> Result<Exit, Failure> {
    Err(super::not_yet("`retry`"))
}
