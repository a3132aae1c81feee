//! One instance of a function: its clock may be wrong, and it can be killed at any effect. It implements all four ports of the
//! copier on the world.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::aws_answer::CopyAnswer;
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::model::Version;
use rekognition_model_copier::domain::outbox::Outgoing;
use rekognition_model_copier::domain::project_policy::{POLICY_LIFETIME, PolicyError, ProjectPolicy};
use rekognition_model_copier::domain::record::{Record, Step};
use rekognition_model_copier::domain::request::CopyRequest;
use rekognition_model_copier::ports::{
    Bus, CallFailed, Clock, Created, Cursor, Entry, Ledger, Page, Ports, Rekognition, Unavailable, Which,
};
use rekognition_model_copier::{Copier, Rules};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::weather::{Fault, Kind};
use crate::world::models::refusal;
use crate::world::policies::{Change, expiry_of};
use crate::world::watch::{MAX_SKEW, mark_of};
use crate::world::{Shared, World};

/// How long the client waits for the answer of CopyProjectVersion, which it tries once.
pub const COPY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the client waits for the answer of a call about project policies.
const POLICY_TIMEOUT: Duration = Duration::from_secs(8);
/// How long the client waits for the answer of any other call, with all attempts.
const CALL_TIMEOUT: Duration = Duration::from_secs(25);
/// The age of a stale answer.
const STALE: Duration = Duration::from_secs(300);

#[derive(Clone)]
pub struct Process {
    shared: Shared,
    skew: SignedDuration,
    kill: Arc<Notify>,
}

/// A copier in a process.
pub type RunningCopier = Copier<Ports<Process, Process, Process, Process>>;

impl Process {
    /// Starts a process whose clock is ahead by `skew`, and a copier in it.
    pub fn start(shared: &Shared, skew: SignedDuration, rules: Rules) -> RunningCopier {
        let process = Self { shared: shared.clone(), skew, kill: Arc::default() };
        let port = || process.clone();
        Copier::new(Ports { ledger: port(), rekognition: port(), bus: port(), clock: port() }, rules)
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
        if fault == Some(Fault::Duplicate) {
            self.shared.bell.notify_waiters();
        }
        wait(there).await;
        let age = if fault == Some(Fault::Stale) { STALE } else { Duration::ZERO };
        let happen = || self.shared.with(|world| happen(world, world.now - age));
        let fail = |fault| self.shared.with(|world| fail(world, fault));
        let result = match fault {
            None | Some(Fault::Duplicate | Fault::Stale) => happen(),
            Some(Fault::KilledBefore) => self.killed().await,
            Some(Fault::KilledAfter) => {
                happen();
                self.killed().await
            }
            Some(fault @ Fault::ErrorAfter) => {
                happen();
                fail(fault)
            }
            Some(fault @ (Fault::Hang | Fault::Late)) => {
                let result = fail(fault);
                sleep(match kind {
                    Kind::Copy => COPY_TIMEOUT,
                    Kind::Policies | Kind::ChangePolicy => POLICY_TIMEOUT,
                    _ => CALL_TIMEOUT,
                })
                .await;
                result
            }
            Some(fault) => fail(fault),
        };
        wait(back).await;
        result
    }

    async fn killed<T>(&self) -> T {
        self.kill.notify_one();
        std::future::pending().await
    }

    async fn change_policy(&self, action: &'static str, change: Change) -> Result<(), PolicyError> {
        let signed = self.shared.with(|world| world.now);
        let call = |world: &mut World, _| {
            let is_done = world.policies.change(&change, world.now);
            is_done.then_some(()).ok_or(PolicyError::Conflict)
        };
        let fail = |world: &mut World, fault: Fault| {
            if fault == Fault::Late {
                let change = change.clone();
                world.late_call(signed, move |world| {
                    world.policies.change(&change, world.now);
                });
            }
            Err(policy_error(action, fault))
        };
        self.effect(Kind::ChangePolicy, call, fail).await
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

fn policy_error(action: &'static str, fault: Fault) -> PolicyError {
    match fault {
        Fault::Throttle => PolicyError::Refused { action, refusal: refusal("ThrottlingException") },
        _ => PolicyError::Unavailable(format!("{fault:?}")),
    }
}

impl Clock for Process {
    fn now(&self) -> Timestamp {
        self.shared.with(|world| world.now) + self.skew
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
        let save = |world: &mut World, _| Ok(world.save(record).map(|record| (*record).clone()));
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
        let throttled = || CopyAnswer::Refused(refusal("ThrottlingException"));
        let call = |world: &mut World, _| {
            if world.models.throttles(Kind::Copy, world.now) {
                return throttled();
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
            if fault == Fault::Throttle {
                return throttled();
            }
            if fault == Fault::Late {
                let copy = copy.clone();
                world.watch.call_began(mark);
                world.late_call(signed, move |world| {
                    world.watch.call_ended(mark_of(&copy));
                    let _ = world.copy(&copy);
                });
            }
            CopyAnswer::Unanswered { reason: format!("{fault:?}") }
        };
        self.effect(Kind::Copy, call, fail).await
    }

    async fn versions(&self, project: &ProjectArn, which: Which<'_>) -> Result<Page<Version>, Unavailable> {
        let describe = |world: &mut World, then: Timestamp| {
            let is_stale = then < world.now;
            if !is_stale && world.models.throttles(Kind::Describe, world.now) {
                return Err(Unavailable("ThrottlingException".to_owned()));
            }
            let page = world.models.describe(project, &which, then);
            if !is_stale {
                world.watch.polled(&page.items, world.now);
            }
            Ok(page)
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
        let expiry = expiry_of(document);
        let now = Clock::now(self);
        // INVARIANT: a policy permits nothing later than an hour after it was put, by the copier's clock.
        self.shared.with(|world| {
            let holds = expiry.is_some_and(|expiry| expiry.duration_since(now) <= POLICY_LIFETIME);
            world.watch.must(holds, || format!("put at {now} until {expiry:?}"));
        });
        let (document, revision_id) = (Some(document.to_owned()), revision_id.map(str::to_owned));
        let change = Change { project: project.clone(), name: name.to_owned(), document, revision_id };
        self.change_policy("rekognition:PutProjectPolicy", change).await
    }

    async fn delete_policy(
        &self,
        project: &ProjectArn,
        name: &str,
        revision_id: &str,
    ) -> Result<(), PolicyError> {
        // INVARIANT: only an expired policy of a copier is deleted.
        self.shared.with(|world| {
            let present = world.policies.list(project, world.now);
            let deleted = present.into_iter().find(|policy| policy.name == name);
            let expiry = deleted.and_then(|policy| expiry_of(&policy.document));
            let holds = name.starts_with("model-copier-")
                && expiry.is_none_or(|expiry| expiry <= world.now + MAX_SKEW);
            world.watch.must(holds, || format!("deleted `{name}`, valid until {expiry:?}"));
        });
        let revision_id = Some(revision_id.to_owned());
        let change = Change { project: project.clone(), name: name.to_owned(), document: None, revision_id };
        self.change_policy("rekognition:DeleteProjectPolicy", change).await
    }
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
        let publish = |world: &mut World, _| {
            call.iter().for_each(|outgoing| world.publish(outgoing));
            Ok(vec![Ok(()); call.len()])
        };
        // A throttled PutEvents may accept some entries and refuse others.
        let fail = |world: &mut World, fault: Fault| {
            if fault != Fault::Throttle {
                return Err(CallFailed::Unavailable(format!("{fault:?}")));
            }
            let one = |(n, outgoing): (usize, &&Outgoing)| match n % 2 {
                0 => unavailable(world, fault),
                _ => {
                    world.publish(outgoing);
                    Ok(())
                }
            };
            Ok(call.iter().enumerate().map(one).collect())
        };
        self.effect(Kind::Publish, publish, fail).await
    }
}
