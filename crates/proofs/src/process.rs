//! One instance of a function: its clock may be wrong, and it can be killed at any effect. It implements all four ports of the
//! copier on the world.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::aws_answer::{CopyAnswer, Refusal};
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::model::Version;
use rekognition_model_copier::domain::outbox::Outgoing;
use rekognition_model_copier::domain::project_policy::{POLICY_LIFETIME, PolicyError, ProjectPolicy};
use rekognition_model_copier::domain::record::{Record, Step};
use rekognition_model_copier::domain::request::CopyRequest;
use rekognition_model_copier::ports::{
    Bus, CallFailed, Clock, Created, Cursor, Entry, Ledger, Page, Ports, Rekognition, Unavailable, Which,
};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::watch::{MAX_SKEW, mark_of};
use crate::weather::{Fault, Kind};
use crate::world::{Shared, World, earlier, later, policies, refusal};

/// How long the client waits for the answer of CopyProjectVersion, which it tries once.
pub const COPY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the client waits for the answer of a call about project policies.
const POLICY_TIMEOUT: Duration = Duration::from_secs(8);
/// How long the client waits for the answer of any other call, with all attempts.
const CALL_TIMEOUT: Duration = Duration::from_secs(25);
/// A late call takes effect just before its signature expires.
const LATE: Duration = Duration::from_secs(15 * 60 - 1);
/// The age of a stale answer.
const STALE: Duration = Duration::from_secs(300);

#[derive(Clone)]
pub struct Process {
    shared: Shared,
    skew: SignedDuration,
    kill: Arc<Notify>,
}

impl Process {
    /// Makes an instance whose clock is ahead by `skew`.
    pub fn new(shared: &Shared, skew: SignedDuration) -> Self {
        Self { shared: shared.clone(), skew, kill: Arc::default() }
    }

    pub fn ports(&self) -> Ports<Self, Self, Self, Self> {
        let port = || self.clone();
        Ports { ledger: port(), rekognition: port(), bus: port(), clock: port() }
    }

    /// Runs an invocation. Returns `None` if it was killed.
    ///
    /// INVARIANT: it ends before its time-out, even if a service hangs.
    pub async fn invoke<T>(&self, limit: Duration, invocation: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.kill.notified() => None,
            ended = timeout(limit, Box::pin(invocation)) => {
                let in_time = ended.is_ok();
                self.shared.with(|world| world.watch.must(in_time, || "an invocation ran out of time".to_owned()));
                ended.ok()
            }
        }
    }

    /// Makes a call: it takes effect, or fails. `then` is the time as of which it reads: the present, or earlier for a stale answer.
    async fn effect<T>(
        &self,
        kind: Kind,
        happen: impl FnOnce(&mut World, Timestamp) -> T + Send,
        fail: impl FnOnce(&mut World, Fault) -> T + Send,
    ) -> T {
        let (fault, there, back) = self.shared.with(|world| world.begin(kind));
        let age = if fault == Some(Fault::Stale) { STALE } else { Duration::ZERO };
        let happen = |world: &mut World| happen(world, earlier(world.now, age));
        if fault == Some(Fault::Duplicate) {
            self.shared.bell.notify_waiters();
        }
        wait(there).await;
        let result = match fault {
            None | Some(Fault::Duplicate | Fault::Stale) => self.shared.with(happen),
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
                sleep(match kind {
                    Kind::Copy => COPY_TIMEOUT,
                    Kind::Policies | Kind::ChangePolicy => POLICY_TIMEOUT,
                    _ => CALL_TIMEOUT,
                })
                .await;
                result
            }
            Some(fault) => self.shared.with(|world| fail(world, fault)),
        };
        wait(back).await;
        result
    }

    async fn killed<T>(&self) -> T {
        self.kill.notify_one();
        std::future::pending().await
    }
}

/// Waits, and lets other tasks act. Without a wait, no other task acts.
async fn wait(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}

fn unavailable<T>(_: &mut World, fault: Fault) -> Result<T, Unavailable> {
    Err(Unavailable(format!("{fault:?}")))
}

impl Clock for Process {
    fn now(&self) -> Timestamp {
        let now = self.shared.with(|world| world.now);
        now.checked_add(self.skew).unwrap_or(now)
    }
}

impl Ledger for Process {
    async fn create(&self, record: &Record) -> Result<Created, Unavailable> {
        let create = |world: &mut World, _| {
            let created = world.table.create(record, world.now);
            if let Created::New(record) = &created {
                (world.on_write)(record);
                world.watch.created(record);
            }
            Ok(created)
        };
        self.effect(Kind::Create, create, unavailable).await
    }

    async fn load(&self, key: &RecordKey) -> Result<Option<Record>, Unavailable> {
        let load = |world: &mut World, then: Timestamp| {
            let stale = world.table.stale(key).filter(|_| then < world.now);
            Ok(stale.or_else(|| world.table.get(key)).map(|record| (**record).clone()))
        };
        self.effect(Kind::Load, load, unavailable).await
    }

    async fn save(&self, record: Record) -> Result<Option<Record>, Unavailable> {
        let save = |world: &mut World, _| {
            let Some((before, after)) = world.table.save(record, world.now) else { return Ok(None) };
            world.note(after.header().revision);
            (world.on_write)(&after);
            world.watch.saved(&before, &after, &world.models, world.now);
            Ok(Some((*after).clone()))
        };
        self.effect(Kind::Save, save, unavailable).await
    }

    async fn due(
        &self,
        step: Step,
        asked: Timestamp,
        after: Option<Cursor>,
    ) -> Result<Page<Entry>, Unavailable> {
        let due = |world: &mut World, then: Timestamp| match then < world.now {
            // The index before any record was due.
            true => Ok(Page::default()),
            false => Ok(world.table.due(step, asked, after, world.now)),
        };
        self.effect(Kind::Due, due, unavailable).await
    }
}

impl Rekognition for Process {
    async fn copy(&self, copy: &CopyRequest) -> CopyAnswer {
        let mark = mark_of(copy);
        let signed = self.shared.with(|world| {
            world.watch.called(mark, &world.table, world.now);
            world.now
        });
        let _call = CallInProgress { shared: &self.shared, mark };
        let call = |world: &mut World, _| {
            if world.models.throttles(Kind::Copy, world.now) {
                return CopyAnswer::Refused(throttled());
            }
            match world.copy(copy) {
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
                Fault::Late => {
                    let copy = copy.clone();
                    world.watch.call_began(mark);
                    world.at_late_call(later(signed, LATE), move |world| {
                        world.watch.call_ended(mark_of(&copy));
                        let _ = world.copy(&copy);
                    });
                }
                _ => {}
            }
            CopyAnswer::Unanswered { reason: format!("{fault:?}") }
        };
        self.effect(Kind::Copy, call, fail).await
    }

    async fn versions(&self, project: &ProjectArn, which: Which<'_>) -> Result<Page<Version>, Unavailable> {
        let which = &which;
        let describe = |world: &mut World, then: Timestamp| {
            if then < world.now {
                return Ok(world.models.describe(project, which, then));
            }
            if world.models.throttles(Kind::Describe, world.now) {
                return Err(Unavailable("ThrottlingException".to_owned()));
            }
            Ok(world.models.poll(project, which, world.now))
        };
        self.effect(Kind::Describe, describe, unavailable).await
    }

    async fn policies(&self, project: &ProjectArn) -> Result<Vec<ProjectPolicy>, PolicyError> {
        let fail = |_: &mut World, fault: Fault| Err(policy_error("rekognition:ListProjectPolicies", fault));
        let list = |world: &mut World, then: Timestamp| Ok(world.policies.list(project, then));
        self.effect(Kind::Policies, list, fail).await
    }

    async fn put_policy(
        &self,
        project: &ProjectArn,
        name: &str,
        document: &str,
        revision_id: Option<&str>,
    ) -> Result<(), PolicyError> {
        let expiry = policies::expiry_of(document);
        let now = Clock::now(self);
        // INVARIANT: a policy permits nothing later than an hour after it was put, by the copier's clock.
        self.shared.with(|world| {
            let holds = expiry.is_some_and(|expiry| expiry.duration_since(now) <= POLICY_LIFETIME);
            world.watch.must(holds, || format!("put at {now} until {expiry:?}"));
        });
        let document = Some(document.to_owned());
        self.change_policy("rekognition:PutProjectPolicy", project, name, document, revision_id).await
    }

    async fn delete_policy(
        &self,
        project: &ProjectArn,
        name: &str,
        revision_id: &str,
    ) -> Result<(), PolicyError> {
        // INVARIANT: only an expired policy of a copier is deleted.
        self.shared.with(|world| {
            let deleted =
                world.policies.list(project, world.now).into_iter().find(|policy| policy.name == name);
            let expiry = deleted.and_then(|policy| policies::expiry_of(&policy.document));
            let holds = name.starts_with("model-copier-")
                && expiry.is_none_or(|expiry| expiry <= later(world.now, MAX_SKEW));
            world.watch.must(holds, || format!("deleted `{name}`, valid until {expiry:?}"));
        });
        self.change_policy("rekognition:DeleteProjectPolicy", project, name, None, Some(revision_id)).await
    }
}

impl Process {
    async fn change_policy(
        &self,
        action: &'static str,
        project: &ProjectArn,
        name: &str,
        document: Option<String>,
        revision_id: Option<&str>,
    ) -> Result<(), PolicyError> {
        let signed = self.shared.with(|world| world.now);
        let (project, name) = (project.clone(), name.to_owned());
        let change =
            &policies::Change { project, name, document, revision_id: revision_id.map(str::to_owned) };
        let call = |world: &mut World, _| {
            let is_done = world.policies.change(change, world.now);
            is_done.then_some(()).ok_or(PolicyError::Conflict)
        };
        let fail = |world: &mut World, fault: Fault| {
            if fault == Fault::Late {
                let change = change.clone();
                world.at_late_call(later(signed, LATE), move |world| {
                    world.policies.change(&change, world.now);
                });
            }
            Err(policy_error(action, fault))
        };
        self.effect(Kind::ChangePolicy, call, fail).await
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

/// A call that has begun. Dropping it ends the call: it has an answer, or its function was killed.
struct CallInProgress<'a> {
    shared: &'a Shared,
    mark: &'a str,
}

impl Drop for CallInProgress<'_> {
    fn drop(&mut self) {
        self.shared.with(|world| world.watch.call_ended(self.mark));
    }
}

impl Bus for Process {
    async fn publish(&self, call: &[&Outgoing]) -> Result<Vec<Result<(), Unavailable>>, CallFailed> {
        let publish =
            |world: &mut World, _| Ok(call.iter().map(|outgoing| accept(world, outgoing)).collect());
        // A throttled PutEvents may accept some entries and refuse others.
        let fail = |world: &mut World, fault: Fault| {
            if fault != Fault::Throttle {
                return Err(CallFailed::Unavailable(format!("{fault:?}")));
            }
            let one = |(n, outgoing): (usize, &&Outgoing)| match n % 2 {
                1 => accept(world, outgoing),
                _ => Err(Unavailable(format!("{fault:?}"))),
            };
            Ok(call.iter().enumerate().map(one).collect())
        };
        self.effect(Kind::Publish, publish, fail).await
    }
}

fn accept(world: &mut World, outgoing: &Outgoing) -> Result<(), Unavailable> {
    let print = world.watch.published(outgoing);
    world.note(print);
    Ok(())
}
