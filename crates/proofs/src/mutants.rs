//! The search `mutants`: breaks the shipped code in one place at a time. Another search must find each mutant.
//!
//! A mutant is a change of the source text. The changed sources are built in a folder of their own, without the AWS adapters,
//! which take minutes to build and have no mutant.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::crashes;
use crate::report::{Report, in_parallel};
use crate::{scenario, simulation};

/// A change of the shipped code: a block of `mutants.diff`.
#[derive(Debug)]
pub struct Mutant {
    pub name: &'static str,
    /// The path below `src/`.
    pub file: &'static str,
    removed: Vec<&'static str>,
    added: Vec<&'static str>,
}

/// The violation that a search found in a mutant, or the reason why there is none.
type Fate = Result<String, String>;

/// Returns the folder of the shipped sources.
pub fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src")
}

/// Returns all mutants.
///
/// # Panics
/// If a block of `mutants.diff` has no name or no file.
pub fn all() -> Vec<Mutant> {
    let blocks = include_str!("mutants.diff").trim_end().split("\n\n").skip(1);
    let mutant = |block: &'static str| {
        let mut lines = block.lines();
        let name = lines.next().expect("a name");
        let file = lines.next().and_then(|line| line.strip_prefix("--- ")).expect("a file");
        let of = |sign| lines.clone().filter_map(|line| line.strip_prefix(sign)).collect();
        Mutant { name, file, removed: of('-'), added: of('+') }
    };
    blocks.map(mutant).collect()
}

impl Mutant {
    /// Changes the text of the file. Returns `None` unless it has the removed lines exactly once.
    pub fn apply(&self, text: &str) -> Option<String> {
        let lines: Vec<&str> = text.lines().collect();
        let is_place = |at: &usize| {
            let found = lines[*at..].iter().take(self.removed.len());
            found.map(|line| line.trim()).eq(self.removed.iter().copied())
        };
        let places: Vec<usize> = (0..lines.len()).filter(is_place).collect();
        let [at] = places[..] else { return None };
        Some([&lines[..at], &self.added, &lines[at + self.removed.len()..]].concat().join("\n"))
    }

    /// Builds the mutant in `place` and runs the searches up to the first violation.
    fn run(&self, place: &Path) -> io::Result<Fate> {
        let file = place.join("src").join(self.file);
        let text = fs::read_to_string(&file)?;
        let Some(changed) = self.apply(&text) else {
            return Ok(Err("the file does not have the removed lines exactly once".to_owned()));
        };
        fs::write(&file, changed)?;
        let fate = build_and_search(place);
        fs::write(&file, text)?;
        fate
    }
}

fn build_and_search(place: &Path) -> io::Result<Fate> {
    let built = Command::new(env!("CARGO"))
        .current_dir(place)
        .env("CARGO_TARGET_DIR", place.join("target"))
        // An incremental build of a changed line takes a tenth of the time.
        .env("CARGO_INCREMENTAL", "1")
        .args(["build", "--quiet", "--package", "proofs"])
        .output()?;
    if !built.status.success() {
        return Ok(Err(String::from_utf8_lossy(&built.stderr).chars().take(600).collect()));
    }
    // A mutant may run for ever, which counts as found.
    let program = place.join("target/debug/proofs");
    let search = Command::new("timeout").arg("600").arg(program).args(["first", "3000"]).output()?;
    let text = String::from_utf8_lossy(&search.stdout);
    let violation = text.lines().find_map(|line| line.trim().strip_prefix("VIOLATION "));
    Ok(match (violation, search.status.code()) {
        (Some(violation), _) => Ok(violation.to_owned()),
        (None, Some(0)) => Err("no search finds it".to_owned()),
        (None, Some(124)) => Ok("it runs for ever".to_owned()),
        (None, _) => Ok("a search panicked".to_owned()),
    })
}

/// Runs every mutant whose name contains `part`.
pub fn search(part: &str) -> Report {
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
    let place = std::path::absolute(Path::new(&target).join("mutants")).unwrap_or_default();
    let mut report = Report::default();
    let workspace = make_workspace(&place);
    report.must(workspace.is_ok(), || format!("the mutants' workspace cannot be made: {workspace:?}"));
    for mutant in all().iter().filter(|mutant| workspace.is_ok() && mutant.name.contains(part)) {
        let fate = mutant.run(&place).unwrap_or_else(|error| Err(error.to_string()));
        println!("{}: {fate:?}", mutant.name);
        report.must(fate.is_ok(), || format!("`{}` {fate:?}", mutant.name));
        report.count(mutant.name, format!("{fate:?}"));
    }
    report
}

/// Runs every scenario without faults and with each single fault, and so many seeds, up to the first violation. This runs in the
/// program of a mutant.
pub fn first_violation(seeds: u64) -> Report {
    let scenarios = scenario::all();
    let plans = crashes::single_faults(&scenarios);
    let is_found = AtomicBool::new(false);
    let found = in_parallel(plans.len() as u64 + seeds, |n| {
        if is_found.load(Ordering::Relaxed) {
            return None;
        }
        let (name, world) = match plans.get(n as usize) {
            Some(plan) => {
                let aim = plan.aims.first().map(|aim| format!(", {:?} at effect {}", aim.fault, aim.at));
                (format!("`{}`{}", plan.scenario.name, aim.unwrap_or_default()), plan.run())
            }
            None => {
                let seed = n - plans.len() as u64;
                (format!("seed {seed}"), simulation::run(seed, false))
            }
        };
        let violation = world.watch.violations.first()?;
        is_found.store(true, Ordering::Relaxed);
        Some(format!("{name}: {violation}"))
    });
    Report { violations: found.into_iter().flatten().collect(), ..Report::default() }
}

/// Copies the sources that the searches need. A renamed file of an earlier run must not stay.
const COPY: &str = "rm -rf src crates && mkdir crates && cp -r $ROOT/src . && cp -r $ROOT/crates/proofs crates && \
    cp $ROOT/Cargo.toml $ROOT/Cargo.lock . && cd src && rm -r aws bin lambda lambda.rs telemetry.rs && \
    cd ../crates/proofs && rm -r tests fuzz src/hostile";
/// The sections of the root manifest that the searches need.
const SECTIONS: [&str; 5] =
    ["[workspace]", "workspace.package]", "workspace.dependencies]", "package]", "dependencies]"];
const ONLY_MEMBER: &str = "[workspace]\nmembers = [\"crates/proofs\"]";
const PROFILE: &str = "
[workspace.lints.rust]
[profile.dev]
opt-level = 1
debug = false
";

/// Makes a workspace in `place` without the AWS adapters and without hostile input.
fn make_workspace(place: &Path) -> io::Result<()> {
    fs::create_dir_all(place)?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let copied = Command::new("sh").args(["-c", COPY]).env("ROOT", root).current_dir(place).status()?;
    if !copied.success() {
        return Err(io::Error::other(format!("the sources cannot be copied: {copied}")));
    }
    remove_lines(&place.join("src/lib.rs"), &["pub mod aws;", "pub mod lambda;", "pub mod telemetry;"])?;
    remove_lines(&place.join("crates/proofs/src/lib.rs"), &["pub mod hostile;"])?;
    let of_hostile_input = ["aws-", "axum", "sandbox", "tower", "jsonschema", "peak_alloc"];
    remove_lines(&place.join("crates/proofs/Cargo.toml"), &of_hostile_input)?;
    let manifest = place.join("Cargo.toml");
    let words = ["aws", "lambda", "json-subscriber", "tracing-subscriber", "members", "exclude", "autobins"];
    remove_lines(&manifest, &words)?;
    let text = fs::read_to_string(&manifest)?;
    let is_needed = |section: &&str| SECTIONS.iter().any(|name| section.starts_with(name));
    let text = text.split("\n[").filter(is_needed).collect::<Vec<_>>().join("\n[");
    fs::write(manifest, text.replacen("[workspace]", ONLY_MEMBER, 1) + PROFILE)
}

/// Removes the lines of a file that begin with one of these words.
fn remove_lines(file: &Path, words: &[&str]) -> io::Result<()> {
    let text = fs::read_to_string(file)?;
    let is_kept = |line: &&str| !words.iter().any(|word| line.starts_with(word));
    fs::write(file, text.lines().filter(is_kept).collect::<Vec<_>>().join("\n"))
}
