use super::*;

fn read(pairs: &[(&str, &str)]) -> Result<Settings, BadSettings> {
    Settings::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
}

const LEAST: [(&str, &str); 3] =
    [("AWS_REGION", "us-east-1"), ("LEDGER_TABLE", "ledger"), ("ACCOUNT_ID", "444455556666")];

/// Values that are refused, each with a part of its problem.
const BAD: &[(&str, &str, &str)] = &[
    ("LEDGER_TABLE", "", "is not set: set it to the name of the ledger's table, 3 to 255 of letters,"),
    ("LEDGER_TABLE", "ab", "is `ab`"),
    ("LEDGER_TABLE", "arn:aws:dynamodb:us-east-1:444455556666:table/ledger", "is `arn:aws:dynamodb"),
    ("AWS_REGION", "", "is not set"),
    ("AWS_REGION", "Frankfurt", "is `Frankfurt`: set it to the Region of"),
    ("AWS_REGION", "eu-central-1 ", "is `eu-central-1 `"),
    ("AWS_REGION", "eu_central_1", "is `eu_central_1`"),
    ("AWS_REGION", "EU-CENTRAL-1", "is `EU-CENTRAL-1`"),
    ("ACCOUNT_ID", "4444", "is `4444`: set it to 12 digits"),
    ("EVENT_BUS", "two words", "is `two words`: set it to an event bus: a name, 1 to 256 of"),
    ("EVENT_BUS", "arn:aws:events:us-east-1:444455556666:rule/models", "is `arn:aws:events"),
    ("EVENT_BUS", "arn:aws:events:us-east-1:444455556666:event-bus/", "is `arn:aws:events"),
    ("EVENT_BUS", "arn:aws:sqs:us-east-1:4:a", "is `arn:aws:sqs"),
    ("EVENT_SOURCE", "aws.mine", "is `aws.mine`"),
    ("ALLOWED_SOURCE_ACCOUNTS", "111122223333, me", "has `me`"),
    ("ALLOWED_OUTPUT_BUCKETS", "models,s3://models", "has `s3://models`: list buckets or `bucket/prefix`,"),
    ("ALLOWED_OUTPUT_BUCKETS", "models/", "has `models/`"),
    ("ALLOWED_OUTPUT_BUCKETS", "models/a*", "has `models/a*`"),
    ("TRUSTED_REQUESTERS", "everybody", "has `everybody`: list accounts of 12 digits"),
    ("STACK_NAME", "my_stack", "is `my_stack`: set it to the stack's name"),
    ("REQUEST_QUEUE_ARN", "requests", "is `requests`: set it to the ARN of an SQS queue"),
    ("SOURCE_ACCOUNT_ROLES", ", ,", "is `, ,`: list entries, with commas, or leave it out"),
    (
        "SOURCE_ACCOUNT_ROLES",
        START,
        "has `arn:aws:iam::444455556666:role/start-copy`: leave this account's own out",
    ),
    (
        "SOURCE_ACCOUNT_ROLES",
        "arn:aws:iam::111122223333:user/me",
        "has `arn:aws:iam::111122223333:user/me`: list ARNs of",
    ),
    ("EXTERNAL_ID", "two words", "is `two words`: set it to what the roles ask for, 2 to 1224 of"),
    ("PROJECT_POLICY_EXPIRES", "yes", "is `yes`: set it to true or false"),
    ("START_TIMEOUT_SECONDS", "-1", "is `-1`: set it to a whole number from 60"),
    ("COPY_TIMEOUT_SECONDS", "59", "is `59`"),
    ("PERMISSION_TIMEOUT_SECONDS", "299", "is `299`: set it to a whole number from 300"),
    ("RETENTION_DAYS", "29", "is `29`: set it to a whole number from 30"),
    ("OVERDUE_AFTER_SECONDS", "a\u{fffd}", r"is `a\u{fffd}`"),
    ("CALLS_PER_SECOND", "0", "is `0`: set it to a whole number from 1 to 1000"),
];

#[test]
fn every_bad_setting_is_reported_with_its_name_its_value_and_what_is_allowed() {
    for (name, value, part) in BAD {
        let problems = read(&[&[(*name, *value)], &LEAST[..]].concat()).unwrap_err();
        assert_eq!(problems.0.len(), 1, "{problems}");
        assert!(problems.0[0].starts_with(&format!("`{name}` {part}")), "{part} in {problems}");
    }
}

#[test]
fn a_bus_is_a_name_or_an_arn_and_the_region_has_two_names() {
    for good in ["default", "models/of.us_1-", "arn:aws:events:us-east-1:444455556666:event-bus/models"] {
        assert_eq!(read(&[&LEAST[..], &[("EVENT_BUS", good)]].concat()).unwrap().event_bus, good);
    }
    let region = read(&[&LEAST[1..], &[("AWS_DEFAULT_REGION", "us-gov-west-1")]].concat());
    assert_eq!(region.unwrap().rules.admission.region, "us-gov-west-1");
}

const START: &str = "arn:aws:iam::444455556666:role/start-copy";
const ROLE: &str = "arn:aws:iam::111122223333:role/copier/policies";

#[test]
fn a_source_accounts_role_is_known_by_its_account() {
    let given = [
        ("SOURCE_ACCOUNT_ROLES", ROLE),
        ("COPIER_ROLE_ARNS", START),
        ("EXTERNAL_ID", "flowers"),
        ("PROJECT_POLICY_EXPIRES", "false"),
    ];
    let settings = read(&[&LEAST[..], &given].concat()).unwrap();
    let policies = settings.rules.policies;
    assert!(!policies.policy.expires);
    assert_eq!(policies.roles, BTreeMap::from([("111122223333".to_owned(), ROLE.to_owned())]));
    assert_eq!(policies.policy.principals, BTreeSet::from([START.to_owned()]));
    assert_eq!(settings.external_id.as_deref(), Some("flowers"));
}

#[test]
fn each_account_has_one_role_and_the_copiers_roles_are_needed() {
    let roles = format!("{ROLE},arn:aws:iam::111122223333:role/other");
    let bad = read(&[&LEAST[..], &[("SOURCE_ACCOUNT_ROLES", roles.as_str())]].concat()).unwrap_err();
    assert_eq!(bad.0.len(), 2, "{bad}");
    assert!(bad.0[0].ends_with("list one role an account"), "{bad}");
    assert!(bad.0[1].starts_with("`COPIER_ROLE_ARNS` is not set"), "{bad}");
}

#[test]
fn every_variable_that_is_read_is_listed() {
    let asked = std::cell::RefCell::new(BTreeSet::new());
    let _ = Settings::read(|name| {
        asked.borrow_mut().insert(name.to_owned());
        None
    });
    let listed: BTreeSet<String> = VARIABLES.iter().map(|name| (*name).to_owned()).collect();
    let asked: BTreeSet<String> =
        asked.into_inner().into_iter().filter(|name| !name.starts_with("AWS_")).collect();
    assert_eq!(asked, listed);
}
