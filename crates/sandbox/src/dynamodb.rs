//! DynamoDB, by the embedded dynoxide: one database for each account, in memory, in sandbox time. Only hands requests
//! over; what they mean is dynoxide's affair.

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
    answer::Answer,
    clock::Clock,
    error::AwsError,
    world::{Table, WorldError},
};

const JSON: &str = "application/x-amz-json-1.0";

/// Every account's database.
pub(crate) struct Databases {
    clock: Clock,
    by_account: Mutex<HashMap<String, Account>>,
}

/// An account's database, and when expired items were last deleted from it.
struct Account {
    database: Database,
    swept: Timestamp,
}

/// Items that have expired are deleted this much later at most. AWS takes up to days.
const EXPIRED_FOR: SignedDuration = SignedDuration::from_mins(1);

impl std::fmt::Debug for Databases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Databases").finish_non_exhaustive()
    }
}

impl Databases {
    pub(crate) fn none(clock: Clock) -> Self {
        Self { clock, by_account: Mutex::default() }
    }

    /// The account's database, without what has expired; made when first asked for.
    pub(crate) fn of(&self, account: &str) -> Result<Database, DynoxideError> {
        let now = self.clock.now();
        let mut databases = self.by_account.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Account { database, swept }) = databases.get_mut(account) {
            if now.duration_since(*swept).abs() >= EXPIRED_FOR {
                *swept = now;
                database.sweep_ttl()?;
            }
            return Ok(database.clone());
        }
        let database = Database::memory_with_clock(Arc::new(self.clock.clone()))?;
        databases.insert(account.to_owned(), Account { database: database.clone(), swept: now });
        Ok(database)
    }

    /// Empties every account's database and creates these tables; if one of them isn't taken, nothing changes.
    pub(crate) fn replace(&self, tables: &[Table]) -> Result<(), WorldError> {
        let fresh = Self::none(self.clock.clone());
        for table in tables {
            fresh.create(table)?;
        }
        let fresh = fresh.by_account.into_inner().unwrap_or_else(PoisonError::into_inner);
        *self.by_account.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    pub(crate) fn create(&self, table: &Table) -> Result<(), WorldError> {
        let refused = |error: &dyn std::fmt::Display| WorldError::Table(error.to_string());
        let database = self.of(&table.account).map_err(|error| refused(&error))?;
        call(&database, "CreateTable", &table.definition.to_string()).map_err(|error| refused(&error))?;
        if let Some(attribute) = &table.time_to_live_attribute {
            let name = table.definition.get("TableName").cloned().unwrap_or_default();
            let specification = json!({"Enabled": true, "AttributeName": attribute});
            let request = json!({"TableName": name, "TimeToLiveSpecification": specification});
            call(&database, "UpdateTimeToLive", &request.to_string()).map_err(|error| refused(&error))?;
        }
        Ok(())
    }

    pub(crate) fn answer(&self, region: &str, account: &str, operation: &str, body: &str) -> Answer {
        let body = named_by_name(body, region, account);
        let result = self.of(account).and_then(|database| call(&database, operation, &body));
        match result {
            Ok(body) if WITH_ARNS.contains(&operation) => {
                Answer::ok(JSON, body.replace(LOCAL, &format!(":{region}:{account}:")))
            }
            Ok(body) => Answer::ok(JSON, body),
            Err(error) => {
                // Not `short_error_code`: that is PartiQL's word, and clients go by the exception's name.
                let code = error.error_type().rsplit('#').next().unwrap_or_default();
                Answer::failed(error.status_code(), JSON, error.to_json(), code)
            }
        }
    }
}

/// Region and account of dynoxide's ARNs, of tables and of keys.
const LOCAL: &str = ":dynoxide:000000000000:";
/// The operations that describe a table.
const WITH_ARNS: [&str; 4] = ["CreateTable", "DeleteTable", "DescribeTable", "UpdateTable"];

/// The request with its table named by its name: `TableName` may be the table's ARN, which dynoxide doesn't know.
fn named_by_name<'a>(body: &'a str, region: &str, account: &str) -> Cow<'a, str> {
    let arn = format!("\"{}", table_arn(region, account, ""));
    if !body.contains(&arn) {
        return Cow::Borrowed(body);
    }
    let Ok(mut request) = serde_json::from_str::<Map<String, Value>>(body) else {
        return Cow::Borrowed(body);
    };
    let prefix = table_arn(region, account, "");
    let name =
        request.get("TableName").and_then(|name| name.as_str()?.strip_prefix(&prefix).map(str::to_owned));
    match name {
        Some(name) => {
            request.insert("TableName".to_owned(), name.into());
            Cow::Owned(Value::Object(request).to_string())
        }
        None => Cow::Borrowed(body),
    }
}

/// The tables and indexes a request names, as ARNs.
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
        // dynoxide's request types name the class of their refusal at the head of the message.
        let marked = [
            ("VALIDATION_REQUEST:", true),
            ("VALIDATION_AS_READ:", true),
            ("VALIDATION:", true),
            ("SERIALIZATION_AS_READ:", false),
            ("SERIALIZATION:", false),
        ];
        for (mark, validation) in marked {
            if let Some(message) = text.strip_prefix(mark) {
                let message = message.split(" at line ").next().unwrap_or(message).to_owned();
                return if validation {
                    DynoxideError::ValidationException(message)
                } else {
                    DynoxideError::SerializationException(message)
                };
            }
        }
        let absent = ["missing field", "unknown variant", "invalid type: null", "Supplied AttributeValue"];
        if absent.iter().any(|words| text.contains(words)) {
            DynoxideError::ValidationException(text)
        } else {
            DynoxideError::SerializationException(text)
        }
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

/// An error that is the sandbox's and not dynoxide's, in DynamoDB's form.
pub(crate) fn refused(error: &AwsError) -> Answer {
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
