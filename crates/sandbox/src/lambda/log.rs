//! The log of a function: what its processes write to standard output and standard error, in one unnamed file.
//!
//! With a file instead of a pipe, everything that a process wrote before its answer can be read once the answer is there,
//! and no task has to keep up with the process.

use std::{fs::File, io, os::unix::fs::FileExt as _, process::Stdio};

/// The log of one function, with the lines of all its processes.
#[derive(Debug)]
pub(super) struct Log {
    file: File,
}

impl Log {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile()? })
    }

    /// A handle for a child process. All handles share one position in the file, so each process appends.
    pub(super) fn writer(&self) -> io::Result<Stdio> {
        Ok(Stdio::from(self.file.try_clone()?))
    }

    /// The whole lines from byte `start` on, and the byte after them. Invalid UTF-8 is replaced.
    pub(super) fn lines_from(&self, start: u64) -> io::Result<(Vec<String>, u64)> {
        let length = self.file.metadata()?.len().saturating_sub(start);
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        // By offset: a plain read would move the writers' position.
        self.file.read_exact_at(&mut bytes, start)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        bytes.truncate(whole);
        let lines = String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect();
        Ok((lines, start + u64::try_from(whole).unwrap_or(u64::MAX)))
    }
}
