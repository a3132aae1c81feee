//! What goes wrong on the way, and heals by itself.

use super::*;

#[tokio::test]
async fn a_policy_that_takes_time_to_be_seen_is_waited_for() {
    let copier = deployed().await;
    copier.sandbox().set_settings(Settings { policy_delay: seconds(40), ..Settings::default() });
    copier.send(&[&request("v1")]).await;
    assert_eq!(copier.words("v1"), ["QUEUED"]);
    assert_eq!(copier.last("v1")["failure"]["code"], "AccessDeniedException");
    copier.pass(seconds(60)).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["QUEUED", "STARTED"]);
    assert_eq!(changes(&copier, 0).len(), 1, "the grant was kept meanwhile");
}

#[tokio::test]
async fn a_put_whose_answer_is_lost_is_found_and_not_put_twice() {
    let copier = deployed().await;
    copier.sandbox().fault(Fault::new("rekognition:PutProjectPolicy", Effect::LoseAnswer).on_call(1));
    copier.send(&[&request("v1")]).await;
    assert_eq!(copier.words("v1"), ["STARTED"]);
    assert_eq!(changes(&copier, 0).len(), 1);
}

#[tokio::test]
async fn an_account_that_does_not_answer_makes_a_request_wait_and_not_fail() {
    let copier = deployed().await;
    copier.sandbox().fault(Fault::new("sts:AssumeRole", Effect::LoseAnswer));
    copier.send(&[&request("v1")]).await;
    let queued = copier.last("v1");
    assert_eq!((&queued["status"], &queued["failure"]["code"]), (&json!("QUEUED"), &json!("NotGranted")));
    copier.sandbox().clear_faults();
    copier.pass(minutes(5)).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["QUEUED", "STARTED"]);
}

#[tokio::test]
async fn the_grant_of_a_request_that_vanished_is_withdrawn_by_the_next_sweep() {
    let copier = deployed().await;
    copier.send(&[&request("v1")]).await;
    assert_eq!(policies(&copier).len(), 1);
    let key = aws_sdk_dynamodb::types::AttributeValue::S(format!("{ACCOUNT}#v1"));
    copier.ledger().delete_item().table_name(crate::support::TABLE).key("id", key).send().await.unwrap();
    copier.sweep().await;
    assert_eq!(policies(&copier), []);
}

#[tokio::test]
async fn a_policy_of_ours_that_somebody_widened_is_put_right() {
    let copier = deployed().await;
    copier.send(&[&request("v1")]).await;
    let ours = policies(&copier);
    copier.sandbox().change(|world| {
        let project = world.projects.iter_mut().find(|project| project.project_arn.to_string() == SOURCE);
        let policy = &mut project.unwrap().policies[0];
        policy.document = policy
            .document
            .replace(SOURCE_VERSION, &SOURCE_VERSION.replace("flowers.2026-11-02/1762077600000", "*"));
    });
    assert_ne!(policies(&copier), ours);
    copier.sweep().await;
    assert_eq!(policies(&copier), ours);
}

#[tokio::test]
async fn a_session_that_has_ended_is_opened_anew() {
    let copier = deployed().await;
    copier.send(&[&request_for(0)]).await;
    copier.pass(minutes(61)).await;
    copier.sweep().await;
    copier.sweep().await;
    copier.sweep().await;
    assert_eq!(policies(&copier), []);
}

#[tokio::test]
async fn a_withdrawal_that_fails_half_way_is_made_good_by_the_next_sweep() {
    let copier = deployed().await;
    copier.sandbox().set_settings(Settings { copying: minutes(30), ..Settings::default() });
    copier.send(&[&request("v1")]).await;
    copier.pass(minutes(21)).await;
    copier.sweep().await;
    let grants = copier.item_by_key(&format!("grants#{SOURCE}")).await.unwrap();
    assert!(
        grants["grants"].as_s().unwrap().contains("settledAt"),
        "they are at rest, and looked after hourly"
    );
    copier.pass(minutes(10)).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["STARTED", "COMPLETED"]);

    copier
        .sandbox()
        .fault(Fault::new("dynamodb:PutItem", Effect::error("InternalServerError")).containing("grants#"));
    copier.sweep().await;
    assert_eq!(policies(&copier).len(), 1);
    copier.sandbox().clear_faults();
    copier.sweep().await;
    assert_eq!(policies(&copier), []);
}

#[tokio::test]
async fn a_role_that_is_gone_is_told_by_every_sweep_until_the_grants_are_removed() {
    let copier = deployed().await;
    copier.send(&[&request("v1")]).await;
    copier.pass(seconds(31)).await;
    copier.sandbox().change(|world| world.roles[0].role_arn.push_str("-elsewhere"));
    for _ in 0..3 {
        let before = copier.sandbox().calls().len();
        let report = copier.sweep().await;
        assert_eq!(report["policyErrors"], 1, "{report}");
        let calls = copier.sandbox().calls().split_off(before);
        let asked = calls
            .iter()
            .filter(|call| call.account == crate::support::REQUESTER || call.action == "sts:AssumeRole");
        assert_eq!(asked.count(), 1, "what a role that is gone costs a sweep: {calls:?}");
    }
    assert_eq!(copier.words("v1"), ["STARTED", "COMPLETED"]);
    let told = measured(&copier, "PolicyErrors", &["Service"]);
    assert_eq!(told.iter().filter(|line| line["PolicyErrors"] == 1).count(), 3);

    // As docs/operate.md has it, under policy-errors.
    let key = format!("grants#{SOURCE}");
    let grants = copier.item_by_key(&key).await.unwrap();
    assert!(grants["grants"].as_s().unwrap().contains(r#""holders":[]"#), "{grants:?}");
    let key = aws_sdk_dynamodb::types::AttributeValue::S(key);
    copier.ledger().delete_item().table_name(crate::support::TABLE).key("id", key).send().await.unwrap();
    let report = copier.sweep().await;
    assert_eq!(report["policyErrors"], 0, "{report}");
}
