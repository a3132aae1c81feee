use super::*;

fn read(pairs: &[(&str, &str)]) -> Result<Settings, BadSettings> {
    Settings::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
}

const LEAST: [(&str, &str); 3] =
    [("AWS_REGION", "us-east-1"), ("LEDGER_TABLE", "ledger"), ("ACCOUNT_ID", "444455556666")];

#[test]
fn three_variables_are_enough() {
    let settings = read(&LEAST).unwrap();
    assert_eq!(settings.rules.times, Times::default());
    assert_eq!(settings.rules.admission.source_accounts, BTreeSet::from(["444455556666".to_owned()]));
    assert_eq!(settings.rules.admission.output_locations, None);
    assert_eq!((settings.event_bus.as_str(), settings.rules.calls_per_second), ("default", 5));
    assert_eq!(settings.rules.stack_name, "rekognition-model-copier");
    assert_eq!(settings.rules.policies.policy.name, "model-copier-444455556666-rekognition-model-copier");
    assert!(settings.rules.policies.policy.expires);
}

#[test]
fn every_bad_setting_is_reported_with_its_name_its_value_and_what_is_allowed() {
    let bad = read(&[
        ("ACCOUNT_ID", "4444"),
        ("EVENT_BUS", "arn:aws:events:us-east-1:444455556666:rule/models"),
        ("EVENT_SOURCE", "aws.mine"),
        ("ALLOWED_SOURCE_ACCOUNTS", "111122223333, me"),
        ("ALLOWED_OUTPUT_BUCKETS", "models,s3://models,models/,models/a*"),
        ("TRUSTED_REQUESTERS", "everybody"),
        ("STACK_NAME", "my_stack"),
        ("REQUEST_QUEUE_ARN", "requests"),
        ("SOURCE_ACCOUNT_ROLES", ", ,"),
        ("EXTERNAL_ID", "two words"),
        ("START_TIMEOUT_SECONDS", "-1"),
        ("COPY_TIMEOUT_SECONDS", "59"),
        ("PERMISSION_TIMEOUT_SECONDS", "299"),
        ("RETENTION_DAYS", "29"),
        ("OVERDUE_AFTER_SECONDS", "a\u{fffd}"),
        ("CALLS_PER_SECOND", "0"),
    ])
    .unwrap_err();
    let message = bad.to_string();
    for part in [
        "20 bad settings",
        "`AWS_REGION` is not set",
        "`LEDGER_TABLE` is not set: set it to the name of the ledger's table, 3 to 255 of letters,",
        "`ACCOUNT_ID` is `4444`: set it to 12 digits",
        "`EVENT_BUS` is `arn:aws:events:us-east-1:444455556666:rule/models`: set it to an event bus: a name, 1 to 256 of",
        "`EVENT_SOURCE` is `aws.mine`",
        "`ALLOWED_SOURCE_ACCOUNTS` has `me`",
        "`ALLOWED_OUTPUT_BUCKETS` has `s3://models`: list buckets or `bucket/prefix`, with commas",
        "`ALLOWED_OUTPUT_BUCKETS` has `models/`",
        "`ALLOWED_OUTPUT_BUCKETS` has `models/a*`",
        "`TRUSTED_REQUESTERS` has `everybody`: list accounts of 12 digits",
        "`STACK_NAME` is `my_stack`: set it to the stack's name",
        "`REQUEST_QUEUE_ARN` is `requests`: set it to the ARN of an SQS queue",
        "`SOURCE_ACCOUNT_ROLES` is `, ,`: list entries, with commas, or leave it out",
        "`EXTERNAL_ID` is `two words`: set it to what the roles ask for, 2 to 1224 of",
        "`START_TIMEOUT_SECONDS` is `-1`: set it to a whole number from 60",
        "`COPY_TIMEOUT_SECONDS` is `59`",
        "`PERMISSION_TIMEOUT_SECONDS` is `299`: set it to a whole number from 300",
        "`RETENTION_DAYS` is `29`: set it to a whole number from 30",
        r"`OVERDUE_AFTER_SECONDS` is `a\u{fffd}`",
        "`CALLS_PER_SECOND` is `0`: set it to a whole number from 1 to 1000",
    ] {
        assert!(message.contains(part), "{part} in {message}");
    }
}

#[test]
fn the_region_has_the_form_of_one() {
    let region = |name| [&LEAST[1..], &[name]].concat();
    for good in [("AWS_REGION", "eu-central-1"), ("AWS_DEFAULT_REGION", "us-gov-west-1")] {
        assert_eq!(read(&region(good)).unwrap().rules.admission.region, good.1);
    }
    for bad in ["Frankfurt", "eu-central-1 ", "eu_central_1", "EU-CENTRAL-1"] {
        let message = read(&region(("AWS_REGION", bad))).unwrap_err().to_string();
        assert!(message.contains(&format!("`AWS_REGION` is `{bad}`: set it to the Region of")), "{message}");
    }
}

#[test]
fn a_bus_is_a_name_or_an_arn_and_a_table_a_name() {
    let bus = |bus| read(&[&LEAST[..], &[("EVENT_BUS", bus)]].concat()).map(|settings| settings.event_bus);
    for good in ["default", "models/of.us_1-", "arn:aws:events:us-east-1:444455556666:event-bus/models"] {
        assert_eq!(bus(good).as_deref(), Ok(good));
    }
    let long = "b".repeat(257);
    for bad in
        ["two words", "arn:aws:events:us-east-1:444455556666:event-bus/", "arn:aws:sqs:us-east-1:4:a", &long]
    {
        assert!(bus(bad).is_err(), "{bad}");
    }
    let table =
        |name| read(&[("AWS_REGION", "us-east-1"), ("LEDGER_TABLE", name), ("ACCOUNT_ID", "444455556666")]);
    assert!(table("a.b-c_D9").is_ok());
    for bad in ["ab", "arn:aws:dynamodb:us-east-1:444455556666:table/ledger", &long] {
        assert!(table(bad).is_err(), "{bad}");
    }
}

const START: &str = "arn:aws:iam::444455556666:role/start-copy";
const ROLE: &str = "arn:aws:iam::111122223333:role/copier/policies";

#[test]
fn a_source_accounts_role_is_known_by_its_account() {
    let settings = read(
        &[
            &LEAST[..],
            &[("SOURCE_ACCOUNT_ROLES", ROLE), ("COPIER_ROLE_ARNS", START), ("EXTERNAL_ID", "flowers")],
        ]
        .concat(),
    )
    .unwrap();
    let policies = settings.rules.policies;
    assert_eq!(policies.roles, BTreeMap::from([("111122223333".to_owned(), ROLE.to_owned())]));
    assert_eq!(policies.policy.principals, BTreeSet::from([START.to_owned()]));
    assert_eq!(settings.external_id.as_deref(), Some("flowers"));
}

#[test]
fn bad_roles_are_reported_with_what_is_wrong_with_them() {
    let roles =
        format!("{ROLE},arn:aws:iam::111122223333:role/other,{START},arn:aws:iam::111122223333:user/me");
    let bad = read(
        &[&LEAST[..], &[("SOURCE_ACCOUNT_ROLES", roles.as_str()), ("PROJECT_POLICY_EXPIRES", "yes")]]
            .concat(),
    );
    let message = bad.unwrap_err().to_string();
    for part in [
        "5 bad settings",
        "list one role an account",
        "`SOURCE_ACCOUNT_ROLES` has `arn:aws:iam::444455556666:role/start-copy`: leave this account's own out",
        "`SOURCE_ACCOUNT_ROLES` has `arn:aws:iam::111122223333:user/me`: list ARNs of IAM roles",
        "`COPIER_ROLE_ARNS` is not set",
        "`PROJECT_POLICY_EXPIRES` is `yes`: set it to true or false",
    ] {
        assert!(message.contains(part), "{part} in {message}");
    }
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
