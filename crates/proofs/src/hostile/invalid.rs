//! A table of invalid requests and messages, each with the problem that the copier must report.

use rekognition_model_copier::domain::envelope::DETAIL_TYPE;
use rekognition_model_copier::domain::problem::ProblemCode::{self, *};
use serde_json::json;

use crate::request::{ACCOUNT, SOURCE};

/// The output bucket of the valid request.
pub const BUCKET: &str = "flowers-production-models";

/// An invalid request, or a message with an invalid envelope.
#[derive(Clone, Debug)]
pub struct Invalid {
    pub text: String,
    /// The field and the code of the problem.
    pub field: String,
    pub code: ProblemCode,
}

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

/// Other invalid texts.
const VALUES: [(&str, &str, ProblemCode); 24] = [
    ("versionName", "a/b", Pattern),
    ("versionName", "a b", Pattern),
    ("versionName", "../x", Pattern),
    ("versionName", "a:b", Pattern),
    ("versionName", "@", Pattern),
    ("versionName", "+", Pattern),
    ("kmsKeyId", "/alias", Pattern),
    ("kmsKeyId", ":key", Pattern),
    ("kmsKeyId", " alias/x", Pattern),
    ("kmsKeyId", "-", Pattern),
    ("kmsKeyId", "_x", Pattern),
    ("kmsKeyId", "=x", Pattern),
    ("sourceProjectVersionArn", "", Length),
    ("sourceProjectVersionArn", "arn:aws", Length),
    ("outputConfig.s3Bucket", "s3://models", Pattern),
    ("outputConfig.s3Bucket", "arn:aws:s3:::models", Pattern),
    ("outputConfig.s3Bucket", "models/", Pattern),
    ("outputConfig.s3Bucket", "models/copied", Pattern),
    ("outputConfig.s3Bucket", "flowers-production-model", Bucket),
    ("outputConfig.s3Bucket", "flowers-production-modelss", Bucket),
    ("outputConfig.s3Bucket", "fIowers-production-models", Bucket),
    ("outputConfig.s3Bucket", "Flowers-production-models", Bucket),
    ("outputConfig.s3Bucket", "flowers-production-models.s3.amazonaws.com", Bucket),
    ("outputConfig.s3Bucket", "192.168.0.1", Bucket),
];

/// Invalid objects: the member, its JSON, and the field and the code of the problem.
const OBJECTS: [(&str, &str, &str, ProblemCode); 12] = [
    ("outputConfig", "{}", "outputConfig.s3Bucket", Missing),
    ("outputConfig", r#"{"s3KeyPrefix":"x"}"#, "outputConfig.s3Bucket", Missing),
    ("outputConfig", r#"{"s3Bucket":null}"#, "outputConfig.s3Bucket", Missing),
    ("outputConfig", r#"{"s3Bucket":"models","S3Bucket":"models"}"#, "outputConfig.s3Bucket", Duplicate),
    ("outputConfig", r#"{"s3Bucket":"models","S3bucket":"x"}"#, "outputConfig.S3bucket", Unknown),
    ("outputConfig", r#"{"s3Bucket":"models","bucket":"x"}"#, "outputConfig.bucket", Unknown),
    ("outputConfig", r#"{"s3Bucket":"models","s3ObjectKey":"x"}"#, "outputConfig.s3ObjectKey", Unknown),
    ("outputConfig", r#"{"s3Bucket":"models","s3keyprefix":"x"}"#, "outputConfig.s3keyprefix", Unknown),
    ("tags", r#"{"team":"flowers","team":"trees"}"#, "tags.team", Duplicate),
    ("tags", r#"{"":"x"}"#, "tags.", Length),
    ("context", r#"{"a":1e999}"#, "context", TooLarge),
    ("context", r#"{"a":"\ud800"}"#, "context", TooLarge),
];

/// Invalid events: the members, and the field and the code of the problem. `TYPE` and `DETAIL` stand for the valid members
/// `detail-type` and `detail`.
const EVENTS: [(&str, &str, ProblemCode); 6] = [
    (r#""detail-type":null,DETAIL"#, "detail-type", DetailType),
    ("TYPE,TYPE,DETAIL", "detail-type", Duplicate),
    ("TYPE,DETAIL,DETAIL", "detail", Duplicate),
    (r#"TYPE,DETAIL,"detail":null"#, "detail", Duplicate),
    ("TYPE", "detail", Missing),
    (r#"TYPE,"detail":null"#, "detail", Missing),
];

/// The member `Message` of invalid notifications, and the code of its problem.
const NOTIFICATIONS: [(&str, ProblemCode); 7] = [
    (r#""Message":null"#, Missing),
    (r#""Message":1"#, WrongType),
    (r#""Message":[]"#, WrongType),
    (r#""Message":{}"#, WrongType),
    (r#""Message":"\ud800""#, WrongType),
    (r#""Message":"{}","Message":"{}""#, Duplicate),
    (r#""Message":"{}","Message":null"#, Duplicate),
];

pub fn valid_request() -> String {
    object(&members())
}

/// Returns the members of a valid request, each with its value as JSON.
fn members() -> Vec<(String, String)> {
    let source = format!("arn:aws:rekognition:us-east-1:{SOURCE}:project/flowers");
    let destination = format!("arn:aws:rekognition:us-east-1:{ACCOUNT}:project/flowers-production");
    [
        ("sourceProjectArn", json!(format!("{source}/1761904800000"))),
        ("sourceProjectVersionArn", json!(format!("{source}/version/flowers.1/1762077600000"))),
        ("destinationProjectArn", json!(format!("{destination}/1761991200000"))),
        ("versionName", json!("flowers.1")),
        ("outputConfig", json!({ "s3Bucket": BUCKET, "s3KeyPrefix": "copied/" })),
        ("tags", json!({ "team": "flowers" })),
        ("kmsKeyId", json!("alias/flowers")),
        ("requestId", json!("release-1")),
        ("correlationId", json!("pipeline-1")),
        ("context", json!({ "pipeline": "flowers" })),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_string()))
    .into()
}

/// Writes an object with these members in this order.
fn object(members: &[(String, String)]) -> String {
    let all: Vec<_> = members.iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
    format!("{{{}}}", all.join(","))
}

/// Returns the valid request without one member and with another one.
fn changed(removed: &str, added: Option<(&str, &str)>) -> String {
    let kept = members().into_iter().filter(|(name, _)| name != removed);
    let added = added.map(|(name, value)| (name.to_owned(), value.to_owned()));
    object(&kept.chain(added).collect::<Vec<_>>())
}

/// Sets the JSON of a member of the valid request, or of a member of `outputConfig` or `tags`.
fn with(path: &str, value: &str) -> String {
    let (name, value) = match path.split_once('.') {
        None => (path, value.to_owned()),
        Some((name, "s3KeyPrefix")) => (name, format!(r#"{{"s3Bucket":"{BUCKET}","s3KeyPrefix":{value}}}"#)),
        Some((name, inner)) => (name, object(&[(inner.to_owned(), value.to_owned())])),
    };
    changed(name, Some((name, &value)))
}

fn deep(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

fn escaped(text: &str) -> String {
    text.chars().flat_map(char::escape_default).collect()
}

/// Returns the whole table.
pub fn all() -> Vec<Invalid> {
    let mut table = Table(Vec::new());
    table.add_no_objects();
    table.add_members();
    table.add_types();
    table.add_arns();
    table.add_values();
    table.add_envelopes();
    table.0
}

struct Table(Vec<Invalid>);

impl Table {
    fn add(&mut self, text: impl Into<String>, field: &str, code: ProblemCode) {
        self.0.push(Invalid { text: text.into(), field: field.to_owned(), code });
    }

    /// Adds the valid request with another JSON of a member.
    fn add_json(&mut self, path: &str, value: &str, code: ProblemCode) {
        self.add(with(path, value), path, code);
    }

    /// Adds the valid request with another text of a member.
    fn add_text(&mut self, path: &str, text: &str, code: ProblemCode) {
        self.add_json(path, &json!(text).to_string(), code);
    }

    /// Adds texts that are no JSON, no object, or too large.
    fn add_no_objects(&mut self) {
        for text in ["null", "true", "0", "-1.5e3", "\"text\"", "[]", "[{}]", " [1] ", &deep(1000)] {
            self.add(text, "request", NotAnObject);
        }
        let valid = valid_request();
        let controls = ["", " ", "{\"a\":\"\n\"}", "{\"a\":\"\0\"}", "{}\0", "\0", "\u{feff}{}", "{\u{a0}}"];
        let parts = (1..valid.len()).step_by(10).filter_map(|end| valid.get(..end));
        for text in NO_JSON.lines().chain(controls).chain(parts) {
            self.add(text, "request", NotJson);
        }
        for more in [1, 1_000_000] {
            self.add(valid.clone() + &" ".repeat(65_536 - valid.len() + more), "request", TooLarge);
        }
    }

    /// Adds members that are missing, repeated, or unknown.
    fn add_members(&mut self) {
        for (name, _) in &members()[..5] {
            self.add(changed(name, None), name, Missing);
            self.add_json(name, "null", Missing);
        }
        for (name, value) in &members() {
            let pascal = name[..1].to_uppercase() + &name[1..];
            for spelling in [name, &pascal] {
                for again in [value, "null", "\"other\""] {
                    self.add(changed("", Some((spelling, again))), name, Duplicate);
                }
            }
            let (upper, plural) = (name.to_uppercase(), format!("{name}s"));
            for wrong in [upper, plural, format!(" {name}"), format!("{name}\u{200b}")] {
                self.add(changed("", Some((&wrong, "1"))), &escaped(&wrong), Unknown);
            }
        }
        for wrong in ["", "__proto__", "constructor", "$ref", "type", "detail", "Statement", "s3Bucket"] {
            self.add(changed("", Some((wrong, "{}"))), wrong, Unknown);
        }
        self.add(changed("", Some(("deep", &deep(1000)))), "deep", Unknown);
    }

    /// Adds values of a wrong JSON type.
    fn add_types(&mut self) {
        let (huge, deep) = ("9".repeat(1000), deep(1000));
        let others = ["1", "1.5", "true", "[]", "[\"x\"]", &huge, &deep, "1e999", "-1e999"];
        let inner = ["outputConfig.s3Bucket", "outputConfig.s3KeyPrefix", "tags.team"].map(str::to_owned);
        for path in members().into_iter().map(|(name, _)| name).chain(inner) {
            let is_object = ["outputConfig", "tags", "context"].contains(&path.as_str());
            for value in others.iter().chain([if is_object { &"\"text\"" } else { &"{\"a\":\"b\"}" }]) {
                // A context is parsed before its type is checked.
                let is_readable =
                    path != "context" || serde_json::from_str::<serde_json::Value>(value).is_ok();
                self.add_json(&path, value, if is_readable { WrongType } else { TooLarge });
            }
        }
    }

    fn add_arns(&mut self) {
        let members = members();
        for (name, value) in &members[..3] {
            let arn = value.trim_matches('"');
            let account = if arn.contains(SOURCE) { SOURCE } else { ACCOUNT };
            for (from, to, code) in ARNS {
                let from = if from == "ACCOUNT" { account } else { from };
                self.add_text(name, &arn.replace(from, to), code);
            }
            for text in [format!("{arn}/"), format!("{arn}x"), format!(" {arn}"), arn.to_uppercase()] {
                self.add_text(name, &text, Pattern);
            }
            for odd in ODD.chars() {
                self.add_text(name, &arn.replacen("flowers", &format!("flo{odd}wers"), 1), Pattern);
                self.add_text(name, &format!("{arn}{odd}"), Pattern);
            }
            self.add_text(name, &arn.replacen("flowers", &"f".repeat(256), 1), Pattern);
            self.add_text(name, &format!("{arn}{}", "0".repeat(2048)), Length);
        }
        let (project, version) = (&members[0].1, &members[1].1);
        self.add_json("sourceProjectArn", version, Pattern);
        self.add_json("sourceProjectVersionArn", project, Pattern);
        let other = version.replace("project/flowers/", "project/other/");
        self.add_json("sourceProjectVersionArn", &other, Mismatch);
    }

    /// Adds invalid texts, objects and keys of tags.
    fn add_values(&mut self) {
        for (path, sample, allowed, least, most) in TEXTS {
            for odd in ODD.chars().filter(|odd| !allowed.contains(*odd)) {
                self.add_text(path, &sample.replace('@', &odd.to_string()), Pattern);
                self.add_text(path, &format!("{}{odd}", sample.replace('@', "-")), Pattern);
            }
            if least > 0 {
                self.add_text(path, "", Length);
            }
            self.add_text(path, &"x".repeat(most + 1), Length);
        }
        for (path, text, code) in VALUES {
            self.add_text(path, text, code);
        }
        for (name, value, field, code) in OBJECTS {
            self.add(with(name, value), field, code);
        }
        let tag = |key: &str| with("tags", &json!({ key: "x" }).to_string());
        let odd = ODD.chars().filter(|odd| !TAG.contains(*odd) && *odd != '`').map(|odd| format!("a{odd}b"));
        for key in ["aws:", "aws:name", "aws::"].map(str::to_owned).into_iter().chain(odd) {
            self.add(tag(&key), &format!("tags.{}", escaped(&key)), Pattern);
        }
        let long = "k".repeat(129);
        self.add(tag(&long), &format!("tags.{}…", &long[..80]), Length);
        let many: Vec<_> = (0..201).map(|i| (format!("k{i}"), "\"v\"".to_owned())).collect();
        self.add_json("tags", &object(&many), TooLarge);
        self.add_json("context", &json!({ "x": "y".repeat(4096) }).to_string(), TooLarge);
        for levels in [127, 1000] {
            self.add_json("context", &format!("{{\"a\":{}}}", deep(levels)), TooLarge);
        }
    }

    /// Adds messages with an invalid envelope.
    fn add_envelopes(&mut self) {
        for (members, field, code) in EVENTS {
            self.add_event(members, field, code);
        }
        let other =
            ["", "Rekognition Model Copy State Change ", "AWS API Call via CloudTrail"].map(str::to_owned);
        let similar = [DETAIL_TYPE.to_lowercase(), format!("{DETAIL_TYPE}\0"), DETAIL_TYPE.replace('e', "е")];
        for detail_type in other.iter().chain(&similar) {
            let members = format!("\"detail-type\":{},DETAIL", json!(detail_type));
            self.add_event(&members, "detail-type", DetailType);
        }
        for value in ["1", "[]", "{}", "true"] {
            self.add_event(&format!("\"detail-type\":{value},DETAIL"), "detail-type", WrongType);
            for name in ["id", "account", "source"] {
                self.add_event(&format!("TYPE,\"{name}\":{value},DETAIL"), name, WrongType);
            }
        }
        for name in ["id", "account", "source"] {
            self.add_event(&format!("TYPE,\"{name}\":\"1\",\"{name}\":\"1\",DETAIL"), name, Duplicate);
        }
        for (message, code) in NOTIFICATIONS {
            self.add(notification(message), "Message", code);
        }
    }

    /// Adds an event with these members, bare and in a notification.
    fn add_event(&mut self, members: &str, field: &str, code: ProblemCode) {
        let members = members.replace("TYPE", &format!("\"detail-type\":{}", json!(DETAIL_TYPE)));
        let members = members.replace("DETAIL", &format!("\"detail\":{}", valid_request()));
        let event = format!("{{\"version\":\"0\",{members}}}");
        self.add(notification(&format!("\"Message\":{}", json!(event))), field, code);
        self.add(event, field, code);
    }
}

fn notification(message: &str) -> String {
    format!("{{\"Type\":\"Notification\",\"MessageId\":\"notification-1\",{message}}}")
}
