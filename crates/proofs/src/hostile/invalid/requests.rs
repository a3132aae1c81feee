//! Invalid requests: texts that are no JSON, wrong members, and wrong values.

use rekognition_model_copier::domain::problem::ProblemCode::{self, *};
use serde_json::json;

use super::{
    BUCKET, Invalid, REQUIRED, add, members, object, valid_request, with, with_also, with_text, without,
};
use crate::request::{ACCOUNT, SOURCE};

/// Texts that are no JSON, one a line. The last one is JSON, but its number is too large for every type.
const NO_JSON: &str = r#"{
}
{'a':1}
{"a":}
{"a":1,}
{"a":NaN}
{"a":"\x"}
{"a":"\u12"}
{"\ud800":1}
{}{}
{} x
<xml/>
a=b
1e999"#;

/// Control characters, invisible and confusable characters, digits of other scripts, and the special characters of shells and
/// SQL.
const ODD: &str = "\0\u{1}\t\n\r\u{1b}\u{1f}\u{7f}\u{80}\u{85}\u{9f}\u{a0}\u{ad}\u{300}\u{34f}\u{61c}\u{200b}\
    \u{200c}\u{200d}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{3000}\u{fe0f}\
    \u{feff}\u{fffd}аеоорсухіѕԁɡｆ１٣४߃𝟙ⅷ①ﬂſ\u{212a}☃💐 $&'\"\\`|;<>(){}[]!?*%^~,#";

/// Replacements that make each of the three ARNs invalid. `ACCOUNT` stands for the account of the ARN.
const ARNS: [(&str, &str, ProblemCode); 23] = [
    ("arn:", "ARN:", Pattern),
    ("arn:", "", Pattern),
    ("rekognition", "s3", Pattern),
    ("rekognition:", "rekognition::", Pattern),
    ("project/", "Project/", Pattern),
    ("project/", "project//", Pattern),
    ("us-east-1", "US-EAST-1", Pattern),
    ("us-east-1", "", Pattern),
    (":aws:", "::", Pattern),
    ("/17", "/-17", Pattern),
    ("/17", "/１７", Pattern),
    ("ACCOUNT", "11112222333", Pattern),
    ("ACCOUNT", "1111222233334", Pattern),
    (":aws:", ":aws-cn:", Partition),
    (":aws:", ":aws-eusc:", Partition),
    (":aws:", ":awz:", Partition),
    (":aws:", ":-aws:", Partition),
    (":aws:", ":aws-:", Partition),
    ("us-east-1", "us-east-2", Region),
    ("us-east-1", "eu-west-1", Region),
    ("us-east-1", "global", Region),
    ("ACCOUNT", "000000000000", Account),
    ("ACCOUNT", "777788889999", Account),
];

/// Members with a sample text, in which `@` is the place of an odd character, the characters of [`ODD`] that are valid there, and
/// the least and the greatest length.
const TEXTS: [(&str, &str, &str, usize, usize); 7] = [
    ("versionName", "flowers@1", "", 1, 255),
    ("kmsKeyId", "alias/@", ",", 1, 2048),
    ("requestId", "r@1", PRINTABLE, 1, 128),
    ("correlationId", "r@1", PRINTABLE, 1, 128),
    ("outputConfig.s3Bucket", "flowers@models", "", 3, 255),
    ("outputConfig.s3KeyPrefix", "", ODD, 0, 1024),
    ("tags.key", "a@b", TAG, 0, 256),
];
const PRINTABLE: &str = " $&'\"\\`|;<>(){}[]!?*%^~,#";
const TAG: &str = " \u{a0}\u{2028}\u{2029}\u{3000}аеоорсухіѕԁɡｆ１٣४߃𝟙ⅷ①ﬂſ\u{212a}";

/// Other invalid values.
const VALUES: [(&str, ProblemCode, &[&str]); 6] = [
    ("versionName", Pattern, &["a/b", "a b", "../x", "a:b", "@", "+"]),
    ("kmsKeyId", Pattern, &["/alias", ":key", " alias/x", "-", "_x", "=x"]),
    ("outputConfig.s3Bucket", Length, &["ab"]),
    (
        "outputConfig.s3Bucket",
        Pattern,
        &[
            "s3://flowers-production-models",
            "arn:aws:s3:::flowers-production-models",
            "flowers-production-models/",
            "flowers-production-models/copied",
        ],
    ),
    (
        "outputConfig.s3Bucket",
        Bucket,
        &[
            "flowers-production-model",
            "flowers-production-modelss",
            "fIowers-production-models",
            "Flowers-production-models",
            "flowers-production-models.s3.amazonaws.com",
            "192.168.0.1",
        ],
    ),
    ("sourceProjectVersionArn", Length, &["", "arn:aws"]),
];

pub fn requests() -> Vec<Invalid> {
    let mut all = Vec::new();
    texts(&mut all);
    names(&mut all);
    types(&mut all);
    arns(&mut all);
    values(&mut all);
    objects(&mut all);
    all
}

fn deep(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

/// Adds texts that are no JSON, no object, or too large.
fn texts(all: &mut Vec<Invalid>) {
    for text in ["null", "true", "0", "-1.5e3", "\"text\"", "[]", "[{}]", " [1] ", &deep(1000)] {
        add(all, text.to_owned(), "request", NotAnObject);
    }
    let controls = ["", " ", "{\"a\":\"\n\"}", "{\"a\":\"\0\"}", "{}\0", "\0", "\u{feff}{}", "{\u{a0}}"];
    for text in NO_JSON.lines().chain(controls) {
        add(all, text.to_owned(), "request", NotJson);
    }
    let valid = valid_request();
    for part in (1..valid.len()).step_by(10).filter_map(|at| valid.get(..at)) {
        add(all, part.to_owned(), "request", NotJson);
    }
    for more in [1, 1_000_000] {
        add(all, format!("{valid}{}", " ".repeat(65_536 - valid.len() + more)), "request", TooLarge);
    }
}

/// Adds members that are missing, repeated, or unknown.
fn names(all: &mut Vec<Invalid>) {
    for name in REQUIRED {
        add(all, without(name), name, Missing);
        add(all, with(name, "null"), name, Missing);
    }
    for (name, value) in members() {
        let pascal = name[..1].to_uppercase() + &name[1..];
        for spelling in [&name, &pascal] {
            for again in [&value, "null", "\"other\""] {
                add(all, with_also(spelling, again), &name, Duplicate);
            }
        }
        for wrong in [name.to_uppercase(), format!("{name}s"), format!(" {name}"), format!("{name}\u{200b}")]
        {
            let shown: String = wrong.chars().flat_map(char::escape_default).collect();
            add(all, with_also(&wrong, "1"), &shown, Unknown);
        }
    }
    for wrong in ["", "__proto__", "constructor", "$ref", "type", "detail", "Statement", "s3Bucket"] {
        add(all, with_also(wrong, "{}"), wrong, Unknown);
    }
    add(all, with_also("deep", &deep(1000)), "deep", Unknown);
}

/// Adds values of a wrong JSON type.
fn types(all: &mut Vec<Invalid>) {
    let huge = "9".repeat(1000);
    let others = ["1", "1.5", "true", "[]", "[\"x\"]", &huge, &deep(1000), "1e999", "-1e999"];
    let inner = ["outputConfig.s3Bucket", "outputConfig.s3KeyPrefix", "tags.team"].map(str::to_owned);
    for path in members().into_iter().map(|(name, _)| name).chain(inner) {
        let is_object = ["outputConfig", "tags", "context"].contains(&path.as_str());
        for value in others.iter().chain([if is_object { &"\"text\"" } else { &"{\"a\":\"b\"}" }]) {
            // A context is parsed before its type is checked.
            let is_readable = path != "context" || serde_json::from_str::<serde_json::Value>(value).is_ok();
            add(all, with(&path, value), &path, if is_readable { WrongType } else { TooLarge });
        }
    }
}

fn arns(all: &mut Vec<Invalid>) {
    let members = members();
    for (name, value) in &members[..3] {
        let arn = value.trim_matches('"');
        let account = if arn.contains(SOURCE) { SOURCE } else { ACCOUNT };
        for (from, to, code) in ARNS {
            add(
                all,
                with_text(name, &arn.replace(if from == "ACCOUNT" { account } else { from }, to)),
                name,
                code,
            );
        }
        for text in [format!("{arn}/"), format!("{arn}x"), format!(" {arn}"), arn.to_uppercase()] {
            add(all, with_text(name, &text), name, Pattern);
        }
        for odd in ODD.chars() {
            let inside = arn.replacen("flowers", &format!("flo{odd}wers"), 1);
            add(all, with_text(name, &inside), name, Pattern);
            add(all, with_text(name, &format!("{arn}{odd}")), name, Pattern);
        }
        let long = arn.replacen("flowers", &"f".repeat(256), 1);
        add(all, with_text(name, &long), name, Pattern);
        add(all, with_text(name, &format!("{arn}{}", "0".repeat(2048))), name, Length);
    }
    let (project, version) = (members[0].1.clone(), members[1].1.clone());
    add(all, with("sourceProjectArn", &version), "sourceProjectArn", Pattern);
    add(all, with("sourceProjectVersionArn", &project), "sourceProjectVersionArn", Pattern);
    let other = version.replace("project/flowers/", "project/other/");
    add(all, with("sourceProjectVersionArn", &other), "sourceProjectVersionArn", Mismatch);
}

fn values(all: &mut Vec<Invalid>) {
    for (path, sample, allowed, least, most) in TEXTS {
        for odd in ODD.chars().filter(|odd| !allowed.contains(*odd)) {
            for text in [sample.replace('@', &odd.to_string()), format!("{}{odd}", sample.replace('@', "-"))]
            {
                add(all, with_text(path, &text), path, Pattern);
            }
        }
        if least > 0 {
            add(all, with_text(path, ""), path, Length);
        }
        add(all, with_text(path, &"x".repeat(most + 1)), path, Length);
    }
    for (path, code, texts) in VALUES {
        texts.iter().for_each(|text| add(all, with_text(path, text), path, code));
    }
}

/// Adds invalid objects and invalid keys of tags.
fn objects(all: &mut Vec<Invalid>) {
    let bucket = format!(r#""s3Bucket":"{BUCKET}""#);
    for output in ["{}", r#"{"s3KeyPrefix":"x"}"#, r#"{"s3Bucket":null}"#] {
        add(all, with("outputConfig", output), "outputConfig.s3Bucket", Missing);
    }
    let twice = format!("{{{bucket},\"S3Bucket\":\"{BUCKET}\"}}");
    add(all, with("outputConfig", &twice), "outputConfig.s3Bucket", Duplicate);
    for wrong in ["S3bucket", "bucket", "s3ObjectKey", "s3keyprefix"] {
        let output = format!("{{{bucket},\"{wrong}\":\"x\"}}");
        add(all, with("outputConfig", &output), &format!("outputConfig.{wrong}"), Unknown);
    }
    let tag = |key: &str| object(&[(key.to_owned(), "\"x\"".to_owned())]);
    let odd = ODD.chars().filter(|odd| !TAG.contains(*odd) && *odd != '`').map(|odd| format!("a{odd}b"));
    for key in ["aws:", "aws:name", "aws::"].map(str::to_owned).into_iter().chain(odd) {
        let shown: String = key.chars().flat_map(char::escape_default).collect();
        add(all, with("tags", &tag(&key)), &format!("tags.{shown}"), Pattern);
    }
    add(all, with("tags", &tag("")), "tags.", Length);
    let long = "k".repeat(129);
    add(all, with("tags", &tag(&long)), &format!("tags.{}…", &long[..80]), Length);
    let many: Vec<_> = (0..201).map(|i| (format!("k{i}"), "\"v\"".to_owned())).collect();
    add(all, with("tags", &object(&many)), "tags", TooLarge);
    add(all, with("tags", r#"{"team":"flowers","team":"trees"}"#), "tags.team", Duplicate);
    add(all, with("context", &json!({ "x": "y".repeat(4096) }).to_string()), "context", TooLarge);
    for unreadable in [&deep(127), &deep(1000), "1e999", "\"\\ud800\""] {
        add(all, with("context", &format!("{{\"a\":{unreadable}}}")), "context", TooLarge);
    }
}
