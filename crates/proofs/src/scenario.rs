//! The scenarios that faults are tried on: small stories, each with the ends that it may have under any faults
//! that pass.

use std::collections::VecDeque;
use std::time::Duration;

use rekognition_model_copier::Rules;
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::model::ModelStatus;
use rekognition_model_copier::domain::status::Status;

use crate::request::{ACCOUNT, Request, project, rules, source_project, source_version};
use crate::world::cancels::Cancel;
use crate::world::models::{Destiny, Outside};
use crate::world::{Latency, World, later};

/// A story.
pub struct Scenario {
    /// What it is about.
    pub name: &'static str,
    /// What is asked for, and when.
    pub requests: Vec<(Duration, Request)>,
    /// How each request may end, in the order of the requests.
    pub ends: Vec<&'static [Status]>,
    /// What is different from the usual world.
    pub prepare: fn(&mut World),
    /// By which rules.
    pub rules: Rules,
}

impl std::fmt::Debug for Scenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

const COMPLETED: &[Status] = &[Status::Completed];
const FAILED: &[Status] = &[Status::Failed];
const REJECTED: &[Status] = &[Status::Rejected];
const ANY: &[Status] = &[Status::Completed, Status::Failed, Status::TimedOut];

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Scenario {
    /// The same with these settings.
    fn with(self, settings: &[(&str, &str)]) -> Self {
        Self { rules: rules(settings), ..self }
    }

    /// The same in a world that differs from the usual one.
    fn prepared(self, prepare: fn(&mut World)) -> Self {
        Self { prepare, ..self }
    }

    /// The same with one more request.
    fn and(mut self, after: Duration, request: Request, ends: &'static [Status]) -> Self {
        self.requests.push((after, request));
        self.ends.push(ends);
        self
    }
}

fn none(name: &'static str) -> Scenario {
    Scenario { name, requests: Vec::new(), ends: Vec::new(), prepare: |_| {}, rules: rules(&[]) }
}

fn one(name: &'static str, ends: &'static [Status], prepare: fn(&mut World)) -> Scenario {
    none(name).and(Duration::ZERO, Request::new("a"), ends).prepared(prepare)
}

fn two(name: &'static str, second: Request, [first, then]: [&'static [Status]; 2]) -> Scenario {
    one(name, first, |_| {}).and(seconds(1), second, then)
}

/// So many, which arrive one millisecond apart and are copied.
fn many(name: &'static str, requests: impl Iterator<Item = Request>) -> Scenario {
    let timed = requests.zip(0..);
    timed.fold(none(name), |all, (request, i)| all.and(Duration::from_millis(i), request, COMPLETED))
}

fn refusing(world: &mut World, codes: &[&'static str]) {
    world.models.refusals.insert("copy-a".to_owned(), codes.iter().copied().collect::<VecDeque<_>>());
}

fn going(world: &mut World, takes: u64, ends: ModelStatus) {
    let destiny = Destiny { takes: seconds(takes), ends, ..Destiny::default() };
    world.models.destinies.insert("copy-a".to_owned(), destiny);
}

fn outside(world: &mut World, after: u64, act: Outside) {
    let at = later(world.now, seconds(after));
    world.models.outside.push((at, act));
}

fn name() -> String {
    "copy-a".to_owned()
}

/// Somebody cancels the request in each of these minutes.
fn cancelling(world: &mut World, minutes: impl Iterator<Item = u64>) {
    let key = RecordKey { requester: ACCOUNT.to_owned(), request_id: "a".to_owned() };
    let now = world.now;
    world.cancels.extend(minutes.map(|minute| Cancel::at(later(now, seconds(60 * minute)), key.clone())));
}

/// The settings of a copier that puts project policies.
pub const PUTTING: [(&str, &str); 2] = [
    ("SOURCE_ACCOUNT_ROLES", "arn:aws:iam::111122223333:role/model-copier-policies"),
    ("COPIER_ROLE_ARNS", "arn:aws:iam::444455556666:role/start-copy"),
];

/// All stories.
pub fn all() -> Vec<Scenario> {
    let mut all = vec![
        one("a copy", COMPLETED, |_| {}),
        one("throttled twice, then taken", COMPLETED, |world| {
            refusing(world, &["ThrottlingException", "ProvisionedThroughputExceededException"]);
        }),
        one("a quota that is used up", COMPLETED, |world| {
            refusing(world, &["LimitExceededException", "ServiceQuotaExceededException"]);
        }),
        one("an error that nobody knows", COMPLETED, |world| refusing(world, &["BrandNewException"])),
        one("refused for good", FAILED, |world| refusing(world, &["InvalidParameterException"; 8])),
        one("a permission that comes late", COMPLETED, |world| {
            world.models.forbidden = true;
            outside(world, 100, Outside::Permit(true));
        }),
        one("a copy that fails", FAILED, |world| going(world, 90, ModelStatus::CopyingFailed)),
        one("a copy that is hosted at once", COMPLETED, |world| going(world, 90, ModelStatus::Running)),
        one("a copy whose hosting fails at once", COMPLETED, |world| going(world, 90, ModelStatus::Failed)),
        // Says it at a fixed time: a copy that begins later never gets past it.
        one("a status that nobody knows", &[Status::Completed, Status::TimedOut], |world| {
            going(world, 60, ModelStatus::Unknown("COPYING_BACKWARDS".to_owned()));
            outside(world, 400, Outside::Say(project(0), name(), ModelStatus::CopyingCompleted));
        }),
        one("a copy that somebody deletes", ANY, |world| {
            outside(world, 100, Outside::Delete(project(0), name(), seconds(45)));
        }),
        one("a name that somebody trains", FAILED, |world| {
            outside(world, 0, Outside::Make(project(0), name(), None));
        }),
        one("a name that somebody copied from elsewhere", FAILED, |world| {
            outside(world, 0, Outside::Make(project(0), name(), Some(source_version("other.1"))));
        }),
        one("a name that somebody copied from the same", COMPLETED, |world| {
            outside(world, 0, Outside::Make(project(0), name(), Some(source_version("flowers.1"))));
        }),
        one("a name that is being deleted", COMPLETED, |world| {
            outside(world, 0, Outside::Make(project(0), name(), None));
            outside(world, 0, Outside::Delete(project(0), name(), seconds(100)));
        }),
        one("a copy that is shown late", COMPLETED, |world| {
            let destiny = Destiny { seen_after: seconds(60), ..Destiny::default() };
            world.models.destinies.insert(name(), destiny);
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
        two("two of one copy", Request { name: name(), ..Request::new("b") }, [COMPLETED, COMPLETED]),
        two(
            "two models for one name",
            Request { name: name(), model: "flowers.2".to_owned(), ..Request::new("b") },
            [ANY, ANY],
        ),
        two(
            "one of three is bad",
            Request { name: "no such name".to_owned(), ..Request::new("b") },
            [COMPLETED, REJECTED],
        ),
        // A lost call of the second may land once the first one's copy has failed and is deleted.
        two("two of one copy that fails", Request { name: name(), ..Request::new("b") }, [FAILED, FAILED])
            .prepared(|world| going(world, 240, ModelStatus::CopyingFailed)),
        many("fourteen at once, in pages of three", (0..14).map(|i| Request::new(&format!("m{i}"))))
            .prepared(|world| world.table.page = 3),
        one("a copy that is overdue", COMPLETED, |_| {}).with(&[("OVERDUE_AFTER_SECONDS", "60")]),
        one("a copy that never ends", &[Status::TimedOut], |world| {
            going(world, 1_000_000, ModelStatus::CopyingCompleted);
        })
        .with(&[("COPY_TIMEOUT_SECONDS", "240"), ("OVERDUE_AFTER_SECONDS", "120")]),
        one("a start that never succeeds", &[Status::TimedOut], |world| {
            refusing(world, &["ServiceQuotaExceededException"; 100]);
        })
        .with(&[("START_TIMEOUT_SECONDS", "180")]),
        one("a permission that never comes", FAILED, |world| world.models.forbidden = true)
            .with(&[("PERMISSION_TIMEOUT_SECONDS", "300")]),
        one("a request that is cancelled while it waits", FAILED, |world| {
            refusing(world, &["ServiceQuotaExceededException"; 100]);
            cancelling(world, (1..=120).step_by(5));
        }),
        one(
            "a request that is cancelled when it is started",
            &[Status::Completed, Status::Failed],
            |world| {
                refusing(world, &["ThrottlingException"; 3]);
                cancelling(world, 0..=3);
            },
        ),
        // A lost call is recognized by when the version was made.
        none("a copy within one project, of which the source is not shown")
            .and(Duration::ZERO, Request::within_one_project("a"), COMPLETED)
            .prepared(|world| world.models.hides_source = true)
            .with(&[("ALLOWED_SOURCE_ACCOUNTS", ACCOUNT)]),
    ];
    all.extend(of_policies());
    debug_assert!(all.iter().all(|scenario| scenario.ends.len() == scenario.requests.len()));
    all
}

/// Those in which the copier puts project policies.
fn of_policies() -> Vec<Scenario> {
    let of_version = |i| Request { model: format!("flowers.{i}"), ..Request::new(&format!("g{i}")) };
    vec![
        one("a copy with a policy", COMPLETED, |_| {}).with(&PUTTING),
        one("a policy that is seen late", COMPLETED, |world| world.policies.seen_after = seconds(30))
            .with(&PUTTING),
        one("a request after the policy has expired", COMPLETED, |_| {})
            .and(seconds(4000), Request::new("c"), COMPLETED)
            .with(&PUTTING),
        one("a request while the policy has little time left", COMPLETED, |_| {})
            .and(seconds(3000), Request::new("c"), COMPLETED)
            .with(&PUTTING),
        one("five policies of others", COMPLETED, |world| {
            world.policies.fill(&source_project(), seconds(300), world.now);
        })
        .with(&PUTTING),
        one("five policies, one of them an expired one of a copier", COMPLETED, |world| {
            world.policies.fill_with_expired(&source_project(), world.now);
        })
        .with(&PUTTING),
        one("others delete the policy and put another document", COMPLETED, |world| {
            world.policies.meddle(&source_project(), world.now);
        })
        .and(seconds(200), Request::new("c"), COMPLETED)
        .with(&PUTTING),
        many("two requests at once, each in a function of its own", (1..=2).map(of_version))
            .prepared(|world| world.latency = Latency::Varying)
            .with(&PUTTING),
        many("twelve requests for one project", (1..=12).map(of_version)).with(&PUTTING),
    ]
}
