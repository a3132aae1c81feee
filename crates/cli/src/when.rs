//! Formats times and durations: relative at a terminal, RFC 3339 for programs.

use jiff::{SignedDuration, Timestamp};

/// How to write times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `5 min ago`, `in 20 s`
    Relative,
    /// `2026-11-24T10:00:00Z`
    Rfc3339,
}

impl Style {
    /// Writes a time as of `now`.
    pub fn write(self, time: Timestamp, now: Timestamp) -> String {
        match self {
            // In whole seconds: milliseconds do not help a reader.
            Self::Rfc3339 => Timestamp::from_second(time.as_second()).unwrap_or(time).to_string(),
            Self::Relative => match time.duration_since(now) {
                left if left.is_positive() => format!("in {}", duration(left)),
                past => format!("{} ago", duration(-past)),
            },
        }
    }
}

/// A duration in one or two units: `45 s`, `5 min`, `3 h 20 min`, `12 d`.
pub fn duration(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    match hours {
        0 if minutes == 0 => format!("{seconds} s"),
        0 => format!("{minutes} min"),
        1..48 if minutes % 60 == 0 => format!("{hours} h"),
        1..48 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{} d", hours / 24),
    }
}

/// Reads a duration: a number with `s`, `m`, `min`, `h` or `d`.
///
/// # Errors
/// What to write instead.
pub fn parse_duration(text: &str) -> Result<SignedDuration, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = text.strip_prefix(digits).unwrap_or_default();
    let number = digits.parse::<i64>().ok().filter(|number| (0..=1_000_000).contains(number));
    let seconds = match unit {
        "s" => Some(1),
        "m" | "min" => Some(60),
        "h" => Some(3600),
        "d" => Some(24 * 3600),
        _ => None,
    };
    match (number, seconds) {
        (Some(number), Some(seconds)) => Ok(SignedDuration::from_secs(number * seconds)),
        _ => Err("write a number and a unit: `90s`, `30m`, `2h` or `7d`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_written_in_its_largest_units() {
        let text = |seconds| duration(SignedDuration::from_secs(seconds));
        assert_eq!(
            [0, 59, 60, 3599, 3600, 12_000, 200_000].map(text),
            ["0 s", "59 s", "1 min", "59 min", "1 h", "3 h 20 min", "2 d"]
        );
    }

    #[test]
    fn a_time_is_relative_for_people_and_rfc_3339_for_programs() {
        let now: Timestamp = "2026-11-24T10:00:00.123Z".parse().unwrap();
        let earlier = now - SignedDuration::from_mins(5);
        assert_eq!(Style::Relative.write(earlier, now), "5 min ago");
        assert_eq!(Style::Relative.write(now, earlier), "in 5 min");
        assert_eq!(Style::Rfc3339.write(now, earlier), "2026-11-24T10:00:00Z");
    }

    #[test]
    fn a_duration_needs_its_unit() {
        assert_eq!(parse_duration("90s"), Ok(SignedDuration::from_secs(90)));
        assert_eq!(parse_duration("2h"), Ok(SignedDuration::from_hours(2)));
        for bad in ["", "2", "h", "-2h", "2 hours", "1.5h", "9999999999h"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
