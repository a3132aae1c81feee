//! Tests that the template, the functions and the sandbox agree on names and values.

use std::collections::{BTreeMap, BTreeSet};

use rekognition_model_copier::domain::{announcement, envelope};
use rekognition_model_copier::settings::{Settings, VARIABLES};
use sandbox::deployment::{CHECK_TIMEOUT, START_TIMEOUT};
use sandbox::{ledger_table, queue};
use serde_json::{Value, json};

use crate::support::template::{template, text_of};
use crate::support::{ACCOUNT, Copier, TABLE, root};

/// Returns the environment of both functions if every parameter keeps its default. Other references become their names.
fn variables() -> BTreeMap<String, String> {
    let template = template("template.yaml");
    let value = |variable: &Value| match variable["Ref"].as_str() {
        Some("AWS::AccountId") => ACCOUNT.to_owned(),
        Some("AWS::StackName") => "rekognition-model-copier".to_owned(),
        Some(name) => template["Parameters"][name].get("Default").map_or(name.to_owned(), text_of),
        None => variable.to_string(),
    };
    let variables = template["Globals"]["Function"]["Environment"]["Variables"].as_object().unwrap();
    variables.iter().map(|(name, variable)| (name.clone(), value(variable))).collect()
}

fn properties(resource: &str) -> Value {
    template("template.yaml")["Resources"][resource]["Properties"].clone()
}

/// Returns every value of a member of this name, at any depth.
fn members<'a>(part: &'a Value, name: &str) -> Vec<&'a Value> {
    let inner: Vec<_> = match part {
        Value::Array(parts) => parts.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => Vec::new(),
    };
    part.get(name).into_iter().chain(inner.into_iter().flat_map(|part| members(part, name))).collect()
}

#[test]
fn the_template_sets_the_variables_that_the_functions_read_and_no_others() {
    let set = variables();
    assert_eq!(set.keys().map(String::as_str).collect::<BTreeSet<_>>(), VARIABLES.into());
}

#[test]
fn a_variable_that_is_not_set_has_the_parameters_default() {
    let set = variables();
    // These have no default in the template or in the code.
    let needed = ["ACCOUNT_ID", "LEDGER_TABLE", "ALLOWED_OUTPUT_BUCKETS"];
    let lookup = |name: &str, given: &dyn Fn(&str) -> bool| match name {
        "AWS_REGION" => Some("us-east-1".to_owned()),
        _ => set.get(name).filter(|_| needed.contains(&name) || given(name)).cloned(),
    };
    let least = Settings::read(|name| lookup(name, &|_| false)).unwrap();
    for variable in VARIABLES {
        // These two name the stack's own resources, so the code has no default for them.
        if !["COPIER_ROLE_ARNS", "REQUEST_QUEUE_ARN"].contains(&variable) {
            let settings = Settings::read(|name| lookup(name, &|name| name == variable)).unwrap();
            assert_eq!(format!("{settings:?}"), format!("{least:?}"), "{variable}");
        }
    }
}

#[test]
fn each_function_is_a_program_and_each_program_a_function() {
    let template = template("template.yaml");
    let built: BTreeSet<_> = members(&template, "Binary").into_iter().map(text_of).collect();
    let programs = std::fs::read_dir(root().join("src/bin")).unwrap();
    let programs =
        programs.map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned());
    assert_eq!(built, programs.collect());
    let function = &template["Globals"]["Function"];
    assert_eq!(
        (&function["Handler"], &function["Runtime"]),
        (&json!("bootstrap"), &json!("provided.al2023"))
    );
}

#[test]
fn rules_and_policies_name_the_detail_types_of_the_code() {
    let (requested, changed) = (json!(envelope::DETAIL_TYPE), json!(announcement::DETAIL_TYPE));
    assert_eq!(properties("RequestRule")["EventPattern"]["detail-type"], json!([requested]));
    for file in [
        "template.yaml",
        "source-account.yaml",
        "examples/hub/template.yaml",
        "examples/notify/template.yaml",
        "examples/start-model/template.yaml",
        "examples/step-functions/template.yaml",
    ] {
        let template = template(file);
        let named = ["detail-type", "events:detail-type", "DetailType"].map(|name| members(&template, name));
        let named: Vec<_> = named.into_iter().flatten().collect();
        assert!(!named.is_empty(), "{file}");
        for name in named {
            let names = name.as_array().cloned().unwrap_or_else(|| vec![name.clone()]);
            assert!(names.iter().all(|name| [&requested, &changed].contains(&name)), "{file}: {name}");
        }
    }
}

/// So the tests of the ledger's contract, which use the sandbox's table, hold for the template's table.
#[test]
fn the_sandbox_defines_the_ledger_as_the_template_does() {
    let (ledger, table) = (properties("Ledger"), ledger_table(ACCOUNT, TABLE));
    for part in ["BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes"] {
        assert_eq!(table.definition[part], ledger[part], "{part}");
    }
    let expiry = ledger["TimeToLiveSpecification"]["AttributeName"].as_str();
    assert!(expiry.is_some() && expiry == table.time_to_live_attribute.as_deref(), "{expiry:?}");
}

#[tokio::test]
async fn the_sandbox_deploys_as_the_template_does() {
    let (queue, start) = (properties("RequestQueue"), properties("StartCopy"));
    let batch = properties("StartCopyRequests");
    assert_eq!(json!(queue::VISIBILITY_TIMEOUT.as_secs()), queue["VisibilityTimeout"]);
    assert_eq!(json!(queue::MAX_RECEIVE_COUNT), queue["RedrivePolicy"]["maxReceiveCount"]);
    assert_eq!(json!(queue::BATCH_SIZE), batch["BatchSize"]);
    assert_eq!(json!(0), batch["MaximumBatchingWindowInSeconds"]);
    assert_eq!(json!(START_TIMEOUT.as_secs()), start["Timeout"]);
    assert_eq!(json!(CHECK_TIMEOUT.as_secs()), properties("CheckCopies")["Timeout"]);
    let copier = Copier::deployed().await;
    let memory = &template("template.yaml")["Globals"]["Function"]["MemorySize"];
    assert_eq!(json!(copier.deployment.start_copy().settings().memory_mb), *memory);
    let [stack] = &copier.sandbox().world().stacks[..] else { panic!("there is one stack") };
    for (part, shown) in [("Parameters", &stack.parameters), ("Outputs", &stack.outputs)] {
        let names: Vec<_> = template("template.yaml")[part].as_object().unwrap().keys().cloned().collect();
        let shown: BTreeSet<_> = shown.keys().cloned().collect();
        assert_eq!(shown, names.into_iter().collect(), "{part}");
    }
}

#[test]
fn a_request_is_neither_handled_twice_at_once_nor_lost() {
    // AWS asks for this, because SQS must not deliver a batch that Lambda still retries.
    let hidden = properties("RequestQueue")["VisibilityTimeout"].as_i64().unwrap();
    assert!(hidden >= 6 * properties("StartCopy")["Timeout"].as_i64().unwrap());
    // The queue does not hold an asynchronous invocation, so a failed one would be lost.
    let target = &properties("StartCopy")["EventInvokeConfig"]["DestinationConfig"]["OnFailure"];
    assert_eq!(*target, json!({"Type": "SQS", "Destination": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}}));
    let sweep = &properties("CheckSchedule")["Targets"][0];
    assert_eq!(sweep["RetryPolicy"]["MaximumRetryAttempts"], 0, "the next sweep does a failed one's work");
}

/// Every package takes its version from the workspace.
#[test]
fn the_version_is_the_same_everywhere() {
    let version = env!("CARGO_PKG_VERSION");
    let application = &template("template.yaml")["Metadata"]["AWS::ServerlessRepo::Application"];
    assert_eq!(application["SemanticVersion"], version);
    let read = |file| std::fs::read_to_string(root().join(file)).unwrap();
    let changelog = read("CHANGELOG.md");
    let released = changelog.lines().find(|line| line.starts_with("## [") && *line != "## [Unreleased]");
    let date = released.and_then(|line| line.strip_prefix(&format!("## [{version}] - ")));
    assert!(date.is_some_and(|date| date.parse::<jiff::civil::Date>().is_ok()), "{released:?}");
    let deploy = read("docs/deploy.md");
    let named = deploy.split("rekognition-model-copier-").filter(|rest| rest.starts_with(char::is_numeric));
    assert!(
        named.clone().count() > 5 && named.clone().all(|rest| rest.starts_with(version)),
        "docs/deploy.md"
    );
}
