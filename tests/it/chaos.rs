//! A search with the deployed programs: functions are killed and frozen at random moments, answers are lost and calls are
//! throttled, while requests go to every final status. Then the test checks the calls, announcements and items for lost
//! requests, second copies and contradicting answers.
//!
//! `SEED=7 cargo test --workspace --test it chaos` repeats the requests, faults and signals of a seed. Only the exact moment of
//! each signal differs.

use std::collections::{BTreeMap, BTreeSet};
use std::env::var;
use std::pin::pin;
use std::process::Command;
use std::time::Duration;

use crate::support::{ACCOUNT, COPY, Copier, DESCRIBE, DESTINATION, Item, PUT_EVENTS, SOURCE};
use crate::support::{SOURCE_VERSION, minutes, project, request, with};
use fastrand::Rng;
use jiff::SignedDuration;
use sandbox::deployment::Delivered;
use sandbox::lambda::Function;
use sandbox::{Call, CopyEnd, Effect, Fault, PublishedEvent, Status, Version};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// How many sandboxes run at once. A run mostly waits for the SDK's backoff.
const SANDBOXES: u64 = 6;
/// How many batches of requests each sandbox gets.
const ROUNDS: usize = 5;
const LONGEST_FREEZE: SignedDuration = minutes(14);
/// The least time between two calls of which the first may have worked: a lease of 20 minutes, less the longest freeze.
const LEAST_TIME_BETWEEN_CALLS: SignedDuration = minutes(5);

/// A kind of request.
struct Kind {
    name: &'static str,
    /// How many requests of this kind each sandbox gets.
    count: usize,
    /// The final status, and the failure's code if it has one.
    outcome: &'static str,
    /// The effect that every copy call of this kind has.
    effect: fn() -> Option<Effect>,
}

const fn kind(
    name: &'static str,
    count: usize,
    outcome: &'static str,
    effect: fn() -> Option<Effect>,
) -> Kind {
    Kind { name, count, outcome, effect }
}

/// No name is the beginning of another one, because faults find their calls by it.
const KINDS: [Kind; 10] = [
    kind("copied", 36, "COMPLETED", || None),
    // Two requests with different ids ask for each copy.
    kind("shared", 10, "COMPLETED", || None),
    kind("broken", 5, "FAILED CopyingFailed", || Some(ending(Status::CopyingFailed, 0))),
    kind("denied", 4, "FAILED AccessDeniedException", || refused("AccessDeniedException")),
    kind("invalid", 4, "FAILED InvalidParameterException", || refused("InvalidParameterException")),
    kind("taken", 4, "FAILED VersionNameTaken", || None),
    kind("deleted", 4, "FAILED VersionDeleted", || Some(ending(Status::CopyingCompleted, 1000))),
    kind("endless", 3, "TIMED_OUT CopyTimedOut", || Some(ending(Status::CopyingCompleted, 1000))),
    kind("throttled", 3, "TIMED_OUT StartTimedOut", || refused("ThrottlingException")),
    kind("rejected", 4, "REJECTED InvalidRequest", || None),
];

fn ending(status: Status, hours: i64) -> Effect {
    Effect::EndCopy(CopyEnd { status, status_message: None, after: Some(SignedDuration::from_hours(hours)) })
}

fn refused(code: &str) -> Option<Effect> {
    Some(Effect::error(code))
}

struct TestRequest {
    id: String,
    kind: &'static Kind,
}

impl TestRequest {
    fn version_name(&self) -> &str {
        self.id.trim_end_matches("-again")
    }

    fn body(&self) -> String {
        let source = json!({"sourceProjectVersionArn": source_version(self.version_name())});
        let mut body = with(request(&self.id), source);
        let is_valid = self.kind.name != "rejected";
        body["versionName"] = json!(if is_valid { self.version_name() } else { "no name" });
        body.to_string()
    }
}

fn test_requests() -> Vec<TestRequest> {
    let mut all = Vec::new();
    for kind in &KINDS {
        for n in 0..kind.count {
            let id = format!("{}-{n}", kind.name);
            if kind.name == "shared" {
                all.push(TestRequest { id: format!("{id}-again"), kind });
            }
            all.push(TestRequest { id, kind });
        }
    }
    all
}

/// Each name has its own source version, so that a call shows which request it is for.
fn source_version(name: &str) -> String {
    SOURCE_VERSION.replace("flowers.2026-11-02", name)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_kills_freezes_and_faults_every_request_has_one_copy_and_one_outcome() {
    let seed = var("SEED").map_or_else(|_| fastrand::u64(..1_000_000), |seed| seed.parse().unwrap());
    println!("SEED={seed}");
    let mut sandboxes = JoinSet::new();
    for n in 0..SANDBOXES {
        sandboxes.spawn(run(Rng::with_seed(seed * SANDBOXES + n)));
    }
    while let Some(result) = sandboxes.join_next().await {
        result.unwrap();
    }
}

async fn run(mut chance: Rng) {
    let half_a_day = ["START_TIMEOUT_SECONDS", "COPY_TIMEOUT_SECONDS"].map(|name| (name, "43200"));
    let copier = Copier::deployed_with(&half_a_day).await;
    let sent = test_requests();
    prepare(&copier, &sent);
    let mut messages: Vec<&TestRequest> = sent.iter().collect();
    messages.extend(sent.iter().filter(|_| chance.u8(0..5) == 0));
    chance.shuffle(&mut messages);
    for round in messages.chunks(messages.len().div_ceil(ROUNDS)) {
        for request in round {
            copier.deployment.send(request.body());
        }
        add_faults(&copier, &mut chance);
        let delivering = copier.deployment.deliver();
        let delivered = disturb(&copier, copier.deployment.start_copy(), &mut chance, delivering).await;
        every_acknowledged_request_is_recorded(&copier, &delivered).await;
        delete_copies(&copier);
        // A sweep that fails is in the log, and the next sweep does its work.
        let checking = copier.deployment.check();
        let _ = disturb(&copier, copier.deployment.check_copies(), &mut chance, checking).await;
        copier.pass(*chance.choice(&[0, 1, 7, 21].map(minutes)).unwrap());
    }
    set_effects_of_kinds(&copier);
    for _ in 0..45 {
        copier.deliver().await;
        delete_copies(&copier);
        copier.sweep().await;
        copier.pass(minutes(31));
    }
    copier.expect_empty_queues();
    every_request_has_its_one_outcome(&copier, &sent);
    every_name_has_one_copy(&copier, &sent);
    no_copy_call_is_repeated_without_need(&copier, &sent);
    no_record_is_left_due(&copier, &sent).await;
}

/// Adds the versions that are copied, and versions that have the taken names.
fn prepare(copier: &Copier, sent: &[TestRequest]) {
    let trained = |arn: String| {
        let version = json!({"projectVersionArn": arn, "status": "TRAINING_COMPLETED"});
        serde_json::from_value(version).unwrap()
    };
    let destination = DESTINATION.rsplit_once('/').unwrap().0;
    let names: BTreeSet<&str> = sent.iter().map(TestRequest::version_name).collect();
    copier.sandbox().change(|world| {
        project(world, SOURCE).versions.extend(names.iter().map(|name| trained(source_version(name))));
        let taken = names.iter().filter(|name| name.starts_with("taken"));
        let taken = taken.map(|name| trained(format!("{destination}/version/{name}/1762000000000")));
        project(world, DESTINATION).versions.extend(taken);
    });
}

/// Leaves only the faults that give each kind its outcome.
fn set_effects_of_kinds(copier: &Copier) {
    copier.sandbox().clear_faults();
    for kind in &KINDS {
        if let Some(effect) = (kind.effect)() {
            copier.sandbox().fault(Fault::new(COPY, effect).containing(&format!("{}-", kind.name)));
        }
    }
}

/// Adds random faults to the effects of the kinds.
fn add_faults(copier: &Copier, chance: &mut Rng) {
    set_effects_of_kinds(copier);
    for _ in 0..chance.usize(2..9) {
        let (twice_as_often, others) =
            ([COPY, "dynamodb:PutItem"], [DESCRIBE, "dynamodb:GetItem", "dynamodb:Query", PUT_EVENTS]);
        let actions = [&twice_as_often[..], &twice_as_often, &others].concat();
        let effect = match chance.u8(0..4) {
            0 => Effect::LoseAnswer,
            1 => Effect::LoseRequest,
            2 => Effect::error("ThrottlingException"),
            _ => Effect::error_after_effect("InternalServerError"),
        };
        // The SDK tries most calls three times, and a batch makes ten calls at once. So only the longest faults affect all.
        let (after, times) = (chance.u64(0..15), chance.choice([1, 3, 30]));
        let fault = Fault::new(chance.choice(actions).unwrap(), effect);
        copier.sandbox().fault(Fault { after, times, ..fault });
    }
}

/// Deletes the running copies of the kind `deleted`.
fn delete_copies(copier: &Copier) {
    let is_kept = |version: &Version| !version.project_version_arn.version_name().starts_with("deleted");
    copier.sandbox().change(|world| project(world, DESTINATION).versions.retain(is_kept));
}

/// Awaits `work` of a function. After some calls, kills or freezes the function, or does neither.
async fn disturb<T>(
    copier: &Copier,
    function: &Function,
    chance: &mut Rng,
    work: impl Future<Output = T>,
) -> T {
    let what = chance.u8(0..3);
    let moment = copier.sandbox().call_count() + chance.usize(1..25);
    let frozen_for = SignedDuration::from_secs(chance.i64(1..=LONGEST_FREEZE.as_secs()));
    let calls_are_made = async {
        while copier.sandbox().call_count() < moment {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let mut work = pin!(work);
    tokio::select! {
        biased;
        result = &mut work => return result,
        () = calls_are_made => {}
    }
    match what {
        0 => function.kill().await,
        1 => {
            let frozen = function.at_work();
            signal("STOP", &frozen);
            copier.pass(frozen_for);
            // Other instances get the messages that it has not acknowledged. They may wait for it if it has just answered.
            let others = async {
                copier.deployment.deliver().await;
                let _ = copier.deployment.check().await;
            };
            let _ = tokio::time::timeout(Duration::from_secs(5), others).await;
            signal("CONT", &frozen);
        }
        _ => {}
    }
    work.await
}

fn signal(name: &str, processes: &[u32]) {
    for process in processes {
        // The process may have ended.
        Command::new("sh").args(["-c", &format!("kill -{name} {process}")]).status().unwrap();
    }
}

async fn every_acknowledged_request_is_recorded(copier: &Copier, delivered: &[Delivered]) {
    let recorded = keys(&copier.items().await);
    for batch in delivered {
        for message in &batch.batch {
            let request: Value = serde_json::from_str(&message.body).unwrap();
            let key = format!("{ACCOUNT}#{}", request["requestId"].as_str().unwrap());
            let is_done = !batch.failed.contains(&message.id);
            assert!(!is_done || recorded.contains(&key), "{key} is acknowledged and not recorded");
        }
    }
}

fn keys(items: &[Item]) -> BTreeSet<String> {
    items.iter().map(|item| item["id"].as_s().unwrap().clone()).collect()
}

/// Returns the announcements of each request without repetitions, in the order of their first publication.
fn announcements_by_request(copier: &Copier) -> BTreeMap<String, Vec<PublishedEvent>> {
    let mut by_request = BTreeMap::<String, Vec<PublishedEvent>>::new();
    for event in copier.announcements() {
        let known = by_request.entry(event.detail["requestId"].as_str().unwrap().to_owned()).or_default();
        match known.iter().find(|first| first.detail["eventId"] == event.detail["eventId"]) {
            Some(first) => assert_eq!(
                (&first.raw_detail, first.time, &first.resources),
                (&event.raw_detail, event.time, &event.resources),
                "two texts of one event id"
            ),
            None => known.push(event),
        }
    }
    by_request
}

fn every_request_has_its_one_outcome(copier: &Copier, sent: &[TestRequest]) {
    let announced = announcements_by_request(copier);
    for TestRequest { id, kind, .. } in sent {
        let events = announced.get(id).unwrap_or_else(|| panic!("{id} has no announcement"));
        let statuses: Vec<&str> =
            events.iter().map(|event| event.detail["status"].as_str().unwrap()).collect();
        let is_final = |status: &&&str| ["COMPLETED", "FAILED", "TIMED_OUT", "REJECTED"].contains(*status);
        assert_eq!(statuses.iter().filter(is_final).count(), 1, "{id}: {statuses:?}");
        let code = events.last().unwrap().detail["failure"]["code"].as_str().unwrap_or_default();
        let outcome = format!("{} {code}", statuses.last().unwrap());
        assert_eq!(outcome.trim_end(), kind.outcome, "{id}: {statuses:?}");
    }
    assert_eq!(announced.len(), sent.len(), "announcements about unknown requests");
    let is_adopted = |id: &str| announced[id].last().unwrap().detail["adopted"] == true;
    for TestRequest { id, .. } in sent.iter().filter(|sent| sent.id.ends_with("again")) {
        let other = id.strip_suffix("-again").unwrap();
        assert!(is_adopted(id) || is_adopted(other), "{id} and {other} each made a copy");
    }
}

fn every_name_has_one_copy(copier: &Copier, sent: &[TestRequest]) {
    let versions = copier.sandbox().project(DESTINATION).unwrap().versions;
    let mut there: Vec<&str> =
        versions.iter().map(|version| version.project_version_arn.version_name()).collect();
    there.sort_unstable();
    let are_there = ["copied", "shared", "broken", "taken", "endless"];
    let named = sent.iter().filter(|sent| are_there.contains(&sent.kind.name));
    let named: BTreeSet<&str> = named.map(TestRequest::version_name).collect();
    assert_eq!(there, Vec::from_iter(named));
}

fn no_copy_call_is_repeated_without_need(copier: &Copier, sent: &[TestRequest]) {
    let announced = announcements_by_request(copier);
    let calls = copier.sandbox().calls();
    for TestRequest { id, .. } in sent.iter().filter(|sent| sent.kind.name != "shared") {
        let source = source_version(id);
        let of_request = |call: &&Call| call.action == COPY && call.resources.contains(&source);
        let calls: Vec<&Call> = calls.iter().filter(of_request).collect();
        let is_known = |event: &&PublishedEvent| event.detail["status"] != "QUEUED";
        if let Some(known) = announced[id].iter().find(is_known) {
            // The time of an event is in whole seconds.
            let late = calls.iter().find(|call| call.at >= known.time + SignedDuration::from_secs(1));
            assert!(late.is_none(), "a copy call for {id} after {}: {late:?}", known.detail["status"]);
        }
        for pair in calls.windows(2) {
            let may_have_worked = !(400..500).contains(&pair[0].status);
            let is_soon = pair[1].at < pair[0].at + LEAST_TIME_BETWEEN_CALLS;
            assert!(
                !(may_have_worked && is_soon),
                "a second copy call for {id} while the first may take effect: {pair:#?}"
            );
        }
    }
}

async fn no_record_is_left_due(copier: &Copier, sent: &[TestRequest]) {
    let items = copier.items().await;
    assert_eq!(keys(&items), sent.iter().map(|sent| format!("{ACCOUNT}#{}", sent.id)).collect());
    let due: Vec<_> = items.iter().filter(|item| item.contains_key("step")).collect();
    assert!(due.is_empty(), "{due:#?}");
}
