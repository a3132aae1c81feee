//! Decides what a look at a copy means. The copy is known by its ARN: a name can be deleted and used again.

use jiff::{SignedDuration, Timestamp};

use crate::domain::announcement::Status;
use crate::domain::failure::{self, Failure};
use crate::domain::model::{ModelStatus, Progress, Version};
use crate::domain::record::{Copying, Doubt, DoubtOf, Record, State};
use crate::domain::remedy;
use crate::domain::times::{ABSENCE, AGAIN, Times, after};

/// What was seen of a copy.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// The version itself.
    Version(Version),
    /// The project was read and the version was not in it, or another one had its name.
    Absent,
    /// The project could not be read.
    Nothing,
}

/// The record after a look; `None` where there is nothing to write.
pub fn looked(record: Record, seen: &Seen, now: Timestamp, times: &Times) -> Option<Record> {
    let State::Copying(copying) = &record.state else { return None };
    let copying = copying.clone();
    let verdict = match seen {
        Seen::Nothing => Verdict::Blind,
        Seen::Absent => Verdict::Doubted(DoubtOf::Absent),
        Seen::Version(version) => reading(version),
    };
    match verdict {
        Verdict::Copied(status) => Some(record.ending(Status::Completed, None, Some(status), now)),
        Verdict::Failed(failure, status) if is_settled(&copying, now) => {
            Some(record.ending(Status::Failed, Some(failure), Some(status), now))
        }
        Verdict::Failed(..) => None,
        Verdict::Doubted(of) => doubted(record, copying, of, now, times),
        Verdict::Going(status) => going_on(record, copying, Some(status), now, times),
        Verdict::Blind => blind(record, &copying, now, times),
    }
}

enum Verdict {
    Copied(ModelStatus),
    Failed(Failure, ModelStatus),
    Doubted(DoubtOf),
    Going(ModelStatus),
    Blind,
}

fn reading(version: &Version) -> Verdict {
    let status = version.status.clone();
    match status.progress() {
        Progress::Copied => Verdict::Copied(status),
        Progress::CopiedIfSeenAgain => Verdict::Doubted(DoubtOf::Status(status)),
        Progress::Copying | Progress::Unknown => Verdict::Going(status),
        Progress::Failed => {
            let text = version.status_message.clone();
            let text = text.unwrap_or_else(|| "Rekognition gave no reason".to_owned());
            let failure = Failure::new(failure::COPYING_FAILED, text).with_remedy(remedy::copy_failed());
            Verdict::Failed(failure, status)
        }
        Progress::Deleting => {
            Verdict::Failed(Failure::new(failure::VERSION_DELETED, "the version is being deleted"), status)
        }
        Progress::Trained => {
            let text = format!("`{}` is a model that was trained, not copied", version.arn);
            Verdict::Failed(Failure::new(failure::VERSION_NAME_TAKEN, text), status)
        }
    }
}

/// One absence is no deletion, and one FAILED no word about the copy: each has to be seen twice.
///
/// Two that take turns settle nothing, so that they end as what can't be read does.
fn doubted(record: Record, copying: Copying, of: DoubtOf, now: Timestamp, times: &Times) -> Option<Record> {
    let first = match &copying.doubt {
        Some(doubt) if doubt.of == of => doubt.clone(),
        Some(_) if is_given_up(&copying, now, times) => return blind(record, &copying, now, times),
        _ => {
            let doubt = Some(Doubt { of, since: now });
            return Some(Record { state: State::Copying(Copying { doubt, ..copying }), ..record });
        }
    };
    let apart = now.duration_since(first.since);
    match of {
        DoubtOf::Absent if apart >= ABSENCE && is_settled(&copying, now) => {
            let failure = Failure::new(failure::VERSION_DELETED, "the version is no longer in its project");
            Some(record.ending(Status::Failed, Some(failure), None, now))
        }
        DoubtOf::Status(status) if apart >= AGAIN => {
            Some(record.ending(Status::Completed, None, Some(status), now))
        }
        DoubtOf::Absent | DoubtOf::Status(_) => None,
    }
}

fn going_on(
    record: Record,
    copying: Copying,
    status: Option<ModelStatus>,
    now: Timestamp,
    times: &Times,
) -> Option<Record> {
    let copied_for = now.duration_since(copying.started_at);
    if copied_for >= times.copy_timeout && is_settled(&copying, now) {
        let failure = gave_up(times.copy_timeout, status.as_ref());
        return Some(record.ending(Status::TimedOut, Some(failure), status, now));
    }
    let overdue = copied_for >= times.overdue_after && !record.announced.contains(&Status::Overdue);
    if !overdue && copying.doubt.is_none() {
        return None;
    }
    let record = Record { state: State::Copying(Copying { doubt: None, ..copying }), ..record };
    Some(if overdue { record.announcing(Status::Overdue, status, now) } else { record })
}

/// A project that can't be read says nothing about a copy, so a deadline passes in silence. It ends when
/// that has lasted as long again as a copy may take.
fn blind(record: Record, copying: &Copying, now: Timestamp, times: &Times) -> Option<Record> {
    if !is_given_up(copying, now, times) {
        return None;
    }
    Some(record.ending(Status::TimedOut, Some(gave_up(times.copy_timeout, None)), None, now))
}

fn is_given_up(copying: &Copying, now: Timestamp, times: &Times) -> bool {
    now >= after(after(copying.started_at, times.copy_timeout), times.copy_timeout)
        && is_settled(copying, now)
}

/// INVARIANT: no failure while an unanswered call of ours could still land.
fn is_settled(copying: &Copying, now: Timestamp) -> bool {
    copying.unsettled_until.is_none_or(|until| now >= until)
}

fn gave_up(limit: SignedDuration, status: Option<&ModelStatus>) -> Failure {
    let read = match status {
        Some(status) => format!("the version still reads `{status}`"),
        None => "the project could not be read".to_owned(),
    };
    let text = format!("the copy did not end within {} s: {read}", limit.as_secs());
    Failure::new(failure::COPY_TIMED_OUT, text)
        .with_remedy("watch the version: the copy may still end by itself")
}
