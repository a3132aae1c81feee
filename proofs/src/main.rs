//! The searches, each with its size: `cargo run --release -p proofs -- simulation 20000`.
//!
//! Without violations the command ends with 0, and with `--write` it notes what it did in
//! docs/reliability.md.

use std::process::ExitCode;

use proofs::{commands, report};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let write = arguments.iter().any(|argument| argument == "--write");
    let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| *word != "--write").collect();
    let Some(result) = commands::run(&words) else {
        eprintln!("usage: proofs {} [--write]", commands::USAGE);
        return ExitCode::from(2);
    };
    println!("{result}");
    if write && let Err(error) = report::write(&result) {
        eprintln!("docs/reliability.md can't be written: {error}");
        return ExitCode::FAILURE;
    }
    if result.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
