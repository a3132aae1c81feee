//! What is wrong with a request, one entry per field, so that a requester can correct everything at once.

use std::fmt;

/// The kind of a [`Problem`]: stable words that tests and tools can rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemCode {
    NotJson,
    NotAnObject,
    /// More bytes, members or levels than are accepted.
    TooLarge,
    /// A field is given twice, or in both spellings.
    Duplicate,
    /// An unknown field, most often a misspelt one.
    Unknown,
    Missing,
    WrongType,
    /// The text is shorter or longer than the field allows.
    Length,
    /// The text has characters or a form that the field does not allow.
    Pattern,
    /// Two fields contradict each other.
    Mismatch,
    /// An ARN of another AWS partition.
    Partition,
    /// An ARN of another Region.
    Region,
    Account,
    /// An output bucket or prefix that is not on the list.
    Bucket,
    /// A tag key that is not on the list.
    TagKey,
    /// A model that this requester may not ask for.
    Requester,
    /// An EventBridge event of another detail-type.
    DetailType,
    /// A request id that another request has.
    RequestIdReused,
}

impl ProblemCode {
    /// Whether the request is well formed and only not allowed here.
    pub fn is_about_permission(self) -> bool {
        matches!(
            self,
            Self::Partition | Self::Region | Self::Account | Self::Bucket | Self::TagKey | Self::Requester
        )
    }
}

/// One thing that is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field's path in the request, for instance `outputConfig.s3Bucket`.
    pub field: String,
    pub code: ProblemCode,
    /// A sentence for a person: names the field and the value, says what to do.
    pub message: String,
}

impl Problem {
    /// A problem of `field`; `rest` continues the sentence that begins with the field's name.
    pub fn new(field: &str, code: ProblemCode, rest: impl fmt::Display) -> Self {
        Self { field: field.to_owned(), code, message: format!("`{field}` {rest}") }
    }
}

/// How many problems a message names before it only counts the rest: an announcement has to stay small.
const MAX_NAMED: usize = 20;

/// All problems as one message.
pub fn summary(problems: &[Problem]) -> String {
    let mut text = problems.iter().take(MAX_NAMED).map(|p| p.message.as_str()).collect::<Vec<_>>().join("; ");
    if problems.len() > MAX_NAMED {
        text.push_str(&format!("; and {} more", problems.len() - MAX_NAMED));
    }
    text
}

/// How much of a value a message shows, in characters.
const MAX_SHOWN: usize = 80;

/// A value from outside, as a message may show it: in backticks, and as in [`escape`].
pub fn shown(value: &str) -> String {
    format!("`{}`", escape(value))
}

/// A value from outside, short and on one line, with special characters escaped.
pub fn escape(value: &str) -> String {
    let mut text: String = value.chars().take(MAX_SHOWN).flat_map(char::escape_default).collect();
    if value.chars().nth(MAX_SHOWN).is_some() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_from_outside_is_shown_short_and_visible() {
        assert_eq!(shown("flowers"), "`flowers`");
        assert_eq!(escape("`a`"), "`a`", "a field's path keeps the backticks of a key");
        assert_eq!(shown("a\r\nb\u{202e}"), r"`a\r\nb\u{202e}`");
        assert_eq!(shown(&"x".repeat(81)), format!("`{}…`", "x".repeat(80)));
    }

    #[test]
    fn a_summary_names_twenty_problems_and_counts_the_rest() {
        let problems = vec![Problem::new("tags", ProblemCode::Pattern, "is wrong"); 23];
        let text = summary(&problems);
        assert_eq!(text.matches("`tags` is wrong").count(), 20);
        assert!(text.ends_with("; and 3 more"), "{text}");
        assert_eq!(summary(&problems[..20]).matches("; ").count(), 19, "nothing more to count");
    }
}
