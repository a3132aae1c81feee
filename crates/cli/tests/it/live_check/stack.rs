//! What a run sees of a deployed stack, with CloudWatch as a stub.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_smithy_cbor::Encoder;
use jiff::{SignedDuration, Timestamp};
use model_copier::live_check::answer::Verdict::{self, AsAssumed, Otherwise, Unknown};
use model_copier::live_check::answers::Answers;
use model_copier::live_check::experiments::{EXPERIMENTS, Needs};
use model_copier::live_check::journal::Journal;
use model_copier::live_check::lab::{Clients, Lab, Time};
use model_copier::live_check::run::{Level, Run};
use model_copier::stack::Stack;
use sandbox::{Effect, Fault};

use super::policy::check_exact;
use super::{begun, run as run_experiments};
use crate::stack::session;
use crate::support::{ACCOUNT, Machine, Ran, STACK, answer, stub};

const RULE: &str = "model-copy-requests-default";

/// What CloudWatch has: invocations minute by minute, and the dimensions of the rule's metrics.
#[derive(Clone)]
struct Metrics {
    invocations: Vec<f64>,
    dimensions: Vec<Vec<(&'static str, &'static str)>>,
}

impl Metrics {
    fn of_a_good_stack() -> Self {
        Self { invocations: vec![1.0; 60], dimensions: vec![vec![("RuleName", RULE)]] }
    }

    /// CloudWatch with these metrics, and the operations that it was asked for.
    async fn serve(self) -> (String, Arc<Mutex<BTreeSet<String>>>) {
        let asked = Arc::new(Mutex::new(BTreeSet::new()));
        let log = Arc::clone(&asked);
        let url = stub(move |request: &str| {
            let (_, operation) = request.split_once("/operation/").unwrap();
            let (operation, _) = operation.split_once(' ').unwrap();
            log.lock().unwrap().insert(format!("cloudwatch:{operation}"));
            let body = if operation == "ListMetrics" { self.metrics() } else { self.datapoints() };
            let headers = "smithy-protocol: rpc-v2-cbor\r\ncontent-type: application/cbor\r\n";
            answer(200, headers, body)
        });
        (url.await, asked)
    }

    fn datapoints(&self) -> Vec<u8> {
        let end = Timestamp::now().as_second() / 60 * 60 - 300;
        let minutes = (0..).map(|minute| DateTime::from_secs(end - 60 - 60 * minute));
        let points: Vec<_> = minutes.zip(&self.invocations).filter(|(_, sum)| **sum > 0.0).collect();
        let mut body = Encoder::new(Vec::new());
        body.map(1).str("Datapoints").array(points.len());
        for (at, sum) in points {
            body.map(2).str("Timestamp").timestamp(&at).str("Sum").double(*sum);
        }
        body.into_writer()
    }

    fn metrics(&self) -> Vec<u8> {
        let mut body = Encoder::new(Vec::new());
        body.map(1).str("Metrics").array(self.dimensions.len());
        for dimensions in &self.dimensions {
            body.map(1).str("Dimensions").array(dimensions.len());
            for (name, value) in dimensions {
                body.map(2).str("Name").str(name).str("Value").str(value);
            }
        }
        body.into_writer()
    }
}

/// The sandbox's time. While somebody sleeps for long, the functions run.
struct StackTime(Rc<Machine>);

impl Time for StackTime {
    fn now(&self) -> Timestamp {
        self.0.sandbox.clock().now()
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        self.0.sandbox.clock().advance(SignedDuration::try_from(time).unwrap());
        Box::pin(async move {
            if time >= Duration::from_secs(1) {
                self.0.stack().deliver().await;
                self.0.stack().check().await.unwrap();
            }
        })
    }
}

/// The verdict on a row about a stack, after these changes.
async fn verdict(
    row: u8,
    metrics: Metrics,
    fault: Option<Fault>,
    change: impl FnOnce(&mut Stack),
) -> Verdict {
    let machine = Rc::new(Machine::with_stack(0).await);
    let session = session(machine.sandbox.endpoint(), ACCOUNT);
    let mut stack = Stack::read(&session, STACK).await.unwrap();
    change(&mut stack);
    let run = Run { stack: Some(stack), ..begun(Level::Free, &[row]) };
    let journal = Journal::begin(machine.state(), run.clone(), Timestamp::now()).unwrap();
    let time = Rc::new(StackTime(Rc::clone(&machine)));
    let mut clients = Clients::new(&session, None);
    let config = clients.cloudwatch.config().to_builder().endpoint_url(metrics.serve().await.0).build();
    clients.cloudwatch = aws_sdk_cloudwatch::Client::from_conf(config);
    let lab = Lab::new(journal, clients, time);
    if let Some(fault) = fault {
        machine.sandbox.fault(fault);
    }
    let copies = machine.copies();
    run_experiments(&lab).await;
    let answers = Answers::of(&lab.journal.borrow());
    answers.publishable(&run).unwrap();
    assert!(lab.journal.borrow().left().is_empty() && machine.copies() == copies, "{answers:#?}");
    answers.rows[0].verdict
}

#[tokio::test]
async fn every_row_about_a_stack_is_as_assumed_under_the_defaults() {
    for experiment in EXPERIMENTS.iter().filter(|it| it.needs == Needs::Stack) {
        let seen = verdict(experiment.row, Metrics::of_a_good_stack(), None, |_| {}).await;
        assert_eq!(seen, AsAssumed, "row {}", experiment.row);
    }
}

#[tokio::test]
async fn a_schedule_that_is_not_every_minute_is_noticed() {
    let every_other = (0..60).map(|minute| f64::from(minute % 2)).collect();
    for (invocations, expected) in [
        (vec![2.0; 60], Otherwise),
        (every_other, Otherwise),
        (vec![1.0; 40], AsAssumed),
        (vec![1.0; 20], Unknown),
        (Vec::new(), Unknown),
    ] {
        let metrics = Metrics { invocations, ..Metrics::of_a_good_stack() };
        assert_eq!(verdict(26, metrics.clone(), None, |_| {}).await, expected, "{:?}", metrics.invocations);
    }
}

#[tokio::test]
async fn metrics_under_other_dimensions_are_noticed() {
    let (by_rule, by_bus) = (("RuleName", RULE), ("EventBusName", "models"));
    for (dimensions, bus, rule, expected) in [
        (vec![vec![by_rule, by_bus]], "default", RULE, Otherwise),
        (vec![vec![by_rule]], "models", "models|model-copy-requests-default", Otherwise),
        (vec![vec![by_rule, by_bus]], "models", "models|model-copy-requests-default", AsAssumed),
        (vec![vec![by_rule, by_bus]], "models", RULE, Otherwise),
        (Vec::new(), "default", RULE, Unknown),
    ] {
        let metrics = Metrics { dimensions, ..Metrics::of_a_good_stack() };
        let change = |stack: &mut Stack| {
            let outputs = [("EventBusName", bus), ("RequestRule", rule)];
            stack.outputs.extend(outputs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        };
        assert_eq!(verdict(29, metrics.clone(), None, change).await, expected, "{:?}", metrics.dimensions);
    }
}

#[tokio::test]
async fn a_function_that_may_not_announce_is_noticed() {
    let denied = || Fault::new("events:PutEvents", Effect::error("AccessDeniedException"));
    for (fault, expected) in [
        (Fault { after: 1, ..denied() }, Otherwise),
        (denied(), Unknown),
        (Fault::new("dynamodb:GetItem", Effect::error("AccessDeniedException")), Unknown),
    ] {
        assert_eq!(verdict(30, Metrics::of_a_good_stack(), Some(fault), |_| {}).await, expected);
    }
}

#[tokio::test]
async fn the_policy_for_a_stack_allows_exactly_the_calls_of_a_run() {
    let machine = Machine::with_stack(0).await;
    let (cloudwatch, asked) = Metrics::of_a_good_stack().serve().await;
    let run = async |action: &str| {
        let options = ["--stack", STACK, "--only", "26,29,30", "--output", "json"];
        let mut command = machine.program(["live-check", action].iter().chain(&options));
        command.env("AWS_ENDPOINT_URL_CLOUDWATCH", &cloudwatch);
        let ran = machine.while_functions_run(command.output()).await.unwrap();
        let ran = Ran::of(ran);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.json()
    };
    let plan = run("plan").await;
    assert!(asked.lock().unwrap().is_empty());
    let seen = machine.sandbox.call_count();
    let answers = run("run").await;
    assert_eq!(answers["rows"].as_array().unwrap().len(), 3, "{answers:#}");
    let mut calls: Vec<_> =
        asked.lock().unwrap().iter().map(|action| (action.clone(), "*".to_owned())).collect();
    for call in machine.sandbox.calls_after(seen) {
        if call.access_key == ACCOUNT && !call.action.starts_with("sts:") {
            // The call names a stack by its name, which the policy has within an ARN.
            let resource = call.resources.into_iter().next().filter(|resource| resource != STACK);
            let stack = format!("arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/{STACK}/id");
            calls.push((call.action, resource.unwrap_or(stack)));
        }
    }
    check_exact(&plan["policy"], &calls, |action| !action.starts_with("rekognition:"));
}

#[tokio::test]
async fn a_row_about_a_stack_needs_one() {
    let machine = Machine::new(1).await;
    let ran = machine.run(["live-check", "run", "--only", "30"]).await;
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("row 30 cannot be tried without a stack: name one with `--stack`"), "{ran:?}");
}
