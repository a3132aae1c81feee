//! What a function is set to.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// What a function is set to.
#[derive(Clone, Debug)]
pub struct FunctionSettings {
    /// Its name, such as `start-copy`.
    pub name: String,
    /// The account it runs in: 12 digits.
    pub account: String,
    /// The program it runs.
    pub binary: PathBuf,
    /// What it is told its memory is, in MB. It isn't limited: [`Function::peak_memory`] tells what it took.
    pub memory_mb: u32,
    /// How long an invocation may take. The clock of the machine counts, not the sandbox's.
    pub timeout: Duration,
    /// Its environment variables, on top of those that Lambda itself sets. It gets no others.
    pub environment: BTreeMap<String, String>,
}
