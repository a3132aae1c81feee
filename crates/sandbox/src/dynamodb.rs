//! DynamoDB: the embedded dynoxide, with a database in memory for each account, in sandbox time.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use dynoxide::{Database, DynoxideError};
use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::{
    answer::{Answer, AwsError},
    clock::Clock,
    world::{Table, WorldError},
};

pub(crate) const JSON: &str = "application/x-amz-json-1.0";

pub(crate) struct Databases {
    clock: Clock,
    by_account: Mutex<HashMap<String, Account>>,
}

struct Account {
    database: Database,
    swept_at: Timestamp,
}

/// Expired items are deleted at most this much later. AWS takes up to days.
const SWEEP_INTERVAL: SignedDuration = SignedDuration::from_mins(1);

impl std::fmt::Debug for Databases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Databases").finish_non_exhaustive()
    }
}

impl Databases {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, by_account: Mutex::default() }
    }

    /// The account's database without expired items. The first use creates it.
    fn database(&self, account: &str) -> Result<Database, DynoxideError> {
        let now = self.clock.now();
        let mut databases = self.by_account.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Account { database, swept_at }) = databases.get_mut(account) {
            if now.duration_since(*swept_at).abs() >= SWEEP_INTERVAL {
                *swept_at = now;
                database.sweep_ttl()?;
            }
            return Ok(database.clone());
        }
        let database = Database::memory_with_clock(Arc::new(self.clock.clone()))?;
        databases.insert(account.to_owned(), Account { database: database.clone(), swept_at: now });
        Ok(database)
    }

    /// Empties every database and creates these tables. If a table is refused, nothing changes.
    pub(crate) fn replace(&self, tables: &[Table]) -> Result<(), WorldError> {
        let fresh = Self::new(self.clock.clone());
        for table in tables {
            fresh.create(table)?;
        }
        let fresh = fresh.by_account.into_inner().unwrap_or_else(PoisonError::into_inner);
        *self.by_account.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    pub(crate) fn create(&self, table: &Table) -> Result<(), WorldError> {
        let create = || {
            let database = self.database(&table.account)?;
            call(&database, "CreateTable", &table.definition.to_string())?;
            if let Some(attribute) = &table.time_to_live_attribute {
                let name = table.definition.get("TableName").cloned().unwrap_or_default();
                let specification = json!({"Enabled": true, "AttributeName": attribute});
                let request = json!({"TableName": name, "TimeToLiveSpecification": specification});
                call(&database, "UpdateTimeToLive", &request.to_string())?;
            }
            Ok(())
        };
        create().map_err(|error: DynoxideError| WorldError::Table(error.to_string()))
    }

    pub(crate) fn answer(&self, region: &str, account: &str, operation: &str, body: &str) -> Answer {
        let body = replace_table_arn(body, region, account);
        let result = self.database(account).and_then(|database| call(&database, operation, &body));
        match result {
            Ok(body) if WITH_ARNS.contains(&operation) => {
                Answer::ok(JSON, body.replace(LOCAL, &format!(":{region}:{account}:")))
            }
            Ok(body) => Answer::ok(JSON, body),
            Err(error) => {
                // Not `short_error_code`, which is PartiQL's: clients compare the exception's name.
                let code = error.error_type().rsplit('#').next().unwrap_or_default();
                Answer::failed(error.status_code(), JSON, error.to_json(), code)
            }
        }
    }
}

/// The Region and account in dynoxide's ARNs of tables and keys.
const LOCAL: &str = ":dynoxide:000000000000:";
/// The operations that describe a table.
const WITH_ARNS: [&str; 4] = ["CreateTable", "DeleteTable", "DescribeTable", "UpdateTable"];

/// The request with the table's name. At AWS `TableName` may also be the table's ARN, which dynoxide refuses.
fn replace_table_arn<'a>(body: &'a str, region: &str, account: &str) -> Cow<'a, str> {
    let prefix = table_arn(region, account, "");
    let replace = || {
        let mut request: Map<String, Value> = serde_json::from_str(body).ok()?;
        let name = request.get("TableName")?.as_str()?.strip_prefix(&prefix)?.to_owned();
        request.insert("TableName".to_owned(), name.into());
        Some(Value::Object(request).to_string())
    };
    let replaced = if body.contains(&prefix) { replace() } else { None };
    replaced.map_or(Cow::Borrowed(body), Cow::Owned)
}

/// The ARN of the table or index in a request.
pub(crate) fn resources(region: &str, account: &str, body: &Value) -> Vec<String> {
    let Some(table) = body.get("TableName").and_then(Value::as_str) else { return Vec::new() };
    let table = if table.starts_with("arn:") { table.to_owned() } else { table_arn(region, account, table) };
    match body.get("IndexName").and_then(Value::as_str) {
        Some(index) => vec![format!("{table}/index/{index}")],
        None => vec![table],
    }
}

fn table_arn(region: &str, account: &str, table: &str) -> String {
    format!("arn:aws:dynamodb:{region}:{account}:table/{table}")
}

fn read<T: DeserializeOwned>(body: &str) -> Result<T, DynoxideError> {
    serde_json::from_str(body).map_err(|error| {
        let text = error.to_string();
        // dynoxide's request types begin some messages with the class of the error, such as `VALIDATION_AS_READ:`.
        let is_class = |class: &str| class.bytes().all(|b| b == b'_' || b.is_ascii_uppercase());
        let missing = ["missing field", "unknown variant", "invalid type: null", "Supplied AttributeValue"];
        let (is_validation, message) = match text.split_once(':').filter(|(class, _)| is_class(class)) {
            Some((class, message)) => {
                let end = message.find(" at line ").unwrap_or(message.len());
                (class.starts_with("VALIDATION"), message.get(..end).unwrap_or(message))
            }
            None => (missing.iter().any(|words| text.contains(words)), text.as_str()),
        };
        let class = if is_validation {
            DynoxideError::ValidationException
        } else {
            DynoxideError::SerializationException
        };
        class(message.to_owned())
    })
}

fn write<T: Serialize>(answer: &T) -> Result<String, DynoxideError> {
    serde_json::to_string(answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

macro_rules! operations {
    ($($operation:literal $method:ident,)*) => {
        pub(crate) const OPERATIONS: &[&str] = &[$($operation),*];

        fn call(database: &Database, operation: &str, body: &str) -> Result<String, DynoxideError> {
            match operation {
                $($operation => write(&database.$method(read(body)?)?),)*
                _ => Err(DynoxideError::InternalServerError(format!("`{operation}` is not dispatched"))),
            }
        }
    };
}

operations! {
    "BatchGetItem" batch_get_item,
    "BatchWriteItem" batch_write_item,
    "CreateTable" create_table,
    "DeleteItem" delete_item,
    "DeleteTable" delete_table,
    "DescribeTable" describe_table,
    "DescribeTimeToLive" describe_time_to_live,
    "GetItem" get_item,
    "ListTables" list_tables,
    "ListTagsOfResource" list_tags_of_resource,
    "PutItem" put_item,
    "Query" query,
    "Scan" scan,
    "TagResource" tag_resource,
    "TransactGetItems" transact_get_items,
    "TransactWriteItems" transact_write_items,
    "UntagResource" untag_resource,
    "UpdateItem" update_item,
    "UpdateTable" update_table,
    "UpdateTimeToLive" update_time_to_live,
}

/// An error of the sandbox, not of dynoxide, in DynamoDB's form.
pub(crate) fn error_answer(error: &AwsError) -> Answer {
    let kind = match error.code.as_str() {
        "ValidationException" => "com.amazon.coral.validate",
        "SerializationException" | "UnknownOperationException" | "MissingAuthenticationTokenException" => {
            "com.amazon.coral.service"
        }
        _ => "com.amazonaws.dynamodb.v20120810",
    };
    let body = json!({"__type": format!("{kind}#{}", error.code), "message": error.message});
    Answer::failed(error.status, JSON, body.to_string(), &error.code)
}
