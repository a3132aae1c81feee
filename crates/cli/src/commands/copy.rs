//! `model-copier copy`: copies a model.

use clap::Args;

use crate::arguments::Global;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Copy a model
#[derive(Args, Debug)]
pub struct Arguments {}

pub(super) async fn run(_: Arguments, _: &Global, _: &Output) -> Result<Exit, Failure> {
    Err(super::not_yet("`copy`"))
}
