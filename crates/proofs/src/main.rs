//! The searches, each with its size: `cargo run --release -p proofs -- simulation 20000`.
//!
//! Without violations the command ends with 0, and with `--write` it notes what it did in
//! docs/reliability.md.

use std::process::ExitCode;

use proofs::commands;

fn main() -> ExitCode {
    commands::main(&format!("proofs {}", commands::USAGE), commands::run)
}
