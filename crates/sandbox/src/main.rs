//! The sandbox's command line.

mod demo;
mod output;
mod serve;

use std::{io, process::ExitCode};

use clap::{Parser, Subcommand};

/// A local AWS with the calls that a Custom Labels model copy needs. No account, no Docker: one process, one port.
#[derive(Parser)]
#[command(name = "sandbox", version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
    /// Print results only: no progress, no calls, no output of cargo
    #[arg(short, long, global = true)]
    quiet: bool,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Options),
    Serve(serve::Options),
}

/// The error that ends a command. Only its message matters.
type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    let CommandLine { command, quiet } = CommandLine::parse();
    output::show_warnings();
    let ended = match command {
        Command::Demo(options) => demo::run(options, quiet).await,
        Command::Serve(options) => serve::run(options, quiet).await,
    };
    ended.unwrap_or_else(|failure| {
        if is_closed_pipe(failure.as_ref()) {
            return ExitCode::SUCCESS;
        }
        output::note(format_args!("error: {failure}"));
        ExitCode::FAILURE
    })
}

/// Whether a write failed because the reader of our output closed it. That is no error.
fn is_closed_pipe(failure: &(dyn std::error::Error + 'static)) -> bool {
    failure.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
