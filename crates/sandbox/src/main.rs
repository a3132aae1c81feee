//! The sandbox on the command line. It reads what is asked for, and hands over.

mod browser;
mod demo;
mod output;
mod serve;

use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A local AWS for the life of a Custom Labels model copy. No account, no Docker: one process, one port.
#[derive(Parser)]
#[command(name = "sandbox", version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
    /// Print results only: no progress, no calls, nothing of cargo's
    #[arg(short, long, global = true)]
    quiet: bool,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Options),
    Serve(serve::Options),
}

/// What ends a command early; what is said about it is all that matters.
type Trouble = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    let CommandLine { command, quiet } = CommandLine::parse();
    output::show_warnings();
    let ended = match command {
        Command::Demo(options) => demo::run(options, quiet).await,
        Command::Serve(options) => serve::run(options, quiet).await,
    };
    ended.unwrap_or_else(|trouble| {
        if is_closed_pipe(trouble.as_ref()) {
            return ExitCode::SUCCESS;
        }
        output::note(format_args!("error: {trouble}"));
        ExitCode::FAILURE
    })
}

/// Whether whoever read our output has enough of it.
pub(crate) fn is_closed_pipe(trouble: &(dyn std::error::Error + 'static)) -> bool {
    trouble.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
