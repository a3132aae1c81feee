//! The command line: the flags of every command, and the commands.

use clap::{Parser, Subcommand};
use rekognition_model_copier::domain::arn::ProjectArn;

use crate::commands::{cancel, copy, dead_letters, doctor, list, live_check, policies, retry, show};
use crate::exit::EXIT_CODES;
use crate::global::Global;

/// Copy Amazon Rekognition Custom Labels models between projects and accounts.
///
/// `copy` makes a copy from this machine with your own credentials, and needs no deployment. A deployed copier is called a
/// stack, because template.yaml deploys it as a CloudFormation stack. With `--stack`, a command works on that stack.
#[derive(Debug, Parser)]
#[command(name = "model-copier", version, after_help = EXIT_CODES, arg_required_else_help = true)]
#[command(max_term_width = 100, disable_help_subcommand = true, infer_subcommands = false)]
pub struct Cli {
    /// The flags that every command has.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// A command.
#[derive(Debug, Subcommand)]
#[expect(missing_docs, reason = "each command's arguments have its text")]
pub enum Command {
    Copy(Box<copy::Arguments>),
    List(list::Arguments),
    Show(show::Arguments),
    Retry(retry::Arguments),
    Cancel(cancel::Arguments),
    Policies(policies::Arguments),
    DeadLetters(dead_letters::Arguments),
    Doctor(doctor::Arguments),
    LiveCheck(Box<live_check::Arguments>),
}

/// Reads an account id.
pub(crate) fn parse_account(text: &str) -> Result<String, String> {
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_account { Ok(text.to_owned()) } else { Err("write 12 digits".to_owned()) }
}

/// Reads the ARN of a project.
pub(crate) fn parse_project(text: &str) -> Result<ProjectArn, String> {
    ProjectArn::parse(text).map_err(|error| error.to_string())
}
