//! What a request costs to parse and decide does not change unseen: the figure is kept in `crates/bench/instructions.json`.
//!
//! A figure holds for one compiler, machine and profile; `KEEP=1 cargo test --workspace --test kept` writes yours.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Write as _, stderr};
use std::path::Path;
use std::process::Command;

#[path = "../counted.rs"]
mod counted;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../instructions.json");
/// How far the figure may go before somebody has to say so.
const TOLERANCE: f64 = 0.05;

#[test]
fn a_request_takes_as_many_instructions_as_the_repository_says() {
    let build = build().unwrap();
    let mut kept: BTreeMap<String, u64> = serde_json::from_str(&fs::read_to_string(FILE).unwrap()).unwrap();
    let keep = std::env::var_os("KEEP").is_some();
    let Some(before) = kept.get(&build).copied().or_else(|| keep.then_some(0)) else {
        return skipped(&format!("`crates/bench/instructions.json` has no figure for `{build}`"));
    };
    if Command::new("valgrind").arg("--version").output().is_err() {
        return skipped("valgrind is not installed");
    }
    let counted = counted::per_request(Path::new(env!("CARGO_BIN_EXE_instructions"))).unwrap();
    if keep {
        kept.insert(build, counted);
        return fs::write(FILE, serde_json::to_string_pretty(&kept).unwrap() + "\n").unwrap();
    }
    let change = counted as f64 / before as f64 - 1.0;
    assert!(
        change.abs() <= TOLERANCE,
        "a request takes {counted} instructions, {:+.1} % against the {before} that are kept for a build of the whole \
         workspace: find out why, or keep the new figure with KEEP=1 and say so in the commit",
        change * 100.0
    );
}

/// Past the tests' capture of output: nobody reads what a test that passes printed.
fn skipped(why: &str) {
    let _ = writeln!(stderr(), "instructions are not compared: {why}");
}

/// What the figure holds for, such as `rustc 1.95.0, x86_64-linux, dev`.
fn build() -> Option<String> {
    let rustc = Command::new("rustc").arg("--version").output().ok()?;
    let version = String::from_utf8(rustc.stdout).ok()?;
    let version: Vec<&str> = version.split_whitespace().take(2).collect();
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    Some(format!("{}, {}-{}, {profile}", version.join(" "), std::env::consts::ARCH, std::env::consts::OS))
}
