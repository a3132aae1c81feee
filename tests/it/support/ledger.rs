//! Reads the ledger as items of a DynamoDB table. It uses Scan, which the functions never call, so that a test can count the
//! functions' own calls.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;

use super::{ACCOUNT, TABLE, sdk};

pub type Item = HashMap<String, AttributeValue>;

pub fn client(endpoint: &str) -> Client {
    Client::new(&sdk(endpoint, ACCOUNT))
}

pub async fn items(client: &Client) -> Vec<Item> {
    client.scan().table_name(TABLE).send().await.unwrap().items.unwrap_or_default()
}

pub async fn item(client: &Client, id: &str) -> Option<Item> {
    items(client).await.into_iter().find(|item| item["id"].as_s().unwrap() == id)
}
