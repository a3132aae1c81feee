//! Where the program takes credentials from: a process, and a role that another profile assumes.

use std::os::unix::fs::PermissionsExt;

use sandbox::Role;

use crate::support::{ACCOUNT, Machine, Ran, SOURCE, SOURCE_ACCOUNT};

/// Lists the policies of the source project with the rights of this profile, and no keys in the environment.
async fn policies(machine: &Machine, config: &str, profile: &str) -> Ran {
    std::fs::write(machine.state().join("config"), config).unwrap();
    let mut command = machine.program([
        "policies",
        "--source-project",
        SOURCE,
        "--source-profile",
        profile,
        "--output",
        "json",
    ]);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    Ran::of(command.output().await.unwrap())
}

#[tokio::test]
async fn a_process_gives_credentials() {
    let machine = Machine::new(1).await;
    let process = machine.state().join("process");
    let script = format!(
        "#!/bin/sh\necho '{{\"Version\": 1, \"AccessKeyId\": \"{SOURCE_ACCOUNT}\", \"SecretAccessKey\": \"sandbox\"}}'\n"
    );
    std::fs::write(&process, script).unwrap();
    std::fs::set_permissions(&process, std::fs::Permissions::from_mode(0o700)).unwrap();
    let config = format!("[profile vault]\ncredential_process = {}\n", process.display());
    let ran = policies(&machine, &config, "vault").await;
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "[]\n"), "{ran:?}");
    std::fs::write(&process, "#!/bin/sh\nexit 1\n").unwrap();
    let ran = policies(&machine, &config, "vault").await;
    assert_eq!(ran.code, Some(7), "{ran:?}");
}

#[tokio::test]
async fn a_profile_assumes_a_role_with_the_credentials_of_another() {
    let machine = Machine::new(1).await;
    let role = format!("arn:aws:iam::{SOURCE_ACCOUNT}:role/operator");
    let statement =
        |rest: &str| format!(r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", {rest}}}]}}"#);
    let trusted =
        format!(r#""Action": "sts:AssumeRole", "Principal": {{"AWS": "arn:aws:iam::{ACCOUNT}:root"}}"#);
    machine.sandbox.change(|world| {
        world.roles.push(Role {
            role_arn: role.clone(),
            trust: statement(&trusted),
            policy: statement(r#""Action": "rekognition:ListProjectPolicies", "Resource": "*""#),
        });
    });
    let config = |source: &str| format!("[profile operator]\nrole_arn = {role}\nsource_profile = {source}\n");
    let ran = policies(&machine, &config("production"), "operator").await;
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "[]\n"), "{ran:?}");
    let ran = policies(&machine, &config("stranger"), "operator").await;
    assert_eq!(ran.code, Some(7), "{ran:?}");
}
