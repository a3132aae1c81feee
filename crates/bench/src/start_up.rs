//! Part `start-up`: one life after the other, every subject once a round, so that other load on the machine slows all of
//! them alike.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::block_in_place;

use crate::page::{fill, goal, median, path, table, today};
use crate::stage::{Life, Stage, Subject, settings};
use crate::{Outcome, builds, endpoints, floor};

const SUBJECTS: [&str; 5] = ["start-copy", "check-copies", "bare handler", "boto3", "Node SDK v3"];
/// How many warm events a life has.
const WARM: usize = 30;

/// The lives of each subject, plain and with TLS.
type Lives = BTreeMap<(&'static str, bool), Vec<Life>>;
/// How long five raw calls take, plain and with TLS: a median a round.
type Floors = BTreeMap<bool, Vec<f64>>;

pub(crate) async fn measure() -> Outcome<()> {
    let rounds = std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(15);
    let programs = builds::release()?;
    let (boto3, node) = (builds::boto3()?, builds::node()?);
    let program = |name: &str| match name {
        "boto3" => boto3.clone(),
        "Node SDK v3" => node.clone(),
        "bare handler" => programs.join("bare"),
        ours => programs.join(ours),
    };
    let certificates = endpoints::Certificates::generate()?;
    let plain = endpoints::start(Arc::new(answer), None).await?;
    let mut tls = endpoints::start(Arc::new(answer), Some(&certificates)).await?;
    tls.extend(trust(&certificates.authority_pem)?);
    let stage = Stage::start().await?;
    let (mut lives, mut floors) = (Lives::new(), Floors::new());
    for round in 0..rounds {
        eprintln!("start-up: round {} of {rounds}", round + 1);
        for (authority, environment) in [(None, &plain), (Some(&*certificates.authority_pem), &tls)] {
            let times = block_in_place(|| floor::times(environment, authority, WARM))?;
            floors.entry(authority.is_some()).or_default().push(median_of(&times));
        }
        for name in SUBJECTS {
            for (is_tls, environment) in [(false, &plain), (true, &tls)] {
                let mut environment = environment.clone();
                if name == "boto3"
                    && let Some(bundle) = environment.remove("BOTO3_CA_BUNDLE")
                {
                    environment.insert("AWS_CA_BUNDLE".to_owned(), bundle);
                }
                environment.extend(settings());
                // The rate limit is for Rekognition's quota; here it would be what is measured.
                environment.insert("CALLS_PER_SECOND".to_owned(), "1000".to_owned());
                let subject = Subject { name, program: program(name), event: event(name)?, environment };
                lives.entry((name, is_tls)).or_default().push(stage.live(&subject, WARM).await?);
            }
        }
    }
    let sizes = ["start-copy", "check-copies"].map(|name| zipped(&programs.join(name)));
    let [start_copy, check_copies] = sizes;
    fill("start-up", &text(&lives, &floors, rounds, start_copy?, check_copies?))
}

/// The variables that let each SDK trust the benchmark's authority, beside what it trusts in Lambda.
fn trust(authority: &str) -> Outcome<BTreeMap<String, String>> {
    let scratch = builds::scratch()?;
    let amazon = fs::read_to_string(path("src/aws/amazon-roots.pem"))?;
    let mut environment = BTreeMap::new();
    for (name, roots) in [
        ("AWS_CA_BUNDLE", amazon),
        ("BOTO3_CA_BUNDLE", builds::boto3_roots()?),
        // In addition to those that Node has built in.
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

/// Everything works, and nothing is due.
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

/// The size of a package that holds this program, in bytes: gzip and zip compress alike.
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

/// In milliseconds.
fn median_of(times: &[Duration]) -> f64 {
    median(times.iter().copied().map(millis).collect())
}

fn text(lives: &Lives, floors: &Floors, rounds: usize, start_copy: usize, check_copies: usize) -> String {
    let of = |name, tls, read: &dyn Fn(&Life) -> f64| {
        median(lives.get(&(name, tls)).into_iter().flatten().map(read).collect())
    };
    let poll = |name| of(name, false, &|life| millis(life.first_poll));
    let first = |name, tls| of(name, tls, &|life| millis(life.first_answer));
    let warm = |name, tls| of(name, tls, &|life| median_of(&life.warm));
    let floor = |tls| median(floors.get(&tls).cloned().unwrap_or_default());
    let memory = |name| of(name, true, &|life| life.peak_memory as f64 / 1_048_576.0);
    let logged = |name| of(name, false, &|life| life.logged as f64);
    let megabytes = |bytes: usize| bytes as f64 / 1_000_000.0;
    let mut rows: Vec<Vec<String>> = SUBJECTS
        .iter()
        .map(|name| {
            let size = match *name {
                "start-copy" => format!("{:.1} MB", megabytes(start_copy)),
                "check-copies" => format!("{:.1} MB", megabytes(check_copies)),
                _ => "–".to_owned(),
            };
            vec![
                (*name).to_owned(),
                format!("{:.1} ms", poll(name)),
                format!("{:.1} ms", first(name, false)),
                format!("{:.1} ms", first(name, true)),
                format!("{:.2} ms", warm(name, false)),
                format!("{:.2} ms", warm(name, true)),
                format!("{:.1} MB", memory(name)),
                size,
            ]
        })
        .collect();
    let raw = [floor(false), floor(true)].map(|time| format!("{time:.2} ms"));
    let none = || "–".to_owned();
    let [plain, tls] = raw;
    rows.push(vec!["five raw calls".to_owned(), none(), none(), none(), plain, tls, none(), none()]);
    let head =
        ["", "to the first poll", "first event", "first event, TLS", "warm", "warm, TLS", "memory", "zipped"];
    let mut goals = Vec::new();
    for name in ["start-copy", "check-copies"] {
        let ratio = poll(name) / poll("bare handler");
        goals.push(goal(
            &format!("{name}, to the first poll"),
            "≤ 1.5 × bare",
            format!("{ratio:.2} ×"),
            ratio <= 1.5,
        ));
        let ratio = poll("boto3") / poll(name);
        goals.push(goal("", "≥ 50 × faster than boto3", format!("{ratio:.0} ×"), ratio >= 50.0));
        let ratio = poll("Node SDK v3") / poll(name);
        goals.push(goal("", "≥ 20 × faster than Node", format!("{ratio:.0} ×"), ratio >= 20.0));
        let ratio = first(name, true) / first("boto3", true);
        goals.push(goal(
            "first event, cold, TLS",
            "≤ 1/10 of boto3's",
            format!("1/{:.0}", 1.0 / ratio),
            ratio <= 0.1,
        ));
        let ratio = memory(name) / memory("bare handler");
        goals.push(goal("memory", "≤ 3 × bare", format!("{ratio:.1} ×"), ratio <= 3.0));
        let ratio = memory(name) / memory("boto3");
        goals.push(goal("", "≤ 1/4 of boto3's", format!("1/{:.1}", 1.0 / ratio), ratio <= 0.25));
        let size = megabytes(if name == "start-copy" { start_copy } else { check_copies });
        goals.push(goal("package", "≤ 4 MB", format!("{size:.1} MB"), size <= 4.0));
    }
    let ratio = warm("start-copy", true) / warm("boto3", true);
    goals.push(goal("warm request, TLS", "≤ 1.0 × boto3's one call", format!("{ratio:.2} ×"), ratio <= 1.0));
    format!(
        "Medians of {rounds} runs each, with {WARM} warm events per run, measured in turns on {}. Memory is the peak with \
         TLS. A warm event of start-copy logs {:.0} bytes, and one of check-copies {:.0} bytes. The row of raw calls \
         makes the calls of a warm start-copy, in the same sizes, through a plain socket. No warm event can take less \
         than these calls and the bare handler's event: {:.2} × boto3's one call with TLS.\n\n{}\n{}",
        today(),
        logged("start-copy"),
        logged("check-copies"),
        (floor(true) + warm("bare handler", true)) / warm("boto3", true),
        table(&head, &rows),
        table(&["goal", "", "measured", "reached"], &goals)
    )
}
