//! `cargo bench`: measures what the functions cost to start and to run, beside other ways to do the same.
//!
//! | part | measures |
//! |---|---|
//! | `start-up` | starting, the first and a warm event, memory, package size: ours, a bare handler, boto3, Node |
//! | `sweeps` | calls, reads, writes and time of sweeps, and of a request's whole life |
//! | `cost` | the price of that at list, beside a Step Functions loop and a durable function |
//! | `instructions` | instructions per request parsed and decided |
//!
//! `cargo bench` does all of it, `cargo bench -- sweeps cost` some. It builds what it compares, prints tables and
//! writes them into `docs/performance.md`, each into its own place.

mod billing;
mod builds;
mod cost;
mod crowd;
mod endpoints;
mod floor;
mod instructions;
mod page;
mod plot;
mod stage;
mod start_up;
mod sweeps;
mod world;
mod written;

/// Any error ends the measurement with its own message.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const PARTS: [&str; 4] = ["start-up", "sweeps", "cost", "instructions"];

#[tokio::main]
async fn main() -> Outcome<()> {
    // cargo adds `--bench`.
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    if let Some(unknown) = asked.iter().find(|part| !PARTS.contains(&part.as_str())) {
        return Err(format!("there is no part `{unknown}`: name any of {}", PARTS.join(", ")).into());
    }
    let wanted = |part: &str| asked.is_empty() || asked.iter().any(|asked| asked == part);
    if wanted("start-up") {
        start_up::measure().await?;
    }
    if wanted("sweeps") {
        sweeps::measure().await?;
    }
    if wanted("cost") {
        cost::measure().await?;
    }
    if wanted("instructions") {
        instructions::measure()?;
    }
    Ok(())
}
