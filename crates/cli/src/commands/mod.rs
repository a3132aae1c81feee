//! The command line, and the commands: a file for each, with its arguments, their help, and what it does.

pub mod cancel;
pub mod copy;
pub mod dead_letters;
pub mod doctor;
pub mod list;
pub mod live_check;
pub mod policies;
pub mod retry;
pub mod show;

use clap::{Parser, Subcommand};

use crate::arguments::Global;
use crate::exit::{EXIT_CODES, Exit, Failure};
use crate::output::Output;

/// Copy Amazon Rekognition Custom Labels models between projects and accounts.
///
/// `copy` makes a copy from this machine with your own credentials, and needs no deployment. A deployed copier is called a
/// stack, because template.yaml deploys it as a CloudFormation stack. With `--stack`, a command works on that stack.
#[derive(Debug, Parser)]
#[command(name = "model-copier", version, after_help = EXIT_CODES, arg_required_else_help = true)]
#[command(max_term_width = 100, disable_help_subcommand = true, infer_subcommands = false)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    command: Command,
}

/// A command.
#[derive(Debug, Subcommand)]
enum Command {
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

/// Runs a command.
///
/// # Errors
/// If it did not do what it says.
pub async fn run(cli: Cli, output: &Output) -> Result<Exit, Failure> {
    let global = &cli.global;
    match cli.command {
        Command::Copy(arguments) => copy::run(*arguments, global, output).await,
        Command::List(arguments) => list::run(arguments, global, output).await,
        Command::Show(arguments) => show::run(arguments, global, output).await,
        Command::Retry(arguments) => retry::run(arguments, global, output).await,
        Command::Cancel(arguments) => cancel::run(arguments, global, output).await,
        Command::Policies(arguments) => policies::run(arguments, global, output).await,
        Command::DeadLetters(arguments) => dead_letters::run(arguments, global, output).await,
        Command::Doctor(arguments) => doctor::run(arguments, global, output).await,
        Command::LiveCheck(arguments) => live_check::run(*arguments, global, output).await,
    }
}
