//! `model-copier policies`: the project policies of copiers on a source project.

use clap::Args;

use crate::arguments::Global;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Show or withdraw the project policies of copiers
#[derive(Args, Debug)]
pub struct Arguments {}

pub(super) async fn run(_: Arguments, _: &Global, _: &Output) -> Result<Exit, Failure> {
    Err(super::not_yet("`policies`"))
}
