//! `sandbox serve` with the copier, with the shipped functions, and with a full disk.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

use crate::support::*;

/// A running `sandbox serve`. Dropping it kills the process.
struct Serve {
    process: Child,
    output: BufReader<ChildStdout>,
    address: String,
}

impl Serve {
    fn start(options: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sandbox"));
        command.arg("serve").args(options).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut serve = Self { process, output, address: String::new() };
        serve.address = loop {
            if let Some(address) = serve.line().strip_prefix("AWS_ENDPOINT_URL=http://") {
                break address.to_owned();
            }
        };
        serve
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.output.read_line(&mut line).unwrap() > 0, "it ended");
        line.trim_end().to_owned()
    }

    /// The status of the next announcement.
    fn announced(&mut self) -> String {
        loop {
            let line: Value = serde_json::from_str(&self.line()).unwrap_or_default();
            if let Some(status) = line["detail"]["status"].as_str() {
                return status.to_owned();
            }
        }
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> Reply {
        exchange(&self.address, &text(method, path, &[], &body.to_string())).await.unwrap()
    }

    /// Publishes a request for a copy of the small world's model.
    async fn request(&self, name: &str) {
        let detail = json!({
            "sourceProjectArn": FLOWERS,
            "sourceProjectVersionArn": FLOWERS_VERSION,
            "destinationProjectArn": PRODUCTION,
            "versionName": name,
            "outputConfig": {"s3Bucket": "flowers-production-models"},
        });
        let entry = json!({"Source": "test", "DetailType": "Rekognition Model Copy Requested", "Detail": detail.to_string()});
        let call = signed(SOURCE, "events:PutEvents", &json!({"Entries": [entry]}).to_string());
        assert_eq!(exchange(&self.address, &call).await.unwrap().status, 200);
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn a_copy_of_thirty_hours_is_overdue_and_timed_out_when_the_clock_is_advanced_by_35() {
    let mut serve = Serve::start(&["--functions"]);
    assert_eq!(serve.send("PUT", "/_sandbox/settings", &json!({"copying": "30h"})).await.status, 200);
    serve.request("slow").await;
    assert_eq!(serve.announced(), "STARTED");
    assert_eq!(serve.send("POST", "/_sandbox/clock", &json!({"advance": "35h"})).await.status, 200);
    assert_eq!([serve.announced(), serve.announced()], ["OVERDUE", "TIMED_OUT"]);

    // The functions still work: their signatures and their clock follow the sandbox's.
    serve.request("after").await;
    assert_eq!(serve.announced(), "STARTED");
}

#[tokio::test]
async fn the_shipped_functions_keep_the_machines_clock() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["start-copy", "check-copies"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    let serve = Serve::start(&["--binaries", folder.path().to_str().unwrap()]);
    let reply = serve.send("POST", "/_sandbox/clock", &json!({"advance": "1h"})).await;
    assert_eq!(reply.status, 409);
    assert!(reply.body.contains("whose clock is the machine's"), "{}", reply.body);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_ends_it_with_an_error_that_names_what_cannot_be_written() {
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    for (options, output, named) in [
        (&["serve"][..], full(), "standard output"),
        (&["serve", "--env-file", "/dev/full"], Stdio::null(), "`/dev/full`"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sandbox"));
        let ended = command.args(options).stdout(output).stderr(Stdio::piped()).output().unwrap();
        let told = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{told}");
        assert!(
            told.starts_with("error: ") && told.contains(named) && told.contains("No space left"),
            "{told}"
        );
    }
}
