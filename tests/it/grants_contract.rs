//! What the copier relies on from its ledger for grants, held against a DynamoDB as in `ledger_contract.rs`.

use crate::support::table::{RETENTION, Table};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::grant::{AUDIT, Grants};
use rekognition_model_copier::domain::record::Step;
use rekognition_model_copier::ports::Ledger;
use serde_json::json;

/// Ten o'clock and so many seconds.
fn at(seconds: i64) -> Timestamp {
    let ten: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
    ten + SignedDuration::from_secs(seconds)
}

fn project(name: &str) -> ProjectArn {
    ProjectArn::parse(&crate::support::SOURCE.replace("flowers", name)).unwrap()
}

/// The grants of a project as the ledger holds them: one request may copy one version of it.
fn grants(name: &str, changed_at: Timestamp) -> Grants {
    let key = json!({"sender": crate::support::REQUESTER, "requestId": "release-1"});
    let version = crate::support::SOURCE_VERSION.replace(":project/flowers/", &format!(":project/{name}/"));
    let json = json!({
        "projectArn": project(name),
        "revision": 0,
        "holders": [{"key": key, "projectVersionArn": version}],
        "changedAt": changed_at,
    });
    serde_json::from_value(json).unwrap()
}

async fn saved(table: &Table, grants: Grants) -> Grants {
    table.ledger.save_grants(grants).await.unwrap().unwrap()
}

/// Everything due, page by page.
async fn due(table: &Table, now: Timestamp) -> Vec<ProjectArn> {
    let (mut projects, mut cursor) = (Vec::new(), None);
    loop {
        let page = table.ledger.grants_due(now, cursor).await.unwrap();
        projects.extend(page.projects);
        cursor = page.next;
        if cursor.is_none() {
            return projects;
        }
    }
}

/// Expects that exactly these are due. The index may lag behind in a DynamoDB that isn't embedded.
async fn expect_due(table: &Table, now: Timestamp, names: &[&str]) {
    let expected: Vec<ProjectArn> = names.iter().map(|name| project(name)).collect();
    for _ in 0..50 {
        if due(table, now).await == expected {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(due(table, now).await, expected);
}

#[tokio::test]
async fn grants_are_read_as_they_were_written_and_none_are_none() {
    let table = Table::new().await;
    assert_eq!(table.ledger.grants(&project("flowers")).await, Ok(None));
    let first = saved(&table, grants("flowers", at(0))).await;
    assert_eq!(first, Grants { revision: 1, ..grants("flowers", at(0)) });
    assert_eq!(table.ledger.grants(&project("flowers")).await, Ok(Some(first)));
    assert_eq!(table.ledger.grants(&project("roses")).await, Ok(None));
    table.delete().await;
}

#[tokio::test]
async fn only_who_knows_the_latest_revision_of_grants_writes_the_next() {
    let table = Table::new().await;
    let first = saved(&table, grants("flowers", at(0))).await;
    assert_eq!(table.ledger.save_grants(grants("flowers", at(1))).await, Ok(None), "they are there already");
    let second = saved(&table, first.clone().changing(at(2))).await;
    assert_eq!(second.revision, 2);
    assert_eq!(table.ledger.save_grants(first.changing(at(3))).await, Ok(None));
    assert_eq!(table.ledger.grants(&project("flowers")).await, Ok(Some(second)));
    table.delete().await;
}

#[tokio::test]
async fn our_own_write_of_grants_sent_twice_is_one_write() {
    let table = Table::new().await;
    for _ in 0..2 {
        assert_eq!(saved(&table, grants("flowers", at(0))).await.revision, 1);
    }
    let next = Grants { revision: 1, ..grants("flowers", at(1)) };
    for _ in 0..2 {
        assert_eq!(saved(&table, next.clone()).await.revision, 2);
    }
    table.delete().await;
}

#[tokio::test]
async fn grants_that_are_due_come_longest_due_first_and_no_record_comes_with_them() {
    let table = Table::new().await;
    for (name, changed) in [("later", 2), ("first", -10), ("now", 0), ("second", -5)] {
        saved(&table, grants(name, at(changed))).await;
    }
    expect_due(&table, at(0), &["first", "second", "now"]).await;
    expect_due(&table, at(-11), &[]).await;
    for step in Step::ALL {
        table.expect_due(step, at(100), &[]).await;
    }
    table.delete().await;
}

#[tokio::test]
async fn settled_grants_are_due_again_later_and_those_that_nobody_holds_expire() {
    let table = Table::new().await;
    let fresh = saved(&table, grants("flowers", at(0))).await;
    let settled = saved(&table, Grants { settled_at: Some(at(60)), ..fresh }).await;
    expect_due(&table, at(61), &[]).await;
    expect_due(&table, at(60) + AUDIT, &["flowers"]).await;
    let over = saved(&table, Grants { holders: Vec::new(), ..settled }).await;
    expect_due(&table, at(60) + AUDIT, &[]).await;
    let item = table.item(&format!("grants#{}", over.project_arn)).await;
    assert_eq!((item.get("step"), item.get("due")), (None, None));
    let expires_at = (at(0) + RETENTION).as_second();
    assert_eq!(item["expiresAt"], AttributeValue::N(expires_at.to_string()));
    table.delete().await;
}

#[tokio::test]
async fn grants_that_cannot_be_read_are_an_error_and_not_none() {
    let table = Table::new().await;
    let id = format!("grants#{}", project("flowers"));
    table.put(&[("id", AttributeValue::S(id)), ("revision", AttributeValue::N("1".into()))]).await;
    table.ledger.grants(&project("flowers")).await.unwrap_err();
    assert_eq!(table.ledger.save_grants(grants("flowers", at(0))).await, Ok(None));
    table.delete().await;
}
