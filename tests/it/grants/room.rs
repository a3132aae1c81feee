//! Policies have room for so much: 2,000 characters, and five a project.

use super::*;

/// The requests of `request_for` about which this was announced.
fn told(copier: &Copier, status: &str) -> BTreeSet<usize> {
    (0..20).filter(|n| copier.words(&format!("v{n}")).iter().any(|word| word == status)).collect()
}

#[tokio::test]
async fn twenty_requests_at_once_complete_and_no_policy_allows_more_than_what_is_being_copied() {
    let copier = deployed().await;
    let requests: Vec<Value> = (0..20).map(request_for).collect();
    copier.send(&requests.iter().collect::<Vec<_>>()).await;
    let (mut seen, mut over) = (0, BTreeSet::new());
    for round in 0.. {
        // Every change since the last round allows what has been started by now and had not ended by then.
        let being_copied: BTreeSet<String> =
            told(&copier, "STARTED").difference(&over).map(|n| version(*n)).collect();
        for change in changes(&copier, seen) {
            seen += 1;
            let allowed = change.document.as_deref().map(allowed).unwrap_or_default();
            assert!(allowed.is_subset(&being_copied), "round {round}: {allowed:?} of {being_copied:?}");
        }
        if round == 0 {
            // Who gets a grant puts it into the policy, unless somebody else's change has done so: never twice.
            assert!((1..=being_copied.len()).contains(&seen), "{seen} changes for {}", being_copied.len());
        }
        over = told(&copier, "COMPLETED");
        if over.len() == 20 {
            break;
        }
        assert!(round < 30, "{over:?}");
        copier.pass(minutes(5)).await;
        copier.sweep().await;
    }
    copier.sweep().await;
    assert_eq!(policies(&copier), []);
    let waited = told(&copier, "QUEUED").len();
    assert!((1..10).contains(&waited), "{waited} did not fit into one policy");
    let calls = copier.sandbox().calls();
    let denied = calls.iter().filter(|call| call.action == COPY && call.error.is_some()).count();
    assert_eq!(denied, 0, "no update was lost: whoever called had its grant");
}

#[tokio::test]
async fn project_wide_grants_let_everything_start_where_they_are_allowed_and_leave_nothing_behind() {
    let copier = deployed_with(&[("ALLOW_PROJECT_WIDE_GRANTS", "true")], |_| {}).await;
    let requests: Vec<Value> = (0..20).map(request_for).collect();
    copier.send(&requests.iter().collect::<Vec<_>>()).await;
    for n in 0..20 {
        assert_eq!(copier.words(&format!("v{n}")), ["STARTED"], "{n}");
    }
    let every = "arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/*".to_owned();
    assert_eq!(allowed(&policies(&copier)[0].1), [every].into());
    copier.pass(seconds(31)).await;
    copier.sweep().await;
    copier.sweep().await;
    assert_eq!(policies(&copier), []);
}

#[tokio::test]
async fn a_project_whose_five_policies_are_others_makes_a_request_wait_until_one_is_gone() {
    let copier = deployed_with(&[], |world| {
        let policy = World::small().projects[0].policies[0].clone();
        let project = world.projects.iter_mut().find(|project| project.project_arn.to_string() == SOURCE);
        let named = |n| sandbox::ProjectPolicy {
            name: format!("other-{n}"),
            document: policy.document.replace(ACCOUNT, "777788889999"),
            ..policy.clone()
        };
        project.unwrap().policies.extend((0..5).map(named));
    })
    .await;
    copier.send(&[&request("v1")]).await;
    let queued = copier.last("v1");
    assert_eq!((&queued["status"], &queued["failure"]["code"]), (&json!("QUEUED"), &json!("PolicyFull")));
    assert!(queued["failure"]["remedy"].as_str().unwrap().contains("goes on by itself"), "{queued}");
    let waiting = measured(&copier, "Waiting", &["Service", "Reason"]);
    assert!(waiting.iter().any(|line| line["Reason"] == "PolicyFull"), "{waiting:#?}");
    let others: Vec<_> = policies(&copier);

    copier.sandbox().change(|world| {
        let project = world.projects.iter_mut().find(|project| project.project_arn.to_string() == SOURCE);
        project.unwrap().policies.remove(0);
    });
    copier.pass(minutes(5)).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["QUEUED", "STARTED"]);
    copier.pass(seconds(31)).await;
    copier.sweep().await;
    copier.sweep().await;
    assert_eq!(policies(&copier), others[1..], "what is not ours is left alone");
    assert_eq!(copier.calls(COPY), 1);
}
