//! Opens the sandbox's page in the user's browser.

use std::process::Stdio;

use tokio::process::Command;

/// Opens `address`, where there is a program for that. Says nothing where there is none: the address is printed too.
pub(crate) fn open(address: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(program);
    command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _ = command.spawn();
}
