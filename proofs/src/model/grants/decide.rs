//! The shipped decisions over compact grants, each made once in a thread and remembered.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::thread::LocalKey;

use rekognition_model_copier::domain::announcement::Status;
use rekognition_model_copier::domain::decide::grant::ungranted;
use rekognition_model_copier::domain::decide::start::{Answered, Start, answered, lease, may_call, start};
use rekognition_model_copier::domain::failure::Failure;
use rekognition_model_copier::domain::grant::{Asked, Granting, Grants, Holder, Ungranted, needs_grant};
use rekognition_model_copier::domain::intake::{Message, Via, intake};
use rekognition_model_copier::domain::policy::{self, Allows, Policy};
use rekognition_model_copier::domain::record::{Record, State, WaitReason};
use rekognition_model_copier::domain::refusal::{CopyAnswer, Refusal};
use rekognition_model_copier::domain::times::Times;

use super::compact::{Alignment, Ask, Held, LONG, Phase, REQUESTS, Says, Why};
use super::renaming::Renaming;
use crate::model::time::{from_now, now, ticks};
use crate::request::{Request, SOURCE, rules};

/// An hour, in ticks.
const AUDIT: i64 = 12;

/// What a world is of.
#[derive(Debug)]
pub struct Setting {
    beginnings: Vec<Record>,
    granting: Granting,
    versions: &'static [u8],
    renamings: Vec<Renaming>,
}

type Cache<K, V> = RefCell<HashMap<K, V>>;

// A search runs every layer in threads of its own, so that none of these outlives its setting.
thread_local! {
    static ASKED: Cache<(Option<Held>, u8), Ask> = RefCell::default();
    static RELEASED: Cache<(Held, u8), Option<Held>> = RefCell::default();
    static ALIGNED: Cache<(Held, Says), Alignment> = RefCell::default();
    static CHANGING: Cache<Held, (bool, Held)> = RefCell::default();
    static SETTLED: Cache<(Held, u8), Option<Held>> = RefCell::default();
    static DUE: Cache<Held, bool> = RefCell::default();
    static ALLOWED: Cache<Held, u8> = RefCell::default();
    static STARTED: Cache<(Phase, bool), Phase> = RefCell::default();
    static REFUSED: Cache<(u8, Why), Phase> = RefCell::default();
    static MAY_CALL: Cache<u8, bool> = RefCell::default();
    static NEEDS: Cache<Phase, bool> = RefCell::default();
}

fn once<K: Copy + Eq + Hash, V: Copy>(
    cache: &'static LocalKey<Cache<K, V>>,
    key: K,
    make: impl FnOnce() -> V,
) -> V {
    let made = cache.with_borrow(|made| made.get(&key).copied());
    made.unwrap_or_else(|| {
        let value = make();
        cache.with_borrow_mut(|made| made.insert(key, value));
        value
    })
}

impl Setting {
    /// Requests for these versions, and a policy that has room for so many.
    ///
    /// # Panics
    /// If a request is not taken in.
    pub fn new(versions: &'static [u8], room: usize) -> Self {
        let roles = BTreeMap::from([(SOURCE.to_owned(), "arn:aws:iam::111122223333:role/grants".to_owned())]);
        let mut granting = Granting { roles, ..Granting::default() };
        let rules = rules(&[]);
        let begin = |(i, version): (usize, &u8)| {
            let request = Request { model: format!("flowers.{version}"), ..Request::new(&format!("r{i}")) };
            let body = request.body();
            let message = Message { text: &body, id: "message", via: Via::Queue };
            let intake = intake(message, &rules.admission, &rules.event_source, "owner", now());
            intake.expect("a request").granting(&granting).record
        };
        let beginnings: Vec<Record> = versions.iter().enumerate().map(begin).collect();
        let renamings = Renaming::all(versions);
        let mut setting = Self { beginnings, granting: Granting::default(), versions, renamings };
        // A principal so long that no more versions fit.
        let arn = setting.holder(0).project_version_arn.to_string();
        let resources = (0..room).map(|i| format!("{i}{}", arn.get(1..).unwrap_or_default())).collect();
        let document = Allows { principals: BTreeSet::from([String::new()]), resources }.document();
        granting.principals = BTreeSet::from(["p".repeat(policy::CHARACTERS - document.len())]);
        setting.granting = granting;
        setting
    }

    /// The ways to number the requests that make no difference.
    pub fn renamings(&self) -> &[Renaming] {
        &self.renamings
    }

    /// The requests.
    pub fn requests(&self) -> impl Iterator<Item = u8> + use<> {
        0..self.versions.len() as u8
    }

    /// What a request wants, as a bit.
    pub fn version(&self, r: u8) -> u8 {
        self.versions.get(usize::from(r)).map_or(0, |version| 1 << version)
    }

    /// Whether no other request wants the same.
    pub fn is_alone(&self, r: u8) -> bool {
        self.requests().all(|other| other == r || self.version(other) != self.version(r))
    }

    /// What those want who hold a grant.
    pub fn held(&self, held: Held) -> u8 {
        held.requests().fold(0, |bits, r| bits | self.version(r))
    }

    fn holder(&self, r: u8) -> Holder {
        let record = &self.beginnings[usize::from(r)];
        let copy = record.copy.as_ref().expect("a copy");
        Holder { key: record.key.clone(), project_version_arn: copy.source_project_version_arn.clone() }
    }

    fn none(&self) -> Grants {
        Grants::none(self.beginnings[0].copy.as_ref().expect("a copy").source_project_arn.clone())
    }

    fn whole(&self, held: Held) -> Grants {
        Grants {
            holders: held.requests().map(|r| self.holder(r)).collect(),
            changed_at: from_now(-i64::from(held.changed)),
            settled_at: held.settled.map(|long| from_now(if long { -AUDIT } else { 0 })),
            ..self.none()
        }
    }

    fn compact(&self, grants: &Grants) -> Held {
        let mut holders = [0; REQUESTS];
        for (place, holder) in holders.iter_mut().zip(&grants.holders) {
            let of = self.beginnings.iter().position(|record| record.key == holder.key);
            *place = of.map_or(0, |r| r as u8 + 1);
        }
        let settled = grants.settled_at.map(|at| ticks(at) <= -AUDIT);
        let changed = (-ticks(grants.changed_at)).clamp(0, i64::from(LONG)) as u8;
        Held { holders, changed: if settled.is_some() { LONG } else { changed }, settled }
    }

    fn policy(&self, says: Says) -> Option<Policy> {
        let document = match says {
            Says::Absent => return None,
            Says::Ours(bits) => {
                let wanted = self.requests().filter(|r| bits & self.version(*r) != 0);
                let resources = wanted.map(|r| self.holder(r).project_version_arn.to_string()).collect();
                Allows { principals: self.granting.principals.clone(), resources }.document()
            }
            Says::Other => r#"{"Statement":[]}"#.to_owned(),
        };
        Some(Policy { revision_id: "1".to_owned(), document })
    }

    fn bits(&self, allows: &Allows) -> u8 {
        let is_in = |r: &u8| allows.resources.contains(self.holder(*r).project_version_arn.as_str());
        self.requests().filter(is_in).fold(0, |bits, r| bits | self.version(r))
    }

    /// Asks for a request's grant.
    pub fn ask(&self, held: Option<Held>, r: u8) -> Ask {
        once(&ASKED, (held, r), || {
            let grants = held.map_or_else(|| self.none(), |held| self.whole(held));
            match self.granting.ask(grants, self.holder(r), now()) {
                Asked::Held => Ask::Held,
                Asked::Given(grants) => Ask::Given(self.compact(&grants)),
                Asked::Full => Ask::Full,
            }
        })
    }

    /// Without those of these requests, as bits.
    pub fn released(&self, held: Held, over: u8) -> Option<Held> {
        once(&RELEASED, (held, over), || {
            let is_over = |key: &_| {
                let of = self.beginnings.iter().position(|record| record.key == *key);
                of.is_some_and(|r| over >> r & 1 == 1)
            };
            self.whole(held).released(is_over, now()).map(|grants| self.compact(&grants))
        })
    }

    /// What has to happen to the policy.
    pub fn align(&self, held: Held, present: Says) -> Alignment {
        once(&ALIGNED, (held, present), || {
            let allows = self.granting.allows(&self.whole(held));
            let policy = self.policy(present);
            let change = allows.change(policy.as_ref()).map(|change| match change {
                policy::Change::Delete { .. } => Says::Absent,
                policy::Change::Put { document, .. } => {
                    Allows::read(&document).map_or(Says::Other, |allows| Says::Ours(self.bits(&allows)))
                }
            });
            Alignment { change, takes: allows.takes_from(policy.as_ref()) }
        })
    }

    /// What the policy should allow.
    pub fn allowed(&self, held: Held) -> u8 {
        once(&ALLOWED, held, || self.bits(&self.granting.allows(&self.whole(held))))
    }

    /// Whether the policy may be changed, and what has to be written before if not.
    pub fn changing(&self, held: Held) -> (bool, Held) {
        once(&CHANGING, held, || {
            let grants = self.whole(held);
            (grants.may_change_policy(now()), self.compact(&grants.changing(now())))
        })
    }

    /// The grants at rest since a look so many ticks ago, if that is to be written.
    pub fn settled(&self, held: Held, ago: u8) -> Option<Held> {
        once(&SETTLED, (held, ago), || {
            self.whole(held).settled(from_now(-i64::from(ago))).map(|grants| self.compact(&grants))
        })
    }

    /// Whether a sweep looks after them.
    pub fn is_due(&self, held: Held) -> bool {
        once(&DUE, held, || self.whole(held).due().is_some_and(|at| at <= now()))
    }

    /// A record in this phase. A copy under way is as unfinished as a wait, and nothing here looks at more.
    fn record(&self, phase: Phase) -> Option<Record> {
        let mut record = self.beginnings[0].clone();
        record.grant = phase != Phase::Done;
        record.state = match phase {
            Phase::None | Phase::Gone => return None,
            Phase::Starting(left) => {
                let mut lease = lease("owner", now());
                lease.until = from_now(i64::from(left));
                State::Starting { lease, unanswered: false }
            }
            Phase::Waiting | Phase::Copying => State::Waiting {
                due: now(),
                reason: WaitReason::Unknown,
                failure: Failure::new("Not now", "says the model"),
            },
            Phase::Ended | Phase::Done => State::Ended {
                status: Status::Completed,
                at: now(),
                started_at: None,
                failure: None,
                project_version_arn: None,
            },
        };
        Some(record)
    }

    /// A request's start, or its end where there is no more time for one.
    pub fn start(&self, phase: Phase, late: bool) -> Phase {
        once(&STARTED, (phase, late), || {
            let Some(mut record) = self.record(phase) else { return of(&self.beginnings[0]) };
            if late {
                record.requested_at = from_now(-1000);
            }
            match start(record, "owner", now(), &Times::default()) {
                Start::Call(record) | Start::Ended(record) => of(&record),
                Start::NotDue => phase,
            }
        })
    }

    /// Where a request stands that was not started.
    pub fn refused(&self, left: u8, why: Why) -> Phase {
        once(&REFUSED, (left, why), || {
            let Some(record) = self.record(Phase::Starting(left)) else { return Phase::Waiting };
            let (now, times) = (now(), Times::default());
            of(&match why {
                Why::Full => ungranted(record, &Ungranted::Full(String::new()), "role", now, &times),
                Why::Unavailable => {
                    ungranted(record, &Ungranted::Unavailable(String::new()), "role", now, &times)
                }
                Why::Denied => {
                    let refusal =
                        Refusal { code: "AccessDeniedException".to_owned(), message: String::new() };
                    match answered(record, CopyAnswer::Refused(refusal), now, &times) {
                        Answered::Write(record) | Answered::LookUpName(record) => record,
                    }
                }
            })
        })
    }

    /// Whether the holder of a lease may still call.
    pub fn may_call(&self, left: u8) -> bool {
        let make = || self.record(Phase::Starting(left)).is_some_and(|record| may_call(&record, now()));
        once(&MAY_CALL, left, make)
    }

    /// Whether a request needs its grant.
    pub fn needs_grant(&self, phase: Phase) -> bool {
        once(&NEEDS, phase, || needs_grant(self.record(phase).as_ref()))
    }
}

/// Where a record stands.
fn of(record: &Record) -> Phase {
    match &record.state {
        State::Starting { lease, .. } => Phase::Starting(ticks(lease.until).max(0) as u8),
        State::Waiting { .. } => Phase::Waiting,
        State::Copying(_) => Phase::Copying,
        State::Ended { .. } if record.grant => Phase::Ended,
        State::Ended { .. } => Phase::Done,
    }
}
