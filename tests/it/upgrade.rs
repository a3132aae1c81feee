//! Tests of an upgrade: the functions finish the requests that earlier releases left unfinished, and change no announcement.
//!
//! `tests/it/releases` has a file for each release: its ledger with records in every state, and Rekognition's versions. `UPDATE_RECORDS=1 cargo test --workspace --test it upgrade` writes the file of the version in Cargo.toml.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use sandbox::{CopyEnd, Effect, Fault, Status, World};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::{COPY, Copier, DESTINATION, Item, TABLE, minutes, project, request, root, with};

/// The ids of the requests, and the status that each must still get.
const REQUESTS: [(&str, Option<&str>); 11] = [
    ("completed", None),
    ("failed", None),
    ("overdue", Some("TIMED_OUT")),
    ("missing", Some("FAILED")),
    ("unpublished", Some("COMPLETED")),
    ("rejected", Some("REJECTED")),
    ("copying", Some("COMPLETED")),
    ("answer-lost", Some("COMPLETED")),
    ("answer-unrecorded", Some("COMPLETED")),
    ("throttled", Some("COMPLETED")),
    ("denied", Some("COMPLETED")),
];

/// The ledger of a release at one moment, and the world around it.
#[derive(Serialize, Deserialize)]
struct InFlight {
    at: Timestamp,
    requests: Vec<Value>,
    /// Items in the form of `aws dynamodb scan`.
    items: Vec<BTreeMap<String, Value>>,
    world: World,
}

impl InFlight {
    /// Lets the present code make the records.
    async fn make() -> Self {
        let copier = Copier::deployed_in(World::small(), "2026-11-30T08:00:00Z".parse().unwrap()).await;
        let sandbox = copier.sandbox();
        let empty_prefix = json!({"outputConfig": {"s3Bucket": "somebody-elses-bucket", "s3KeyPrefix": ""}});
        let requests = REQUESTS.map(|(id, _)| match id {
            "rejected" => with(request(id), empty_prefix.clone()),
            _ => request(id),
        });
        let send = async |id: &str| {
            let request = requests.iter().find(|request| request["requestId"] == id);
            copier.send([request.unwrap()]).await;
        };
        let ends = |status, after| Effect::EndCopy(CopyEnd { status, status_message: None, after });
        sandbox.fault(Fault::new(COPY, ends(Status::CopyingFailed, None)).containing("failed"));
        let never = Some(SignedDuration::from_hours(1000));
        sandbox.fault(Fault::new(COPY, ends(Status::CopyingCompleted, never)).containing("overdue"));
        for id in ["completed", "failed", "overdue"] {
            send(id).await;
        }
        copier.sweep_after(minutes(121)).await;

        send("missing").await;
        send("unpublished").await;
        sandbox.change(|world| {
            let versions = &mut project(world, DESTINATION).versions;
            versions.retain(|version| version.project_version_arn.version_name() != "missing");
        });
        copier.pass(minutes(1));
        sandbox.fault(Fault::new("events:PutEvents", Effect::error("AccessDeniedException")));
        copier.sweep().await;
        send("rejected").await;
        sandbox.clear_faults();

        sandbox.fault(Fault::new(COPY, Effect::LoseAnswer).containing("answer-lost"));
        let refused = Effect::error("AccessDeniedException");
        let second_write = Fault::new("dynamodb:PutItem", refused.clone()).on_call(2);
        sandbox.fault(second_write.containing("#answer-unrecorded"));
        sandbox.fault(Fault::new(COPY, Effect::error("ThrottlingException")).containing("throttled"));
        sandbox.fault(Fault::new(COPY, refused).containing("denied"));
        for id in ["copying", "answer-lost", "answer-unrecorded", "throttled", "denied"] {
            send(id).await;
        }
        let mut items: Vec<_> = copier.items().await.iter().map(shown).collect();
        items.sort_by_key(|item| item["id"].to_string());
        let mut world = sandbox.world();
        // The present code defines the table.
        world.tables.clear();
        Self { at: sandbox.clock().now(), requests: requests.into(), items, world }
    }

    /// Deploys the present functions on this ledger.
    async fn deploy(&self) -> Copier {
        let copier = Copier::deployed_in(self.world.clone(), self.at).await;
        for item in &self.items {
            let put = copier.ledger().put_item().table_name(TABLE);
            put.set_item(Some(item.iter().map(attribute).collect())).send().await.unwrap();
        }
        copier
    }
}

fn shown(item: &Item) -> BTreeMap<String, Value> {
    let show = |value: &AttributeValue| match value {
        AttributeValue::S(text) => json!({"S": text}),
        AttributeValue::N(number) => json!({"N": number}),
        other => panic!("no item has {other:?}"),
    };
    item.iter().map(|(name, value)| (name.clone(), show(value))).collect()
}

fn attribute((name, value): (&String, &Value)) -> (String, AttributeValue) {
    let text = |kind: &str| value.get(kind).and_then(Value::as_str).map(str::to_owned);
    let read = text("S").map(AttributeValue::S).or_else(|| text("N").map(AttributeValue::N));
    (name.clone(), read.unwrap())
}

#[tokio::test]
async fn the_present_release_has_a_file_of_records() {
    let file = root().join(concat!("tests/it/releases/", env!("CARGO_PKG_VERSION"), ".json"));
    if std::env::var_os("UPDATE_RECORDS").is_some() {
        let made = serde_json::to_string_pretty(&InFlight::make().await).unwrap();
        std::fs::write(&file, made + "\n").unwrap();
    }
    assert!(file.is_file(), "`{}` is missing: write it with UPDATE_RECORDS=1", file.display());
}

#[tokio::test]
async fn unfinished_requests_of_earlier_releases_are_finished() {
    for release in std::fs::read_dir(root().join("tests/it/releases")).unwrap() {
        let release = release.unwrap().path();
        let in_flight: InFlight = serde_json::from_slice(&std::fs::read(&release).unwrap()).unwrap();
        let copier = in_flight.deploy().await;
        // Each redelivered request has the fingerprint of its record, so it starts nothing.
        copier.send(&in_flight.requests).await;
        assert_eq!(copier.calls(COPY), 0);
        for pause in [25, 25, 25 * 60, 0] {
            copier.sweep().await;
            copier.pass(minutes(pause));
        }
        let outcomes = REQUESTS.map(|(id, _)| (id, copier.statuses(id).pop()));
        assert_eq!(outcomes, REQUESTS.map(|(id, end)| (id, end.map(str::to_owned))), "{}", release.display());
        assert_eq!(copier.calls(COPY), 2, "only the two waiting requests are started");
        let items = copier.items().await;
        assert!(items.iter().all(|item| !item.contains_key("step")), "no record is due");
        assert_eq!(copier.logged("ERROR"), Vec::<Value>::new());
    }
}
