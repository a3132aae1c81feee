//! Row 32, with the stack's bus, queues and ledger as a stub. However the run ends, the request queue's policy is put back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::{SignedDuration, Timestamp};
use model_copier::confirm::Confirmation;
use model_copier::live_check::answer::RowAnswer;
use model_copier::live_check::answer::Verdict::{self, AsAssumed, Otherwise, Skipped, Unknown};
use model_copier::live_check::answers::Answers;
use model_copier::live_check::clean::clean;
use model_copier::live_check::journal::Journal;
use model_copier::live_check::lab::{Clients, Lab};
use model_copier::live_check::plan::Plan;
use model_copier::live_check::run::{Level, Run};
use model_copier::stack::Stack;
use sandbox::Clock;
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};

use super::policy::check_exact;
use super::{Accounts, begun, dies_during, quiet, run};
use crate::file_ledger::waiting;
use crate::stack::session;
use crate::support::{ACCOUNT, Machine, Ran, STACK, answer, press_ctrl_c, stub};

const REQUESTS: &str = "https://sqs.us-east-1.amazonaws.com/444455556666/copier-requests";
const DEAD_LETTERS: &str = "https://sqs.us-east-1.amazonaws.com/444455556666/copier-dead-letters";
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"OurRuleMaySend","Effect":"Allow"},{"Sid":"OnlyOverTls","Effect":"Deny"}]}"#;

/// What happens to the call of this number.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Refused,
    LosesRequest,
    LosesAnswer,
}

/// The stack's bus, queues and ledger.
struct Queues {
    clock: Clock,
    policy: String,
    /// The letters: body and the end of their invisibility.
    letters: Vec<(Value, Timestamp)>,
    /// The `ERROR_CODE` of a refused delivery; none if EventBridge does not give up.
    code: Option<&'static str>,
    /// Whether start-copy has recorded the request.
    is_recorded: bool,
    fault: Option<(usize, Fault)>,
    calls: Vec<(String, String)>,
    changed: Arc<Notify>,
}

impl Queues {
    fn answer(&mut self, operation: &str, body: &Value) -> Value {
        let now = self.clock.now();
        match operation {
            "AmazonSQS.GetQueueAttributes" => return json!({ "Attributes": { "Policy": self.policy } }),
            "AmazonSQS.SetQueueAttributes" => {
                self.changed.notify_one();
                self.policy = body["Attributes"]["Policy"].as_str().unwrap().to_owned();
            }
            "AmazonSQS.ReceiveMessage" => {
                let held = SignedDuration::from_secs(body["VisibilityTimeout"].as_i64().unwrap());
                let visible = self.letters.iter_mut().filter(|(_, hidden)| *hidden <= now).take(10);
                let messages = visible.map(|(letter, hidden)| {
                    *hidden = now + held;
                    json!({
                        "MessageId": "m",
                        "ReceiptHandle": letter.to_string(),
                        "Body": letter.to_string(),
                        "MessageAttributes": { "ERROR_CODE": { "DataType": "String", "StringValue": self.code } },
                    })
                });
                return json!({ "Messages": messages.collect::<Vec<_>>() });
            }
            "AmazonSQS.DeleteMessage" => {
                self.letters.retain(|(letter, _)| body["ReceiptHandle"] != *letter.to_string());
            }
            "AWSEvents.PutEvents" => {
                let detail: Value =
                    serde_json::from_str(body["Entries"][0]["Detail"].as_str().unwrap()).unwrap();
                if self.code.is_some() && !self.policy.contains("OurRuleMaySend") {
                    self.letters.push((json!({ "detail": detail }), now));
                }
                return json!({ "FailedEntryCount": 0, "Entries": [{ "EventId": "e" }] });
            }
            "DynamoDB_20120810.GetItem" if self.is_recorded => {
                return json!({ "Item": { "record": { "S": serde_json::to_string(&waiting("r", Timestamp::UNIX_EPOCH)).unwrap() } } });
            }
            "DynamoDB_20120810.GetItem" => {}
            _ => panic!("{operation}"),
        }
        json!({})
    }

    fn serve(&mut self, request: &str) -> Vec<u8> {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let body: Value = serde_json::from_str(body).unwrap();
        let operation = head.lines().find_map(|line| line.strip_prefix("x-amz-target: ")).unwrap();
        let queue = body["QueueUrl"].as_str().unwrap_or_default();
        self.calls.push((operation.to_owned(), queue.to_owned()));
        let fault = self.fault.filter(|(call, _)| *call == self.calls.len()).map(|(_, fault)| fault);
        let body = match fault {
            Some(Fault::LosesRequest) => return Vec::new(),
            Some(Fault::Refused) => json!({ "__type": "AccessDeniedException" }),
            _ => self.answer(operation, &body),
        };
        if matches!(fault, Some(Fault::LosesAnswer)) {
            return Vec::new();
        }
        answer(if fault.is_some() { 403 } else { 200 }, "", body.to_string())
    }
}

/// An account with a stack that a run may disturb.
struct Bench {
    accounts: Accounts,
    queues: Arc<Mutex<Queues>>,
    url: String,
    changed: Arc<Notify>,
    run: Run,
}

impl Bench {
    async fn new() -> Self {
        let accounts = Accounts::new().await;
        let changed = Arc::new(Notify::new());
        let clock = accounts.sandbox.clock().clone();
        let letters = (0..12).map(|number| (foreign(number), clock.now())).collect();
        let (policy, code) = (POLICY.to_owned(), Some("NO_PERMISSIONS"));
        let queues = Queues {
            clock,
            policy,
            letters,
            code,
            is_recorded: false,
            fault: None,
            calls: Vec::new(),
            changed: Arc::clone(&changed),
        };
        let queues = Arc::new(Mutex::new(queues));
        let shared = Arc::clone(&queues);
        let url = stub(move |request: &str| shared.lock().unwrap().serve(request)).await;
        let outputs = [
            ("EventBusName", "default"),
            ("EventSource", "copier"),
            ("LedgerTable", "copier-ledger"),
            ("RequestQueueUrl", REQUESTS),
            ("DeadLetterQueueUrl", DEAD_LETTERS),
        ];
        let stack = Stack {
            name: "copier".to_owned(),
            status: "CREATE_COMPLETE".to_owned(),
            outputs: outputs.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            parameters: BTreeMap::new(),
        };
        let run = Run { stack: Some(stack), intrusive: true, ..begun(Level::Free, &[32]) };
        Self { accounts, queues, url, changed, run }
    }

    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap()
    }

    fn lab(&self, journal: Journal, sleeps: usize) -> (Lab, watch::Receiver<bool>) {
        let own = Clients::new(&session(self.url.clone(), ACCOUNT), None);
        let clients =
            Clients { dynamodb: own.dynamodb, events: own.events, sqs: own.sqs, ..self.accounts.clients() };
        self.accounts.lab(journal, clients, sleeps)
    }

    /// Runs until the process dies after so many sleeps: whether it did.
    async fn run(&self, journal: Journal, sleeps: usize) -> bool {
        let (lab, dies) = self.lab(journal, sleeps);
        dies_during(dies, run(&lab)).await
    }

    async fn observe(&self) -> (Verdict, RowAnswer) {
        assert!(!self.run(self.accounts.begin(&self.run), usize::MAX).await);
        self.observed()
    }

    fn observed(&self) -> (Verdict, RowAnswer) {
        let answers = Answers::of(&self.accounts.open(&self.run));
        answers.publishable(&self.run).unwrap();
        (answers.rows[0].verdict, answers.rows[0].clone())
    }

    async fn clean(&self) {
        let (lab, _) = self.lab(self.accounts.open(&self.run), usize::MAX);
        assert!(clean(&lab, &quiet(), Confirmation::for_test()).await.unwrap().is_empty());
    }

    /// The policy and the others' letters are as they were, and the run's letter is gone.
    fn is_as_before(&self) -> bool {
        let queues = self.queues();
        let letters = queues.letters.iter().map(|(letter, _)| letter.clone());
        queues.policy == POLICY && letters.eq((0..12).map(foreign))
    }
}

fn foreign(number: u32) -> Value {
    json!({ "detail": { "requestId": format!("order-{number}") } })
}

#[tokio::test]
async fn a_refused_delivery_is_a_dead_letter_and_the_policy_allows_exactly_the_calls() {
    let bench = Bench::new().await;
    let (verdict, seen) = bench.observe().await;
    assert_eq!(verdict, AsAssumed, "{seen:#?}");
    assert!(bench.is_as_before() && bench.accounts.open(&bench.run).left().is_empty());
    let calls = bench.queues().calls.clone();
    let calls = calls.iter().filter_map(|(operation, queue)| {
        let (operation, name) = (operation.strip_prefix("AmazonSQS.")?, queue.rsplit('/').next()?);
        Some((format!("sqs:{operation}"), format!("arn:aws:sqs:us-east-1:444455556666:{name}")))
    });
    check_exact(&Plan::of(&bench.run).unwrap().policy, &calls.collect::<Vec<_>>(), |action| {
        action.starts_with("sqs:")
    });
}

#[tokio::test]
async fn what_is_otherwise_is_noticed_and_the_policy_is_put_back() {
    for (code, is_recorded, fault, expected) in [
        (Some("NO_RESOURCE"), false, None, Otherwise),
        (None, false, None, Otherwise),
        (None, true, None, Unknown),
        (Some("NO_PERMISSIONS"), false, Some((2, Fault::Refused)), Unknown),
        (Some("NO_PERMISSIONS"), false, Some((3, Fault::Refused)), Unknown),
        (Some("NO_PERMISSIONS"), false, Some((4, Fault::Refused)), Unknown),
    ] {
        let bench = Bench::new().await;
        {
            let mut queues = bench.queues();
            (queues.code, queues.is_recorded, queues.fault) = (code, is_recorded, fault);
        }
        let (verdict, seen) = bench.observe().await;
        assert_eq!(verdict, expected, "{code:?}, {fault:?}: {seen:#?}");
        assert_eq!(bench.queues().policy, POLICY);
        bench.clean().await;
        assert!(bench.is_as_before(), "{code:?}, {fault:?}");
    }
}

#[tokio::test]
async fn without_the_flag_it_is_skipped() {
    let mut bench = Bench::new().await;
    bench.run.intrusive = false;
    let (verdict, seen) = bench.observe().await;
    assert_eq!((verdict, seen.parts[0].seen.as_str()), (Skipped, "needs `--intrusive`"));
    assert!(bench.queues().calls.is_empty());
    assert!(!Plan::of(&bench.run).unwrap().policy.to_string().contains("sqs:"));
}

#[tokio::test]
async fn a_run_that_died_at_any_step_is_cleaned_or_resumed() {
    for (resumes, hours) in [(false, 0), (false, 1), (true, 0), (true, 1)] {
        for sleeps in 0.. {
            let bench = Bench::new().await;
            let died = bench.run(bench.accounts.begin(&bench.run), sleeps).await;
            bench.accounts.sandbox.clock().advance(SignedDuration::from_hours(hours));
            if resumes {
                assert!(!bench.run(bench.accounts.open(&bench.run), usize::MAX).await);
                assert_eq!(bench.observed().0, AsAssumed, "after {sleeps} sleeps");
                assert_eq!(bench.queues().policy, POLICY, "after {sleeps} sleeps");
            }
            bench.clean().await;
            assert!(bench.is_as_before(), "after {sleeps} sleeps");
            if !died {
                assert!(sleeps > 5);
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_run_whose_call_failed_leaves_nothing() {
    for fault in [Fault::Refused, Fault::LosesRequest, Fault::LosesAnswer] {
        for call in 1.. {
            let bench = Bench::new().await;
            bench.queues().fault = Some((call, fault));
            bench.observe().await;
            assert_eq!(bench.queues().policy, POLICY, "{fault:?} {call}");
            let is_struck = bench.queues().calls.len() >= call;
            bench.clean().await;
            assert!(bench.is_as_before(), "{fault:?} {call}");
            if !is_struck {
                assert!(call > 5);
                break;
            }
        }
    }
}

/// A change without an answer may take effect as long as its signature is valid. A stack that was deployed after the run
/// died has a policy of its own.
#[tokio::test]
async fn a_change_that_takes_effect_late_is_undone_and_a_new_policy_that_admits_the_rule_stays() {
    let bench = Bench::new().await;
    bench.queues().fault = Some((2, Fault::LosesRequest));
    bench.observe().await;
    bench.queues().policy = "{}".to_owned();
    bench.clean().await;
    assert!(bench.is_as_before());

    let bench = Bench::new().await;
    // The first wait is before the policy is changed, the second until SQS has applied the change.
    assert!(bench.run(bench.accounts.begin(&bench.run), 1).await);
    assert_ne!(bench.queues().policy, POLICY);
    bench.accounts.sandbox.clock().advance(SignedDuration::from_hours(1));
    let deployed = POLICY.replace("OnlyOverTls", "Another");
    bench.queues().policy.clone_from(&deployed);
    bench.clean().await;
    assert_eq!(bench.queues().policy, deployed);
}

#[tokio::test]
async fn ctrl_c_puts_the_policy_back() {
    let machine = Machine::with_stack(0).await;
    let bench = Bench::new().await;
    let arguments = ["live-check", "run", "--stack", STACK, "--only", "32", "--intrusive"];
    let child = machine.program(arguments).env("AWS_ENDPOINT_URL_SQS", &bench.url).spawn().unwrap();
    bench.changed.notified().await;
    press_ctrl_c(&child);
    let ran = Ran::of(child.wait_with_output().await.unwrap());
    assert_eq!(ran.code, Some(130), "{ran:?}");
    let queues = bench.queues();
    let operations: Vec<_> = queues.calls.iter().map(|(operation, _)| operation.as_str()).collect();
    assert_eq!(
        operations,
        ["GetQueueAttributes", "SetQueueAttributes", "SetQueueAttributes"]
            .map(|it| format!("AmazonSQS.{it}"))
    );
    assert_eq!(queues.policy, POLICY);
}
