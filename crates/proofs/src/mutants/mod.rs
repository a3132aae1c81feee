//! Mutants of the protocol: each is switched on in turn, and a search has to find it.
//!
//! A mutant is a change of the shipped source text. The changed sources are built beside the real ones,
//! without the AWS adapters: those take minutes to build, and no mutant is in them.

mod list;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

pub use list::ALL;

/// A change of the shipped code.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// What it does wrong.
    pub name: &'static str,
    /// The file below `src/`.
    pub file: &'static str,
    /// What is replaced, once.
    pub find: &'static str,
    /// By what.
    pub put: &'static str,
    /// Why it may survive.
    pub harmless: Option<&'static str>,
}

/// What became of a mutant.
#[derive(Clone, Debug)]
pub enum Fate {
    /// Found, by this.
    Killed(String),
    /// Not found.
    Survived,
    /// It could not be built or aimed.
    Invalid(String),
}

/// The shipped sources.
pub fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src")
}

impl Mutant {
    /// The text of its file with the change in it; `None` if the place is not there exactly once.
    pub fn apply(&self, text: &str) -> Option<String> {
        (text.matches(self.find).count() == 1).then(|| text.replacen(self.find, self.put, 1))
    }

    /// Builds it in `place` and lets the searches find it.
    ///
    /// # Errors
    /// If files can't be read or written, or cargo can't be run.
    pub fn try_it(&self, place: &Path) -> io::Result<Fate> {
        let file = place.join("src").join(self.file);
        let text = fs::read_to_string(&file)?;
        let Some(changed) = self.apply(&text) else {
            return Ok(Fate::Invalid("its place is not there exactly once".to_owned()));
        };
        fs::write(&file, changed)?;
        // What is harmless survives them all: a few say as much.
        let seeds = if self.harmless.is_some() { "300" } else { "3000" };
        let fate = search(place, seeds);
        fs::write(&file, text)?;
        fate
    }
}

/// Builds what is in `place` and lets the searches find what is wrong with it, with so many seeds.
fn search(place: &Path, seeds: &str) -> io::Result<Fate> {
    let built = Command::new(env!("CARGO"))
        .current_dir(place)
        .env("CARGO_TARGET_DIR", place.join("target"))
        // A mutant is one line: a tenth of the time.
        .env("CARGO_INCREMENTAL", "1")
        .args(["build", "--quiet", "--package", "proofs"])
        .output()?;
    if !built.status.success() {
        return Ok(Fate::Invalid(String::from_utf8_lossy(&built.stderr).chars().take(600).collect()));
    }
    // A mutant may never come to an end: that is found, too.
    let program = place.join("target/debug/proofs");
    let quick = Command::new("timeout").arg("600").arg(program).args(["quick", seeds]).output()?;
    let text = String::from_utf8_lossy(&quick.stdout);
    Ok(match (quick.status.code(), text.lines().find_map(|line| line.trim().strip_prefix("VIOLATION "))) {
        (_, Some(violation)) => Fate::Killed(violation.to_owned()),
        (Some(0), None) => Fate::Survived,
        (Some(124), None) => Fate::Killed("it never comes to an end".to_owned()),
        _ => Fate::Killed("a search panicked".to_owned()),
    })
}

/// Lays out a workspace without the AWS adapters in `place`.
///
/// # Errors
/// If files can't be read or written.
pub fn lay_out(place: &Path) -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    copy(&root.join("src"), &place.join("src"), &["aws", "bin", "lambda.rs", "telemetry.rs"])?;
    copy(&root.join("crates/proofs"), &place.join("crates/proofs"), &["tests", "fuzz", "hostile"])?;
    let map = fs::read_to_string(place.join("src/lib.rs"))?;
    let gone = ["pub mod aws;", "pub mod lambda;", "pub mod telemetry;"];
    let map: Vec<&str> = map.lines().filter(|line| !gone.contains(line)).collect();
    fs::write(place.join("src/lib.rs"), map.join("\n"))?;
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    fs::write(place.join("Cargo.toml"), without_aws(&manifest))?;
    fs::copy(root.join("Cargo.lock"), place.join("Cargo.lock"))?;
    Ok(())
}

/// The manifest with this package's own dependencies that no adapter needs.
fn without_aws(manifest: &str) -> String {
    let mut text = String::new();
    let mut section = "";
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        }
        let dropped = match section {
            "[dependencies]" => {
                line.starts_with("aws") || line.starts_with("lambda") || line.contains("subscriber")
            }
            "[workspace]" => line.starts_with("members") || line.starts_with("exclude"),
            "[package]" | "[workspace.package]" | "[workspace.dependencies]" => line.starts_with("autobins"),
            _ => true,
        };
        if !dropped {
            text.push_str(line);
            text.push('\n');
        }
        if line == "[workspace]" {
            text.push_str("members = [\"crates/proofs\"]\n");
        }
    }
    text.push_str("[workspace.lints.rust]\n[profile.dev]\nopt-level = 1\ndebug = false\n");
    text.push_str("[profile.dev.package.\"*\"]\nopt-level = 3\n");
    text
}

fn copy(from: &Path, to: &Path, but: &[&str]) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if but.iter().any(|but| name == *but) {
            continue;
        }
        let (from, to) = (entry.path(), to.join(&name));
        if entry.file_type()?.is_dir() {
            copy(&from, &to, &[])?;
        } else if fs::read(&from).ok() != fs::read(&to).ok() {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}
