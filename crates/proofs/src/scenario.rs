//! The scenarios that `crashes` runs: a few requests in a prepared world, with the outcomes that each may have under faults.

use std::time::Duration;

use rekognition_model_copier::Rules;
use rekognition_model_copier::domain::decisions::cancelling::cancel;
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::model::ModelStatus;
use rekognition_model_copier::domain::record::Record;
use rekognition_model_copier::domain::status::Status;

use crate::request::{ACCOUNT, Request, project, rules, source_version};
use crate::world::models::Course;
use crate::world::{Latency, World};

pub struct Scenario {
    pub name: &'static str,
    /// Each request with the time after which it is sent.
    pub requests: Vec<(Duration, Request)>,
    /// The final statuses that each request may have, in the order of the requests.
    pub outcomes: Vec<&'static [Status]>,
    /// Changes the usual world.
    pub prepare: fn(&mut World),
    pub rules: Rules,
}

const COMPLETED: &[Status] = &[Status::Completed];
const FAILED: &[Status] = &[Status::Failed];
const REJECTED: &[Status] = &[Status::Rejected];
const ANY: &[Status] = &[Status::Completed, Status::Failed, Status::TimedOut];

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Scenario {
    fn with(self, settings: &[(&str, &str)]) -> Self {
        Self { rules: rules(settings), ..self }
    }

    fn prepared(self, prepare: fn(&mut World)) -> Self {
        Self { prepare, ..self }
    }

    /// Adds a request.
    fn and(mut self, after: Duration, request: Request, outcomes: &'static [Status]) -> Self {
        self.requests.push((after, request));
        self.outcomes.push(outcomes);
        self
    }
}

fn empty(name: &'static str) -> Scenario {
    Scenario { name, requests: Vec::new(), outcomes: Vec::new(), prepare: |_| {}, rules: rules(&[]) }
}

fn one(name: &'static str, outcomes: &'static [Status], prepare: fn(&mut World)) -> Scenario {
    empty(name).and(Duration::ZERO, Request::new("a"), outcomes).prepared(prepare)
}

fn two(name: &'static str, second: Request, [first, then]: [&'static [Status]; 2]) -> Scenario {
    one(name, first, |_| {}).and(seconds(1), second, then)
}

/// The requests arrive one millisecond apart, and each is copied.
fn many(name: &'static str, requests: impl Iterator<Item = Request>) -> Scenario {
    let timed = requests.zip(0..);
    timed.fold(empty(name), |all, (request, i)| all.and(Duration::from_millis(i), request, COMPLETED))
}

/// The version name of the request `a`.
const NAME: &str = "copy-a";

fn refuse(world: &mut World, codes: &[&'static str]) {
    world.models.refusals.insert(NAME.to_owned(), codes.iter().copied().collect());
}

fn set_course(world: &mut World, duration: u64, end: ModelStatus) {
    let course = Course { duration: seconds(duration), end, ..Course::default() };
    world.models.courses.insert(NAME.to_owned(), course);
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
                let Ok(cancelled) = cancel(accepted.clone(), world.now) else { return };
                if let Some((before, after)) = world.table.save(cancelled.into(), world.now) {
                    world.watch.saved(&before, &after, &world.models, world.now);
                }
            });
        });
    }
}

/// The settings of a copier that puts project policies.
pub const PUTTING: [(&str, &str); 2] = [
    ("SOURCE_ACCOUNT_ROLES", "arn:aws:iam::111122223333:role/model-copier-policies"),
    ("COPIER_ROLE_ARNS", "arn:aws:iam::444455556666:role/start-copy"),
];

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
        one("a copy that fails", FAILED, |world| set_course(world, 90, ModelStatus::CopyingFailed)),
        one("a copy that is hosted at once", COMPLETED, |world| set_course(world, 90, ModelStatus::Running)),
        one("a copy whose hosting fails at once", COMPLETED, |world| {
            set_course(world, 90, ModelStatus::Failed)
        }),
        // The status changes at a fixed time, so a copy that starts later keeps the unknown status.
        one("a status that nobody knows", &[Status::Completed, Status::TimedOut], |world| {
            set_course(world, 60, ModelStatus::Unknown("COPYING_BACKWARDS".to_owned()));
            world.after(seconds(400), |world| {
                world.models.set_status(&project(0), NAME, ModelStatus::CopyingCompleted, world.now);
            });
        }),
        one("a copy that somebody deletes", ANY, |world| {
            world.after(seconds(100), |world| world.models.delete(&project(0), NAME, seconds(45), world.now));
        }),
        one("a name that somebody trains", FAILED, |world| {
            world.models.make(&project(0), NAME, None, world.now);
        }),
        one("a name that somebody copied from elsewhere", FAILED, |world| {
            world.models.make(&project(0), NAME, Some(source_version("other.1")), world.now);
        }),
        one("a name that somebody copied from the same", COMPLETED, |world| {
            world.models.make(&project(0), NAME, Some(source_version("flowers.1")), world.now);
        }),
        one("a name that is being deleted", COMPLETED, |world| {
            world.models.make(&project(0), NAME, None, world.now);
            world.models.delete(&project(0), NAME, seconds(100), world.now);
        }),
        one("a copy that is shown late", COMPLETED, |world| {
            let course = Course { visible_after: seconds(60), ..Course::default() };
            world.models.courses.insert(NAME.to_owned(), course);
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
        two(
            "two of one copy",
            Request { name: NAME.to_owned(), ..Request::new("b") },
            [COMPLETED, COMPLETED],
        ),
        two(
            "two models for one name",
            Request { name: NAME.to_owned(), model: "flowers.2".to_owned(), ..Request::new("b") },
            [ANY, ANY],
        ),
        two(
            "one of three is bad",
            Request { name: "no such name".to_owned(), ..Request::new("b") },
            [COMPLETED, REJECTED],
        ),
        two(
            "two of one copy that fails",
            Request { name: NAME.to_owned(), ..Request::new("b") },
            [FAILED, FAILED],
        )
        .prepared(|world| set_course(world, 240, ModelStatus::CopyingFailed)),
        many("fourteen at once, in pages of three", (0..14).map(|i| Request::new(&format!("m{i}"))))
            .prepared(|world| world.table.page_size = 3),
        one("a copy that is overdue", COMPLETED, |_| {}).with(&[("OVERDUE_AFTER_SECONDS", "60")]),
        one("a copy that never ends", &[Status::TimedOut], |world| {
            set_course(world, 1_000_000, ModelStatus::CopyingCompleted);
        })
        .with(&[("COPY_TIMEOUT_SECONDS", "240"), ("OVERDUE_AFTER_SECONDS", "120")]),
        one("a start that never succeeds", &[Status::TimedOut], |world| {
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
        empty("a copy within one project, of which the source is not shown")
            .and(Duration::ZERO, Request::within_one_project("a"), COMPLETED)
            .prepared(|world| world.models.hides_source = true)
            .with(&[("ALLOWED_SOURCE_ACCOUNTS", ACCOUNT)]),
    ];
    all.extend(with_policies());
    debug_assert!(all.iter().all(|scenario| scenario.outcomes.len() == scenario.requests.len()));
    all
}

/// The scenarios in which the copier puts project policies.
fn with_policies() -> Vec<Scenario> {
    let of_version = |i| Request { model: format!("flowers.{i}"), ..Request::new(&format!("g{i}")) };
    vec![
        one("a copy with a policy", COMPLETED, |_| {}).with(&PUTTING),
        one("a policy that is seen late", COMPLETED, |world| world.policies.visible_after = seconds(30))
            .with(&PUTTING),
        one("a request after the policy has expired", COMPLETED, |_| {})
            .and(seconds(4000), Request::new("c"), COMPLETED)
            .with(&PUTTING),
        one("a request while the policy has little time left", COMPLETED, |_| {})
            .and(seconds(3000), Request::new("c"), COMPLETED)
            .with(&PUTTING),
        one("five policies of others", COMPLETED, |world| {
            world.fill_policies(seconds(300));
        })
        .with(&PUTTING),
        one("five policies, one of them an expired one of a copier", COMPLETED, |world| {
            world.fill_policies_with_an_expired_one();
        })
        .with(&PUTTING),
        one("others delete the policy and put another document", COMPLETED, |world| {
            world.meddle_with_policies();
        })
        .and(seconds(200), Request::new("c"), COMPLETED)
        .with(&PUTTING),
        many("two requests at once, each in a function of its own", (1..=2).map(of_version))
            .prepared(|world| world.latency = Latency::Varying)
            .with(&PUTTING),
        many("twelve requests for one project", (1..=12).map(of_version)).with(&PUTTING),
    ]
}
