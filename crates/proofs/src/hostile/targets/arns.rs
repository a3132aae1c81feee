use std::sync::LazyLock;

use regex::{Captures, Regex};
use rekognition_model_copier::domain::arn::{ProjectArn, ProjectVersionArn, is_account, is_name};

use super::text;

/// As the service model has them, with groups for the parts; its `\d` is an ASCII digit.
static PROJECT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^arn:([a-z0-9-]+):rekognition:([a-z0-9-]+):([0-9]{12}):project/([a-zA-Z0-9_.\-]{1,255})/[0-9]+$",
    )
});
static VERSION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^arn:([a-z0-9-]+):rekognition:([a-z0-9-]+):([0-9]{12}):project/([a-zA-Z0-9_.\-]{1,255})/version/([a-zA-Z0-9_.\-]{1,255})/[0-9]+$",
    )
});
static NAME: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[a-zA-Z0-9_.\-]{1,255}$"));
static ACCOUNT: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[0-9]{12}$"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern")
}

/// Both ARNs, names and accounts against the service model's patterns, and the parts of an ARN against their groups.
pub fn arns(data: &[u8]) {
    let text = &text(data);
    let long_enough = (20..=2048).contains(&text.chars().count());
    let captured = |pattern: &LazyLock<Regex>| pattern.captures(text).filter(|_| long_enough);
    let group = |found: &Captures<'_>, n: usize| found[n].to_owned();

    let found = captured(&PROJECT);
    let arn = ProjectArn::parse(text).ok();
    let read = arn.as_ref().map(|arn| [arn.partition(), arn.region(), arn.account(), arn.project_name()]);
    let expected = found.map(|found| [1, 2, 3, 4].map(|n| group(&found, n)));
    assert_eq!(read.map(|parts| parts.map(str::to_owned)), expected, "{text:?}");

    let found = captured(&VERSION);
    let version = ProjectVersionArn::parse(text).ok();
    let read = version
        .as_ref()
        .map(|arn| [arn.partition(), arn.region(), arn.account(), arn.project_name(), arn.version_name()]);
    let expected = found.map(|found| [1, 2, 3, 4, 5].map(|n| group(&found, n)));
    assert_eq!(read.map(|parts| parts.map(str::to_owned)), expected, "{text:?}");

    // Written and read again as JSON.
    let json = serde_json::Value::from(text.as_ref());
    assert_eq!(serde_json::from_value(json.clone()).ok(), arn);
    assert_eq!(serde_json::from_value(json.clone()).ok(), version);
    assert!(arn.is_none_or(|arn| arn.to_string() == *text && serde_json::json!(arn) == json));
    assert!(version.is_none_or(|arn| arn.to_string() == *text && serde_json::json!(arn) == json));

    assert_eq!(is_name(text), NAME.is_match(text), "{text:?}");
    assert_eq!(is_account(text), ACCOUNT.is_match(text), "{text:?}");
}
