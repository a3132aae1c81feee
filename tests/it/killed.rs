//! Functions killed at the worst moments: what they had begun is found and ended by others.

use crate::support::{COPY, Copier, minutes, request, seconds, until};
use futures_util::future::join;
use jiff::SignedDuration;
use sandbox::deployment::Delivered;
use sandbox::queue::Verdict;
use sandbox::{Effect, Fault};

const PUT: &str = "dynamodb:PutItem";

fn forever() -> Effect {
    Effect::Delay(SignedDuration::from_hours(1))
}

/// Delivers what is in the queue, and kills start-copy when something has happened.
async fn deliver_and_kill(copier: &Copier, what: &str, happened: impl Fn() -> bool) -> Vec<Delivered> {
    let kill = async {
        until(what, happened).await;
        copier.deployment.start_copy().kill().await;
    };
    join(copier.deployment.deliver(), kill).await.0
}

/// Begins a sweep, and kills check-copies when something has happened.
async fn sweep_and_kill(copier: &Copier, what: &str, happened: impl Fn() -> bool) {
    let kill = async {
        until(what, happened).await;
        copier.deployment.check_copies().kill().await;
    };
    join(copier.deployment.check(), kill).await.0.unwrap_err();
}

#[tokio::test]
async fn a_function_killed_before_its_call_was_answered_starts_the_copy_later() {
    let copier = Copier::deployed().await;
    copier.sandbox().fault(Fault::new(COPY, forever()).on_call(1));
    copier.deployment.send(request("v1").to_string());
    let delivered = deliver_and_kill(&copier, "the request is recorded", || copier.calls(PUT) == 1).await;
    assert_eq!(delivered[0].verdict, Verdict::AllFailed);
    copier.sandbox().clear_faults();
    copier.redeliver().await;
    assert_eq!((copier.words("v1").len(), copier.calls(COPY)), (0, 0), "its first call may still land");
    copier.pass(minutes(20)).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["STARTED"]);
    copier.completes("v1", 1).await;
}

#[tokio::test]
async fn a_function_killed_after_the_copy_was_made_adopts_it_later() {
    let copier = Copier::deployed().await;
    copier.sandbox().fault(Fault::new(PUT, forever()).on_call(2));
    copier.deployment.send(request("v1").to_string());
    let delivered = deliver_and_kill(&copier, "the copy is made", || copier.calls(COPY) == 1).await;
    assert_eq!(delivered[0].verdict, Verdict::AllFailed);
    copier.sandbox().clear_faults();
    copier.redeliver().await;
    assert!(copier.words("v1").is_empty());
    copier.pass(minutes(20)).await;
    copier.sweep().await;
    assert_eq!(copier.last("v1")["adopted"], true);
    copier.completes("v1", 1).await;
    assert_eq!(copier.words("v1"), ["STARTED", "COMPLETED"]);
}

#[tokio::test]
async fn a_function_killed_in_the_middle_of_a_batch_loses_none_of_it() {
    let copier = Copier::deployed().await;
    copier.sandbox().fault(Fault::new(PUT, forever()).containing("#v2"));
    for id in ["v1", "v2"] {
        copier.deployment.send(request(id).to_string());
    }
    deliver_and_kill(&copier, "one is started and recorded", || copier.calls(PUT) == 2).await;
    assert_eq!((copier.deployment.queue_depth(), copier.announced().len()), (2, 0));
    copier.sandbox().clear_faults();
    copier.redeliver().await;
    assert_eq!(copier.words("v2"), ["STARTED"]);
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["STARTED", "COMPLETED"], "what the killed one had to say comes first");
    copier.completes("v1", 2).await;
    copier.completes("v2", 2).await;
}

#[tokio::test]
async fn a_sweep_killed_before_it_could_publish_is_made_good_by_the_next() {
    let copier = Copier::deployed().await;
    copier.send(&[&request("v1")]).await;
    copier.pass(seconds(30)).await;
    copier.sandbox().fault(Fault::new("events:PutEvents", forever()));
    let writes = copier.calls(PUT);
    sweep_and_kill(&copier, "the end is recorded", || copier.calls(PUT) > writes).await;
    assert_eq!(copier.words("v1"), ["STARTED"]);
    copier.sandbox().clear_faults();
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["STARTED", "COMPLETED"]);
}

#[tokio::test]
async fn a_sweep_killed_before_its_call_was_answered_leaves_the_rest_to_the_next_ones() {
    let copier = Copier::deployed().await;
    copier.sandbox().fault(Fault::new(COPY, Effect::error("ThrottlingException")).on_call(1));
    copier.send(&[&request("v1")]).await;
    copier.pass(minutes(5)).await;
    copier.sandbox().fault(Fault::new(COPY, forever()).on_call(1));
    let writes = copier.calls(PUT);
    sweep_and_kill(&copier, "the lease is recorded", || copier.calls(PUT) > writes).await;
    copier.sandbox().clear_faults();
    copier.sweep().await;
    assert_eq!((copier.words("v1"), copier.calls(COPY)), (vec!["QUEUED".to_owned()], 1), "the lease holds");
    copier.pass(minutes(20)).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["QUEUED", "STARTED"]);
    copier.completes("v1", 2).await;
}
