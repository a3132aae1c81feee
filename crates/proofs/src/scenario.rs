//! The scenarios that faults are tried on: small stories, each with the ends that it may have under any faults
//! that pass.

use std::collections::VecDeque;
use std::time::Duration;

use rekognition_model_copier::Rules;
use rekognition_model_copier::domain::announcement::Status;
use rekognition_model_copier::domain::model::ModelStatus;

use crate::request::{ACCOUNT, Request, SOURCE, project, rules, source_version};
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

fn one(name: &'static str, ends: &'static [Status], prepare: fn(&mut World)) -> Scenario {
    Scenario {
        name,
        requests: vec![(Duration::ZERO, Request::new("a"))],
        ends: vec![ends],
        prepare,
        rules: rules(&[]),
    }
}

fn two(name: &'static str, second: Request, ends: [&'static [Status]; 2]) -> Scenario {
    let requests = vec![(Duration::ZERO, Request::new("a")), (seconds(1), second)];
    Scenario { name, requests, ends: ends.into(), prepare: |_| {}, rules: rules(&[]) }
}

/// A request for a version of its own.
fn grantee(i: usize) -> Request {
    Request { model: format!("flowers.{i}"), ..Request::new(&format!("g{i}")) }
}

fn refusing(world: &mut World, codes: &[&'static str]) {
    world.models.refusals.insert("copy-a".to_owned(), codes.iter().copied().collect::<VecDeque<_>>());
}

fn going(world: &mut World, takes: u64, ends: ModelStatus) {
    let destiny = Destiny { takes: seconds(takes), ends, ..Destiny::default() };
    world.models.destinies.insert("copy-a".to_owned(), destiny);
}

fn outside(world: &mut World, after: u64, act: Outside) {
    let at = later(world.now(), seconds(after));
    world.models.outside.push((at, act));
}

fn name() -> String {
    "copy-a".to_owned()
}

/// The settings with which we grant ourselves what we copy.
pub const GRANTING: [(&str, &str); 2] = [
    ("SOURCE_ACCOUNT_ROLES", "arn:aws:iam::111122223333:role/grants"),
    ("COPIER_ROLE_ARNS", "arn:aws:iam::444455556666:role/start-copy"),
];

/// A role of ours so long that a policy has room for one version.
pub fn long_role() -> String {
    format!("arn:aws:iam::444455556666:role/{}", "copier/".repeat(240))
}

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
            let (body, now) = (Request::new("a").body(), world.now());
            world.queue.send("twin", &body, now);
            world.queue.send("twin", &body, now);
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
    ];
    let many = (0..14).map(|i| (Duration::ZERO, Request::new(&format!("m{i}")))).collect::<Vec<_>>();
    all.push(Scenario {
        name: "fourteen at once, in pages of three",
        ends: vec![COMPLETED; many.len()],
        requests: many,
        prepare: |world| world.table.page = 3,
        rules: rules(&[]),
    });
    // A lost call of the second may land once the first one's copy has failed and is deleted.
    all.push(Scenario {
        prepare: |world| going(world, 240, ModelStatus::CopyingFailed),
        ..two("two of one copy that fails", Request { name: name(), ..Request::new("b") }, [FAILED, FAILED])
    });
    all.push(Scenario {
        rules: rules(&[("OVERDUE_AFTER_SECONDS", "60")]),
        ..one("a copy that is overdue", COMPLETED, |_| {})
    });
    all.push(Scenario {
        rules: rules(&[("COPY_TIMEOUT_SECONDS", "240"), ("OVERDUE_AFTER_SECONDS", "120")]),
        ..one("a copy that never ends", &[Status::TimedOut], |world| {
            going(world, 1_000_000, ModelStatus::CopyingCompleted);
        })
    });
    all.push(Scenario {
        rules: rules(&[("START_TIMEOUT_SECONDS", "180")]),
        ..one("a start that never succeeds", &[Status::TimedOut], |world| {
            refusing(world, &["ServiceQuotaExceededException"; 100]);
        })
    });
    all.push(Scenario {
        rules: rules(&[("PERMISSION_TIMEOUT_SECONDS", "120")]),
        ..one("a permission that never comes", FAILED, |world| world.models.forbidden = true)
    });
    all.push(Scenario { rules: rules(&GRANTING), ..one("a copy with a grant", COMPLETED, |_| {}) });
    all.push(Scenario {
        rules: rules(&GRANTING),
        ..one("a grant that is seen late", COMPLETED, |world| world.policies.seen_after = seconds(30))
    });
    all.push(Scenario {
        rules: rules(&GRANTING),
        requests: vec![
            (Duration::ZERO, Request::new("a")),
            (seconds(1), Request { model: "flowers.2".to_owned(), ..Request::new("b") }),
            (seconds(150), Request::new("c")),
        ],
        ends: vec![COMPLETED; 3],
        ..one("three grants, two of one model", COMPLETED, |_| {})
    });
    all.push(Scenario {
        rules: rules(&[GRANTING[0], GRANTING[1], ("PERMISSION_TIMEOUT_SECONDS", "120")]),
        ..one("five policies of others", COMPLETED, |world| {
            world.policies.full_until = Some(later(world.now(), seconds(300)));
        })
    });
    let other = Request { model: "flowers.2".to_owned(), ..Request::new("b") };
    all.push(Scenario {
        rules: rules(&GRANTING),
        prepare: |world| going(world, 1500, ModelStatus::CopyingFailed),
        ..two("a grant that is at rest when its request ends", other, [FAILED, COMPLETED])
    });
    all.push(Scenario {
        rules: rules(&GRANTING),
        requests: vec![(Duration::ZERO, grantee(1)), (Duration::from_millis(1), grantee(2))],
        ends: vec![COMPLETED; 2],
        ..one("two grants at once, each by a function of its own", COMPLETED, |world| {
            world.latency = Latency::Varying;
        })
    });
    all.push(Scenario {
        rules: rules(&[GRANTING[0], ("COPIER_ROLE_ARNS", &long_role())]),
        requests: (1..=3).map(|i| (Duration::ZERO, grantee(i))).collect(),
        ends: vec![COMPLETED; 3],
        ..one("a policy with room for one of three", COMPLETED, |_| {})
    });
    debug_assert!(all.iter().all(|scenario| scenario.ends.len() == scenario.requests.len()));
    debug_assert_eq!((ACCOUNT.len(), SOURCE.len()), (12, 12));
    all
}
