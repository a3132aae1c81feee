//! One instance of a function, seen from the world: its clock may be wrong, and it can be killed at any
//! effect. It is all four ports of the copier at once.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::grant::{Grants, PolicyError};
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::outbox::Outgoing;
use rekognition_model_copier::domain::policy::{Change, Policy};
use rekognition_model_copier::domain::record::{Record, Step};
use rekognition_model_copier::domain::refusal::{CopyAnswer, Refusal};
use rekognition_model_copier::domain::request::CopyRequest;
use rekognition_model_copier::ports::{
    ANNOUNCEMENTS_PER_CALL, Bus, Clock, Created, Cursor, GrantsPage, Ledger, Page, Rekognition, Unavailable,
    Versions, Which,
};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::grants;
use crate::weather::{Fault, Kind};
use crate::world::models::Operation;
use crate::world::{Shared, World, earlier, later, policies, refusal};

/// How long a call without an answer takes: the SDK's time-out for an attempt, and for all of them.
const ATTEMPT: Duration = Duration::from_secs(10);
const CALL: Duration = Duration::from_secs(25);
/// When a late call lands: just before its signature ends.
const LATE: Duration = Duration::from_secs(15 * 60 - 1);
/// How old a stale reading is.
const STALE: Duration = Duration::from_secs(300);

/// A function instance.
#[derive(Clone, Debug)]
pub struct Process {
    shared: Shared,
    skew: SignedDuration,
    kill: Arc<Notify>,
}

impl Process {
    /// An instance whose clock is ahead by `skew`.
    pub fn new(shared: &Shared, skew: SignedDuration) -> Self {
        Self { shared: shared.clone(), skew, kill: Arc::default() }
    }

    /// Runs an invocation. `None` if it was killed or ran out of time.
    pub async fn invoke<T>(&self, limit: Duration, invocation: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.kill.notified() => None,
            ended = timeout(limit, Box::pin(invocation)) => ended.ok(),
        }
    }

    /// One use of a port: it happens, or fails, or reads what is no longer so.
    pub async fn effect<T>(
        &self,
        kind: Kind,
        happen: impl FnOnce(&mut World) -> T + Send,
        fail: impl FnOnce(&mut World, Fault) -> T + Send,
        stale: impl FnOnce(&mut World) -> Option<T> + Send,
    ) -> T {
        let (fault, there, back) = self.shared.with(|world| world.begin(kind));
        if fault == Some(Fault::Duplicate) {
            self.shared.bell.notify_waiters();
        }
        takes(there).await;
        let result = match fault {
            None | Some(Fault::Duplicate) => self.shared.with(happen),
            Some(Fault::KilledBefore) => self.killed().await,
            Some(Fault::KilledAfter) => {
                self.shared.with(happen);
                self.killed().await
            }
            Some(Fault::ErrorAfter) => {
                self.shared.with(happen);
                self.shared.with(|world| fail(world, Fault::ErrorAfter))
            }
            Some(fault @ (Fault::Hang | Fault::Late)) => {
                let result = self.shared.with(|world| fail(world, fault));
                sleep(if kind == Kind::Copy { ATTEMPT } else { CALL }).await;
                result
            }
            Some(Fault::Stale) => match self.shared.with(stale) {
                Some(result) => result,
                None => self.shared.with(happen),
            },
            Some(fault) => self.shared.with(|world| fail(world, fault)),
        };
        takes(back).await;
        result
    }

    async fn killed<T>(&self) -> T {
        self.kill.notify_one();
        std::future::pending().await
    }
}

/// Lets time pass, and others act; no time, nobody.
async fn takes(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}

fn unavailable<T>(_: &mut World, fault: Fault) -> Result<T, Unavailable> {
    Err(Unavailable(format!("{fault:?}")))
}

fn never<T>(_: &mut World) -> Option<T> {
    None
}

impl Clock for Process {
    fn now(&self) -> Timestamp {
        let now = self.shared.with(|world| world.now);
        now.checked_add(self.skew).unwrap_or(now)
    }
}

impl Ledger for Process {
    async fn create(&self, record: &Record) -> Result<Created, Unavailable> {
        let create = |world: &mut World| {
            let created = world.table.create(record, world.now);
            if let Created::New(record) = &created {
                (world.check)(record, &world.times);
                world.watch.created(record);
            }
            Ok(created)
        };
        self.effect(Kind::Create, create, unavailable, never).await
    }

    async fn load(&self, key: &RecordKey) -> Result<Option<Record>, Unavailable> {
        let load = |world: &mut World| Ok(world.table.get(key).map(|record| (**record).clone()));
        let stale = |world: &mut World| world.table.stale(key).map(|record| Ok(Some(record)));
        self.effect(Kind::Load, load, unavailable, stale).await
    }

    async fn save(&self, record: Record) -> Result<Option<Record>, Unavailable> {
        let save = |world: &mut World| {
            let Some((before, after)) = world.table.save(record, world.now) else { return Ok(None) };
            world.note(after.revision);
            (world.check)(&after, &world.times);
            world.watch.saved(&before, &after, &world.models, world.now);
            Ok(Some((*after).clone()))
        };
        self.effect(Kind::Save, save, unavailable, never).await
    }

    async fn due(&self, step: Step, asked: Timestamp, after: Option<Cursor>) -> Result<Page, Unavailable> {
        let due = |world: &mut World| Ok(world.table.due(step, asked, after, world.now));
        // The index as it was before any of it was due.
        let stale = |_: &mut World| Some(Ok(Page::default()));
        self.effect(Kind::Due, due, unavailable, stale).await
    }

    async fn grants(&self, project: &ProjectArn) -> Result<Option<Grants>, Unavailable> {
        let load = |world: &mut World| Ok(world.grants.get(project));
        self.effect(Kind::Grants, load, unavailable, never).await
    }

    async fn save_grants(&self, grants: Grants) -> Result<Option<Grants>, Unavailable> {
        let save = |world: &mut World| Ok(world.grants.save(grants, &world.table, &mut world.watch));
        self.effect(Kind::SaveGrants, save, unavailable, never).await
    }

    async fn grants_due(&self, asked: Timestamp, _: Option<Cursor>) -> Result<GrantsPage, Unavailable> {
        let due = |world: &mut World| Ok(world.grants.due(asked));
        let stale = |_: &mut World| Some(Ok(GrantsPage::default()));
        self.effect(Kind::GrantsDue, due, unavailable, stale).await
    }
}

impl Rekognition for Process {
    async fn copy(&self, copy: &CopyRequest) -> CopyAnswer {
        let mark = copy.tags.get("mark").map(String::as_str).unwrap_or_default();
        let signed = self.shared.with(|world| {
            world.watch.called(mark, &world.table, world.now);
            world.now
        });
        let _under_way = UnderWay { shared: &self.shared, mark };
        let call = |world: &mut World| {
            if world.models.throttles(Operation::Copy, world.now) {
                return CopyAnswer::Refused(throttled());
            }
            let version = copy.source_project_version_arn.as_str();
            world.models.ungranted =
                world.granting && !world.policies.allow(&copy.source_project_arn, version, world.now);
            if world.granting {
                grants::called_for(version, &world.table, &world.policies, &mut world.watch, world.now);
            }
            match world.models.judge(copy, world.now) {
                Ok(arn) => CopyAnswer::Accepted(arn),
                Err(refusal) => {
                    world.watch.refused(mark, &refusal.code, world.now);
                    CopyAnswer::Refused(refusal)
                }
            }
        };
        let fail = |world: &mut World, fault: Fault| {
            match fault {
                Fault::Throttle => return CopyAnswer::Refused(throttled()),
                Fault::Late => world.models.in_flight.push((later(signed, LATE), copy.clone())),
                _ => {}
            }
            CopyAnswer::Unanswered { reason: format!("{fault:?}") }
        };
        self.effect(Kind::Copy, call, fail, never).await
    }

    async fn versions(&self, project: &ProjectArn, which: Which<'_>) -> Result<Versions, Unavailable> {
        let which = &which;
        let describe = |world: &mut World| {
            if world.models.throttles(Operation::Describe, world.now) {
                return Err(Unavailable("ThrottlingException".to_owned()));
            }
            Ok(world.models.look(project, which, world.now))
        };
        let stale =
            |world: &mut World| Some(Ok(world.models.describe(project, which, earlier(world.now, STALE))));
        self.effect(Kind::Describe, describe, unavailable, stale).await
    }

    async fn policy(&self, project: &ProjectArn, name: &str) -> Result<Option<Policy>, PolicyError> {
        let named = |world: &mut World, ago: Duration| {
            let all = world.policies.list(project, earlier(world.now, ago));
            let policy = all.into_iter().find(|policy| policy.name == name);
            Ok(policy.map(|policy| Policy { revision_id: policy.revision_id, document: policy.document }))
        };
        let fail = |_: &mut World, fault: Fault| Err(policy_error("rekognition:ListProjectPolicies", fault));
        let read = |world: &mut World| named(world, Duration::ZERO);
        let stale = |world: &mut World| Some(named(world, STALE));
        self.effect(Kind::Policy, read, fail, stale).await
    }

    async fn change_policy(
        &self,
        project: &ProjectArn,
        name: &str,
        change: &Change,
    ) -> Result<(), PolicyError> {
        let signed = self.shared.with(|world| world.now);
        let (document, revision_id) = match change.clone() {
            Change::Put { document, revision_id } => (Some(document), revision_id),
            Change::Delete { revision_id } => (None, Some(revision_id)),
        };
        let (project, name) = (project.clone(), name.to_owned());
        let change = &policies::Change { project, name, document, revision_id };
        let call = |world: &mut World| {
            if let Some(document) = &change.document {
                grants::putting(document, &world.table, &mut world.watch, world.now);
            }
            world.policies.change(change.clone(), world.now).map_err(|code| match code {
                "LimitExceededException" => {
                    PolicyError::Refused { action: "rekognition:PutProjectPolicy", refusal: refusal(code) }
                }
                _ => PolicyError::Conflict,
            })
        };
        let fail = |world: &mut World, fault: Fault| {
            if fault == Fault::Late {
                world.policies.change_later(change.clone(), later(signed, LATE));
            }
            Err(policy_error("rekognition:PutProjectPolicy", fault))
        };
        self.effect(Kind::ChangePolicy, call, fail, never).await
    }
}

fn policy_error(action: &'static str, fault: Fault) -> PolicyError {
    match fault {
        Fault::Throttle => PolicyError::Refused { action, refusal: throttled() },
        _ => PolicyError::Unavailable(format!("{fault:?}")),
    }
}

fn throttled() -> Refusal {
    refusal("ThrottlingException")
}

/// A call that has begun and neither landed nor died with its function.
struct UnderWay<'a> {
    shared: &'a Shared,
    mark: &'a str,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.shared.with(|world| world.watch.call_over(self.mark));
    }
}

impl Bus for Process {
    async fn publish(&self, announcements: &[&Outgoing]) -> Vec<Result<(), Unavailable>> {
        let mut results = Vec::new();
        for entries in announcements.chunks(ANNOUNCEMENTS_PER_CALL) {
            let publish =
                |world: &mut World| entries.iter().map(|letter| take(world, letter)).collect::<Vec<_>>();
            // A throttle takes some entries and leaves others, as PutEvents does.
            let fail = |world: &mut World, fault: Fault| {
                let taken = |i: usize| fault == Fault::Throttle && i % 2 == 1;
                let one = |(i, letter): (usize, &&Outgoing)| match taken(i) {
                    true => take(world, letter),
                    false => Err(Unavailable(format!("{fault:?}"))),
                };
                entries.iter().enumerate().map(one).collect()
            };
            results.extend(self.effect(Kind::Publish, publish, fail, never).await);
        }
        results
    }
}

fn take(world: &mut World, letter: &Outgoing) -> Result<(), Unavailable> {
    let print = world.watch.published(letter);
    world.note(print);
    Ok(())
}
