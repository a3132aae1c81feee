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

/// Each function as a test of its name.
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
        a_process_is_used_again,
        two_invocations_at_once_have_a_process_each,
        a_failure_has_the_functions_own_words,
        a_process_that_ends_fails_its_invocation_only,
        a_process_that_is_killed_fails_its_invocation,
        a_process_that_takes_too_long_is_killed,
        a_process_that_does_not_start_is_an_error,
        the_log_of_an_invocation_is_there_with_its_answer,
        the_peak_of_memory_outlives_the_process,
        a_function_can_be_invoked_over_http,
        an_impossible_invocation_is_refused,
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

struct Lambda {
    sandbox: Sandbox,
    functions: Functions,
}

impl Lambda {
    async fn start() -> Self {
        let functions = Functions::default();
        let router = functions.router();
        let sandbox = Sandbox::builder(World::small()).routes(|_| router).start().await.unwrap();
        Self { sandbox, functions }
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> support::Reply {
        support::request(&self.sandbox, "POST", path, headers, body).await.unwrap()
    }

    fn function(&self) -> Arc<Function> {
        self.function_with(settings())
    }

    fn function_with(&self, settings: FunctionSettings) -> Arc<Function> {
        self.functions.add(&self.sandbox.endpoint(), settings).unwrap()
    }
}

async fn a_function_gets_what_lambda_sends() {
    let lambda = Lambda::start().await;
    let told = lambda.function().invoke(&json!({ "do": "tell", "n": 1 })).await.unwrap();
    assert_eq!(told["payload"], json!({ "do": "tell", "n": 1 }));
    assert_eq!(told["arn"], "arn:aws:lambda:us-east-1:444455556666:function:test-function");
    assert_eq!(told["requestId"].as_str().unwrap().len(), 36);
    assert!(told["traceId"].as_str().unwrap().starts_with("Root=1-"));
    let left = told["millisecondsLeft"].as_u64().unwrap();
    assert!((1..=60_000).contains(&left), "{left}");
}

async fn a_function_sees_no_variable_but_its_own() {
    let lambda = Lambda::start().await;
    let mut settings = settings();
    settings.environment.insert("LEDGER_TABLE".to_owned(), "ledger".to_owned());
    let told = lambda.function_with(settings).invoke(&json!({ "do": "tell" })).await.unwrap();
    let variables = told["variables"].as_array().unwrap();
    assert!(variables.contains(&json!("LEDGER_TABLE")));
    assert!(variables.contains(&json!("AWS_LAMBDA_FUNCTION_NAME")));
    // The runtime sets the trace id itself.
    let lambdas = |name: &&Value| {
        let name = name.as_str().unwrap();
        name.starts_with("AWS_LAMBDA_") || name == "_X_AMZN_TRACE_ID"
    };
    assert_eq!(variables.iter().filter(|name| !lambdas(name)).collect::<Vec<_>>(), ["LEDGER_TABLE"]);
}

async fn a_process_is_used_again() {
    let lambda = Lambda::start().await;
    let function = lambda.function();
    assert_eq!(pid(&function).await, pid(&function).await);
}

async fn two_invocations_at_once_have_a_process_each() {
    let lambda = Lambda::start().await;
    let function = lambda.function();
    let (one, other) = tokio::join!(pid(&function), pid(&function));
    assert_ne!(one, other);
}

async fn a_failure_has_the_functions_own_words() {
    let lambda = Lambda::start().await;
    let function = lambda.function();
    let error = function.invoke(&json!({ "do": "fail" })).await.unwrap_err();
    assert_eq!(error.error_type, "Test.Failure");
    assert_eq!(error.error_message, "as it was told");
    function.invoke(&json!({ "do": "tell" })).await.unwrap();
}

async fn a_process_that_ends_fails_its_invocation_only() {
    let lambda = Lambda::start().await;
    let function = lambda.function();
    let before = pid(&function).await;
    let error = function.invoke(&json!({ "do": "exit" })).await.unwrap_err();
    assert_eq!(error.error_type, "Runtime.ExitError");
    assert!(error.error_message.ends_with("exit status: 7"), "{error}");
    assert_ne!(pid(&function).await, before);
}

async fn a_process_that_is_killed_fails_its_invocation() {
    let lambda = Lambda::start().await;
    let function = lambda.function();
    let before = pid(&function).await;
    let forever = json!({ "do": "hang" });
    let (outcome, ()) = tokio::join!(function.invoke(&forever), function.kill());
    let error = outcome.unwrap_err();
    assert_eq!(error.error_type, "Runtime.ExitError");
    assert!(error.error_message.contains("signal: 9"), "{error}");
    assert_ne!(pid(&function).await, before);
}

async fn a_process_that_takes_too_long_is_killed() {
    let lambda = Lambda::start().await;
    let function =
        lambda.function_with(FunctionSettings { timeout: Duration::from_millis(300), ..settings() });
    let before = pid(&function).await;
    let error = function.invoke(&json!({ "do": "hang" })).await.unwrap_err();
    assert_eq!(error.error_type, "Sandbox.Timedout");
    assert!(error.error_message.ends_with("Task timed out after 0.30 seconds"), "{error}");
    assert_ne!(pid(&function).await, before);
}

async fn a_process_that_does_not_start_is_an_error() {
    let lambda = Lambda::start().await;
    let missing = FunctionSettings { binary: PathBuf::from("/no/such/program"), ..settings() };
    let mut unwilling = settings();
    unwilling.environment.insert("REFUSE_TO_START".to_owned(), "1".to_owned());
    for (settings, why) in [(missing, "No such file"), (unwilling, "exit status: 3")] {
        let error = lambda.function_with(settings).invoke(&json!({})).await.unwrap_err();
        assert_eq!(error.error_type, "Runtime.InvalidEntrypoint");
        assert!(error.error_message.contains(why), "{error}");
    }
}

async fn the_log_of_an_invocation_is_there_with_its_answer() {
    let lambda = Lambda::start().await;
    let function = lambda.function();
    function.invoke(&json!({ "do": "log", "line": "first" })).await.unwrap();
    let (lines, end) = function.log_from(0).unwrap();
    assert_eq!(lines, ["out: first", "err: first"]);
    function.invoke(&json!({ "do": "log", "line": "second" })).await.unwrap();
    assert_eq!(function.log_from(end).unwrap().0, ["out: second", "err: second"]);
}

async fn the_peak_of_memory_outlives_the_process() {
    let lambda = Lambda::start().await;
    const MEGABYTES: u64 = 1024 * 1024;
    let function = lambda.function();
    assert_eq!(function.peak_memory(), 0);
    pid(&function).await;
    let idle = function.peak_memory();
    function.invoke(&json!({ "do": "take", "megabytes": 64 })).await.unwrap();
    let peak = function.peak_memory();
    assert!(peak >= idle + 60 * MEGABYTES, "{idle} and {peak}");
    function.kill().await;
    assert_eq!(function.peak_memory(), peak);
}

async fn a_function_can_be_invoked_over_http() {
    let lambda = Lambda::start().await;
    let _function = lambda.function();
    let arn = "arn:aws:lambda:us-east-1:444455556666:function:test-function";
    for name in ["test-function", "test-function:$LATEST", arn] {
        let path = format!("/2015-03-31/functions/{name}/invocations");
        let answer = lambda.post(&path, &[], r#"{"do": "tell"}"#).await;
        assert_eq!(answer.status, 200);
        assert!(answer.headers.contains("x-amz-executed-version: $latest"));
        assert_eq!(answer.json()["payload"]["do"], "tell");
    }
    let path = "/2015-03-31/functions/test-function/invocations";
    let answer = lambda.post(path, &[], r#"{"do": "fail"}"#).await;
    assert_eq!(answer.status, 200);
    assert!(answer.headers.contains("x-amz-function-error: unhandled"));
    assert_eq!(answer.json(), json!({ "errorType": "Test.Failure", "errorMessage": "as it was told" }));

    for (kind, status) in [("DryRun", 204), ("Event", 202), ("Other", 400)] {
        let answer = lambda.post(path, &[("x-amz-invocation-type", kind)], "{}").await;
        assert_eq!(answer.status, status, "{kind}");
    }
}

async fn an_impossible_invocation_is_refused() {
    let lambda = Lambda::start().await;
    let _function = lambda.function();
    let invocations = |name: &str| format!("/2015-03-31/functions/{name}/invocations");
    let missing = lambda.post(&invocations("other"), &[], "{}").await;
    assert_eq!(missing.status, 404);
    assert!(missing.headers.contains("x-amzn-errortype: resourcenotfoundexception"));
    let garbled = lambda.post(&invocations("test-function"), &[], "{").await;
    assert_eq!(garbled.status, 400);
    assert!(garbled.headers.contains("x-amzn-errortype: invalidrequestcontentexception"));
    let stray = "/_lambda/test-function/99/2018-06-01/runtime/invocation/1/response";
    assert_eq!(lambda.post(stray, &[], "{}").await.status, 403);
}

async fn pid(function: &Function) -> u64 {
    let told = function.invoke(&json!({ "do": "tell" })).await.unwrap();
    told["pid"].as_u64().unwrap()
}
