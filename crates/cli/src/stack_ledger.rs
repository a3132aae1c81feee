//! Reads the ledger of a stack: one record, the records that have not ended, or every record.
//!
//! It never writes. The functions' ledger repairs items that it reads; a command that only shows must not do that.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use rekognition_model_copier::aws::item::{self, Item};
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::record::{Record, Step};
use tokio::task::JoinSet;

use crate::exit::{Failure, OrFailure};
use crate::records::Records;
use crate::session::Session;

/// How many segments of the table are scanned in parallel. Each holds one page of at most 1 MB in memory.
const SEGMENTS: i32 = 8;
/// The most items of one BatchGetItem call.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
const ITEMS_PER_CALL: usize = 100;

/// The ledger of a stack.
#[derive(Clone, Debug)]
pub struct StackLedger {
    client: Client,
    table: String,
}

impl StackLedger {
    /// The ledger in this table of the session's account.
    pub fn new(session: &Session, table: &str) -> Self {
        Self { client: Client::new(&session.config.shared), table: table.to_owned() }
    }

    /// The record with this key, by one consistent GetItem.
    ///
    /// # Errors
    /// If the table or the record cannot be read.
    pub async fn load(&self, key: &RecordKey) -> Result<Option<Record>, Failure> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let found = get.key("id", AttributeValue::S(key.to_string())).send().await;
        let found = found.or_failure(self.not_read())?;
        Ok(found.item.as_ref().map(item::read).transpose()?)
    }

    /// The records that need another step, by queries of the index.
    pub(crate) async fn unfinished(&self) -> Result<Records, Failure> {
        // A record whose step changes between two queries is in both answers.
        let mut ids = BTreeSet::new();
        for &step in Step::ALL {
            let query = self
                .client
                .query()
                .table_name(&self.table)
                .index_name("due")
                .key_condition_expression("#step = :step")
                .expression_attribute_names("#step", "step")
                .expression_attribute_values(":step", AttributeValue::S(step.as_str().to_owned()));
            let mut items = query.into_paginator().items().send();
            while let Some(found) = items.next().await {
                let found = found.or_failure(self.not_read())?;
                ids.extend(item::string(&found, "id").map(str::to_owned));
            }
        }
        let keys: Vec<Item> =
            ids.into_iter().map(|id| Item::from([("id".into(), AttributeValue::S(id))])).collect();
        let mut records = Records::default();
        for keys in keys.chunks(ITEMS_PER_CALL) {
            let mut left = keys.to_vec();
            while !left.is_empty() {
                let wanted = KeysAndAttributes::builder().set_keys(Some(left)).build();
                let wanted = wanted.map_err(|error| Failure::Error(error.to_string()))?;
                let get = self.client.batch_get_item().request_items(&self.table, wanted);
                let found = get.send().await.or_failure(self.not_read())?;
                let items = found.responses.unwrap_or_default().into_values().flatten();
                items.for_each(|item| records.add(item::read(&item), |record| record.next_step().is_some()));
                let unprocessed = found.unprocessed_keys.unwrap_or_default().into_values();
                left = unprocessed.flat_map(|keys| keys.keys).collect();
            }
        }
        records.sort();
        Ok(records)
    }

    /// The records that `is_wanted` admits, by a parallel scan, and how many items it read.
    pub(crate) async fn scan(
        &self,
        is_wanted: impl Fn(&Record) -> bool + Clone + Send + 'static,
    ) -> Result<(Records, usize), Failure> {
        let mut segments = JoinSet::new();
        for segment in 0..SEGMENTS {
            let (ledger, is_wanted) = (self.clone(), is_wanted.clone());
            segments.spawn(async move { ledger.scan_segment(segment, is_wanted).await });
        }
        let (mut records, mut count) = (Records::default(), 0);
        while let Some(segment) = segments.join_next().await {
            let segment = segment.map_err(|error| Failure::Error(format!("the scan failed: {error}")))?;
            let (found, read) = segment?;
            records.extend(found);
            count += read;
        }
        records.sort();
        Ok((records, count))
    }

    async fn scan_segment(
        &self,
        segment: i32,
        is_wanted: impl Fn(&Record) -> bool,
    ) -> Result<(Records, usize), Failure> {
        let scan = self.client.scan().table_name(&self.table).segment(segment).total_segments(SEGMENTS);
        // The other attributes are derived from `record`.
        let scan = scan.projection_expression("id, #record").expression_attribute_names("#record", "record");
        let (mut records, mut count) = (Records::default(), 0);
        let mut pages = scan.into_paginator().send();
        while let Some(page) = pages.next().await {
            let items = page.or_failure(self.not_read())?.items.unwrap_or_default();
            count += items.len();
            items.iter().for_each(|item| records.add(item::read(item), &is_wanted));
        }
        Ok((records, count))
    }

    fn not_read(&self) -> String {
        format!("the ledger `{}` cannot be read", self.table)
    }
}
