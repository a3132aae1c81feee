//! The command line: the flags that every command has, and the commands.

use clap::{Args, ColorChoice, Parser, Subcommand, ValueEnum};

use crate::commands::{copy, list, policies, show};
use crate::exit::EXIT_CODES;

/// Copy Amazon Rekognition Custom Labels models between projects and accounts.
///
/// `copy` runs the copy from this machine, in your own account. It needs no stack.
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

/// The flags that every command has.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Take credentials and Region from this profile of the AWS configuration
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Work in this Region; there is no default: else `AWS_REGION` or the profile's
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,
    /// Send the calls of every AWS service to this URL
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// Fail unless the credentials are of this account
    #[arg(long, global = true, value_name = "ID")]
    pub account: Option<String>,
    /// Write results in this form
    #[arg(long, global = true, value_name = "FORM", default_value = "text")]
    pub output: Form,
    /// Use colors and a line that moves
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
    /// Write no progress and no notes
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// The form of the results on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people
    Text,
    /// One JSON value
    Json,
    /// One JSON value a line, each as soon as it is known
    Jsonl,
}

/// The copier's stack.
#[derive(Args, Clone, Debug)]
pub struct RequiredStack {
    /// The name of the copier's stack
    #[arg(long, value_name = "NAME")]
    pub stack: String,
}

/// A command.
#[derive(Debug, Subcommand)]
#[expect(missing_docs, reason = "each command's arguments have its text")]
pub enum Command {
    Copy(Box<copy::Arguments>),
    List(list::Arguments),
    Show(show::Arguments),
    Policies(policies::Arguments),
}
