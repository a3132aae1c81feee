//! `sandbox serve`: the real functions on its clock, the shipped ones on the machine's, and a full disk.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

/// A `sandbox serve`, ended with the test.
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

    /// Status and body of the answer.
    fn send(&self, method: &str, path: &str, headers: &str, body: &Value) -> (u16, String) {
        let body = body.to_string();
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}",
            self.address
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Asks for a copy of the world's model, as an event on the bus.
    fn request(&self, name: &str) {
        let detail = json!({
            "sourceProjectArn": "arn:aws:rekognition:us-east-1:111122223333:project/flowers/1761904800000",
            "sourceProjectVersionArn": "arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/flowers.2026-11-02/1762077600000",
            "destinationProjectArn": "arn:aws:rekognition:us-east-1:444455556666:project/flowers-production/1761991200000",
            "versionName": name,
            "outputConfig": {"s3Bucket": "flowers-production-models"},
        });
        let entry = json!({"Source": "test", "DetailType": "Rekognition Model Copy Requested", "Detail": detail.to_string()});
        let credential = "Credential=111122223333/20261124/us-east-1/events/aws4_request";
        let signature = "0".repeat(64);
        let headers = format!(
            "authorization: AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature={signature}\r\n\
             x-amz-target: AWSEvents.PutEvents\r\ncontent-type: application/x-amz-json-1.1\r\n"
        );
        assert_eq!(self.send("POST", "/", &headers, &json!({"Entries": [entry]})).0, 200);
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_copy_of_thirty_hours_is_overdue_and_timed_out_when_the_clock_is_advanced_by_35() {
    let mut serve = Serve::start(&["--functions"]);
    assert_eq!(serve.send("PUT", "/_sandbox/settings", "", &json!({"copying": "30h"})).0, 200);
    serve.request("slow");
    assert_eq!(serve.announced(), "STARTED");
    assert_eq!(serve.send("POST", "/_sandbox/clock", "", &json!({"advance": "35h"})).0, 200);
    assert_eq!([serve.announced(), serve.announced()], ["OVERDUE", "TIMED_OUT"]);

    // What the functions sign, and when they believe it is, still fits.
    serve.request("after");
    assert_eq!(serve.announced(), "STARTED");
}

#[test]
fn the_shipped_functions_keep_the_machines_clock() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["start-copy", "check-copies"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    let serve = Serve::start(&["--binaries", folder.path().to_str().unwrap()]);
    let (status, body) = serve.send("POST", "/_sandbox/clock", "", &json!({"advance": "1h"}));
    assert_eq!(status, 409);
    assert!(body.contains("whose clock is the machine's"), "{body}");
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
