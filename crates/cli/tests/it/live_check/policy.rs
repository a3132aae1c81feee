//! The policies that `plan` prints allow exactly the calls that a run makes.

use std::collections::BTreeSet;

use model_copier::live_check::experiments::Level;
use model_copier::live_check::plan::plan;
use serde_json::Value;

use super::{Accounts, begun};
use crate::support::{ACCOUNT, SOURCE_ACCOUNT};

/// What AWS asks for within other calls, and what Rekognition does with the caller's rights: the sandbox sees no such
/// calls.
const DEPENDENT: [&str; 2] = ["rekognition:CreateProjectVersion", "rekognition:TagResource"];

pub(super) fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().map(|value| value.as_str().unwrap()).collect(),
        _ => panic!("{value}"),
    }
}

pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(head) else { return false };
    text.char_indices().map(|(at, _)| &text[at..]).chain([""]).any(|tail| matches(rest, tail))
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
            let client = accounts.client(SOURCE_ACCOUNT);
            client.describe_projects().project_names("flowers").send().await.unwrap();
        }
        let plan = plan(&begun);
        let calls = accounts.sandbox.calls();
        for (account, policy) in
            [(ACCOUNT, Some(&plan.policy)), (SOURCE_ACCOUNT, plan.source_policy.as_ref())]
        {
            let statements = policy.map_or(&[][..], |policy| policy["Statement"].as_array().unwrap());
            let mut used = BTreeSet::new();
            for call in calls.iter().filter(|call| call.account == account) {
                let allows = |statement: &&Value, resource: &str| {
                    texts(&statement["Action"]).contains(&call.action.as_str())
                        && texts(&statement["Resource"]).iter().any(|pattern| matches(pattern, resource))
                };
                let resources =
                    if call.resources.is_empty() { vec!["".to_owned()] } else { call.resources.clone() };
                for resource in resources {
                    let of_project = if resource.is_empty() {
                        "arn:aws:rekognition:us-east-1:444455556666:project/live-check-x"
                    } else {
                        &resource
                    };
                    let statement = statements.iter().find(|statement| allows(statement, of_project));
                    let statement = statement.unwrap_or_else(|| panic!("{level:?}: not allowed: {call:?}"));
                    used.insert((statement["Sid"].as_str().unwrap(), call.action.clone()));
                }
            }
            for statement in statements {
                let sid = statement["Sid"].as_str().unwrap();
                let seen = texts(&statement["Action"])
                    .into_iter()
                    .filter(|action| action.starts_with("rekognition:") && !DEPENDENT.contains(action));
                for action in seen {
                    let is_used = used.contains(&(sid, action.to_owned()));
                    assert!(is_used, "{level:?}, {account}: {sid} allows {action}, which no call needs");
                }
            }
        }
    }
}
