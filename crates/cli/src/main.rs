//! `model-copier`: reads the command line, runs the command, and ends with its exit code.

use std::process::ExitCode;

use clap::Parser;
use model_copier::commands::Cli;
use model_copier::exit::Exit;
use model_copier::output::Output;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::of_process(&cli.global);
    output.write_warnings();
    match model_copier::commands::run(cli, &output).await {
        Ok(exit) => exit.into(),
        Err(failure) => {
            if failure.exit() != Exit::Done {
                output.error(&failure);
            }
            failure.exit().into()
        }
    }
}
