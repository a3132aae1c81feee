//! `copy --dry-run` against the sandbox, with S3 and KMS as stubs.

use crate::support::{COPY, DESTINATION, Machine, Ran, SOURCE, SOURCE_VERSION, answer, stub};

const KEY: &str = "arn:aws:kms:us-east-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// The checks with this verdict.
fn with_verdict(ran: &Ran, verdict: &str) -> Vec<String> {
    let checks = ran.json();
    let checks = checks.as_array().unwrap().iter().filter(|check| check["verdict"] == verdict);
    checks.map(|check| check["check"].as_str().unwrap().to_owned()).collect()
}

/// A dry run of a copy with these arguments in place of others, where S3 and KMS answer so.
async fn dry_run(machine: &Machine, changes: &[(&str, &str)], s3: &[u8], kms: &[u8]) -> Ran {
    let changed = |argument: &&str| {
        let change = changes.iter().find(|(from, _)| from == argument);
        change.map_or(*argument, |(_, to)| *to).to_owned()
    };
    let mut arguments: Vec<String> = COPY.iter().map(changed).collect();
    arguments.extend(
        ["--dry-run", "--output", "json", "--source-profile", "flowers", "--kms-key"].map(str::to_owned),
    );
    arguments.push(changed(&KEY));
    let mut command = machine.program(arguments);
    let (s3, kms) = (s3.to_vec(), kms.to_vec());
    command.env("AWS_ENDPOINT_URL_S3", stub(move |_| s3.clone()).await);
    command.env("AWS_ENDPOINT_URL_KMS", stub(move |_| kms.clone()).await);
    Ran::of(command.output().await.unwrap())
}

fn bucket(status: u16, region: &str) -> Vec<u8> {
    answer(status, &format!("x-amz-bucket-region: {region}\r\n"), "")
}

fn key_in_state(state: &str) -> Vec<u8> {
    let metadata =
        serde_json::json!({"KeyId": "k", "Arn": KEY, "AWSAccountId": "444455556666", "KeyState": state});
    answer(200, "", serde_json::json!({ "KeyMetadata": metadata }).to_string())
}

#[tokio::test]
async fn it_changes_nothing_and_says_what_it_could_not_check() {
    let machine = Machine::new(1).await;
    let (s3, kms) = (bucket(200, "us-east-1"), key_in_state("Enabled"));
    let ran = dry_run(&machine, &[], &s3, &kms).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(with_verdict(&ran, "unknown"), ["permissions"], "{ran:?}");
    let mut command = machine.program(COPY.iter().chain(&["--dry-run", "--output", "json"]));
    command.env("AWS_ENDPOINT_URL_S3", stub(move |_| s3.clone()).await);
    let ran = Ran::of(command.output().await.unwrap());
    let unknown = ["source version", "project policy", "permissions"];
    assert_eq!((ran.code, with_verdict(&ran, "unknown")), (Some(0), unknown.map(str::to_owned).to_vec()));
    assert_eq!(machine.copies(), 0);
    assert_eq!(machine.sandbox.project(SOURCE).unwrap().policies.len(), 1);
    assert_eq!(machine.run(["list", "--all", "--output", "json"]).await.out, "[]\n");
}

#[tokio::test]
async fn the_sandbox_has_no_bucket_to_ask_about() {
    let machine = Machine::new(1).await;
    let ran = machine.run(COPY.iter().chain(&["--dry-run", "--output", "json"])).await;
    assert_eq!((ran.code, with_verdict(&ran, "found")), (Some(0), Vec::new()), "{ran:?}");
    assert!(with_verdict(&ran, "unknown").contains(&"bucket".to_owned()), "{ran:?}");
}

#[tokio::test]
async fn it_finds_what_is_in_the_way() {
    let machine = Machine::new(1).await;
    let found = async |changes: &[(&str, &str)]| {
        let ran = dry_run(&machine, changes, &bucket(200, "us-east-1"), &key_in_state("Enabled")).await;
        let found = with_verdict(&ran, "found");
        assert_eq!(ran.code, Some(if found.is_empty() { 0 } else { 8 }), "{ran:?}");
        found
    };
    assert!(found(&[]).await.is_empty());
    let missing = SOURCE_VERSION.replace("1762077600000", "1762077600001");
    assert_eq!(found(&[(SOURCE_VERSION, &missing)]).await, ["source version"]);
    let missing = DESTINATION.replace("1761991200000", "1761991200001");
    assert_eq!(found(&[(DESTINATION, &missing)]).await, ["destination project"]);
    let elsewhere = KEY.replace("us-east-1", "eu-west-1");
    assert_eq!(found(&[(KEY, &elsewhere)]).await, ["key"]);
    machine.sandbox.set_status(SOURCE_VERSION, "TRAINING_IN_PROGRESS", None);
    assert_eq!(found(&[]).await, ["source version"]);
}

#[tokio::test]
async fn it_asks_s3_and_kms_and_takes_no_refusal_for_an_answer() {
    let machine = Machine::new(1).await;
    let refused = answer(400, "", r#"{"__type": "AccessDeniedException", "message": "no"}"#);
    let missing = answer(400, "", r#"{"__type": "NotFoundException", "message": "no"}"#);
    for (s3, verdict) in [
        (bucket(301, "eu-west-1"), "found"),
        (bucket(403, "eu-west-1"), "found"),
        (bucket(404, "us-east-1"), "found"),
        (bucket(403, "us-east-1"), "unknown"),
    ] {
        let ran = dry_run(&machine, &[], &s3, &key_in_state("Enabled")).await;
        assert!(with_verdict(&ran, verdict).contains(&"bucket".to_owned()), "{s3:?}: {ran:?}");
    }
    for (kms, verdict) in [
        (key_in_state("Disabled"), "found"),
        (key_in_state("PendingDeletion"), "found"),
        (missing, "found"),
        (refused, "unknown"),
    ] {
        let ran = dry_run(&machine, &[], &bucket(200, "us-east-1"), &kms).await;
        assert!(with_verdict(&ran, verdict).contains(&"key".to_owned()), "{kms:?}: {ran:?}");
    }
}
