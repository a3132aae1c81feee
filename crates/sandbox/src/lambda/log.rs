//! What a function's processes write to standard output and standard error, in one file that has no name.
//!
//! A file and not a pipe: what a process wrote before it answered can be read the moment the answer is
//! there, and nobody has to keep up with it. It doesn't know what the lines say.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::process::Stdio;

/// The log of one function, all its environments together.
#[derive(Debug)]
pub(super) struct Log {
    file: File,
}

impl Log {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile()? })
    }

    /// Something for a child process to write to. All of them share one position in the file, so each
    /// appends.
    pub(super) fn writer(&self) -> io::Result<Stdio> {
        Ok(Stdio::from(self.file.try_clone()?))
    }

    /// The whole lines from this byte on, and the byte to go on from. Invalid UTF-8 is replaced.
    pub(super) fn lines_from(&self, start: u64) -> io::Result<(Vec<String>, u64)> {
        let length = self.file.metadata()?.len().saturating_sub(start);
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        // By position: reading through the handle would move the writers.
        self.file.read_exact_at(&mut bytes, start)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        bytes.truncate(whole);
        let lines = String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect();
        Ok((lines, start + u64::try_from(whole).unwrap_or(u64::MAX)))
    }
}
