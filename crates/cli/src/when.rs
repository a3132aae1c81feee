//! Formats times and durations: relative at a terminal, RFC 3339 for programs.

use std::time::Duration;

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

/// How to write times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `5 min ago`, `in 20 s`
    Relative,
    /// `2026-11-24T10:00:00Z`
    Rfc3339,
}

impl Style {
    pub(crate) fn write(self, time: Timestamp, now: Timestamp) -> String {
        match self {
            // In whole seconds: milliseconds do not help a reader.
            Self::Rfc3339 => Timestamp::from_second(time.as_second()).unwrap_or(time).to_string(),
            Self::Relative => match time.duration_since(now) {
                left if left.is_positive() => format!("in {}", write_duration(left)),
                past => format!("{} ago", write_duration(-past)),
            },
        }
    }
}

/// A duration in one or two units: `45 s`, `5 min`, `3 h 20 min`, `12 d`.
pub(crate) fn write_duration(duration: SignedDuration) -> String {
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

/// Reads a duration, for instance `90s`, `30m`, `2h` or `7d`. A day has 24 hours.
pub(crate) fn parse_duration(text: &str) -> Result<SignedDuration, String> {
    let duration =
        text.parse::<Span>().and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
    let duration = duration.ok().filter(|duration| !duration.is_negative());
    duration.ok_or_else(|| "write a number and a unit: `90s`, `30m`, `2h` or `7d`".to_owned())
}

/// Reads a duration as the time-out of a wait.
pub(crate) fn parse_wait(text: &str) -> Result<Duration, String> {
    parse_duration(text)?.try_into().map_err(|_| "write a duration that is not negative".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_written_in_its_largest_units() {
        let text = |seconds| write_duration(SignedDuration::from_secs(seconds));
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
        assert_eq!(parse_duration("30min"), Ok(SignedDuration::from_mins(30)));
        assert_eq!(parse_duration("7d"), Ok(SignedDuration::from_hours(7 * 24)));
        for bad in ["", "2", "h", "-2h", "2 apples", "9999999999999h"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
