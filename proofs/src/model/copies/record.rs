//! A record as the model keeps it: every time as a number of ticks from now, everything that no decision looks
//! at left out. The shipped functions decide on the whole record that is made of it.

use jiff::SignedDuration;
use rekognition_model_copier::domain::admission::Admission;
use rekognition_model_copier::domain::announcement::Status;
use rekognition_model_copier::domain::arn::ProjectVersionArn;
use rekognition_model_copier::domain::failure::Failure;
use rekognition_model_copier::domain::intake::{Message, Via, intake};
use rekognition_model_copier::domain::model::ModelStatus;
use rekognition_model_copier::domain::outbox::Outgoing;
use rekognition_model_copier::domain::record::{Copying, Doubt, DoubtOf, Lease, Record, State, WaitReason};
use rekognition_model_copier::domain::times::Times;
use serde_json::value::RawValue;

use crate::model::time::{from_now, now, ticks};
use crate::request::{Request, rules};

/// The times that the model's deployment has set.
pub const TIMES: Times = Times {
    start_timeout: SignedDuration::from_mins(25),
    copy_timeout: SignedDuration::from_mins(10),
    overdue_after: SignedDuration::from_mins(5),
    permission_timeout: SignedDuration::from_mins(5),
};
/// The longest wait that is told from longer ones.
const WAIT: i8 = 2;

/// Which version a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Arn {
    /// None yet.
    #[default]
    None,
    /// The one that has the name now.
    Present,
    /// One that is gone.
    Gone,
}

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Phase {
    /// There is no record.
    #[default]
    None,
    /// The lease lasts for so many ticks more.
    Starting(i8),
    /// The same after a call without an answer.
    Unanswered(i8),
    /// Due in so many ticks.
    Waiting(i8),
    /// Started so many ticks ago.
    Copying(u8),
    /// With this status.
    Ended(u8),
}

/// A compact record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Rec {
    /// Where it stands.
    pub phase: Phase,
    /// Whether it was tried more than once.
    pub again: bool,
    /// Since how many ticks a permission is missing; -1 if none is.
    refused: i8,
    /// How many ticks old the request is.
    age: u8,
    /// Its version.
    pub arn: Arn,
    adopted: bool,
    unsettled: i8,
    doubt: u8,
    doubted: u8,
    /// Every status announced, as bits.
    pub announced: u8,
    /// How many of those, from the last, are not known to be published.
    pub unpublished: u8,
    /// The failure's code, shortened to what invariants ask for.
    pub why: u8,
}

/// `why` of a record that failed because its version is gone.
pub const DELETED: u8 = 1;
/// `why` of one whose name is taken.
pub const TAKEN: u8 = 2;
const OTHER: u8 = 3;

/// The ARN that a version of the name has.
pub fn arn(which: Arn) -> Option<ProjectVersionArn> {
    let number = match which {
        Arn::None => return None,
        Arn::Present => 1,
        Arn::Gone => 2,
    };
    let head = "arn:aws:rekognition:us-east-1:444455556666:project/flowers-0/version/copy-a";
    ProjectVersionArn::parse(&format!("{head}/{number}")).ok()
}

/// The requests' records as they begin.
///
/// # Panics
/// If a request is not taken in.
pub fn beginnings(models: &[&str]) -> Vec<Record> {
    let rules = rules(&[]);
    let admission: &Admission = &rules.admission;
    let begin = |(i, model): (usize, &&str)| {
        let request = Request {
            name: "copy-a".to_owned(),
            model: (*model).to_owned(),
            ..Request::new(&format!("r{i}"))
        };
        let body = request.body();
        let message = Message { text: &body, id: "message", via: Via::Queue };
        intake(message, admission, &rules.event_source, "owner", now()).expect("a request").record
    };
    models.iter().enumerate().map(begin).collect()
}

impl Rec {
    /// The compact form.
    pub fn of(record: &Record) -> Self {
        let mut rec = Self {
            again: record.attempts > 1,
            refused: record.refused_since.map_or(-1, |since| -ticks(since) as i8),
            age: (-ticks(record.requested_at)).clamp(0, 20) as u8,
            announced: record.announced.iter().fold(0, |bits, status| bits | 1 << *status as u8),
            unpublished: record.outbox.len() as u8,
            unsettled: -1,
            ..Self::default()
        };
        let which =
            |arn: &ProjectVersionArn| if arn.as_str().ends_with("/1") { Arn::Present } else { Arn::Gone };
        rec.arn = record.project_version_arn().map_or(Arn::None, which);
        rec.phase = match &record.state {
            State::Starting { lease, unanswered: false } => Phase::Starting(ticks(lease.until) as i8),
            State::Starting { lease, unanswered: true } => Phase::Unanswered(ticks(lease.until) as i8),
            State::Waiting { due, .. } => Phase::Waiting(ticks(*due).clamp(0, i64::from(WAIT)) as i8),
            State::Copying(copying) => {
                rec.adopted = copying.adopted;
                rec.unsettled = copying.unsettled_until.map_or(-1, |until| ticks(until).max(0) as i8);
                if let Some(doubt) = &copying.doubt {
                    rec.doubt = if doubt.of == DoubtOf::Absent { 1 } else { 2 };
                    rec.doubted = (-ticks(doubt.since)).clamp(0, 3) as u8;
                }
                // Nothing reads these any more.
                (rec.age, rec.again) = (0, false);
                Phase::Copying((-ticks(copying.started_at)).clamp(0, 20) as u8)
            }
            State::Ended { status, failure, .. } => {
                rec.why = match failure.as_ref().map(|failure| failure.code.as_str()) {
                    None => 0,
                    Some("VersionDeleted") => DELETED,
                    Some("VersionNameTaken") => TAKEN,
                    Some(_) => OTHER,
                };
                // Nothing reads these any more.
                (rec.refused, rec.age, rec.again) = (-1, 0, false);
                Phase::Ended(*status as u8)
            }
        };
        rec
    }

    /// The whole record, made of the request's beginning.
    pub fn whole(self, beginning: &Record) -> Record {
        let mut record = beginning.clone();
        record.attempts = if self.again { 2 } else { 1 };
        record.refused_since = (self.refused >= 0).then(|| from_now(-i64::from(self.refused)));
        record.requested_at = from_now(-i64::from(self.age));
        record.announced = statuses(self.announced);
        let published = record.announced.len().saturating_sub(usize::from(self.unpublished));
        let letter = |status: &Status| Outgoing {
            status: *status,
            time: now(),
            resources: Vec::new(),
            detail: RawValue::NULL.to_owned(),
        };
        record.outbox = record.announced.iter().skip(published).map(letter).collect();
        let lease = |left: i8| Lease { until: from_now(i64::from(left)), owner: "owner".to_owned() };
        record.state = match self.phase {
            Phase::None => return record,
            Phase::Starting(left) => State::Starting { lease: lease(left), unanswered: false },
            Phase::Unanswered(left) => State::Starting { lease: lease(left), unanswered: true },
            Phase::Waiting(left) => State::Waiting {
                due: from_now(i64::from(left)),
                reason: WaitReason::Unknown,
                failure: Failure::new("Not now", "says the model"),
            },
            Phase::Copying(since) => match arn(self.arn) {
                Some(arn) => State::Copying(self.copying(arn, since)),
                None => return record,
            },
            Phase::Ended(status) => State::Ended {
                status: Status::ALL.get(usize::from(status)).copied().unwrap_or(Status::Failed),
                at: now(),
                started_at: None,
                failure: None,
                project_version_arn: arn(self.arn),
            },
        };
        record
    }

    fn copying(self, arn: ProjectVersionArn, since: u8) -> Copying {
        let of = match self.doubt {
            1 => Some(DoubtOf::Absent),
            2 => Some(DoubtOf::Status(ModelStatus::Failed)),
            _ => None,
        };
        Copying {
            project_version_arn: arn,
            adopted: self.adopted,
            started_at: from_now(-i64::from(since)),
            unsettled_until: (self.unsettled >= 0).then(|| from_now(i64::from(self.unsettled))),
            doubt: of.map(|of| Doubt { of, since: from_now(-i64::from(self.doubted)) }),
        }
    }

    /// The same a tick later.
    pub fn later(mut self) -> Self {
        let older = |age: u8, most: u8| (age + 1).min(most);
        self.phase = match self.phase {
            Phase::Starting(left) => Phase::Starting((left - 1).max(0)),
            Phase::Unanswered(left) => Phase::Unanswered((left - 1).max(0)),
            Phase::Waiting(left) => Phase::Waiting((left - 1).max(0)),
            Phase::Copying(since) => Phase::Copying(older(since, 4)),
            phase => return Self { phase, ..self },
        };
        if self.refused >= 0 {
            self.refused = (self.refused + 1).min(1);
        }
        if !matches!(self.phase, Phase::None | Phase::Copying(_)) {
            self.age = older(self.age, 7);
        }
        if self.unsettled > 0 {
            self.unsettled -= 1;
        }
        if self.doubt > 0 {
            self.doubted = older(self.doubted, 2);
        }
        self
    }

    /// The same with everything published.
    pub fn marked(self) -> Self {
        Self { unpublished: 0, ..self }
    }

    /// Whether it has its final answer.
    pub fn is_ended(self) -> bool {
        matches!(self.phase, Phase::Ended(_))
    }

    /// Whether it ended without a copy.
    pub fn has_failed(self) -> bool {
        let completed = Status::Completed as u8;
        matches!(self.phase, Phase::Ended(status) if status != completed)
    }
}

/// In the order in which they are announced.
fn statuses(bits: u8) -> Vec<Status> {
    Status::ALL.into_iter().filter(|status| bits & 1 << *status as u8 != 0).collect()
}
