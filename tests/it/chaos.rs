//! Everything at once: functions are killed and frozen at random moments, answers are lost and calls are throttled, while
//! requests go to every kind of end. Then what AWS, the subscribers and the operator see is checked for loss, doubles and
//! contradicting answers.
//!
//! `SEED=7 cargo test --workspace --test it chaos` repeats the requests, faults and victims of a seed. Only the moment in
//! which a signal arrives is the machine's.

use std::collections::{BTreeMap, BTreeSet};
use std::env::var;
use std::pin::pin;
use std::process::Command;
use std::time::Duration;

use crate::support::{ACCOUNT, COPY, Copier, DESCRIBE, DESTINATION, SOURCE, SOURCE_VERSION};
use crate::support::{ledger, minutes, request, until, with};
use fastrand::Rng;
use jiff::SignedDuration;
use sandbox::deployment::Delivered;
use sandbox::lambda::Function;
use sandbox::{Call, Effect, Fault, PublishedEvent, Status};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Sandboxes side by side: most of a run is the SDK's backoff.
const SANDBOXES: u64 = 4;
/// Batches of requests that are sent to one sandbox.
const ROUNDS: usize = 8;
const LONGEST_FREEZE: SignedDuration = minutes(14);
/// What is left of a lease after the longest freeze, at least.
const BETWEEN_CALLS: SignedDuration = minutes(5);

/// A kind of request: how many of it are sent to one sandbox, the code of its failure, and what becomes of its call.
struct Kind {
    name: &'static str,
    count: usize,
    end: &'static str,
    code: Option<&'static str>,
    call: fn() -> Option<Effect>,
}

const fn kind(
    name: &'static str,
    count: usize,
    end: &'static str,
    code: Option<&'static str>,
    call: fn() -> Option<Effect>,
) -> Kind {
    Kind { name, count, end, code, call }
}

/// None of the names begins another one.
const KINDS: [Kind; 10] = [
    kind("copied", 36, "COMPLETED", None, || None),
    // Each is asked for twice, under two ids.
    kind("shared", 10, "COMPLETED", None, || None),
    kind("broken", 5, "FAILED", Some("CopyingFailed"), || Some(ends(Status::CopyingFailed, 0))),
    kind("denied", 4, "FAILED", Some("AccessDeniedException"), || refused("AccessDeniedException")),
    kind("invalid", 4, "FAILED", Some("InvalidParameterException"), || refused("InvalidParameterException")),
    kind("taken", 4, "FAILED", Some("VersionNameTaken"), || None),
    kind("deleted", 4, "FAILED", Some("VersionDeleted"), || Some(ends(Status::CopyingCompleted, 1000))),
    kind("endless", 3, "TIMED_OUT", Some("CopyTimedOut"), || Some(ends(Status::CopyingCompleted, 1000))),
    kind("throttled", 3, "TIMED_OUT", Some("StartTimedOut"), || refused("ThrottlingException")),
    kind("rejected", 4, "REJECTED", Some("InvalidRequest"), || None),
];

fn ends(status: Status, hours: i64) -> Effect {
    Effect::EndCopy { status, status_message: None, after: Some(SignedDuration::from_hours(hours)) }
}

fn refused(code: &str) -> Option<Effect> {
    Some(Effect::error(code))
}

/// A request with how it has to end.
struct Asked {
    id: String,
    version_name: String,
    kind: &'static Kind,
    body: String,
}

impl Asked {
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for kind in &KINDS {
            for n in 0..kind.count {
                let name = format!("{}-{n}", kind.name);
                all.push(Self::new(kind, name.clone(), name.clone()));
                if kind.name == "shared" {
                    all.push(Self::new(kind, format!("{name}-again"), name));
                }
            }
        }
        all
    }

    fn new(kind: &'static Kind, id: String, version_name: String) -> Self {
        let mut body = with(
            request(&version_name),
            json!({"requestId": id, "sourceProjectVersionArn": source_version(&version_name)}),
        );
        if kind.name == "rejected" {
            body["versionName"] = json!("no name");
        }
        Self { id, version_name, kind, body: body.to_string() }
    }
}

/// Each name is copied from a version of its own, so that a call shows whose it is.
fn source_version(name: &str) -> String {
    SOURCE_VERSION.replace("flowers.2026-11-02", name)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_to_the_functions_every_request_gets_one_copy_and_one_answer() {
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
    let half_a_day = "43200";
    let copier =
        Copier::deployed_with(&[("START_TIMEOUT_SECONDS", half_a_day), ("COPY_TIMEOUT_SECONDS", half_a_day)])
            .await;
    let asked = Asked::all();
    prepare(&copier, &asked);
    let mut messages: Vec<&str> = asked.iter().map(|asked| asked.body.as_str()).collect();
    let again: Vec<&str> = messages.iter().filter(|_| chance.u8(0..5) == 0).copied().collect();
    messages.extend(again);
    chance.shuffle(&mut messages);
    for round in messages.chunks(messages.len().div_ceil(ROUNDS)) {
        for body in round {
            copier.deployment.send(*body);
        }
        storm(&copier, &mut chance);
        let delivering = copier.deployment.deliver();
        let delivered = strike(&copier, copier.deployment.start_copy(), &mut chance, delivering).await;
        acknowledged_is_recorded(&copier, &delivered).await;
        delete(&copier);
        // What it has to say is in the log; the next one makes it good.
        let checking = copier.deployment.check();
        let _ = strike(&copier, copier.deployment.check_copies(), &mut chance, checking).await;
        copier.sandbox().clock().advance(*chance.choice(&[0, 1, 7, 21].map(minutes)).unwrap());
    }
    calm(&copier);
    for _ in 0..45 {
        copier.deliver().await;
        delete(&copier);
        copier.sweep().await;
        copier.sandbox().clock().advance(minutes(31));
    }
    copier.is_done();
    every_request_has_one_answer(&copier, &asked);
    every_name_has_one_copy(&copier, &asked);
    no_call_is_one_too_many(&copier, &asked);
    the_ledger_is_at_rest(&copier, &asked).await;
}

/// The versions that are copied from, and those that have the names that are taken.
fn prepare(copier: &Copier, asked: &[Asked]) {
    let trained = |arn: String| {
        let version = json!({"projectVersionArn": arn, "status": "TRAINING_COMPLETED"});
        serde_json::from_value(version).unwrap()
    };
    let destination = DESTINATION.rsplit_once('/').unwrap().0;
    let names: BTreeSet<&String> = asked.iter().map(|asked| &asked.version_name).collect();
    copier.sandbox().change(|world| {
        for project in &mut world.projects {
            if project.project_arn.to_string() == SOURCE {
                project.versions.extend(names.iter().map(|name| trained(source_version(name))));
            }
            if project.project_arn.to_string() == DESTINATION {
                let taken = names.iter().filter(|name| name.starts_with("taken"));
                project
                    .versions
                    .extend(taken.map(|name| trained(format!("{destination}/version/{name}/1762000000000"))));
            }
        }
    });
}

/// Only what makes the kinds end as they have to.
fn calm(copier: &Copier) {
    copier.sandbox().clear_faults();
    for kind in &KINDS {
        if let Some(effect) = (kind.call)() {
            copier.sandbox().fault(Fault::new(COPY, effect).containing(&format!("{}-", kind.name)));
        }
    }
}

/// The same, and calls that go wrong for a while.
fn storm(copier: &Copier, chance: &mut Rng) {
    calm(copier);
    for _ in 0..chance.usize(2..9) {
        let actions = [
            COPY,
            COPY,
            DESCRIBE,
            "dynamodb:PutItem",
            "dynamodb:PutItem",
            "dynamodb:GetItem",
            "dynamodb:Query",
            "events:PutEvents",
        ];
        let effect = match chance.u8(0..4) {
            0 => Effect::LoseAnswer,
            1 => Effect::LoseRequest,
            2 => Effect::error("ThrottlingException"),
            _ => Effect::error_after_effect("InternalServerError"),
        };
        // The SDK tries most calls three times, and a batch makes ten at once: only the longest spells get through to all.
        let (after, times) = (chance.u64(0..15), chance.choice([1, 3, 30]));
        let fault = Fault::new(chance.choice(actions).unwrap(), effect);
        copier.sandbox().fault(Fault { after, times, ..fault });
    }
}

/// Somebody deletes copies while they are made.
fn delete(copier: &Copier) {
    copier.sandbox().change(|world| {
        for project in &mut world.projects {
            let is_copy = project.project_arn.to_string() == DESTINATION;
            project
                .versions
                .retain(|version| !(is_copy && version.project_version_arn.version.starts_with("deleted")));
        }
    });
}

/// Does a function's work, and kills or freezes it, or neither, once it has made some calls.
async fn strike<T>(
    copier: &Copier,
    function: &Function,
    chance: &mut Rng,
    work: impl Future<Output = T>,
) -> T {
    let what = chance.u8(0..3);
    let moment = copier.sandbox().call_count() + chance.usize(1..25);
    let frozen_for = SignedDuration::from_secs(chance.i64(1..=LONGEST_FREEZE.as_secs()));
    let mut work = pin!(work);
    tokio::select! {
        biased;
        result = &mut work => return result,
        () = until("the calls are made", || copier.sandbox().call_count() >= moment) => {}
    }
    match what {
        0 => function.kill().await,
        1 => {
            let frozen = function.at_work();
            signal("STOP", &frozen);
            copier.sandbox().clock().advance(frozen_for);
            // Others get what it has not acknowledged. If it had answered just before, they may wait for it instead.
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
        // It may have ended.
        Command::new("sh").args(["-c", &format!("kill -{name} {process}")]).status().unwrap();
    }
}

async fn acknowledged_is_recorded(copier: &Copier, delivered: &[Delivered]) {
    let recorded = ids(&ledger::items(&copier.ledger()).await);
    for batch in delivered {
        for delivery in batch.batch.deliveries() {
            let request: Value = serde_json::from_str(&delivery.body).unwrap();
            let key = format!("{ACCOUNT}#{}", request["requestId"].as_str().unwrap());
            let is_done = batch.verdict.is_done(&delivery.message_id);
            assert!(!is_done || recorded.contains(&key), "{key} is acknowledged and not recorded");
        }
    }
}

fn ids(items: &[ledger::Item]) -> BTreeSet<String> {
    items.iter().map(|item| item["id"].as_s().unwrap().clone()).collect()
}

/// The announcements of each request, each once, in the order in which they were first published.
fn announced(copier: &Copier) -> BTreeMap<String, Vec<PublishedEvent>> {
    let mut by_request = BTreeMap::<String, Vec<PublishedEvent>>::new();
    for event in copier.announced() {
        let told = by_request.entry(event.detail["requestId"].as_str().unwrap().to_owned()).or_default();
        match told.iter().find(|first| first.detail["eventId"] == event.detail["eventId"]) {
            Some(first) => {
                let bytes =
                    |event: &PublishedEvent| (event.raw_detail.clone(), event.time, event.resources.clone());
                assert_eq!(bytes(first), bytes(&event), "one event id, other bytes");
            }
            None => told.push(event),
        }
    }
    by_request
}

fn every_request_has_one_answer(copier: &Copier, asked: &[Asked]) {
    let announced = announced(copier);
    for Asked { id, kind, .. } in asked {
        let told = announced.get(id).unwrap_or_else(|| panic!("{id} has no announcement"));
        let words: Vec<&str> = told.iter().map(|event| event.detail["status"].as_str().unwrap()).collect();
        let is_final = |word: &&&str| ["COMPLETED", "FAILED", "TIMED_OUT", "REJECTED"].contains(*word);
        assert_eq!(words.iter().filter(is_final).count(), 1, "{id}: {words:?}");
        assert_eq!(words.last(), Some(&kind.end), "{id}: {words:?}");
        let code = told.last().unwrap().detail.pointer("/failure/code").and_then(Value::as_str);
        assert_eq!(code, kind.code, "{id}");
    }
    assert_eq!(announced.len(), asked.len(), "announcements about requests that nobody made");
    let is_adopted = |id: &str| announced[id].last().unwrap().detail["adopted"] == true;
    for Asked { id, .. } in asked.iter().filter(|asked| asked.id.ends_with("again")) {
        let other = id.strip_suffix("-again").unwrap();
        assert!(is_adopted(id) || is_adopted(other), "{id} and {other} are one copy");
    }
}

fn every_name_has_one_copy(copier: &Copier, asked: &[Asked]) {
    let there = copier.sandbox().project(DESTINATION).unwrap().versions;
    let mut there: Vec<String> =
        there.into_iter().map(|version| version.project_version_arn.version).collect();
    there.sort();
    let are_there = ["copied", "shared", "broken", "taken", "endless"];
    let named = asked.iter().filter(|asked| are_there.contains(&asked.kind.name));
    let named: BTreeSet<String> = named.map(|asked| asked.version_name.clone()).collect();
    assert_eq!(there, named.into_iter().collect::<Vec<_>>());
}

fn no_call_is_one_too_many(copier: &Copier, asked: &[Asked]) {
    let announced = announced(copier);
    let calls = copier.sandbox().calls();
    for Asked { id, version_name, .. } in asked.iter().filter(|asked| asked.kind.name != "shared") {
        let source = source_version(version_name);
        let of_request = |call: &&Call| call.action == COPY && call.resources.contains(&source);
        let calls: Vec<&Call> = calls.iter().filter(of_request).collect();
        let is_known = |event: &&PublishedEvent| event.detail["status"] != "QUEUED";
        if let Some(known) = announced[id].iter().find(is_known) {
            // An event's time is in whole seconds.
            let late = calls.iter().find(|call| call.at >= known.time + SignedDuration::from_secs(1));
            assert!(late.is_none(), "{id} is {} and called again: {late:?}", known.detail["status"]);
        }
        for pair in calls.windows(2) {
            let may_have_worked = !(400..500).contains(&pair[0].status);
            let is_soon = pair[1].at < pair[0].at + BETWEEN_CALLS;
            assert!(!(may_have_worked && is_soon), "{id} is called again while a call may land: {pair:#?}");
        }
    }
}

async fn the_ledger_is_at_rest(copier: &Copier, asked: &[Asked]) {
    let items = ledger::items(&copier.ledger()).await;
    let keys = asked.iter().map(|asked| format!("{ACCOUNT}#{}", asked.id)).collect();
    assert_eq!(ids(&items), keys);
    let due: Vec<_> = items.iter().filter(|item| item.contains_key("step")).collect();
    assert!(due.is_empty(), "{due:#?}");
}
