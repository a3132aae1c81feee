//! The command line's output. A closed pipe or a full disk is an error and never a panic.

use std::{
    fmt::Display,
    io::{self, Write as _},
    process::Stdio,
};

/// Prints a line of the result on standard output.
pub(crate) fn print(line: impl Display) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
        .map_err(|error| io::Error::new(error.kind(), format!("standard output can't be written: {error}")))
}

/// Prints a note on standard error. If that fails, nobody can be told.
pub(crate) fn note(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Prints the library's warnings on standard error.
pub(crate) fn show_warnings() {
    let warnings = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(io::stderr);
    // Otherwise a warning that cannot be written panics.
    warnings.with_ansi(false).log_internal_errors(false).init();
}

/// Opens an address in the user's browser, if there is a program for that.
pub(crate) fn open_browser(address: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = tokio::process::Command::new(program);
    command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _ = command.spawn();
}
