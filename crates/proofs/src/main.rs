//! Runs one search of a given size: `cargo run --release -p proofs -- simulation 20000`. The exit code is 0 if the search finds
//! no violation.

use std::process::ExitCode;
use std::time::Instant;

use proofs::report::Report;
use proofs::{crashes, load, mutants, simulation};

const USAGE: &str = "usage: proofs crashes [PAIRS [FIRST]] | simulation SEEDS [FIRST] | seed SEED | load REQUESTS | \
    backlog COPIES [PROJECTS] | outages SEEDS | mutants [PART-OF-A-NAME] | first SEEDS";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let began = Instant::now();
    let Some(report) = run(&words.iter().map(String::as_str).collect::<Vec<_>>()) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    println!("{} in {:.1} s: {report}", words.join(" "), began.elapsed().as_secs_f64());
    if report.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs the named search. Returns `None` if there is no such search, or if an argument is no number.
fn run(words: &[&str]) -> Option<Report> {
    let number =
        |place: usize, default| words.get(place).map_or(Some(default), |word: &&str| word.parse().ok());
    Some(match *words.first()? {
        "crashes" => crashes::search(number(1, 0)?, words.get(2).map(|_| number(2, 0)).unwrap_or_default()),
        "simulation" => simulation::search(number(1, 500)?, number(2, 0)?),
        "seed" => simulation::replay(number(1, 0)?),
        "load" => load::at_once(number(1, 10_000)?),
        "backlog" => {
            let copies = number(1, 10_000)?;
            load::backlog(copies, number(2, copies.div_ceil(100))?)
        }
        "outages" => load::outages(number(1, 1)?),
        "mutants" => mutants::search(words.get(1).copied().unwrap_or_default()),
        "first" => mutants::first_violation(number(1, 3000)?),
        _ => return None,
    })
}
