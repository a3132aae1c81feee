//! The program's own way through a run.

use crate::support::{DESTINATION, Machine, SOURCE, SOURCE_VERSION, press_ctrl_c, read_until};

#[tokio::test]
async fn a_run_is_planned_run_reported_and_cleaned() {
    let machine = Machine::new(1).await;
    let plan = machine.run(["live-check", "plan"]).await;
    assert_eq!(plan.code, Some(0), "{plan:?}");
    for text in [
        "rekognition:PutProjectPolicy",
        "makes a project with six policies",
        "Custom Labels bills",
        "take them away one by one",
    ] {
        assert!(plan.out.contains(text), "{text}: {plan:?}");
    }
    let before = machine.sandbox.world();
    let ran = machine.run(["live-check", "run", "--only", "46"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.err.contains("row 46: as-assumed"), "{ran:?}");
    assert!(ran.out.contains("| 46 | as-assumed |"), "{ran:?}");
    let (_, run) = ran.err.split_once("live-check clean ").unwrap();
    let run = run.trim().trim_matches('`');
    let report = machine.run(["live-check", "report", run, "--output", "json"]).await;
    assert_eq!(report.json()["rows"][0]["verdict"], "as-assumed", "{report:?}");
    let answers = machine.state().join("model-copier/live-check").join(run).join("answers.json");
    assert_eq!(std::fs::read_to_string(answers).unwrap(), report.out);
    let resumed = machine.run(["live-check", "resume", run]).await;
    assert_eq!((resumed.code, resumed.out), (Some(0), ran.out), "nothing is left to try");
    let cleaned = machine.run(["live-check", "clean", run]).await;
    assert_eq!(cleaned.code, Some(0), "{cleaned:?}");
    machine.sandbox.clock().advance(jiff::SignedDuration::from_mins(1));
    assert_eq!(machine.sandbox.world().projects, before.projects);
}

#[tokio::test]
async fn something_otherwise_is_exit_code_8() {
    let machine = Machine::new(1).await;
    let settings = sandbox::Settings { upper_case_effect: true, ..machine.sandbox.settings() };
    machine.sandbox.set_settings(settings);
    let ran = machine.run(["live-check", "run", "--only", "46"]).await;
    assert_eq!(ran.code, Some(8), "{ran:?}");
    assert!(ran.out.contains("## What to change\n\n- 46: "), "{ran:?}");
}

#[tokio::test]
async fn a_run_says_what_it_lacks() {
    let machine = Machine::new(1).await;
    let run = async |arguments: &[&str]| machine.run(["live-check", "run"].iter().chain(arguments)).await;
    let ran = run(&["--level", "copies"]).await;
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("needs `--source-version`"), "{ran:?}");
    let ran = run(&["--only", "33"]).await;
    assert!(ran.err.contains("row 33 cannot be tried at `--level free`"), "{ran:?}");
    let copies =
        ["--level", "two-accounts", "--source-version", SOURCE_VERSION, "--destination-project", DESTINATION];
    let bucket = ["--bucket", "flowers-production-models"];
    let ran = run(&[&copies[..], &bucket].concat()).await;
    assert!(ran.err.contains("account `111122223333` owns the model"), "{ran:?}");
    let ran = run(&[&copies[..], &bucket, &["--source-profile", "production"]].concat()).await;
    assert_eq!(ran.code, Some(7), "{ran:?}");
    let ran = machine.run(["live-check", "clean", "../../x"]).await;
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(machine.sandbox.calls().iter().all(|call| call.action == "sts:GetCallerIdentity"));
}

#[tokio::test]
async fn a_plan_for_two_accounts_names_the_rights_in_both() {
    let machine = Machine::new(1).await;
    let copies =
        ["--level", "two-accounts", "--source-version", SOURCE_VERSION, "--destination-project", DESTINATION];
    let others = ["--bucket", "flowers-production-models", "--source-profile", "flowers", "--output", "json"];
    let plan = machine.run(["live-check", "plan"].iter().chain(&copies).chain(&others)).await;
    let plan = plan.json();
    assert_eq!(plan["sourcePolicy"]["Statement"][0]["Resource"][0], SOURCE, "{plan:#}");
    assert!(
        plan["policy"].to_string().contains("arn:aws:s3:::flowers-production-models/live-check-*"),
        "{plan:#}"
    );
    let reads = |action: &str| action.contains("Describe") || action.contains("Get");
    assert!(machine.sandbox.calls().iter().all(|call| reads(&call.action)));
}

#[tokio::test]
async fn ctrl_c_ends_a_run_between_two_calls_and_clean_has_nothing_to_wait_for() {
    let machine = Machine::new(1).await;
    let before = machine.sandbox.world();
    let mut child = machine.program(["live-check", "run", "--only", "46,48"]).spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    read_until(&mut stderr, "row 46: as-assumed").await;
    press_ctrl_c(&child);
    assert_eq!(child.wait().await.unwrap().code(), Some(130));
    let runs = std::fs::read_dir(machine.state().join("model-copier/live-check")).unwrap();
    let run = runs.last().unwrap().unwrap().file_name().into_string().unwrap();
    let cleaned = machine.run(["live-check", "clean", &run]).await;
    assert_eq!(cleaned.code, Some(0), "{cleaned:?}");
    machine.sandbox.clock().advance(jiff::SignedDuration::from_mins(1));
    assert_eq!(machine.sandbox.world().projects, before.projects);
}
