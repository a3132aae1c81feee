//! Mutants of the protocol: each is switched on in turn, and a search has to find it.
//!
//! A mutant is a change of the shipped source text. The changed sources are built beside the real ones,
//! without the AWS adapters: those take minutes to build, and no mutant is in them.

mod list;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

pub use list::ALL;

use crate::crashes::{self, Aim};
use crate::report::{Report, in_parallel};
use crate::weather::Kind;
use crate::{scenario, simulation};

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
        let fate = hunt(place, seeds);
        fs::write(&file, text)?;
        fate
    }
}

/// Builds what is in `place` and lets the searches find what is wrong with it, with so many seeds.
fn hunt(place: &Path, seeds: &str) -> io::Result<Fate> {
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
    let found = Command::new("timeout").arg("600").arg(program).args(["first", seeds]).output()?;
    let text = String::from_utf8_lossy(&found.stdout);
    Ok(match (found.status.code(), text.lines().find_map(|line| line.trim().strip_prefix("VIOLATION "))) {
        (_, Some(violation)) => Fate::Killed(violation.to_owned()),
        (Some(0), None) => Fate::Survived,
        (Some(124), None) => Fate::Killed("it never comes to an end".to_owned()),
        _ => Fate::Killed("a search panicked".to_owned()),
    })
}

/// Every mutant whose name contains `part`, in turn.
pub fn search(part: &str) -> Report {
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
    let place = std::path::absolute(Path::new(&target).join("mutants")).unwrap_or_default();
    let mut report = Report::default();
    let laid_out = lay_out(&place);
    report.must(laid_out.is_ok(), || format!("the mutants' workspace can't be laid out: {laid_out:?}"));
    for mutant in ALL.iter().filter(|mutant| laid_out.is_ok() && mutant.name.contains(part)) {
        let fate = mutant.try_it(&place).unwrap_or_else(|error| Fate::Invalid(error.to_string()));
        println!("{}: {fate:?}", mutant.name);
        let good = matches!((&fate, mutant.harmless), (Fate::Killed(_), _) | (Fate::Survived, Some(_)));
        report.must(good, || format!("`{}` {fate:?}", mutant.name));
        report.count(mutant.name, format!("{fate:?}"));
    }
    report
}

/// The calm scenarios, every single fault, those of policies lasting, too, and so many seeds, up to the first violation.
/// This is what runs in a mutant.
pub fn first_violation(seeds: u64) -> Report {
    let scenarios = scenario::all();
    let mut plans: Vec<(usize, Vec<Aim>)> = (0..scenarios.len()).map(|i| (i, Vec::new())).collect();
    for (i, scenario) in scenarios.iter().enumerate() {
        let effects = crashes::run(scenario, Vec::new(), false).effects;
        let once = crashes::aims(&effects);
        let of_policies =
            |aim: &Aim| matches!(effects.get(aim.at as usize - 1), Some(Kind::Policies | Kind::ChangePolicy));
        let long = crashes::lasting(&once).into_iter().filter(of_policies);
        plans.extend(long.chain(once.iter().cloned()).map(|aim| (i, vec![aim])));
    }
    let is_over = AtomicBool::new(false);
    let found = in_parallel(plans.len() as u64 + seeds, |n| {
        if is_over.load(Ordering::Relaxed) {
            return None;
        }
        let (what, violations) = match plans.get(n as usize) {
            Some((i, aims)) => {
                let scenario = &scenarios[*i];
                let run = crashes::run(scenario, aims.clone(), false);
                let aim = aims.first().map(|aim| format!(", {:?} at effect {}", aim.fault, aim.at));
                (format!("`{scenario:?}`{}", aim.unwrap_or_default()), run.violations)
            }
            None => {
                let seed = n - plans.len() as u64;
                (format!("seed {seed}"), simulation::live(seed, false).violations)
            }
        };
        let violation = violations.first()?;
        is_over.store(true, Ordering::Relaxed);
        Some(format!("{what}: {violation}"))
    });
    Report { violations: found.into_iter().flatten().collect(), ..Report::default() }
}

/// Lays out a workspace without the AWS adapters and without hostile input in `place`.
///
/// # Errors
/// If files can't be read or written.
pub fn lay_out(place: &Path) -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    copy(&root.join("src"), &place.join("src"), &["aws", "bin", "lambda", "lambda.rs", "telemetry.rs"])?;
    copy(&root.join("crates/proofs"), &place.join("crates/proofs"), &["tests", "fuzz", "hostile"])?;
    without(&place.join("src/lib.rs"), &["pub mod aws;", "pub mod lambda;", "pub mod telemetry;"])?;
    without(&place.join("crates/proofs/src/lib.rs"), &["pub mod hostile;"])?;
    without(
        &place.join("crates/proofs/Cargo.toml"),
        &["aws-", "axum", "sandbox", "tower", "jsonschema", "peak_alloc"],
    )?;
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    fs::write(place.join("Cargo.toml"), without_aws(&manifest))?;
    fs::copy(root.join("Cargo.lock"), place.join("Cargo.lock"))?;
    Ok(())
}

/// Takes the lines that begin with one of these words out of a file.
fn without(file: &Path, words: &[&str]) -> io::Result<()> {
    let text = fs::read_to_string(file)?;
    let is_kept = |line: &&str| !words.iter().any(|word| line.starts_with(word));
    fs::write(file, text.lines().filter(is_kept).collect::<Vec<_>>().join("\n"))
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
            copy(&from, &to, but)?;
        } else if fs::read(&from).ok() != fs::read(&to).ok() {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}
