//! What a process does that was frozen between two of its steps, for longer than a lease.

use super::world::{After, World, holder, policy, project, record, rules, version};
use super::*;
use crate::domain::examples::at;

const MINUTE: i64 = 60;

/// Grants that were written at ten o'clock.
fn grants(holders: Vec<Holder>) -> Grants {
    Grants { revision: 1, holders, changed_at: at(0), ..Grants::none(project()) }
}

async fn look_after(world: &World) {
    Copier::new(world, world, world, world, rules()).look_after(&project()).await.unwrap();
    assert!(world.with(|state| state.other.is_none()), "the other process never came");
}

fn are_at_rest(world: &World) -> bool {
    world.with(|state| state.grants.as_ref().unwrap().settled_at.is_some())
}

#[tokio::test(start_paused = true)]
async fn grants_at_rest_are_noted_as_of_before_the_policy_was_read() {
    let world = World::default();
    world.with(|state| {
        state.now = 10 * MINUTE;
        state.records = vec![record(1, 1)];
        state.grants = Some(grants(vec![holder(1, 1)]));
        state.policy = Some(policy("1", &[1]));
    });
    world.after(After::PolicyRead(1), |state| {
        // A change that was sent before ten o'clock lands as late as it can.
        state.policy = Some(policy("2", &[1, 2]));
        state.now = 21 * MINUTE;
    });
    look_after(&world).await;
    assert!(!are_at_rest(&world), "nobody would look at the policy again");
    look_after(&world).await;
    assert_eq!(world.allowed(), [version(1)]);
}

#[tokio::test(start_paused = true)]
async fn grants_that_somebody_wrote_after_their_records_were_read_are_not_at_rest() {
    let world = World::default();
    world.with(|state| {
        state.now = 21 * MINUTE;
        state.grants = Some(grants(Vec::new()));
        state.policy = Some(policy("1", &[1]));
    });
    world.after(After::GrantsRead(1), |state| {
        // Whoever asked for a grant at ten o'clock writes it now: its request is over since.
        state.grants = Some(Grants { revision: 2, ..grants(vec![holder(1, 1)]) });
    });
    look_after(&world).await;
    assert!(!are_at_rest(&world), "the grant of a request that is over would stay for an hour");
    look_after(&world).await;
    assert_eq!(world.allowed(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_change_is_not_sent_when_the_write_before_it_is_old() {
    let world = World::default();
    world.with(|state| {
        state.now = 10 * MINUTE;
        state.grants = Some(grants(vec![holder(1, 1)]));
    });
    world.after(After::GrantsWritten(1), |state| {
        // A sweep finds that the request is over, and 20 minutes later that all is at rest.
        state.now = 31 * MINUTE;
        let released = state.grants.take().unwrap().released(|_| true, at(10 * MINUTE)).unwrap();
        state.grants = Some(Grants { revision: 4, settled_at: Some(at(31 * MINUTE)), ..released });
    });
    let copier = Copier::new(&world, &world, &world, &world, rules());
    copier.grant(&record(1, 1)).await.unwrap_err();
    assert!(world.with(|state| state.other.is_none()), "the other process never came");
    assert_eq!(world.with(|state| (state.changes, state.policy.clone())), (0, None));
}
