//! Part `start-up`: measures the start, the events and the memory of each program. Each round runs every program once, so that
//! other load on the machine slows all of them equally.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::page::{at_most, at_most_one_of, fill, goal, goals_table, median, path, table, today};
use crate::stage::{Life, Stage, Subject, settings};
use crate::{Outcome, builds, endpoints, in_real_time};

const SUBJECTS: [&str; 5] = ["start-copy", "check-copies", "bare handler", "boto3", "Node SDK v3"];
/// How many warm events each run has.
const WARM: usize = 30;

/// The runs of each program, without and with TLS.
type Lives = BTreeMap<(&'static str, bool), Vec<Life>>;

pub(crate) fn measure() -> Outcome<()> {
    let rounds = std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(15);
    let programs = builds::release()?;
    let (boto3, node) = (builds::boto3()?, builds::node()?);
    let program = |name: &str| match name {
        "boto3" => boto3.clone(),
        "Node SDK v3" => node.clone(),
        "bare handler" => programs.join("bare"),
        ours => programs.join(ours),
    };
    let lives = in_real_time(run(rounds, program))?;
    let start_copy = zipped(&programs.join("start-copy"))?;
    let check_copies = zipped(&programs.join("check-copies"))?;
    fill("start-up", &text(&lives, rounds, start_copy, check_copies))
}

/// Runs every program once a round, without and with TLS.
async fn run(rounds: usize, program: impl Fn(&str) -> PathBuf) -> Outcome<Lives> {
    let certificates = endpoints::Certificates::generate()?;
    let plain = endpoints::start(Arc::new(answer), None).await?;
    let mut tls = endpoints::start(Arc::new(answer), Some(&certificates)).await?;
    tls.extend(trust(&certificates.authority_pem)?);
    let stage = Stage::start().await?;
    let mut lives = Lives::new();
    for round in 0..rounds {
        eprintln!("start-up: round {} of {rounds}", round + 1);
        for name in SUBJECTS {
            for (is_tls, environment) in [(false, &plain), (true, &tls)] {
                let mut environment = environment.clone();
                if name == "boto3"
                    && let Some(bundle) = environment.remove("BOTO3_CA_BUNDLE")
                {
                    environment.insert("AWS_CA_BUNDLE".to_owned(), bundle);
                }
                environment.extend(settings());
                // Otherwise the time of an event would be that of the rate limit.
                environment.insert("CALLS_PER_SECOND".to_owned(), "1000".to_owned());
                let subject = Subject { name, program: program(name), event: event(name)?, environment };
                lives.entry((name, is_tls)).or_default().push(stage.live(&subject, WARM).await?);
            }
        }
    }
    Ok(lives)
}

/// Returns the variables that make each SDK trust the benchmark's authority and the authorities that it trusts in Lambda.
fn trust(authority: &str) -> Outcome<BTreeMap<String, String>> {
    let scratch = builds::scratch()?;
    let amazon = fs::read_to_string(path("src/aws/amazon-roots.pem"))?;
    let mut environment = BTreeMap::new();
    for (name, roots) in [
        ("AWS_CA_BUNDLE", amazon),
        ("BOTO3_CA_BUNDLE", builds::boto3_roots()?),
        // Node adds these to its built-in ones.
        ("NODE_EXTRA_CA_CERTS", String::new()),
    ] {
        let file = scratch.join(format!("{name}.pem"));
        fs::write(&file, format!("{roots}\n{authority}"))?;
        environment.insert(name.to_owned(), file.display().to_string());
    }
    Ok(environment)
}

fn event(name: &str) -> Outcome<Value> {
    let file = if name == "check-copies" { "check-copies" } else { "copy-requested" };
    Ok(serde_json::from_str(&fs::read_to_string(path(&format!("events/{file}.json")))?)?)
}

/// Answers every call with success, and every query with no entries.
fn answer(target: &str, _: &[u8]) -> String {
    let copy = "arn:aws:rekognition:us-east-1:444455556666:project/flowers-production/version/flowers.2026-11-02/1763978400000";
    let answer = match target.rsplit_once('.').map(|(_, operation)| operation) {
        Some("CopyProjectVersion") => json!({ "ProjectVersionArn": copy }),
        Some("PutEvents") => json!({ "FailedEntryCount": 0, "Entries": [{ "EventId": "1" }] }),
        Some("Query") => json!({ "Items": [], "Count": 0, "ScannedCount": 0 }),
        _ => json!({}),
    };
    answer.to_string()
}

/// Returns the size of a package with this program, in bytes. gzip compresses as zip does.
fn zipped(program: &Path) -> Outcome<usize> {
    let zipped = Command::new("gzip").args(["--best", "--stdout"]).arg(program).output()?;
    if zipped.status.success() {
        Ok(zipped.stdout.len())
    } else {
        Err(format!("gzip: {}", zipped.status).into())
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Returns the median in milliseconds.
fn median_of(times: &[Duration]) -> f64 {
    median(times.iter().copied().map(millis).collect())
}

fn text(lives: &Lives, rounds: usize, start_copy: usize, check_copies: usize) -> String {
    let of = |name, tls, read: &dyn Fn(&Life) -> f64| {
        median(lives.get(&(name, tls)).into_iter().flatten().map(read).collect())
    };
    let poll = |name| of(name, false, &|life| millis(life.first_poll));
    let first = |name, tls| of(name, tls, &|life| millis(life.first_answer));
    let warm = |name, tls| of(name, tls, &|life| median_of(&life.warm));
    let memory = |name| of(name, true, &|life| life.peak_memory as f64 / 1_048_576.0);
    let logged = |name| of(name, false, &|life| life.logged as f64);
    let size = |name: &str| match name {
        "start-copy" => Some(start_copy as f64 / 1_000_000.0),
        "check-copies" => Some(check_copies as f64 / 1_000_000.0),
        _ => None,
    };
    let row = |name: &&'static str| {
        vec![
            (*name).to_owned(),
            format!("{:.1} ms", poll(name)),
            format!("{:.1} ms", first(name, false)),
            format!("{:.1} ms", first(name, true)),
            format!("{:.2} ms", warm(name, false)),
            format!("{:.2} ms", warm(name, true)),
            format!("{:.1} MB", memory(name)),
            size(name).map_or("–".to_owned(), |size| format!("{size:.1} MB")),
        ]
    };
    let rows: Vec<Vec<String>> = SUBJECTS.iter().map(row).collect();
    let head =
        ["", "to the first poll", "first event", "first event, TLS", "warm", "warm, TLS", "memory", "zipped"];
    let mut goals = Vec::new();
    for name in ["start-copy", "check-copies"] {
        let faster = |limit: f64, than: &str, ratio: f64| {
            goal("", &format!("≥ {limit} × faster than {than}"), format!("{ratio:.0} ×"), ratio >= limit)
        };
        let size = size(name).unwrap_or(f64::NAN);
        goals.extend([
            at_most(&format!("{name}, to the first poll"), 1.5, "bare", poll(name) / poll("bare handler")),
            faster(50.0, "boto3", poll("boto3") / poll(name)),
            faster(20.0, "Node", poll("Node SDK v3") / poll(name)),
            at_most_one_of(
                "first event, cold, TLS",
                10.0,
                "boto3's",
                first(name, true) / first("boto3", true),
            ),
            at_most("memory", 3.0, "bare", memory(name) / memory("bare handler")),
            at_most_one_of("", 4.0, "boto3's", memory(name) / memory("boto3")),
            goal("package", "≤ 4 MB", format!("{size:.1} MB"), size <= 4.0),
        ]);
    }
    goals.push(at_most(
        "warm request, TLS",
        1.0,
        "boto3's one call",
        warm("start-copy", true) / warm("boto3", true),
    ));
    format!(
        "Medians of {rounds} runs each, with {WARM} warm events per run, measured in turns on {}. Memory is the peak with \
         TLS. A warm event of start-copy logs {:.0} bytes, and one of check-copies {:.0} bytes.\n\n{}\n{}",
        today(),
        logged("start-copy"),
        logged("check-copies"),
        table(&head, &rows),
        goals_table(&goals)
    )
}
