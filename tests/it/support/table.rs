//! A ledger in a table of its own: in the DynamoDB embedded in the sandbox, or in the one that
//! `AWS_ENDPOINT_URL_DYNAMODB` names. The table is defined as in the sandbox, and so as in the template.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    Projection, ProjectionType, ScalarAttributeType, TableStatus,
};
use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::aws::{Configuration, DynamoDb, SystemClock};
use rekognition_model_copier::domain::record::{Record, Step};
use rekognition_model_copier::domain::times::Times;
use rekognition_model_copier::ports::{Created, Entry, Ledger};
use sandbox::{Sandbox, World, ledger_table};
use serde_json::Value;

use super::{ACCOUNT, sdk};

/// How long an ended record stays.
pub const RETENTION: SignedDuration = SignedDuration::from_hours(90 * 24);

/// A ledger in a table of its own.
pub struct Table {
    pub ledger: DynamoDb,
    pub client: Client,
    pub name: String,
    _sandbox: Option<Sandbox>,
}

impl Table {
    pub async fn new() -> Self {
        let (config, sandbox) = if std::env::var_os("AWS_ENDPOINT_URL_DYNAMODB").is_some() {
            (Configuration::from_env().unwrap().shared, None)
        } else {
            let sandbox = Sandbox::start(World::small()).await.unwrap();
            (sdk(&sandbox.endpoint(), ACCOUNT), Some(sandbox))
        };
        let name = unique_name();
        create_table(&config, &name).await;
        let client = Client::new(&config);
        Self {
            ledger: DynamoDb::new(&config, SystemClock, &name, Times::default(), RETENTION),
            client,
            name,
            _sandbox: sandbox,
        }
    }

    pub async fn delete(self) {
        self.client.delete_table().table_name(&self.name).send().await.unwrap();
    }

    pub async fn item(&self, id: &str) -> HashMap<String, AttributeValue> {
        let get = self.client.get_item().table_name(&self.name).consistent_read(true);
        get.key("id", AttributeValue::S(id.to_owned())).send().await.unwrap().item.unwrap()
    }

    pub async fn put(&self, item: &[(&str, AttributeValue)]) {
        let item = item.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        self.client.put_item().table_name(&self.name).set_item(Some(item)).send().await.unwrap();
    }

    /// Creates a record as it is.
    pub async fn create(&self, record: &Record) {
        assert_eq!(self.ledger.create(record).await, Ok(Created::New(record.clone())));
    }

    /// Everything due for a step, page by page, and how many pages that took.
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

    /// Expects that exactly these are due. The index may lag behind in a DynamoDB that isn't embedded.
    pub async fn expect_due(&self, step: Step, now: Timestamp, ids: &[&str]) {
        let mut found = Vec::new();
        for _ in 0..50 {
            let (entries, _) = self.due(step, now).await;
            found = entries.into_iter().map(|entry| entry.key.request_id).collect();
            if found == ids {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(found, ids, "due for {}", step.as_str());
    }
}

fn unique_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = Timestamp::now().as_microsecond();
    format!("ledger-contract-{now}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The table as the sandbox, and so the template, defines it.
async fn create_table(config: &SdkConfig, name: &str) {
    let definition = ledger_table(ACCOUNT, name).definition;
    let index = &definition["GlobalSecondaryIndexes"][0];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = |value: &Value| value.as_array().unwrap().clone();
    let keys = |of: &Value| {
        let key = |key: &Value| {
            let element = KeySchemaElement::builder().attribute_name(text(&key["AttributeName"]));
            element.key_type(KeyType::from(text(&key["KeyType"]).as_str())).build().unwrap()
        };
        list(&of["KeySchema"]).iter().map(key).collect::<Vec<_>>()
    };
    let attribute = |attribute: &Value| {
        let definition = AttributeDefinition::builder().attribute_name(text(&attribute["AttributeName"]));
        let kind = ScalarAttributeType::from(text(&attribute["AttributeType"]).as_str());
        definition.attribute_type(kind).build().unwrap()
    };
    let projected = list(&index["Projection"]["NonKeyAttributes"]).iter().map(text).collect();
    let projection = Projection::builder()
        .projection_type(ProjectionType::from(text(&index["Projection"]["ProjectionType"]).as_str()))
        .set_non_key_attributes(Some(projected))
        .build();
    let index = GlobalSecondaryIndex::builder()
        .index_name(text(&index["IndexName"]))
        .set_key_schema(Some(keys(index)))
        .projection(projection)
        .build()
        .unwrap();
    let client = Client::new(config);
    let create = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    create
        .set_attribute_definitions(Some(
            list(&definition["AttributeDefinitions"]).iter().map(attribute).collect(),
        ))
        .set_key_schema(Some(keys(&definition)))
        .global_secondary_indexes(index)
        .send()
        .await
        .unwrap();
    loop {
        let table = client.describe_table().table_name(name).send().await.unwrap().table.unwrap();
        if table.table_status == Some(TableStatus::Active) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}
