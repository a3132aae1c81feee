//! What the event source reads out of a function's answer when `ReportBatchItemFailures` is on.
//!
//! It decides which messages are done, and doesn't know what was in them. The rules are those of AWS's
//! [success and failure conditions](https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting).

use serde_json::Value;

/// What came of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every message is done but these, by id. None of them: the whole batch is done.
    DoneBut(Vec<String>),
    /// No message is done.
    AllFailed,
}

impl Verdict {
    /// Whether the message with this id, which was in the batch, is done.
    pub fn is_done(&self, message_id: &str) -> bool {
        match self {
            Self::DoneBut(failed) => !failed.iter().any(|id| id == message_id),
            Self::AllFailed => false,
        }
    }
}

/// Reads the answer to a batch of these message ids. An answer that can't be understood fails the whole
/// batch, and so does one failure that names no message of the batch.
pub fn verdict(message_ids: &[&str], answer: &Value) -> Verdict {
    let failures = match answer {
        Value::Null => return Verdict::DoneBut(Vec::new()),
        Value::Object(fields) => fields.get("batchItemFailures").unwrap_or(&Value::Null),
        _ => return Verdict::AllFailed,
    };
    let failures = match failures {
        Value::Null => return Verdict::DoneBut(Vec::new()),
        Value::Array(failures) => failures,
        _ => return Verdict::AllFailed,
    };
    let known = |failure: &Value| {
        let id = failure.get("itemIdentifier")?.as_str()?;
        message_ids.contains(&id).then(|| id.to_owned())
    };
    failures.iter().map(known).collect::<Option<Vec<_>>>().map_or(Verdict::AllFailed, Verdict::DoneBut)
}
