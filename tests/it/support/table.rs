//! The adapter of the ledger on a table of its own, in the DynamoDB that the sandbox embeds. A test of the template checks
//! that the sandbox defines the table as template.yaml does.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::aws::{DynamoDb, SystemClock};
use rekognition_model_copier::domain::record::{Record, Step};
use rekognition_model_copier::domain::times::Times;
use rekognition_model_copier::ports::{Created, Entry, Ledger};
use sandbox::{Sandbox, World};

use super::{ACCOUNT, TABLE, sdk};

/// How long an ended record is kept.
pub const RETENTION: SignedDuration = SignedDuration::from_hours(90 * 24);

pub struct Table {
    pub ledger: DynamoDb,
    pub client: Client,
    _sandbox: Sandbox,
}

impl Table {
    pub async fn new() -> Self {
        let sandbox = Sandbox::start(World::small()).await.unwrap();
        sandbox.create_ledger(ACCOUNT, TABLE).unwrap();
        let config = sdk(&sandbox.endpoint(), ACCOUNT);
        Self {
            ledger: DynamoDb::new(&config, SystemClock, TABLE, Times::default(), RETENTION),
            client: Client::new(&config),
            _sandbox: sandbox,
        }
    }

    pub async fn item(&self, id: &str) -> HashMap<String, AttributeValue> {
        let get = self.client.get_item().table_name(TABLE).consistent_read(true);
        get.key("id", AttributeValue::S(id.to_owned())).send().await.unwrap().item.unwrap()
    }

    /// Writes an item past the adapter.
    pub async fn put(&self, item: HashMap<String, AttributeValue>) {
        self.client.put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
    }

    pub async fn create(&self, record: &Record) {
        assert_eq!(self.ledger.create(record).await, Ok(Created::New(record.clone())));
    }

    /// Returns every entry that is due for a step, and the number of pages that the query took.
    pub async fn due(&self, step: Step, now: Timestamp) -> (Vec<Entry>, usize) {
        let (mut entries, mut cursor, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = self.ledger.due(step, now, cursor).await.unwrap();
            entries.extend(page.items);
            pages += 1;
            cursor = page.next;
            if cursor.is_none() {
                return (entries, pages);
            }
        }
    }

    pub async fn expect_due(&self, step: Step, now: Timestamp, ids: &[&str]) {
        let (entries, _) = self.due(step, now).await;
        let found: Vec<_> = entries.into_iter().map(|entry| entry.key.request_id).collect();
        assert_eq!(found, ids, "due for {}", step.as_str());
    }
}
