//! EventBridge's [PutEvents](https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html): it accepts
//! each entry, or refuses it with a code. As at AWS, an entry may name a bus that does not exist.

use jiff::{SignedDuration, Timestamp, Unit};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    answer::AwsError,
    model::{read, request},
    published::PublishedEvent,
};

pub(crate) const OPERATIONS: &[&str] = &["PutEvents"];

/// The limit of all entries together, counted as AWS documents it. AWS allows 1 MB by now; a client that keeps the older
/// limit passes there too.
const MAX_BYTES: usize = 256 * 1024;
/// AWS answers an event with a longer detail type with an id, and drops it.
const MAX_DETAIL_TYPE: usize = 128;

request!(PutEvents { required entries: Vec<Entry> = ENTRIES, });

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    time: Option<Value>,
    source: Option<String>,
    resources: Option<Vec<String>>,
    detail_type: Option<String>,
    detail: Option<String>,
    event_bus_name: Option<String>,
    trace_header: Option<String>,
}

/// The answer, and the accepted events.
pub(crate) fn put(
    body: &str,
    account: &str,
    region: &str,
    now: Timestamp,
) -> Result<(Value, Vec<PublishedEvent>), AwsError> {
    let PutEvents { entries } = read(body)?;
    if entries.iter().map(Entry::size).sum::<usize>() > MAX_BYTES {
        return Err(AwsError::validation("Total size of the entries in the request is over the limit."));
    }
    let (mut accepted, mut results, mut failed) = (Vec::new(), Vec::new(), 0);
    for entry in entries {
        match entry.accept(account, region, now) {
            Ok(event) => {
                results.push(json!({"EventId": event.id}));
                if event.detail_type.len() <= MAX_DETAIL_TYPE {
                    accepted.push(event);
                }
            }
            Err((code, message)) => {
                failed += 1;
                results.push(json!({"ErrorCode": code, "ErrorMessage": message}));
            }
        }
    }
    Ok((json!({"FailedEntryCount": failed, "Entries": results}), accepted))
}

/// The ARNs of the buses in a request, each once.
pub(crate) fn resources(region: &str, account: &str, body: &str) -> Vec<String> {
    let entries = read(body).map(|PutEvents { entries }| entries);
    let arn = |entry: Entry| match entry.bus() {
        arn if arn.starts_with("arn:") => arn,
        name => format!("arn:aws:events:{region}:{account}:event-bus/{name}"),
    };
    let mut buses: Vec<String> = entries.unwrap_or_default().into_iter().map(arn).collect();
    buses.sort();
    buses.dedup();
    buses
}

impl Entry {
    fn bus(&self) -> String {
        self.event_bus_name.clone().unwrap_or_else(|| "default".to_owned())
    }

    /// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size>
    fn size(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let resources: usize = self.resources.iter().flatten().map(String::len).sum();
        let time = if self.time.is_some() { 14 } else { 0 };
        time + text(&self.source) + text(&self.detail_type) + text(&self.detail) + resources
    }

    fn accept(
        self,
        account: &str,
        region: &str,
        now: Timestamp,
    ) -> Result<PublishedEvent, (&'static str, String)> {
        let event_bus_name = self.bus();
        let required = |name: &str, value: Option<String>| {
            value.filter(|text| !text.is_empty()).ok_or_else(|| {
                let reason = format!("{name} is a required argument.");
                ("InvalidArgument", format!("Parameter {name} is not valid. Reason: {reason}"))
            })
        };
        let source = required("Source", self.source)?;
        let detail_type = required("DetailType", self.detail_type)?;
        let raw_detail = required("Detail", self.detail)?;
        if source.starts_with("aws.") {
            return Err(("NotAuthorizedForSourceException", "Not authorized for the source.".to_owned()));
        }
        let detail = serde_json::from_str::<Value>(&raw_detail)
            .ok()
            .filter(Value::is_object)
            .ok_or_else(|| ("MalformedDetail", "Detail is malformed.".to_owned()))?;
        let time = match self.time {
            None => now,
            Some(given) => time(&given).ok_or_else(|| {
                ("InvalidArgument", "Parameter Time is not valid. Reason: it is no time.".to_owned())
            })?,
        };
        Ok(PublishedEvent {
            id: Uuid::new_v4().to_string(),
            detail_type,
            source,
            account: account.to_owned(),
            time,
            region: region.to_owned(),
            resources: self.resources.unwrap_or_default(),
            detail,
            event_bus_name,
            raw_detail,
            trace_header: self.trace_header,
        })
    }
}

/// A time of the JSON 1.1 protocol, which writes seconds with a fraction.
fn time(given: &Value) -> Option<Timestamp> {
    match given {
        Value::Number(seconds) => {
            let since_1970 = SignedDuration::try_from_secs_f64(seconds.as_f64()?).ok()?;
            Timestamp::from_duration(since_1970).ok()?.round(Unit::Millisecond).ok()
        }
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(entries: &Value) -> Result<(Value, Vec<PublishedEvent>), AwsError> {
        let body = json!({"Entries": entries}).to_string();
        super::put(&body, "444455556666", "us-east-1", Timestamp::UNIX_EPOCH)
    }

    fn good() -> Value {
        json!({"Source": "a.b", "DetailType": "T", "Detail": "{\"x\": 1}", "Resources": ["r"]})
    }

    #[test]
    fn every_entry_is_answered_in_its_place() {
        let cases = [
            (good(), None),
            (json!({"Source": "a", "DetailType": "T", "Detail": "{}", "EventBusName": "gone"}), None),
            (json!({"DetailType": "T", "Detail": "{}"}), Some("InvalidArgument")),
            (json!({"Source": "a", "Detail": "{}"}), Some("InvalidArgument")),
            (json!({"Source": "a", "DetailType": "T"}), Some("InvalidArgument")),
            (json!({"Source": "a", "DetailType": "T", "Detail": "no JSON"}), Some("MalformedDetail")),
            (json!({"Source": "a", "DetailType": "T", "Detail": "[]"}), Some("MalformedDetail")),
            (
                json!({"Source": "aws.x", "DetailType": "T", "Detail": "{}"}),
                Some("NotAuthorizedForSourceException"),
            ),
        ];
        let entries: Value = cases.iter().map(|(entry, _)| entry.clone()).collect();
        let (answer, taken) = put(&entries).unwrap();
        assert_eq!(answer["FailedEntryCount"], 6);
        for (index, (_, code)) in cases.iter().enumerate() {
            assert_eq!(answer["Entries"][index]["ErrorCode"].as_str(), *code, "entry {index}");
        }
        assert_eq!(taken.len(), 2, "a bus that does not exist takes events");
        assert_eq!(answer["Entries"][0]["EventId"], taken[0].id);
        assert_eq!(taken[0].detail["x"], 1);
    }

    #[test]
    fn no_entry_eleven_entries_and_too_many_bytes_are_refused_as_a_whole() {
        assert!(put(&json!([])).is_err());
        assert!(put(&vec![good(); 11].into()).is_err());
        let detail = json!({"x": "y".repeat(MAX_BYTES)}).to_string();
        assert!(put(&json!([{"Source": "a", "DetailType": "T", "Detail": detail}])).is_err());
        assert!(put(&vec![good(); 10].into()).is_ok());
        for (length, is_taken) in [(0, false), (1, true), (500, true), (501, false)] {
            let mut entry = good();
            entry["TraceHeader"] = "a".repeat(length).into();
            assert_eq!(put(&json!([entry])).is_ok(), is_taken, "{length}");
        }
    }

    #[test]
    fn a_detail_type_that_is_too_long_is_answered_with_an_id_and_dropped() {
        let entry = json!({"Source": "a", "DetailType": "T".repeat(129), "Detail": "{}"});
        let (answer, taken) = put(&json!([entry])).unwrap();
        assert_eq!(answer["FailedEntryCount"], 0);
        assert!(taken.is_empty());
    }
}
