//! What two processes do to each other's grants, one step in between at a time.

use super::world::{After, State, World, holder, project, record, rules, version};
use super::*;
use crate::domain::examples::at;

/// Grants request 1 its version 1, while another process does something after reading number `reading`.
async fn grant_while(world: &World, reading: usize, other: impl FnOnce(&mut State) + Send + 'static) {
    world.after(After::GrantsRead(reading), other);
    let copier = Copier::new(world, world, world, world, rules());
    copier.grant(&record(1, 1)).await.unwrap();
    assert!(world.with(|state| state.other.is_none()), "reading {reading} never came");
}

#[tokio::test(start_paused = true)]
async fn two_who_grant_at_once_lose_nothing_whoever_is_faster() {
    for reading in [1, 2] {
        let world = World::default();
        world.with(|state| state.grants = Some(Grants { revision: 1, ..Grants::none(project()) }));
        grant_while(&world, reading, |state| state.grant(holder(2, 2))).await;
        assert_eq!(world.allowed(), [version(1), version(2)], "in between, after reading {reading}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_another_withdraws_meanwhile_is_not_put_back() {
    for reading in [1, 2] {
        let world = World::default();
        world.with(|state| {
            state.grants = Some(Grants { revision: 1, ..Grants::none(project()) });
            state.grant(holder(2, 2));
        });
        grant_while(&world, reading, |state| state.withdraw(&holder(2, 2).key)).await;
        assert_eq!(world.allowed(), [version(1)], "in between, after reading {reading}");
    }
}

#[tokio::test(start_paused = true)]
async fn ten_at_once_read_the_policy_once_and_change_it_once() {
    let world = World::default();
    let copier = Copier::new(&world, &world, &world, &world, rules());
    let records: Vec<Record> = (0..10).map(|n| record(n, n)).collect();
    let granted = futures_util::future::join_all(records.iter().map(|record| copier.grant(record))).await;
    assert!(granted.iter().all(Result::is_ok), "{granted:?}");
    assert_eq!(world.with(|state| state.changes), 1);
    assert_eq!(world.allowed(), (0..10).map(version).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_change_in_another_accounts_policy_follows_a_write_of_the_grants() {
    let world = World::default();
    let rested = Grants {
        revision: 7,
        holders: vec![holder(1, 1)],
        settled_at: Some(at(-60)),
        ..Grants::none(project())
    };
    world.with(|state| state.grants = Some(rested));
    let copier = Copier::new(&world, &world, &world, &world, rules());
    copier.grant(&record(1, 1)).await.unwrap();
    let grants = world.with(|state| state.grants.clone()).unwrap();
    assert_eq!((grants.revision, grants.settled_at, grants.changed_at), (8, None, at(0)));
    assert_eq!(world.allowed(), [version(1)]);
}
