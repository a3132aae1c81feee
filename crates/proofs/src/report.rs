//! What a search did, for a person and for docs/reliability.md.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// What a search did.
#[derive(Clone, Debug, Default)]
pub struct Result {
    /// Its name, as of the command.
    pub search: String,
    /// How large it was: the command line.
    pub command: String,
    /// What it went through, in words with counts.
    pub done: Vec<(String, String)>,
    /// How long it took.
    pub took: Duration,
    /// What must never be.
    pub violations: Vec<String>,
}

impl fmt::Display for Result {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} violations in {:.1} s",
            self.search,
            self.violations.len(),
            self.took.as_secs_f64()
        )?;
        for (what, count) in &self.done {
            writeln!(f, "  {what}: {count}")?;
        }
        for violation in self.violations.iter().take(50) {
            writeln!(f, "  VIOLATION {violation}")?;
        }
        Ok(())
    }
}

/// Puts the result into docs/reliability.md, in the place of the one of the same command.
///
/// # Errors
/// If the file can't be read or written.
pub fn write(result: &Result) -> io::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reliability.md");
    let text = fs::read_to_string(&path)?;
    let line = line(result);
    let head = format!("| `{}` |", result.command);
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.starts_with(&head)).collect();
    let end = lines.iter().position(|line| *line == END).unwrap_or(lines.len());
    lines.insert(end, &line);
    fs::write(&path, lines.join("\n") + "\n")
}

/// The line before which results are put.
const END: &str = "<!-- results end -->";

fn line(result: &Result) -> String {
    let done: Vec<String> = result.done.iter().map(|(what, count)| format!("{what}: {count}")).collect();
    let output = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok().map(|output| output.stdout);
        output.map(|text| String::from_utf8_lossy(&text).trim().to_owned()).unwrap_or_default()
    };
    let commit = output("git", &["-C", env!("CARGO_MANIFEST_DIR"), "rev-parse", "--short=7", "HEAD"]);
    format!(
        "| `{}` | {} | {} | {:.0} s | {} | {} |",
        result.command,
        output("date", &["-u", "+%F"]),
        commit,
        result.took.as_secs_f64(),
        done.join(" · "),
        result.violations.len()
    )
}
