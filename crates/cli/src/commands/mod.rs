//! The commands, a file for each: its arguments with their help, and what it does.

pub mod cancel;
pub mod copy;
pub mod dead_letters;
pub mod doctor;
pub mod list;
pub mod live_check;
pub mod policies;
pub mod retry;
pub mod show;

use crate::arguments::{Cli, Command};
use crate::exit::{Exit, Failure};
use crate::output::Output;

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
