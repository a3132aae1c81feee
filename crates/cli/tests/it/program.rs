//! The program against the sandbox: what it does, writes and ends with.

use sandbox::{Effect, Fault};
use tokio::process::Child;

use crate::support::{
    ACCOUNT, COPY, DESTINATION, Machine, Ran, SOURCE, SOURCE_ACCOUNT, press_ctrl_c, read_until,
};

const COPY_ARN: &str =
    "arn:aws:rekognition:us-east-1:444455556666:project/flowers-production/version/flowers.2026-11-02/";

fn with<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    COPY.iter().chain(arguments).copied().collect()
}

#[tokio::test]
async fn one_command_copies_a_model_across_two_accounts() {
    let machine = Machine::new(1).await;
    let ran = machine.run(COPY).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.starts_with(&format!("COMPLETED {COPY_ARN}")), "{ran:?}");
    assert!(ran.err.contains("Account: 444455556666\nRegion:  us-east-1\nCaller:  "), "{ran:?}");
    assert!(ran.err.contains("\nSTARTED arn:"), "{ran:?}");
    assert_eq!(machine.copies(), 1);
}

#[tokio::test]
async fn json_is_the_final_announcement_and_jsonl_every_announcement() {
    let machine = Machine::new(1).await;
    let ran = machine.run(with(&["--output", "json", "--quiet"])).await;
    let announcement = ran.json();
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    assert_eq!((&announcement["version"], &announcement["status"]), (&"1".into(), &"COMPLETED".into()));
    let ran = machine.run(with(&["--output", "jsonl", "--request-id", "r", "--quiet"])).await;
    let statuses: Vec<String> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["status"].to_string())
        .collect();
    assert_eq!(statuses, ["\"STARTED\"", "\"COMPLETED\""], "{ran:?}");
}

/// Kills a command when it comes to this point, and runs it again.
async fn killed(machine: &Machine, mut child: Child) {
    child.kill().await.unwrap();
    let ran = machine.run_event(&[]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.out.lines().count(), 1, "{ran:?}");
    assert!(ran.out.starts_with(&format!("COMPLETED {COPY_ARN}")), "{ran:?}");
    assert_eq!(machine.copies(), 1);
}

#[tokio::test]
async fn killed_while_it_reads_its_request() {
    let machine = Machine::new(1).await;
    let (child, _stdin) = machine.copy_of_event(&[]);
    killed(&machine, child).await;
}

#[tokio::test]
async fn killed_while_it_waits_to_be_started() {
    let machine = Machine::new(1).await;
    let throttled = Effect::error("ThrottlingException");
    machine.sandbox.fault(Fault::new("rekognition:CopyProjectVersion", throttled).on_call(1));
    let mut child = machine.with_event(&[]).await;
    read_until(child.stderr.as_mut().unwrap(), "QUEUED ThrottlingException").await;
    killed(&machine, child).await;
}

#[tokio::test]
async fn killed_when_its_call_has_lost_its_answer() {
    let machine = Machine::new(1).await;
    machine.sandbox.fault(Fault::new("rekognition:CopyProjectVersion", Effect::LoseAnswer).on_call(1));
    let child = machine.with_event(&[]).await;
    while machine.copies() == 0 {
        tokio::task::yield_now().await;
    }
    killed(&machine, child).await;
}

#[tokio::test]
async fn killed_while_rekognition_copies() {
    let machine = Machine::new(2).await;
    let mut child = machine.with_event(&[]).await;
    read_until(child.stderr.as_mut().unwrap(), "STARTED").await;
    killed(&machine, child).await;
}

#[tokio::test]
async fn killed_when_it_has_written_the_result() {
    let machine = Machine::new(1).await;
    let mut child = machine.with_event(&[]).await;
    read_until(child.stdout.as_mut().unwrap(), "COMPLETED").await;
    killed(&machine, child).await;
}

#[tokio::test]
async fn the_first_ctrl_c_leaves_with_130_and_says_how_to_go_on() {
    let machine = Machine::new(2).await;
    let mut child = machine.with_event(&[]).await;
    read_until(child.stderr.as_mut().unwrap(), "STARTED").await;
    press_ctrl_c(&child);
    read_until(child.stderr.as_mut().unwrap(), "the same command continues it").await;
    assert_eq!(child.wait().await.unwrap().code(), Some(130));
    let ran = machine.run_event(&[]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(machine.copies(), 1);
}

#[tokio::test]
async fn a_timeout_ends_the_waiting_and_not_the_copy() {
    let machine = Machine::new(3600).await;
    let ran = machine.run(with(&["--timeout", "0s"])).await;
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert_eq!(ran.out, "");
    assert_eq!(machine.copies(), 1);
    let listed = machine.run(["list"]).await;
    assert_eq!(listed.code, Some(0), "{listed:?}");
    let words: Vec<&str> = listed.out.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(words[2..6], ["STARTED", "poll", "flowers-production", "flowers.2026-11-02"]);
    assert!(words[6].ends_with('Z'), "RFC 3339 in a pipe: {words:?}");
}

#[tokio::test]
async fn a_detached_command_leaves_once_rekognition_has_accepted() {
    let machine = Machine::new(3600).await;
    let ran = machine.run(with(&["--detach", "--request-id", "detached"])).await;
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{ran:?}");
    let shown = machine.run(["show", "detached", "--output", "json"]).await;
    assert_eq!(shown.json()["status"], "STARTED", "{shown:?}");
    for form in ["json", "jsonl"] {
        let again = machine.run(with(&["--detach", "--request-id", "detached", "--output", form])).await;
        assert_eq!((again.code, &again.json()["status"]), (Some(0), &"STARTED".into()), "{again:?}");
    }
}

/// Commands that fail, with their exit codes, and a part of what each writes.
#[tokio::test]
async fn a_command_that_cannot_work_says_why_and_what_to_do() {
    let machine = Machine::new(1).await;
    assert_eq!(machine.run(with(&["--request-id", "r"])).await.code, Some(0));
    let staging = DESTINATION.replace("flowers-production/1761991200000", "flowers-staging/1761994800000");
    let to_staging = COPY.map(|argument| if argument == DESTINATION { staging.as_str() } else { argument });
    let correct = "what to do: correct the request and run the command again";
    for (arguments, code, parts) in [
        (with(&["--name", "no spaces"]), 6, ["REJECTED InvalidRequest: ", correct]),
        (with(&["--name", "no spaces"]), 6, ["`versionName` may have letters, digits", correct]),
        (
            with(&["--request-id", "r", "--name", "other"]),
            6,
            ["`r` already names another request", "give this request another id with `--request-id`"],
        ),
        (
            [&to_staging as &[&str], &["--name", "flowers.2026-11-01"]].concat(),
            3,
            ["FAILED VersionNameTaken", ""],
        ),
        (with(&["--source-profile", "production"]), 7, ["account `111122223333` owns the model", ""]),
        (vec!["copy", "--to", DESTINATION], 2, ["--source-project <ARN>", "--source-version <ARN>"]),
        (vec!["list", "--account", SOURCE_ACCOUNT], 7, ["not of `111122223333`", "`--profile`"]),
        (vec!["list", "--region", "us east"], 2, ["`us east`", "--region"]),
        (vec!["list", "--region", ""], 2, ["``", "--region"]),
        (vec!["list", "--endpoint-url", "localhost:4566"], 2, ["`localhost:4566`", "--endpoint-url"]),
        // Port 1 is reserved, and nothing listens there.
        (vec!["list", "--endpoint-url", "http://127.0.0.1:1"], 1, ["http://127.0.0.1:1", ""]),
        (vec!["list", "--requester", "abc"], 2, ["write 12 digits", ""]),
        (vec!["show", "r", "--stack", "s", "--requester", "abc"], 2, ["write 12 digits", ""]),
        (vec!["show", "other"], 1, ["there is no request `other`", "`model-copier list --all` lists all"]),
    ] {
        let ran = machine.run(&arguments).await;
        let written = format!("{}{}", ran.out, ran.err);
        assert_eq!(ran.code, Some(code), "{arguments:?}: {ran:?}");
        assert!(parts.iter().all(|part| written.contains(part)), "{arguments:?}: {ran:?}");
        assert!(!written.contains("stays rejected") && !written.contains("<FILE>"), "{ran:?}");
    }
    for (variable, code, part) in [
        ("AWS_REGION", 2, "no Region is set: give `--region`"),
        ("AWS_ACCESS_KEY_ID", 7, "no credentials: log in"),
    ] {
        let mut command = machine.program(["list", "--output", "json"]);
        command.env_remove(variable).env_remove("AWS_DEFAULT_REGION");
        let ran = Ran::of(command.output().await.unwrap());
        assert_eq!((ran.code, ran.out.as_str()), (Some(code), ""), "{ran:?}");
        let error: serde_json::Value = serde_json::from_str(&ran.err).unwrap();
        assert!(error["exitCode"] == code && error["error"].as_str().unwrap().contains(part), "{ran:?}");
    }
    assert_eq!(machine.copies(), 1);
    let listed = machine.run(["list", "--all", "--output", "json"]).await.json();
    assert_eq!(listed.as_array().unwrap().len(), 2, "a rejected request is not recorded: {listed}");
}

#[tokio::test]
async fn an_empty_list_is_an_empty_array() {
    let machine = Machine::new(1).await;
    let of_profile = ["list", "--account", ACCOUNT, "--profile", "production"];
    for (form, expected) in [("json", "[]\n"), ("jsonl", "")] {
        let listed = machine.run(of_profile.iter().chain(&["--output", form, "--color", "always"])).await;
        assert_eq!((listed.code, listed.out.as_str()), (Some(0), expected), "{listed:?}");
    }
}

/// The source project without a policy.
fn without_policies(machine: &Machine) {
    machine.sandbox.change(|world| world.projects.iter_mut().for_each(|project| project.policies.clear()));
}

#[tokio::test]
async fn a_source_profile_puts_the_policy_that_the_copy_needs() {
    let machine = Machine::new(1).await;
    without_policies(&machine);
    let ran = machine.run(with(&["--source-profile", "flowers"])).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let policies = machine.sandbox.project(SOURCE).unwrap().policies;
    assert_eq!(policies.len(), 1);
    assert_eq!(policies[0].name, "model-copier-444455556666-command_line");
    assert!(policies[0].document.contains("arn:aws:iam::444455556666:root"), "{}", policies[0].document);
    assert!(policies[0].document.contains("DateLessThan"), "{}", policies[0].document);
}

#[tokio::test]
async fn a_missing_permission_is_written_with_the_command_that_gives_it() {
    let machine = Machine::new(1).await;
    without_policies(&machine);
    let ran = machine.run(with(&["--timeout", "0s"])).await;
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(ran.err.contains("QUEUED AccessDeniedException: "), "{ran:?}");
    assert!(
        ran.err.contains("aws rekognition put-project-policy --region us-east-1 --project-arn"),
        "{ran:?}"
    );
    assert!(ran.err.contains("--source-profile"), "{ran:?}");
}

#[tokio::test]
async fn a_closed_pipe_is_success() {
    let machine = Machine::new(1).await;
    let mut child = machine.program(["list"]).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn every_policy_of_a_copier_is_listed_and_withdrawn_and_no_other() {
    let machine = Machine::new(1).await;
    assert_eq!(machine.run(with(&["--source-profile", "flowers"])).await.code, Some(0));
    let of_project = ["--source-project", SOURCE, "--source-profile", "flowers", "--output", "json"];
    let listed = machine.run(["policies"].iter().chain(&of_project)).await;
    let policies = listed.json();
    assert_eq!(policies.as_array().unwrap().len(), 1, "{listed:?}");
    assert_eq!(policies[0]["name"], "model-copier-444455556666-command_line");
    assert_eq!(policies[0]["isExpired"], false);
    let withdrawn = machine.run(["policies", "withdraw"].iter().chain(&of_project)).await;
    assert_eq!(withdrawn.code, Some(0), "{withdrawn:?}");
    assert!(withdrawn.err.contains("Account: 111122223333"), "{withdrawn:?}");
    let left = machine.sandbox.project(SOURCE).unwrap().policies;
    assert_eq!(left.iter().map(|policy| policy.name.as_str()).collect::<Vec<_>>(), ["copy-to-production"]);
    let again = machine.run(["policies", "withdraw"].iter().chain(&of_project)).await;
    assert_eq!((again.code, again.out.as_str()), (Some(0), "[]\n"), "{again:?}");
    let others = machine.run(["policies", "--source-project", SOURCE]).await;
    assert_eq!(others.code, Some(7), "{others:?}");
}

#[tokio::test]
async fn a_request_that_is_followed_is_one_json_value() {
    let machine = Machine::new(2).await;
    assert_eq!(machine.run(with(&["--request-id", "r", "--detach"])).await.code, Some(0));
    let follow = machine.program(["show", "r", "--follow", "--output", "json"]).output();
    let copy = async {
        // Only after the other has read the request as STARTED.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        machine.run(with(&["--request-id", "r"])).await
    };
    let (followed, copied) = tokio::join!(follow, copy);
    assert_eq!(copied.code, Some(0), "{copied:?}");
    let followed = Ran::of(followed.unwrap());
    assert_eq!(followed.code, Some(0), "{followed:?}");
    assert_eq!(followed.json()["status"], "COMPLETED", "{followed:?}");
}
