//! The sandbox on the command line. It reads what is asked for, and hands over.

mod browser;
mod demo;
mod programs;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A local AWS for the life of a Custom Labels model copy. No account, no Docker: one process, one port.
#[derive(Parser)]
#[command(name = "sandbox", version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
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
    let ended = match CommandLine::parse().command {
        Command::Demo(options) => demo::run(options).await,
        Command::Serve(options) => serve::run(options).await,
    };
    ended.unwrap_or_else(|trouble| {
        eprintln!("error: {trouble}");
        ExitCode::FAILURE
    })
}
