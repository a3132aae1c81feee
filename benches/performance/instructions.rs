//! Part `instructions`: what one request costs to parse and decide, counted by callgrind, against the figure that
//! is kept in the repository.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::page::{fill, path};
use crate::{Outcome, builds};

const KEPT: &str = "benches/instructions.json";
/// Two runs, so that what a process costs by itself cancels out.
const COUNTS: [u64; 2] = [100, 1100];
/// How far the figure may go before somebody has to say so.
const TOLERANCE: f64 = 0.05;

pub(crate) fn measure() -> Outcome<()> {
    let program = builds::release()?.join("instructions");
    let [few, many] = COUNTS.map(|count| counted(&program, count));
    let counted = (many? - few?) / (COUNTS[1] - COUNTS[0]);
    let name = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    let mut kept: BTreeMap<String, u64> = serde_json::from_str(&fs::read_to_string(path(KEPT))?)?;
    let before = kept.get(&name).copied();
    let change = before.map(|before| counted as f64 / before as f64 - 1.0);
    if std::env::var_os("KEEP").is_some() || before.is_none() {
        kept.insert(name.clone(), counted);
        fs::write(path(KEPT), serde_json::to_string_pretty(&kept)? + "\n")?;
    } else if let (Some(before), Some(change)) = (before, change)
        && change.abs() > TOLERANCE
    {
        return Err(format!(
            "a request takes {counted} instructions, {:+.1} % against the {before} in `{KEPT}`: find out why, or \
             keep the new figure with KEEP=1 and say so in the commit",
            change * 100.0
        )
        .into());
    }
    let text = format!(
        "One request parsed and decided takes **{counted} instructions** ({name}, release profile; the file keeps {}).",
        before.map_or("none yet".to_owned(), |before| before.to_string())
    );
    fill("instructions", &text)
}

/// The instructions of a run over `count` requests.
fn counted(program: &Path, count: u64) -> Outcome<u64> {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .arg(count.to_string())
        .output()
        .map_err(|error| format!("valgrind, which counts the instructions, does not start: {error}"))?;
    let report = String::from_utf8_lossy(&run.stderr);
    let counted = report.lines().find_map(|line| line.rsplit_once("Collected :")?.1.trim().parse().ok());
    if !run.status.success() {
        return Err(format!("valgrind: {}: {report}", run.status).into());
    }
    counted.ok_or_else(|| format!("valgrind did not say what it collected: {report}").into())
}
