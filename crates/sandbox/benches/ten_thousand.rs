//! Measures the sandbox with 10,000 versions in 100 projects, on one core: its start, a page of versions, and its memory. Fails
//! if it is slower or larger than promised.
//!
//! `cargo bench -p sandbox`
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a benchmark")]

use std::time::{Duration, Instant};

use sandbox::{Sandbox, World};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const ACCOUNT: &str = "444455556666";
const PAGES: usize = 1000;

fn project(index: usize) -> String {
    format!("arn:aws:rekognition:us-east-1:{ACCOUNT}:project/project-{index}/{}", 1_761_000_000_000 + index)
}

fn world() -> String {
    let version = |project: usize, version: usize| {
        let number = 1_762_000_000_000 + project * 1000 + version;
        let version = format!("project-{project}/version/version-{version}/{number}");
        json!({
            "projectVersionArn": format!("arn:aws:rekognition:us-east-1:{ACCOUNT}:project/{version}"),
            "status": "COPYING_COMPLETED",
            "statusMessage": "The model was copied and is ready to run.",
            "sourceProjectVersionArn": format!("arn:aws:rekognition:us-east-1:111122223333:project/{version}"),
            "outputConfig": {"S3Bucket": "flowers-production-models", "S3KeyPrefix": "copied/"},
            "tags": {"team": "flowers", "stage": "production"},
        })
    };
    let projects = (0..100).map(|index| {
        let versions: Vec<Value> = (0..100).map(|number| version(index, number)).collect();
        json!({"projectArn": project(index), "versions": versions})
    });
    json!({"projects": projects.collect::<Vec<_>>()}).to_string()
}

/// The peak resident memory of this process, in bytes.
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<usize>().ok()).unwrap_or(0) * 1024
}

async fn describe(stream: &mut TcpStream, project: &str) -> usize {
    let body = json!({"ProjectArn": project}).to_string();
    let signature = "0".repeat(64);
    let request = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-amz-json-1.1\r\n\
         x-amz-target: RekognitionService.DescribeProjectVersions\r\n\
         authorization: AWS4-HMAC-SHA256 Credential={ACCOUNT}/20261124/us-east-1/rekognition/aws4_request, \
         SignedHeaders=host, Signature={signature}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    loop {
        stream.read_buf(&mut answer).await.unwrap();
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if body.len() >= length.parse::<usize>().unwrap() {
            assert!(head.starts_with("HTTP/1.1 200"), "{text}");
            return body.matches("\"ProjectVersionArn\"").count();
        }
    }
}

/// The processor time of this thread so far. On a busy machine, elapsed time would include other processes.
fn busy() -> Duration {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = line.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

/// A sandbox with this world, a connection after its first answer, and the processor time of both.
async fn start(world: &str) -> (Sandbox, TcpStream, Duration) {
    let begun = busy();
    let sandbox = Sandbox::start(World::from_json(world).unwrap()).await.unwrap();
    let mut stream = TcpStream::connect(sandbox.endpoint().replace("http://", "")).await.unwrap();
    assert_eq!(describe(&mut stream, &project(0)).await, 100);
    (sandbox, stream, busy().saturating_sub(begun))
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let text = world();
    // The best of three, because the first start also warms up this process.
    let mut starts = Vec::new();
    for _ in 0..3 {
        let (_sandbox, _, start) = start(&text).await;
        starts.push(start);
    }
    let best_start = starts.iter().min().copied().unwrap();
    let (_sandbox, mut stream, _) = start(&text).await;

    let before = busy();
    let mut times = Vec::with_capacity(PAGES);
    for index in 0..PAGES {
        let begun = Instant::now();
        assert_eq!(describe(&mut stream, &project(index % 100)).await, 100);
        times.push(begun.elapsed());
    }
    let average = busy().saturating_sub(before) / u32::try_from(PAGES).unwrap();
    times.sort_unstable();
    let (median, worst) = (times[PAGES / 2], times[PAGES - 1]);
    let memory = peak_memory();
    println!("world read, sandbox started, first page answered, processor time: {starts:?}");
    println!(
        "a page of 100 versions: median {median:?}, worst of {PAGES} {worst:?}, processor time {average:?}"
    );
    println!("peak memory, the world's text and the client included: {} MiB", memory / 1024 / 1024);

    let promises = [
        (best_start < Duration::from_millis(100), "starts in under 100 ms"),
        (median < Duration::from_millis(5), "a page in under 5 ms, median"),
        (memory < 100 * 1024 * 1024, "under 100 MiB"),
    ];
    for (kept, promise) in promises {
        if !kept {
            panic!("not kept: {promise}");
        }
    }
}
