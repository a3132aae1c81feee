mod world;

use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use jiff::Timestamp;
use rekognition_model_copier::domain::announcement::Announcement;
use rekognition_model_copier::domain::decide::grant::ungranted;
use rekognition_model_copier::domain::decide::look::{Seen, looked};
use rekognition_model_copier::domain::decide::name::{take_over, take_over_blindly, taken};
use rekognition_model_copier::domain::decide::start::{Answered, Start, answered, may_call, start};
use rekognition_model_copier::domain::intake::{Message, Via, intake};
use rekognition_model_copier::domain::record::Record;
use rekognition_model_copier::domain::refusal::{CopyAnswer, Meaning};
use rekognition_model_copier::domain::times::{SIGNATURE, Times, after};
use uuid::Uuid;

use super::survival::survives;
use super::{NOW, RULES};
use crate::hostile::bad::good;
use world::{answer, duration, far, seen, ungrantable};

static GOOD: LazyLock<String> = LazyLock::new(good);

/// A request's life by decisions that the input makes: what Rekognition answers and shows, and when. Whatever that
/// is, one final answer at most, no way out of it, no failure while a call could still land, and in every state the
/// record survives the ledger.
pub fn record(data: &[u8]) {
    // The input is at its end, and with it the life.
    let _ = life(&mut Unstructured::new(data));
}

struct Life {
    record: Record,
    now: Timestamp,
    times: Times,
    /// Until when a call that was sent may land.
    landing: Option<Timestamp>,
    /// Whether the holder of the lease is alive and has not called yet.
    held: bool,
}

fn life(u: &mut Unstructured<'_>) -> Result<()> {
    let times = Times {
        start_timeout: duration(u)?,
        copy_timeout: duration(u)?,
        overdue_after: duration(u)?,
        permission_timeout: duration(u)?,
    };
    let now = if u.ratio(1, 16)? { far(u)? } else { NOW };
    let message = Message { text: &GOOD, id: "message-1", via: Via::Queue };
    let taken_in = intake(message, &RULES.admission, &RULES.event_source, "owner-1", now);
    let mut record = taken_in.expect("a request").record;
    record.grant = u.arbitrary()?;
    let mut life = Life { record, now, times, landing: None, held: true };
    // An input at its end gives zeros for ever.
    while !u.is_empty() {
        check(&life.record, &times);
        life.now = after(life.now, duration(u)?);
        let before = life.record.clone();
        life.step(u)?;
        let record = &life.record;
        if before.is_ended() {
            assert_eq!((&record.state, &record.announced), (&before.state, &before.announced));
        }
        let failed = record.is_ended() && !before.is_ended() && record.failure().is_some();
        let may_land = life.landing.is_some_and(|until| life.now < until);
        assert!(!(failed && may_land), "a failure while a call could land: {record:?}");
    }
    check(&life.record, &times);
    Ok(())
}

impl Life {
    fn step(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let (record, now, times) = (self.record.clone(), self.now, &self.times);
        let next = match u.int_in_range(0..=6)? {
            0 => self.begun(start(record, "owner-2", now, &self.times.clone())),
            // Who holds the lease may call, and only in time; one call is all.
            1 | 2 if self.held && may_call(&record, now) => {
                self.held = false;
                let answer = answer(u)?;
                let is_open = match &answer {
                    Some(CopyAnswer::Refused(refusal)) => Meaning::of(&refusal.code) == Meaning::Unanswered,
                    Some(CopyAnswer::Accepted(_)) => false,
                    Some(CopyAnswer::Unanswered { .. }) | None => true,
                };
                if is_open {
                    self.landing = Some(after(now, SIGNATURE));
                }
                match answer.map(|answer| answered(record, answer, now, times)) {
                    // Killed after it called.
                    None => None,
                    Some(Answered::Write(record)) => Some(record),
                    Some(Answered::LookUpName(record)) => Some(taken(record, seen(u)?.as_ref(), now, times)),
                }
            }
            3 if self.held && may_call(&record, now) => {
                self.held = false;
                Some(ungranted(record, &ungrantable(u)?, "role", now, times))
            }
            4 if u.ratio(1, 4)? => take_over_blindly(record, now, times),
            4 => {
                let seen = seen(u)?;
                self.begun(take_over(record, seen.as_ref(), "owner-3", now, &self.times.clone()))
            }
            5 => {
                let seen = match (u.int_in_range(0..=3)?, seen(u)?) {
                    (0, _) => Seen::Nothing,
                    (1, _) | (_, None) => Seen::Absent,
                    (_, Some(version)) => Seen::Version(version),
                };
                looked(record, &seen, now, times)
            }
            6 if u.ratio(1, 8)? => Some(record.without_grant()),
            _ => Some(record.published(u.int_in_range(0..=8)?)),
        };
        if let Some(next) = next {
            self.record = next;
        }
        Ok(())
    }

    fn begun(&mut self, start: Start) -> Option<Record> {
        match start {
            Start::Call(record) => {
                self.held = true;
                Some(record)
            }
            Start::Ended(record) => Some(record),
            Start::NotDue => None,
        }
    }
}

fn check(record: &Record, times: &Times) {
    let mut announced = record.announced.clone();
    announced.sort();
    announced.dedup();
    assert_eq!(announced.len(), record.announced.len(), "announced twice: {:?}", record.announced);
    let last = record.announced.last().filter(|status| status.is_final());
    let finals = record.announced.iter().filter(|status| status.is_final()).count();
    assert_eq!((finals, last.is_some()), (usize::from(record.is_ended()), record.is_ended()), "{record:?}");
    let unpublished: Vec<_> = record.outbox.iter().map(|letter| letter.status).collect();
    assert!(record.announced.ends_with(&unpublished), "{record:?}");
    for letter in &record.outbox {
        let read: Announcement = serde_json::from_str(letter.detail.get()).expect("an announcement");
        assert_eq!(serde_json::to_string(&read).ok().as_deref(), Some(letter.detail.get()));
        let id = Uuid::new_v5(&record.event_namespace, letter.status.as_str().as_bytes());
        assert_eq!(
            (read.event_id, read.status, read.resources()),
            (id, letter.status, letter.resources.clone())
        );
        assert_eq!(letter.status.is_final(), read.ended_at.is_some(), "{read:?}");
    }
    survives(record, times);
}
