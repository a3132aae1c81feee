//! Where the program prints. Nothing panics when a pipe closes or a disk is full: what cannot be printed is an error.

use std::fmt::Display;
use std::io::{self, Write as _};

/// A line of what was asked for, on standard output.
pub(crate) fn print(line: impl Display) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
}

/// A line of what is good to know, on standard error; nobody reads it when that fails.
pub(crate) fn note(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
