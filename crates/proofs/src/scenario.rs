//! The scenarios that `crashes` runs: a few requests in a prepared world, with the outcomes that each may have under faults.

use std::time::Duration;

use rekognition_model_copier::Rules;
use rekognition_model_copier::domain::decisions::cancelling::cancel;
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::model::ModelStatus::{self, *};
use rekognition_model_copier::domain::record::Record;
use rekognition_model_copier::domain::status::Status;

use crate::deployment::Requests;
use crate::request::{ACCOUNT, Request, project, rules, source_project, source_version};
use crate::world::models::Course;
use crate::world::policies::SLOTS;
use crate::world::{Latency, World};

pub struct Scenario {
    pub name: &'static str,
    pub requests: Requests,
    /// The final statuses that each request may have, in the order of the requests.
    pub outcomes: Vec<&'static [Status]>,
    /// Changes the usual world.
    pub prepare: fn(&mut World),
    pub rules: Rules,
}

const COMPLETED: &[Status] = &[Status::Completed];
const FAILED: &[Status] = &[Status::Failed];
const REJECTED: &[Status] = &[Status::Rejected];
const TIMED_OUT: &[Status] = &[Status::TimedOut];
const ANY: &[Status] = &[Status::Completed, Status::Failed, Status::TimedOut];

/// The settings of a copier that puts project policies.
pub const PUTTING: [(&str, &str); 2] = [
    ("SOURCE_ACCOUNT_ROLES", "arn:aws:iam::111122223333:role/model-copier-policies"),
    ("COPIER_ROLE_ARNS", "arn:aws:iam::444455556666:role/start-copy"),
];

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Scenario {
    /// A scenario without requests, in the usual world.
    fn new(name: &'static str) -> Self {
        Self { name, requests: Vec::new(), outcomes: Vec::new(), prepare: |_| {}, rules: rules(&[]) }
    }

    /// Adds a request.
    fn and(mut self, after: Duration, request: Request, outcomes: &'static [Status]) -> Self {
        self.requests.push((after, request));
        self.outcomes.push(outcomes);
        self
    }

    /// Adds a request that is sent so many seconds later.
    fn and_later(self, after: u64) -> Self {
        self.and(seconds(after), Request::new("c"), COMPLETED)
    }

    fn prepared(self, prepare: fn(&mut World)) -> Self {
        Self { prepare, ..self }
    }

    fn with(self, settings: &[(&str, &str)]) -> Self {
        Self { rules: rules(settings), ..self }
    }
}

/// The request `a` alone.
fn one(name: &'static str, outcomes: &'static [Status], prepare: fn(&mut World)) -> Scenario {
    Scenario::new(name).and(Duration::ZERO, Request::new("a"), outcomes).prepared(prepare)
}

/// The request `a`, and another one a second later.
fn two(name: &'static str, second: Request, [first, then]: [&'static [Status]; 2]) -> Scenario {
    one(name, first, |_| {}).and(seconds(1), second, then)
}

/// The requests arrive one millisecond apart, and each is copied.
fn many(name: &'static str, requests: impl Iterator<Item = Request>) -> Scenario {
    let timed = requests.zip(0..);
    let add = |all: Scenario, (request, i)| all.and(Duration::from_millis(i), request, COMPLETED);
    timed.fold(Scenario::new(name), add)
}

/// The version name of the request `a`.
const NAME: &str = "copy-a";

/// Another request for the version name of the request `a`.
fn same_name(model: &str) -> Request {
    Request { name: NAME.to_owned(), model: model.to_owned(), ..Request::new("b") }
}

fn refuse(world: &mut World, codes: &[&'static str]) {
    world.models.refusals.insert(NAME.to_owned(), codes.iter().copied().collect());
}

fn set_course(world: &mut World, duration: u64, end: ModelStatus) {
    world.models.course = Course { duration: seconds(duration), end, ..Course::default() };
}

/// Somebody else trains or copies a version of the same name first.
fn make(world: &mut World, source: Option<&str>) {
    world.models.make(&project(0), NAME, source.map(source_version), world.now);
}

fn delete(world: &mut World, lasts: u64) {
    world.models.delete(&project(0), NAME, seconds(lasts), world.now);
}

/// A person cancels the request in each of these minutes. Between reading and writing the record, two seconds pass, in which
/// the functions may save it.
fn cancel_in(world: &mut World, minutes: impl Iterator<Item = u64>) {
    for minute in minutes {
        world.after(seconds(60 * minute), |world| {
            let key = RecordKey { requester: ACCOUNT.to_owned(), request_id: "a".to_owned() };
            let read = world.table.get(&key).cloned();
            world.after(seconds(2), move |world| {
                let Some(Record::Accepted(accepted)) = read.as_deref() else { return };
                if let Ok(cancelled) = cancel(accepted.clone(), world.now) {
                    world.save(cancelled.into());
                }
            });
        });
    }
}

/// Other people fill every free slot for policies, and free one after a while.
pub fn fill_policies(world: &mut World, lasts: Duration) {
    let project = source_project();
    for n in world.policies.list(&project, world.now).len()..SLOTS {
        world.policies.overwrite(&project, &format!("other-{n}"), Some("{}"), world.now);
    }
    let last = format!("other-{}", SLOTS - 1);
    world.after(lasts, move |world| world.policies.overwrite(&project, &last, None, world.now));
}

/// Other people put another document over the copier's policy after 90 seconds, and delete the policy after 180 seconds.
pub fn meddle_with_policies(world: &mut World) {
    for (wait, document) in [(90, Some("{}")), (180, None)] {
        world.after(seconds(wait), move |world| {
            let name = "model-copier-444455556666-rekognition-model-copier";
            world.policies.overwrite(&source_project(), name, document, world.now);
        });
    }
}

/// An expired policy of another copier.
const EXPIRED: &str = r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999988887777:root"},
    "Action": "rekognition:CopyProjectVersion", "Resource": "*",
    "Condition": {"DateLessThan": {"aws:CurrentTime": "2026-11-24T09:00:00Z"}}}]}"#;

pub fn all() -> Vec<Scenario> {
    let mut all = vec![
        one("a copy", COMPLETED, |_| {}),
        one("throttled twice, then taken", COMPLETED, |world| {
            refuse(world, &["ThrottlingException", "ProvisionedThroughputExceededException"]);
        }),
        one("a quota that is used up", COMPLETED, |world| {
            refuse(world, &["LimitExceededException", "ServiceQuotaExceededException"]);
        }),
        one("an error that nobody knows", COMPLETED, |world| refuse(world, &["BrandNewException"])),
        one("refused for good", FAILED, |world| refuse(world, &["InvalidParameterException"; 8])),
        one("a permission that comes late", COMPLETED, |world| {
            world.models.is_forbidden = true;
            world.after(seconds(100), |world| world.models.is_forbidden = false);
        }),
        one("a copy that fails", FAILED, |world| set_course(world, 90, CopyingFailed)),
        one("a copy that is hosted at once", COMPLETED, |world| set_course(world, 90, Running)),
        one("a copy whose hosting fails at once", COMPLETED, |world| set_course(world, 90, Failed)),
        // The status changes at a fixed time, so a copy that starts later keeps the unknown status.
        one("a status that nobody knows", &[Status::Completed, Status::TimedOut], |world| {
            set_course(world, 60, Unknown("COPYING_BACKWARDS".to_owned()));
            world.after(seconds(400), |world| {
                world.models.set_status(&project(0), NAME, CopyingCompleted, world.now);
            });
        }),
        one("a copy that somebody deletes", ANY, |world| {
            world.after(seconds(100), |world| delete(world, 45));
        }),
        one("a name that somebody trains", FAILED, |world| make(world, None)),
        one("a name that somebody copied from elsewhere", FAILED, |world| make(world, Some("other.1"))),
        one("a name that somebody copied from the same", COMPLETED, |world| make(world, Some("flowers.1"))),
        one("a name that is being deleted", COMPLETED, |world| {
            make(world, None);
            delete(world, 100);
        }),
        one("a copy that is shown late", COMPLETED, |world| {
            world.models.course.visible_after = seconds(60);
        }),
        one("an index that lags", COMPLETED, |world| world.table.lag = seconds(90)),
        one("one message twice in a batch", COMPLETED, |world| {
            let body = Request::new("a").body();
            world.queue.send("twin", &body, world.now);
            world.queue.send("twin", &body, world.now);
        }),
        two("the same again", Request::new("a"), [COMPLETED, COMPLETED]),
        two(
            "an id used again for another model",
            Request { mark: "b".to_owned(), model: "flowers.2".to_owned(), ..Request::new("a") },
            [COMPLETED, COMPLETED],
        ),
        two("two of one copy", same_name("flowers.1"), [COMPLETED, COMPLETED]),
        two("two models for one name", same_name("flowers.2"), [ANY, ANY]),
        two(
            "one of three is bad",
            Request { name: "no such name".to_owned(), ..Request::new("b") },
            [COMPLETED, REJECTED],
        ),
        two("two of one copy that fails", same_name("flowers.1"), [FAILED, FAILED])
            .prepared(|world| set_course(world, 240, CopyingFailed)),
        many("fourteen at once, in pages of three", (0..14).map(|i| Request::new(&format!("m{i}"))))
            .prepared(|world| world.table.page_size = 3),
        one("a copy that is overdue", COMPLETED, |_| {}).with(&[("OVERDUE_AFTER_SECONDS", "60")]),
        one("a copy that never ends", TIMED_OUT, |world| set_course(world, 1_000_000, CopyingCompleted))
            .with(&[("COPY_TIMEOUT_SECONDS", "240"), ("OVERDUE_AFTER_SECONDS", "120")]),
        one("a start that never succeeds", TIMED_OUT, |world| {
            refuse(world, &["ServiceQuotaExceededException"; 100]);
        })
        .with(&[("START_TIMEOUT_SECONDS", "180")]),
        one("a permission that never comes", FAILED, |world| world.models.is_forbidden = true)
            .with(&[("PERMISSION_TIMEOUT_SECONDS", "300")]),
        one("a request that is cancelled while it waits", FAILED, |world| {
            refuse(world, &["ServiceQuotaExceededException"; 100]);
            cancel_in(world, (1..=120).step_by(5));
        }),
        one(
            "a request that is cancelled when it is started",
            &[Status::Completed, Status::Failed],
            |world| {
                refuse(world, &["ThrottlingException"; 3]);
                cancel_in(world, 0..=3);
            },
        ),
        // The copier recognizes the copy of a lost call by its creation time.
        Scenario::new("a copy within one project, of which the source is not shown")
            .and(Duration::ZERO, Request::within_one_project("a"), COMPLETED)
            .prepared(|world| world.models.hides_source = true)
            .with(&[("ALLOWED_SOURCE_ACCOUNTS", ACCOUNT)]),
    ];
    all.extend(with_policies().map(|scenario| scenario.with(&PUTTING)));
    debug_assert!(all.iter().all(|scenario| scenario.outcomes.len() == scenario.requests.len()));
    all
}

/// The scenarios in which the copier puts project policies.
fn with_policies() -> [Scenario; 9] {
    let of_version = |i| Request { model: format!("flowers.{i}"), ..Request::new(&format!("g{i}")) };
    [
        one("a copy with a policy", COMPLETED, |_| {}),
        one("a policy that is seen late", COMPLETED, |world| world.policies.visible_after = seconds(30)),
        one("a request after the policy has expired", COMPLETED, |_| {}).and_later(4000),
        one("a request while the policy has little time left", COMPLETED, |_| {}).and_later(3000),
        one("five policies of others", COMPLETED, |world| fill_policies(world, seconds(300))),
        one("five policies, one of them an expired one of a copier", COMPLETED, |world| {
            let name = "model-copier-999988887777-copier";
            world.policies.overwrite(&source_project(), name, Some(EXPIRED), world.now);
            fill_policies(world, seconds(1_000_000));
        }),
        one("others delete the policy and put another document", COMPLETED, meddle_with_policies)
            .and_later(200),
        many("two requests at once, each in a function of its own", (1..=2).map(of_version))
            .prepared(|world| world.latency = Latency::Varying),
        many("twelve requests for one project", (1..=12).map(of_version)),
    ]
}
