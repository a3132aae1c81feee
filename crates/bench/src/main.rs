//! Measures what the functions cost to start and to run, and compares them with other ways to copy a model.
//!
//! | part | measures |
//! |---|---|
//! | `start-up` | starting, the first and a warm event, memory and package size of the copier, a bare handler, boto3 and Node |
//! | `sweeps` | calls, reads, writes and time of sweeps, and of a request's whole life |
//! | `cost` | the price of these calls at list, and that of a Step Functions loop and a durable function |
//! | `instructions` | instructions per request parsed and decided |
//!
//! `cargo bench -p bench` measures all parts, `cargo bench -p bench -- sweeps cost` only these. It builds the programs that it
//! compares, prints tables, and writes each table into its place in `docs/performance.md`.

mod billing;
mod builds;
mod cost;
mod crowd;
mod endpoints;
mod instructions;
mod page;
mod stage;
mod start_up;
mod sweeps;
mod written;

/// Any error ends the measurement.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A part and its measurement.
type Part = (&'static str, fn() -> Outcome<()>);

const PARTS: [Part; 4] = [
    ("start-up", start_up::measure),
    ("sweeps", sweeps::measure),
    ("cost", cost::measure),
    ("instructions", instructions::measure),
];

fn main() -> Outcome<()> {
    // Cargo adds the argument `--bench`.
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let names = PARTS.map(|(name, _)| name);
    if let Some(unknown) = asked.iter().find(|part| !names.contains(&part.as_str())) {
        return Err(format!("there is no part `{unknown}`: name any of {}", names.join(", ")).into());
    }
    for (name, measure) in PARTS {
        if asked.is_empty() || asked.iter().any(|part| part == name) {
            measure()?;
        }
    }
    Ok(())
}

/// Runs `work` in real time.
fn in_real_time<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    tokio::runtime::Runtime::new()?.block_on(work)
}
