//! An event that PutEvents accepted, and its form on the bus.

use jiff::Timestamp;
use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::{Value, json, value::RawValue};

const REQUESTED: &str = "Rekognition Model Copy Requested";

/// An event that PutEvents accepted.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PublishedEvent {
    pub id: String,
    pub detail_type: String,
    pub source: String,
    pub account: String,
    /// `Time` of the entry; sandbox time if it has none.
    pub time: Timestamp,
    pub region: String,
    pub resources: Vec<String>,
    /// `Detail`, parsed. A number with more digits than a double loses some here.
    #[serde(skip)]
    pub detail: Value,
    /// The bus, as the entry names it; `default` if it names none. Targets do not see this field.
    pub event_bus_name: String,
    /// `Detail`, byte for byte.
    #[serde(rename = "detail", serialize_with = "serialize_unchanged")]
    pub raw_detail: String,
    #[serde(skip)]
    pub trace_header: Option<String>,
}

impl PublishedEvent {
    pub fn is_request(&self) -> bool {
        self.detail_type == REQUESTED
    }

    /// The event as a rule's target receives it. Its detail is unchanged, byte for byte.
    pub fn to_json(&self) -> String {
        let mut event = json!({
            "version": "0",
            "id": self.id,
            "detail-type": self.detail_type,
            "source": self.source,
            "account": self.account,
            "time": self.time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "region": self.region,
            "resources": self.resources,
        })
        .to_string();
        event.pop();
        format!("{event},\"detail\":{}}}", self.raw_detail)
    }

    /// The JSON of [`Self::to_json`] on one line: JSON has line breaks only between values.
    pub fn to_json_line(&self) -> String {
        self.to_json().replace(['\r', '\n'], " ")
    }

    /// The JSON of [`Self::to_json`], parsed. A number with more digits than a double loses some here.
    pub fn to_event(&self) -> Value {
        serde_json::from_str(&self.to_json()).unwrap_or_default()
    }
}

fn serialize_unchanged<S: Serializer>(json: &str, to: S) -> Result<S::Ok, S::Error> {
    RawValue::from_string(json.to_owned()).map_err(S::Error::custom)?.serialize(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_keeps_every_byte_of_its_detail() {
        let detail =
            "{ \"n\": 18446744073709551617,\n  \"d\": 0.10000000000000000555, \"t\": \"a \\\" \\\\\" }";
        let event = PublishedEvent { raw_detail: detail.to_owned(), ..PublishedEvent::default() };
        assert!(event.to_json().ends_with(&format!(",\"detail\":{detail}}}")));
        assert!(serde_json::to_string(&event).unwrap().contains(detail));
        let line = event.to_json_line();
        let detail = detail.replace('\n', " ");
        assert!(line.ends_with(&format!(",\"detail\":{detail}}}")), "{line}");
    }
}
