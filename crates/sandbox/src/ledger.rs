//! The table that rekognition-model-copier keeps its ledger in, as `template.yaml` makes it in AWS.

use serde_json::json;

use crate::world::Table;

/// The ledger table of `account`, named `name`.
pub fn ledger_table(account: &str, name: &str) -> Table {
    let definition = json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "step", "AttributeType": "S"},
            {"AttributeName": "due", "AttributeType": "N"},
        ],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [{
            "IndexName": "due",
            "KeySchema": [
                {"AttributeName": "step", "KeyType": "HASH"},
                {"AttributeName": "due", "KeyType": "RANGE"},
            ],
            "Projection": {
                "ProjectionType": "INCLUDE",
                "NonKeyAttributes": [
                    "requestedAt", "sourceProjectArn", "destinationProjectArn", "versionName", "projectVersionArn",
                    "checkAt",
                ],
            },
        }],
    });
    Table { account: account.to_owned(), definition, time_to_live_attribute: Some("expiresAt".to_owned()) }
}
