//! Where the program prints. Nothing panics when a pipe closes or a disk is full: what cannot be printed is an error.

use std::fmt::Display;
use std::io::{self, Write as _};

/// A line of what was asked for, on standard output.
pub(crate) fn print(line: impl Display) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
        .map_err(|error| io::Error::new(error.kind(), format!("standard output can't be written: {error}")))
}

/// What the sandbox cannot tell a client, such as a clock that its functions no longer see, on standard error.
pub(crate) fn show_warnings() {
    let warnings = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(io::stderr);
    // Otherwise a warning that can't be written panics.
    warnings.with_ansi(false).log_internal_errors(false).init();
}

/// A line of what is good to know, on standard error; nobody reads it when that fails.
pub(crate) fn note(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
