//! The ledger in DynamoDB: one item per request. [`item`] describes the items.

pub mod item;
mod server_time;

use std::fmt::Debug;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use aws_sdk_dynamodb::{Client, Config};
use jiff::{SignedDuration, Timestamp};

use super::unavailable;
use crate::domain::id::RecordKey;
use crate::domain::record::{Record, Step};
use crate::domain::times::Times;
use crate::ports::{Clock, Created, Cursor, Entry, Ledger, Page, Unavailable};
use item::{Item, cursor, entry, number, read, start_key, string, text};
use server_time::ServerTime;

/// The name of the sparse index.
const INDEX: &str = "due";

/// A table.
#[derive(Clone, Debug)]
pub struct DynamoDb {
    client: Client,
    server_time: ServerTime,
    table: String,
    times: Times,
    retention: SignedDuration,
}

impl DynamoDb {
    /// The ledger in `table`. `times` decide when a poll needs the record. An ended record is kept for `retention`.
    /// The `Date` header of every answer is compared with `clock`.
    pub fn new<C: Clock + Debug + 'static>(
        config: &SdkConfig,
        clock: C,
        table: &str,
        times: Times,
        retention: SignedDuration,
    ) -> Self {
        let server_time = ServerTime::new(clock);
        let config = Config::from(config).to_builder().interceptor(server_time.clone()).build();
        Self { client: Client::from_conf(config), server_time, table: table.to_owned(), times, retention }
    }

    /// The record in an item.
    ///
    /// The other attributes are derived from the record. If they differ from it, the index shows the wrong step. Then
    /// they are written again, and the read fails, so that it is counted.
    async fn read_or_mend(&self, item: &Item) -> Result<Record, Unavailable> {
        let record = read(item)?;
        let derived = item::of_record(&record, &self.times, self.retention)?;
        if item::is_derived(item, &derived) {
            return Ok(record);
        }
        let id = string(item, "id").unwrap_or_default().to_owned();
        let json = item.get("record").cloned().unwrap_or(AttributeValue::Null(true));
        let unchanged = |put: PutItemFluentBuilder| {
            put.condition_expression("#record = :record")
                .expression_attribute_names("#record", "record")
                .expression_attribute_values(":record", json)
        };
        match self.put(derived, unchanged).await {
            Put::Done | Put::InTheWay(_) => Err(Unavailable(format!(
                "the attributes of item `{id}` were not those of its record: they were written again"
            ))),
            Put::Failed(error) => Err(error),
        }
    }

    /// Puts an item on a condition.
    async fn put(
        &self,
        item: Item,
        condition: impl FnOnce(PutItemFluentBuilder) -> PutItemFluentBuilder,
    ) -> Put {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match condition(put).send().await {
            Ok(_) => Put::Done,
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    Put::InTheWay(failed.item.clone().unwrap_or_default())
                }
                _ => Put::Failed(unavailable(error)),
            },
        }
    }
}

enum Put {
    Done,
    InTheWay(Item),
    Failed(Unavailable),
}

impl Ledger for DynamoDb {
    async fn create(&self, record: &Record) -> Result<Created, Unavailable> {
        let item = item::of_record(record, &self.times, self.retention)?;
        let json = item.get("record").cloned();
        match self.put(item, |put| put.condition_expression("attribute_not_exists(id)")).await {
            Put::Done => Ok(Created::New(record.clone())),
            // The SDK sent the same write again after its answer was lost.
            Put::InTheWay(item) if item.get("record") == json.as_ref() => Ok(Created::New(record.clone())),
            Put::InTheWay(item) => Ok(Created::Exists(read(&item)?)),
            Put::Failed(error) => Err(error),
        }
    }

    async fn load(&self, key: &RecordKey) -> Result<Option<Record>, Unavailable> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let found = get.key("id", text(key.to_string())).send().await.map_err(unavailable)?;
        match &found.item {
            Some(item) => self.read_or_mend(item).await.map(Some),
            None => Ok(None),
        }
    }

    async fn save(&self, record: Record) -> Result<Option<Record>, Unavailable> {
        let known = number(record.header().revision);
        let mut record = record;
        record.header_mut().revision += 1;
        let item = item::of_record(&record, &self.times, self.retention)?;
        let json = item.get("record").cloned();
        let on_revision = |put: PutItemFluentBuilder| {
            put.condition_expression("revision = :known").expression_attribute_values(":known", known)
        };
        match self.put(item, on_revision).await {
            Put::Done => Ok(Some(record)),
            Put::InTheWay(item) if item.get("record") == json.as_ref() => Ok(Some(record)),
            Put::InTheWay(_) => Ok(None),
            Put::Failed(error) => Err(error),
        }
    }

    async fn due(
        &self,
        step: Step,
        until: Timestamp,
        after: Option<Cursor>,
    ) -> Result<Page<Entry>, Unavailable> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(INDEX)
            .key_condition_expression("#step = :step AND #due <= :until")
            .expression_attribute_names("#step", "step")
            .expression_attribute_names("#due", "due")
            .expression_attribute_values(":step", text(step.as_str()))
            .expression_attribute_values(":until", number(until.as_millisecond()))
            .set_exclusive_start_key(after.and_then(|cursor| start_key(step.as_str(), &cursor)));
        let found = query.send().await.map_err(unavailable)?;
        let mut page = Page { next: found.last_evaluated_key.as_ref().and_then(cursor), ..Page::default() };
        for item in found.items.unwrap_or_default() {
            match entry(&item, step) {
                Some(entry) => page.items.push(entry),
                None => {
                    page.unreadable += 1;
                    // A read writes the attributes again, so that the next sweep sees the record.
                    if let Some(key) = string(&item, "id").and_then(RecordKey::parse) {
                        drop(self.load(&key).await);
                    }
                }
            }
        }
        Ok(page)
    }

    fn clock_skew(&self) -> SignedDuration {
        self.server_time.skew()
    }
}
