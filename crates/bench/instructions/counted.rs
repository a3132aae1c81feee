//! How many instructions a request takes, by callgrind. Included by the test beside it and by the benchmark.

use std::path::Path;
use std::process::Command;

/// Two runs, so that what a process costs by itself cancels out.
const COUNTS: [u64; 2] = [20, 120];

/// The instructions of one request in this build of the program.
pub(crate) fn per_request(program: &Path) -> Result<u64, String> {
    let [few, many] = COUNTS.map(|count| collected(program, count));
    Ok((many? - few?) / (COUNTS[1] - COUNTS[0]))
}

/// The instructions of a run over `count` requests.
fn collected(program: &Path, count: u64) -> Result<u64, String> {
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
        .ok_or_else(|| format!("valgrind ended with {} and no count: {report}", run.status))
}
