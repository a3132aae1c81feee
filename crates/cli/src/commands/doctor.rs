//! `model-copier doctor`: checks a deployed stack.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::arguments::Global;
use crate::check::write_checks;
use crate::doctor::{Release, StackChecks};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::session::Session;
use crate::stack::Stack;

/// Check a deployed stack
///
/// Checks the stack and everything that it needs: event bus, rule, queues, functions with their settings and logs,
/// schedule, ledger, key, alarms, dead letters, buckets, destination projects and source accounts. It only reads.
///
/// Each check is `ok`, `FOUND` with what to do, or `unknown` if it could not be made. The last line sums them up. The
/// exit code is 8 if a check found a problem, else 0.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  model-copier doctor --stack rekognition-model-copier
  model-copier doctor --stack rekognition-model-copier --source-profile flowers --output json
  model-copier doctor --stack rekognition-model-copier --release rekognition-model-copier-0.1.0-arm64")]
pub(crate) struct Arguments {
    /// The stack's name
    #[arg(long, value_name = "NAME")]
    pub(crate) stack: String,
    /// A profile of a source account, to check its stack of source-account.yaml and its source projects as well; may
    /// be given several times
    #[arg(long = "source-profile", value_name = "NAME")]
    pub(crate) source_profiles: Vec<String>,
    /// Check that the functions run the code of the release in this folder
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) release: Option<PathBuf>,
}

pub(super) async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let release = arguments.release.as_deref().map(Release::read).transpose()?;
    let session = Session::open(global).await?;
    let stack = Stack::read(&session, &arguments.stack).await?;
    let mut sources = Vec::new();
    for profile in &arguments.source_profiles {
        sources.push(session.of_source(global, profile).await?);
    }
    let checks =
        StackChecks { stack: &stack, session: &session, sources: &sources, release: release.as_ref() };
    write_checks(&checks.run().await, output)
}
