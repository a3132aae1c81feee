//! The status of a request, as announcements report it.

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

/// The status of a request, as announcements report it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Status {
    /// The start waits.
    Queued,
    /// Rekognition accepted the copy, or an existing one was adopted.
    Started,
    /// Still copying after the expected time.
    Overdue,
    /// Copied.
    Completed,
    /// The model will not be copied.
    Failed,
    /// The copier gave up.
    TimedOut,
    /// The request is invalid or not allowed.
    Rejected,
}

impl Status {
    /// Every status.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// Whether this is the request's final answer.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::TimedOut | Self::Rejected)
    }

    /// The status as announcements and logs write it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_statuses_are_final() {
        let (last, others): (Vec<Status>, Vec<Status>) = Status::ALL.iter().partition(|s| s.is_final());
        assert_eq!(last, [Status::Completed, Status::Failed, Status::TimedOut, Status::Rejected]);
        assert_eq!(others, [Status::Queued, Status::Started, Status::Overdue]);
    }
}
