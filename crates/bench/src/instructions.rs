//! Part `instructions`: counts with callgrind the instructions that parse and decide one request, in the release build of
//! `parse_and_decide`.

use std::env::consts::{ARCH, OS};
use std::path::Path;
use std::process::Command;

use crate::page::{fill, today};
use crate::{Outcome, builds};

/// The requests of two runs. The difference of their counts excludes the start of the process.
const COUNTS: [u64; 2] = [20, 120];

pub(crate) fn measure() -> Outcome<()> {
    let program = builds::release()?.join("parse_and_decide");
    let [few, many] = COUNTS.map(|count| instructions(&program, count));
    let per_request = (many? - few?) / (COUNTS[1] - COUNTS[0]);
    let text = format!(
        "Counted on {}: one request parsed and decided takes **{per_request} instructions** ({ARCH}-{OS}, release profile).",
        today()
    );
    fill("instructions", &text)
}

/// Counts the instructions of a run with `count` requests.
fn instructions(program: &Path, count: u64) -> Outcome<u64> {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .arg(count.to_string())
        .output()
        .map_err(|error| format!("valgrind, which counts the instructions, does not start: {error}"))?;
    let report = String::from_utf8_lossy(&run.stderr);
    let collected = report.lines().find_map(|line| line.rsplit_once("Collected :")?.1.trim().parse().ok());
    collected
        .filter(|_| run.status.success())
        .ok_or_else(|| format!("valgrind ended with {} and no count: {report}", run.status).into())
}
