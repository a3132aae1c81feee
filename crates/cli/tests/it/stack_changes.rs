//! `copy`, `retry` and `cancel` with a stack: what they change, and how they end.

use sandbox::{Effect, Fault};
use serde_json::Value;

use crate::stack_requests::{request, sent};
use crate::support::{ACCOUNT, COPY, Machine, SOURCE_ACCOUNT, STACK};

const COPY_CALL: &str = "rekognition:CopyProjectVersion";

fn copy<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&COPY as &[&str], &["--stack", STACK], arguments].concat()
}

fn command<'a>(name: &'a str, id: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
    [&[name, id, "--stack", STACK, "--requester", SOURCE_ACCOUNT] as &[&str], arguments].concat()
}

/// A stack with a request that waits, since Rekognition is throttled for good.
async fn waiting(id: &str) -> Machine {
    let machine = Machine::with_stack(0).await;
    machine.sandbox.fault(Fault::new(COPY_CALL, Effect::error("ThrottlingException")));
    sent(&machine, &[request(id, "one")]).await;
    machine
}

fn announced(machine: &Machine, id: &str) -> Vec<Value> {
    let events = machine.sandbox.announcements();
    let of_id = events.iter().filter(|event| !event.is_request() && event.detail["requestId"] == id);
    of_id.map(|event| event.detail["status"].clone()).collect()
}

#[tokio::test]
async fn a_stack_is_asked_and_its_answer_is_the_exit_code() {
    let machine = Machine::with_stack(0).await;
    let ran = machine.run_with_functions(copy(&[])).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.starts_with("COMPLETED arn:aws:rekognition:us-east-1:444455556666:"), "{ran:?}");
    assert!(ran.err.contains("Asks stack `rekognition-model-copier`\nCopies:  "), "{ran:?}");
    assert_eq!(machine.copies(), 1);
    // Without an id of its own, each is a request of its own.
    let ran = machine.run_with_functions(copy(&["--output", "json", "--quiet"])).await;
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    assert_eq!(ran.json()["adopted"], true);
    let ran = machine.run_with_functions(copy(&["--request-id", "mine", "--name", "other"])).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let ran = machine.run(copy(&["--request-id", "mine", "--name", "other"])).await;
    assert!(ran.code == Some(0) && ran.err.contains("the stack has this request already"), "{ran:?}");
    let ran = machine.run(copy(&["--request-id", "mine", "--name", "another"])).await;
    assert!(ran.code == Some(6) && ran.out.contains("`mine` already names another request"), "{ran:?}");
    assert_eq!(machine.copies(), 2);
}

#[tokio::test]
async fn a_request_that_is_not_admitted_is_not_sent_and_one_that_is_not_recorded_says_what_to_look_at() {
    let machine = Machine::with_stack(0).await;
    let to_others =
        copy(&[]).into_iter().map(|it| if it == "flowers-production-models" { "others" } else { it });
    let ran = machine.run(to_others).await;
    assert_eq!(ran.code, Some(6), "{ran:?}");
    assert!(ran.out.contains("have the place added to parameter OutputBuckets"), "{ran:?}");
    assert!(ran.out.contains("what to do: correct the request and run the command again"), "{ran:?}");

    let dry_run = ["--dry-run", "--output", "json", "--source-profile", "flowers"];
    let checks = machine.run(copy(&dry_run)).await.json();
    let of_policy = checks.as_array().unwrap().iter().find(|check| check["check"] == "project policy");
    assert_eq!(of_policy.unwrap()["verdict"], "ok", "{checks}");
    let ran = machine.run(copy(&["--source-profile", "flowers"])).await;
    assert!(ran.code == Some(2) && ran.err.contains("a stack puts project policies itself"), "{ran:?}");
    assert!(machine.sandbox.announcements().is_empty());

    let ran = machine.run(copy(&["--timeout", "0s", "--request-id", "mine"])).await;
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(ran.err.contains("see whether rule `model-copy-requests-default` is enabled"), "{ran:?}");
    assert!(
        ran.err.contains("`model-copier show mine --stack rekognition-model-copier --follow`"),
        "{ran:?}"
    );
}

#[tokio::test]
async fn a_detached_command_ends_when_rekognition_has_the_copy_which_is_not_cancelled() {
    let machine = Machine::with_stack(3600).await;
    let ran = machine.run_with_functions(copy(&["--detach", "--output", "json", "--request-id", "r"])).await;
    assert_eq!((ran.code, &ran.json()["status"]), (Some(0), &"STARTED".into()), "{ran:?}");
    assert!(
        ran.err.contains("Rekognition is copying the model; to keep waiting, run `model-copier show "),
        "{ran:?}"
    );
    let ran = machine.run(["cancel", "r", "--stack", STACK]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("Rekognition has accepted the copy, and nothing stops a copy"), "{ran:?}");
    let shown = machine.run(["show", "r", "--stack", STACK, "--output", "json"]).await;
    assert_eq!(shown.json()["status"], "STARTED");
}

#[tokio::test]
async fn a_request_that_waits_is_cancelled_and_announced() {
    let machine = waiting("r").await;
    let ran = machine.run(command("cancel", "r", &["--output", "json"])).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(
        (&ran.json()["status"], &ran.json()["failure"]["code"]),
        (&"FAILED".into(), &"Cancelled".into())
    );
    assert!(ran.err.contains("Cancels: request `r` of account `111122223333`"), "{ran:?}");
    machine.stack().check().await.unwrap();
    assert_eq!(announced(&machine, "r"), ["QUEUED", "FAILED"]);
    let again = machine.run(command("cancel", "r", &[])).await;
    assert!(again.code == Some(1) && again.err.contains("`r` is not cancelled: it has ended"), "{again:?}");
}

#[tokio::test]
async fn a_request_of_this_machine_is_cancelled() {
    let machine = Machine::new(1).await;
    machine.sandbox.fault(Fault::new(COPY_CALL, Effect::error("ThrottlingException")));
    let arguments = [&COPY as &[&str], &["--request-id", "r", "--timeout", "0s"]].concat();
    assert_eq!(machine.run(&arguments).await.code, Some(5));
    let ran = machine.run(["cancel", "r"]).await;
    assert!(ran.code == Some(0) && ran.out.contains("\nfailure      Cancelled: "), "{ran:?}");
    assert_eq!(machine.run(["list", "--output", "json"]).await.out, "[]\n");
    let ran = machine.run(&arguments).await;
    assert!(ran.code == Some(3) && ran.out.starts_with("FAILED Cancelled: "), "{ran:?}");
}

#[tokio::test]
async fn an_ended_request_is_sent_again_under_a_new_id() {
    let machine = waiting("r").await;
    let early = machine.run(command("retry", "r", &[])).await;
    assert!(
        early.code == Some(1) && early.err.contains("request `r` is QUEUED: wait until it has ended"),
        "{early:?}"
    );
    assert_eq!(machine.run(command("cancel", "r", &[])).await.code, Some(0));
    machine.sandbox.clear_faults();
    let ran =
        machine.run_with_functions(command("retry", "r", &["--request-id", "r-b", "--output", "json"])).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let announcement = ran.json();
    assert_eq!((&announcement["requestId"], &announcement["status"]), (&"r-b".into(), &"COMPLETED".into()));
    assert_eq!(announcement["requesterAccount"], ACCOUNT);
    let first = machine.run(command("show", "r", &["--output", "json"])).await.json();
    assert_eq!(announcement["versionName"], first["versionName"]);
    assert_eq!(announcement["correlationId"], "pipeline-run-4711");
    assert_eq!(announcement["context"]["approvedBy"], "mlops");
}

#[tokio::test]
async fn what_its_requester_could_not_ask_for_now_is_not_sent_again() {
    let machine = waiting("r").await;
    assert_eq!(machine.run(command("cancel", "r", &[])).await.code, Some(0));
    machine.sandbox.change(|world| {
        let parameters = &mut world.stacks[0].parameters;
        parameters.insert("AllowedSourceAccounts".to_owned(), ACCOUNT.to_owned());
    });
    let ran = machine.run(command("retry", "r", &[])).await;
    assert_eq!(ran.code, Some(6), "{ran:?}");
    assert!(ran.err.contains("account `111122223333` could not ask for this copy now: "), "{ran:?}");
    sent(&machine, &[request("bad", "no spaces")]).await;
    let ran = machine.run(command("retry", "bad", &[])).await;
    assert!(ran.code == Some(6) && ran.err.contains("correct it and send it with"), "{ran:?}");
}
