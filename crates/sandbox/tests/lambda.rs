//! Lambda in the sandbox, with real processes. Started by cargo, this program is the test; started by the sandbox, it is the
//! function.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic"
)]

#[path = "lambda/deployment.rs"]
mod deployment;
#[path = "lambda/function.rs"]
mod function;
#[path = "it/support.rs"]
#[expect(dead_code, reason = "the program `it` uses the rest")]
mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Arguments, Trial};
use sandbox::lambda::{Function, FunctionSettings, Functions};
use sandbox::{Sandbox, World};
use serde_json::{Value, json};

/// Each function as a test with its name.
macro_rules! trials {
    ($($test:path),* $(,)?) => { vec![$(trial(stringify!($test), $test)),*] };
}

fn main() -> ExitCode {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        return function::run();
    }
    let trials = trials![
        a_function_gets_what_lambda_sends,
        a_function_sees_no_variable_but_its_own,
        an_idle_process_is_used_again_and_a_busy_one_is_not,
        a_failure_has_the_functions_own_words,
        a_process_that_ends_fails_its_invocation_only,
        a_process_that_does_not_start_is_an_error,
        a_report_of_another_environment_or_invocation_is_refused,
        the_log_of_an_invocation_is_there_with_its_answer,
        the_peak_of_memory_outlives_the_process,
        deployment::every_message_is_delivered_once_if_it_is_done,
        deployment::a_message_that_is_not_done_comes_back_alone_and_ends_as_a_dead_letter,
        deployment::a_process_that_dies_loses_no_message,
        deployment::only_requests_of_others_on_the_default_bus_are_delivered_and_each_once,
        deployment::the_schedule_invokes_check_copies,
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial<F: Future<Output = ()> + 'static>(name: &str, test: fn() -> F) -> Trial {
    Trial::test(name, move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(test());
        Ok(())
    })
}

fn settings() -> FunctionSettings {
    FunctionSettings {
        name: "test-function".to_owned(),
        account: "444455556666".to_owned(),
        binary: std::env::current_exe().unwrap(),
        memory_mb: 128,
        timeout: Duration::from_secs(60),
        environment: BTreeMap::new(),
    }
}

/// A function, and the sandbox that runs it.
async fn start(settings: FunctionSettings) -> (Arc<Function>, Sandbox) {
    let functions = Functions::default();
    let router = functions.router();
    let sandbox = Sandbox::builder(World::small()).routes(router).start().await.unwrap();
    (functions.add(&sandbox.endpoint(), settings).unwrap(), sandbox)
}

async fn pid(function: &Function) -> u64 {
    let told = function.invoke(&json!({ "do": "tell" })).await.unwrap();
    told["pid"].as_u64().unwrap()
}

async fn a_function_gets_what_lambda_sends() {
    let (function, _sandbox) = start(settings()).await;
    let told = function.invoke(&json!({ "do": "tell", "n": 1 })).await.unwrap();
    assert_eq!(told["payload"], json!({ "do": "tell", "n": 1 }));
    assert_eq!(told["arn"], "arn:aws:lambda:us-east-1:444455556666:function:test-function");
    assert_eq!(told["requestId"].as_str().unwrap().len(), 36);
    assert!(told["traceId"].as_str().unwrap().starts_with("Root=1-"));
    let left = told["millisecondsLeft"].as_u64().unwrap();
    assert!((1..=60_000).contains(&left), "{left}");
}

async fn a_function_sees_no_variable_but_its_own() {
    let environment = BTreeMap::from([("LEDGER_TABLE".to_owned(), "ledger".to_owned())]);
    let (function, _sandbox) = start(FunctionSettings { environment, ..settings() }).await;
    let told = function.invoke(&json!({ "do": "tell" })).await.unwrap();
    let variables = told["variables"].as_array().unwrap();
    assert!(variables.contains(&json!("AWS_LAMBDA_FUNCTION_NAME")));
    // The runtime sets the trace id itself.
    let is_lambdas = |name: &&Value| {
        let name = name.as_str().unwrap();
        name.starts_with("AWS_LAMBDA_") || name == "_X_AMZN_TRACE_ID"
    };
    assert_eq!(variables.iter().filter(|name| !is_lambdas(name)).collect::<Vec<_>>(), ["LEDGER_TABLE"]);
}

async fn an_idle_process_is_used_again_and_a_busy_one_is_not() {
    let (function, _sandbox) = start(settings()).await;
    assert_eq!(pid(&function).await, pid(&function).await);
    let (one, other) = tokio::join!(pid(&function), pid(&function));
    assert_ne!(one, other);
}

async fn a_failure_has_the_functions_own_words() {
    let (function, _sandbox) = start(settings()).await;
    let error = function.invoke(&json!({ "do": "fail" })).await.unwrap_err();
    assert_eq!(error.to_string(), "Test.Failure: as it was told");
    pid(&function).await;
}

async fn a_process_that_ends_fails_its_invocation_only() {
    let timeout = Duration::from_secs(1);
    let (function, _sandbox) = start(FunctionSettings { timeout, ..settings() }).await;
    let before = pid(&function).await;
    let hang = json!({ "do": "hang" });
    let (killed, ()) = tokio::join!(function.invoke(&hang), function.kill());
    let exited = function.invoke(&json!({ "do": "exit" })).await.unwrap_err();
    let timed_out = function.invoke(&hang).await.unwrap_err();
    for (error, error_type, message) in [
        (exited, "Runtime.ExitError", "exit status: 7"),
        (killed.unwrap_err(), "Runtime.ExitError", "signal: 9"),
        (timed_out, "Sandbox.Timedout", "Task timed out after 1.00 seconds"),
    ] {
        assert_eq!(error.error_type, error_type);
        assert!(error.error_message.contains(message), "{error}");
    }
    assert_ne!(pid(&function).await, before);
}

async fn a_process_that_does_not_start_is_an_error() {
    let missing = FunctionSettings { binary: PathBuf::from("/no/such/program"), ..settings() };
    let environment = BTreeMap::from([("REFUSE_TO_START".to_owned(), "1".to_owned())]);
    let unwilling = FunctionSettings { environment, ..settings() };
    for (settings, why) in [(missing, "No such file"), (unwilling, "exit status: 3")] {
        let (function, _sandbox) = start(settings).await;
        let error = function.invoke(&json!({})).await.unwrap_err();
        assert_eq!(error.error_type, "Runtime.InvalidEntrypoint");
        assert!(error.error_message.contains(why), "{error}");
    }
}

async fn a_report_of_another_environment_or_invocation_is_refused() {
    let (function, sandbox) = start(settings()).await;
    let path = "/_lambda/test-function/99/2018-06-01/runtime/invocation/1/response";
    assert_eq!(support::request(&sandbox, "POST", path, "{}").await.status, 403);
    assert_eq!(function.invoke(&json!({ "do": "misreport" })).await.unwrap(), 400);
}

async fn the_log_of_an_invocation_is_there_with_its_answer() {
    let (function, _sandbox) = start(settings()).await;
    function.invoke(&json!({ "do": "log", "line": "first" })).await.unwrap();
    let (lines, end) = function.log_from(0).unwrap();
    assert_eq!(lines, ["out: first", "err: first"]);
    function.invoke(&json!({ "do": "log", "line": "second" })).await.unwrap();
    assert_eq!(function.log_from(end).unwrap().0, ["out: second", "err: second"]);
}

async fn the_peak_of_memory_outlives_the_process() {
    const MEGABYTES: u64 = 1024 * 1024;
    let (function, _sandbox) = start(settings()).await;
    assert_eq!(function.peak_memory(), 0);
    pid(&function).await;
    let idle = function.peak_memory();
    function.invoke(&json!({ "do": "take", "megabytes": 64 })).await.unwrap();
    let peak = function.peak_memory();
    assert!(peak >= idle + 60 * MEGABYTES, "{idle} and {peak}");
    function.kill().await;
    assert_eq!(function.peak_memory(), peak);
}
