//! The policies that `plan` prints allow exactly the calls that a run makes.

use std::collections::BTreeSet;

use model_copier::live_check::plan::Plan;
use model_copier::live_check::run::Level;
use serde_json::Value;

use super::{Accounts, begun};
use crate::support::{ACCOUNT, SOURCE_ACCOUNT};

/// What AWS asks for within other calls, and what Rekognition does with the caller's rights: the sandbox sees no such
/// calls.
const DEPENDENT: [&str; 2] = ["rekognition:CreateProjectVersion", "rekognition:TagResource"];

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().map(|value| value.as_str().unwrap()).collect(),
        _ => panic!("{value}"),
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(head) else { return false };
    text.char_indices().map(|(at, _)| &text[at..]).chain([""]).any(|tail| matches(rest, tail))
}

/// Checks that a policy allows each of these calls, an action on a resource, and no other action that the test can see.
pub(super) fn check_exact(policy: &Value, calls: &[(String, String)], is_seen: impl Fn(&str) -> bool) {
    let statements = policy["Statement"].as_array().map_or(&[][..], Vec::as_slice);
    let mut used = BTreeSet::new();
    for (action, resource) in calls {
        let allows = |statement: &&Value| {
            texts(&statement["Action"]).contains(&action.as_str())
                && texts(&statement["Resource"]).iter().any(|pattern| matches(pattern, resource))
        };
        let statement = statements.iter().find(allows);
        let statement =
            statement.unwrap_or_else(|| panic!("not allowed: {action} on {resource}: {policy:#}"));
        used.insert((statement["Sid"].as_str().unwrap(), action.as_str()));
    }
    for statement in statements {
        let sid = statement["Sid"].as_str().unwrap();
        for action in texts(&statement["Action"]).into_iter().filter(|action| is_seen(action)) {
            assert!(used.contains(&(sid, action)), "{sid} allows {action}, which no call needs");
        }
    }
}

#[tokio::test]
async fn the_policies_allow_exactly_the_calls_of_a_run_and_its_cleaning() {
    for level in [Level::Free, Level::Copies, Level::TwoAccounts] {
        let accounts = Accounts::new().await;
        let begun = begun(level, &[]);
        accounts.run(&begun).await;
        accounts.clean(&begun).await;
        if level == Level::TwoAccounts {
            // As the command does before the run.
            let client = accounts.clients().source_rekognition.unwrap();
            client.describe_projects().project_names("flowers").send().await.unwrap();
        }
        let plan = Plan::of(&begun).unwrap();
        for (account, policy) in
            [(ACCOUNT, plan.policy), (SOURCE_ACCOUNT, plan.source_policy.unwrap_or_default())]
        {
            let mut calls = Vec::new();
            for mut call in accounts.sandbox.calls().into_iter().filter(|call| call.account == account) {
                if call.resources.is_empty() {
                    call.resources
                        .push("arn:aws:rekognition:us-east-1:444455556666:project/live-check-x".to_owned());
                }
                calls.extend(call.resources.into_iter().map(|resource| (call.action.clone(), resource)));
            }
            check_exact(&policy, &calls, |action| {
                action.starts_with("rekognition:") && !DEPENDENT.contains(&action)
            });
        }
    }
}
