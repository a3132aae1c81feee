//! The simulation through the SDK: `cargo run --release -p proofs-sdk -- simulation 1000`.

use std::process::ExitCode;

fn main() -> ExitCode {
    proofs::commands::main(proofs_sdk::USAGE, proofs_sdk::run)
}
