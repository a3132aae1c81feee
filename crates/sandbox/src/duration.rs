//! Durations as texts: `90s`, `1h 30m`, `2d`, `PT90S`. A day has 24 hours.

use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SignedDuration, D::Error> {
    let text = String::deserialize(from)?;
    let read = || text.parse::<Span>()?.to_duration(SpanRelativeTo::days_are_24_hours());
    read().map_err(|error| {
        D::Error::custom(format!("`{text}` is no duration such as `90s`, `1h 30m` or `2d`: {error}"))
    })
}

pub(crate) fn serialize<S: Serializer>(duration: &SignedDuration, to: S) -> Result<S::Ok, S::Error> {
    duration.serialize(to)
}

/// An optional duration.
pub(crate) mod optional {
    use super::{Deserialize, Deserializer, Serialize, Serializer, SignedDuration};

    #[derive(Deserialize)]
    struct Given(#[serde(with = "super")] SignedDuration);

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<SignedDuration>, D::Error> {
        Ok(Option::<Given>::deserialize(from)?.map(|Given(duration)| duration))
    }

    pub(crate) fn serialize<S: Serializer>(
        duration: &Option<SignedDuration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        duration.serialize(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Serialize)]
    struct Given(#[serde(with = "super")] SignedDuration);

    #[test]
    fn a_duration_may_have_days() {
        for (text, hours) in [("2d", 48), ("1d 2h", 26), ("P1DT1H", 25), ("90m", 1), ("PT3H", 3)] {
            let Given(read) = serde_json::from_value(text.into()).unwrap();
            assert_eq!(read.as_hours(), hours, "{text}");
            let Given(again) = serde_json::from_value(serde_json::to_value(Given(read)).unwrap()).unwrap();
            assert_eq!(again, read);
        }
        for text in ["", "2", "tomorrow", "1mo"] {
            assert!(serde_json::from_value::<Given>(text.into()).is_err(), "{text}");
        }
    }
}
