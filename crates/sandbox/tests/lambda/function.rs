//! The function that the tests invoke. It does what its payload says.

use std::process::ExitCode;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::{Value, json};

use crate::support::{exchange, text};

pub(crate) fn run() -> ExitCode {
    if std::env::var_os("REFUSE_TO_START").is_some() {
        return ExitCode::from(3);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(lambda_runtime::run(service_fn(obey))).unwrap();
    ExitCode::SUCCESS
}

async fn obey(event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
    let payload = &event.payload;
    match payload["do"].as_str() {
        Some("fail") => Err(Diagnostic {
            error_type: "Test.Failure".to_owned(),
            error_message: "as it was told".to_owned(),
        }),
        Some("exit") => std::process::exit(7),
        Some("hang") => std::future::pending().await,
        Some("misreport") => {
            let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
            let (address, path) = api.trim_start_matches("http://").split_once('/').unwrap();
            let path = format!("/{path}/2018-06-01/runtime/invocation/another/response");
            Ok(json!(exchange(address, &text("POST", &path, &[], "{}")).await.unwrap().status))
        }
        Some("log") => {
            let line = payload["line"].as_str().unwrap();
            println!("out: {line}");
            eprintln!("err: {line}");
            Ok(Value::Null)
        }
        Some("take") => {
            let bytes = payload["megabytes"].as_u64().unwrap() * 1024 * 1024;
            // A page of zeros takes no memory until something writes to it, so these are ones.
            let taken = vec![1_u8; usize::try_from(bytes).unwrap()];
            Ok(json!(std::hint::black_box(taken).len()))
        }
        _ if payload["Records"].is_array() => Ok(take(payload)),
        _ => Ok(tell(&event)),
    }
}

/// Handles a batch of the queue. The body of each message says what to do with it.
fn take(event: &Value) -> Value {
    let mut failures = Vec::new();
    for record in event["Records"].as_array().unwrap() {
        let body = record["body"].as_str().unwrap();
        println!("{body}");
        match body {
            "keep" => failures.push(json!({ "itemIdentifier": record["messageId"] })),
            "crash" => std::process::exit(7),
            _ => {}
        }
    }
    json!({ "batchItemFailures": failures })
}

fn tell(event: &LambdaEvent<Value>) -> Value {
    let left = event.context.deadline().duration_since(std::time::SystemTime::now());
    json!({
        "payload": event.payload,
        "pid": std::process::id(),
        "requestId": event.context.request_id,
        "arn": event.context.invoked_function_arn,
        "traceId": event.context.xray_trace_id,
        "millisecondsLeft": left.map_or(0, |left| left.as_millis() as u64),
        "variables": std::env::vars().map(|(name, _)| name).collect::<Vec<_>>(),
    })
}
