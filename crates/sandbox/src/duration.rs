//! Durations as texts: `90s`, `1h 30m`, `2d`, `PT90S`. A day has 24 hours.

use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde::{Deserialize, Deserializer, de::Error as _};

/// Reads a duration, or an optional one that is there.
pub(crate) fn read<'de, D: Deserializer<'de>, T: From<SignedDuration>>(from: D) -> Result<T, D::Error> {
    let text = String::deserialize(from)?;
    let read = || text.parse::<Span>()?.to_duration(SpanRelativeTo::days_are_24_hours());
    read().map(T::from).map_err(|error| {
        D::Error::custom(format!("`{text}` is no duration such as `90s`, `1h 30m` or `2d`: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_may_have_days() {
        for (text, hours) in [("2d", 48), ("1d 2h", 26), ("P1DT1H", 25), ("90m", 1), ("PT3H", 3)] {
            let duration: SignedDuration = read(&serde_json::Value::from(text)).unwrap();
            assert_eq!(duration.as_hours(), hours, "{text}");
            let written = serde_json::to_value(duration).unwrap();
            assert_eq!(read::<_, Option<SignedDuration>>(&written).unwrap(), Some(duration));
        }
        for text in ["", "2", "tomorrow", "1mo"] {
            assert!(read::<_, SignedDuration>(&serde_json::Value::from(text)).is_err(), "{text}");
        }
    }
}
