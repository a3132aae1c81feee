//! How long `list` takes for 10,000 requests of a stack, and how much memory.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use model_copier::stack_ledger::StackLedger;
use rekognition_model_copier::aws::{DynamoDb, SystemClock};
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::times::Times;
use rekognition_model_copier::ports::Ledger;

use crate::stack::session;
use crate::stack_requests::{request, sent};
use crate::support::{ACCOUNT, Machine, SOURCE_ACCOUNT, STACK};

const TABLE: &str = "rekognition-model-copier-ledger";

/// The largest a process has been so far, in KiB.
fn peak_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: `cargo test --release --workspace --test command_line -- --ignored --nocapture ten_thousand`"]
async fn ten_thousand_requests_are_scanned_in_5_s_and_100_mb() {
    let machine = Machine::with_stack(3600).await;
    sent(&machine, &[request("r", "one")]).await;
    let session = session(machine.sandbox.endpoint(), ACCOUNT);
    let key = RecordKey { requester: SOURCE_ACCOUNT.to_owned(), request_id: "r".to_owned() };
    let record = StackLedger::new(&session, TABLE).load(&key).await.unwrap().unwrap();
    let (times, retention) = (Times::default(), SignedDuration::from_hours(24 * 90));
    let ledger = DynamoDb::new(&session.config.shared, SystemClock, TABLE, times, retention);
    for number in 1..10_000 {
        let mut other = record.clone();
        other.header_mut().key.request_id = format!("r-{number}");
        ledger.create(&other).await.unwrap();
    }
    for arguments in [&["--failed", "--since", "7d"] as &[&str], &["--all", "--output", "json"], &[]] {
        let begun = Instant::now();
        let mut command = machine.program(["list", "--stack", STACK].iter().chain(arguments));
        let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
        let mut peak = 0;
        let status = loop {
            tokio::select! {
                status = child.wait() => break status.unwrap(),
                () = tokio::task::yield_now() => {}
            }
            peak = peak.max(child.id().and_then(peak_memory).unwrap_or(0));
        };
        let took = begun.elapsed();
        println!("list {arguments:?}: {took:?}, {} MB", peak / 1024);
        assert!(status.success() && peak < 100 * 1024, "{peak} KiB");
        // The program and the sandbox are ten times slower without optimization.
        assert!(cfg!(debug_assertions) || took < Duration::from_secs(5), "{took:?}");
    }
}
