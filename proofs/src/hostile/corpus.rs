//! The corpus: a good request, with one thing wrong with it at a time.

use rekognition_model_copier::domain::problem::ProblemCode;
use serde_json::{Value, json};

use super::{BUCKET, Bad};
use crate::request::{ACCOUNT, SOURCE};

const REQUIRED: [&str; 5] =
    ["sourceProjectArn", "sourceProjectVersionArn", "destinationProjectArn", "versionName", "outputConfig"];
const OPTIONAL: [&str; 5] = ["tags", "kmsKeyId", "requestId", "correlationId", "context"];

fn members() -> Vec<(String, Value)> {
    let pair = |name: &str, value: Value| (name.to_owned(), value);
    vec![
        pair(
            "sourceProjectArn",
            json!(format!("arn:aws:rekognition:us-east-1:{SOURCE}:project/flowers/1761904800000")),
        ),
        pair(
            "sourceProjectVersionArn",
            json!(format!(
                "arn:aws:rekognition:us-east-1:{SOURCE}:project/flowers/version/flowers.1/1762077600000"
            )),
        ),
        pair(
            "destinationProjectArn",
            json!(format!(
                "arn:aws:rekognition:us-east-1:{ACCOUNT}:project/flowers-production/1761991200000"
            )),
        ),
        pair("versionName", json!("flowers.1")),
        pair("outputConfig", json!({ "s3Bucket": BUCKET, "s3KeyPrefix": "copied/" })),
        pair("tags", json!({ "team": "flowers" })),
        pair("kmsKeyId", json!("alias/flowers")),
        pair("requestId", json!("release-1")),
        pair("correlationId", json!("pipeline-1")),
        pair("context", json!({ "pipeline": "flowers" })),
    ]
}

fn text(members: &[(String, Value)]) -> String {
    let all: Vec<String> = members.iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
    format!("{{{}}}", all.join(","))
}

/// A request with nothing wrong.
pub fn good() -> String {
    text(&members())
}

fn with(name: &str, value: Value) -> String {
    let mut all = members();
    all.retain(|(member, _)| member != name);
    all.push((name.to_owned(), value));
    text(&all)
}

fn of(name: &str) -> String {
    members()
        .into_iter()
        .find(|(member, _)| member == name)
        .map_or(String::new(), |(_, value)| value.as_str().unwrap_or_default().to_owned())
}

/// Characters that look harmless, or do harm: controls, invisible and confusable ones, other scripts' digits.
fn odd_characters() -> Vec<char> {
    let mut all: Vec<char> = (0..0x20).filter_map(char::from_u32).collect();
    all.extend(
        "\u{7f}\u{80}\u{85}\u{9f}\u{a0}\u{ad}\u{300}\u{34f}\u{61c}\u{200b}\u{200c}\u{200d}\u{200e}".chars(),
    );
    all.extend(
        "\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{3000}\u{fe0f}\u{feff}\u{fffd}"
            .chars(),
    );
    all.extend("аеоорсухіѕԁɡｆ１٣४߃𝟙ⅷ①ﬂſ\u{212a}☃💐$&'\"\\`|;<>(){}[]!?*%^~,#".chars());
    all
}

/// Every bad request.
pub fn all() -> Vec<Bad> {
    let mut all = Vec::new();
    texts(&mut all);
    members_missing_twice_or_unknown(&mut all);
    wrong_types(&mut all);
    arns(&mut all);
    names_and_ids(&mut all);
    buckets_and_prefixes(&mut all);
    tags(&mut all);
    contexts(&mut all);
    all
}

fn add(all: &mut Vec<Bad>, text: String, field: &str, code: ProblemCode) {
    all.push(Bad { text, field: field.to_owned(), code });
}

fn texts(all: &mut Vec<Bad>) {
    for text in ["null", "true", "0", "-1.5e3", "\"text\"", "[]", "[{}]", " [1] "] {
        add(all, text.to_owned(), "request", ProblemCode::NotAnObject);
    }
    let good = good();
    let mut broken: Vec<String> =
        ["", " ", "{", "}", "{]", "nul", "'{}'", "{'a':1}", "{a:1}", "{\"a\"}", "{\"a\":}"]
            .iter()
            .chain(&[
                "{\"a\":1,}",
                "{\"a\":01}",
                "{\"a\":.5}",
                "{\"a\":+1}",
                "{\"a\":1e}",
                "{\"a\":0x1}",
                "{\"a\":NaN}",
            ])
            .chain(&[
                "{\"a\":\"\\x\"}",
                "{\"a\":\"\\u12\"}",
                "{\"a\":\"\n\"}",
                "{\"a\":\"\0\"}",
                "{}{}",
                "{} x",
                "\u{feff}{}",
            ])
            .chain(&["// {}", "{/**/}", "{\"a\":1 \"b\":2}", "{\"\\ud800\":1}", "<xml/>", "\0", "a=b"])
            .map(|text| (*text).to_owned())
            .collect();
    // Cut off at every tenth character.
    broken.extend((1..good.len()).step_by(10).filter_map(|at| good.get(..at)).map(str::to_owned));
    for text in broken {
        add(all, text, "request", ProblemCode::NotJson);
    }
    for more in [1, 1000, 1_000_000] {
        let padded = format!("{good}{}", " ".repeat(65_536 - good.len() + more));
        add(all, padded, "request", ProblemCode::TooLarge);
    }
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    add(all, good.replacen('{', &format!("{{\"deep\":{},", deep(1000)), 1), "deep", ProblemCode::Unknown);
}

fn members_missing_twice_or_unknown(all: &mut Vec<Bad>) {
    let pascal = |name: &str| name[..1].to_uppercase() + &name[1..];
    for name in REQUIRED {
        let left: Vec<_> = members().into_iter().filter(|(member, _)| member != name).collect();
        add(all, text(&left), name, ProblemCode::Missing);
        add(all, with(name, Value::Null), name, ProblemCode::Missing);
    }
    for name in REQUIRED.iter().chain(&OPTIONAL) {
        let value = members().into_iter().find(|(member, _)| member == name).map(|(_, value)| value);
        for spelling in [(*name).to_owned(), pascal(name)] {
            for again in [value.clone().unwrap_or_default(), Value::Null, json!("other")] {
                let mut twice = members();
                twice.push((spelling.clone(), again.clone()));
                add(all, text(&twice), name, ProblemCode::Duplicate);
                twice.rotate_right(1);
                add(all, text(&twice), name, ProblemCode::Duplicate);
            }
        }
        for wrong in [
            name.to_lowercase(),
            name.to_uppercase(),
            format!("{name}s"),
            format!(" {name}"),
            format!("{name}\u{200b}"),
        ] {
            if wrong != *name {
                let mut more = members();
                more.push((wrong.clone(), json!(1)));
                let shown: String = wrong.chars().flat_map(char::escape_default).collect();
                add(all, text(&more), &shown, ProblemCode::Unknown);
            }
        }
    }
    for wrong in ["", "__proto__", "constructor", "$ref", "type", "detail", "Statement", "s3Bucket"] {
        let mut more = members();
        more.push((wrong.to_owned(), json!({})));
        add(all, text(&more), wrong, ProblemCode::Unknown);
    }
    let output = |extra: &str| json!({ "s3Bucket": BUCKET, extra: "x" });
    for wrong in ["S3bucket", "bucket", "s3ObjectKey", "s3keyprefix"] {
        add(all, with("outputConfig", output(wrong)), &format!("outputConfig.{wrong}"), ProblemCode::Unknown);
    }
}

fn wrong_types(all: &mut Vec<Bad>) {
    let huge: Value = serde_json::from_str("123456789012345678901234567890").unwrap_or_default();
    let others = [json!(1), json!(1.5), json!(true), json!([]), json!(["x"]), huge];
    for name in REQUIRED.iter().chain(&OPTIONAL) {
        let is_object = ["outputConfig", "tags", "context"].contains(name);
        let odd = if is_object { json!("text") } else { json!({ "a": "b" }) };
        for value in others.iter().chain([&odd]) {
            add(all, with(name, value.clone()), name, ProblemCode::WrongType);
        }
    }
    for value in &others {
        let output = json!({ "s3Bucket": value });
        add(all, with("outputConfig", output), "outputConfig.s3Bucket", ProblemCode::WrongType);
        let output = json!({ "s3Bucket": BUCKET, "s3KeyPrefix": value });
        add(all, with("outputConfig", output), "outputConfig.s3KeyPrefix", ProblemCode::WrongType);
        add(all, with("tags", json!({ "team": value })), "tags.team", ProblemCode::WrongType);
    }
}

fn arns(all: &mut Vec<Bad>) {
    for name in &REQUIRED[..3] {
        let arn = of(name);
        let mut bad: Vec<String> = vec![
            format!("{arn}/"),
            format!("{arn}x"),
            format!(" {arn}"),
            format!("{arn} "),
            format!("{arn}\n"),
            format!("{arn}\r\n"),
            format!("{arn}\0"),
            arn.to_uppercase(),
            arn.replace("arn:", "ARN:"),
            arn.replace("rekognition", "s3"),
            arn.replace("rekognition:", "rekognition::"),
            arn.replace("project/", "Project/"),
            arn.replace("project/", "adapter/"),
            arn.replace("project/", "project//"),
            arn.replace("project/flowers", "project/").replace("project/-production", "project/"),
            arn.replace("project/flowers", &format!("project/{}", "f".repeat(256))),
            arn.replace("us-east-1", "US-EAST-1"),
            arn.replace("us-east-1", ""),
            arn.replace("us-east-1", "us_east_1"),
            arn.replace(":aws:", "::"),
            arn.replace("/17", "/-17"),
            arn.replace("/17", "/1.7"),
            arn.replace("/17", "/１７"),
            arn.replace(SOURCE, "1111-2222-3333").replace(ACCOUNT, "4444-5555-6666"),
            arn.replace(SOURCE, "11112222333").replace(ACCOUNT, "44445555666"),
            arn.replace(SOURCE, "1111222233334").replace(ACCOUNT, "4444555566667"),
        ];
        bad.extend(odd_characters().into_iter().map(|c| arn.replacen("flowers", &format!("flo{c}wers"), 1)));
        for text in bad {
            add(all, with(name, json!(text)), name, ProblemCode::Pattern);
        }
        for text in ["", "arn:aws", &"a".repeat(2049), &format!("{arn}{}", "0".repeat(2048))] {
            add(all, with(name, json!(text)), name, ProblemCode::Length);
        }
        for partition in ["aws-cn", "aws-us-gov", "aws-iso", "awz"] {
            let text = arn.replace(":aws:", &format!(":{partition}:"));
            add(all, with(name, json!(text)), name, ProblemCode::Partition);
        }
        for region in ["us-east-2", "eu-west-1", "us-east-11", "cn-north-1", "global"] {
            let text = arn.replace("us-east-1", region);
            add(all, with(name, json!(text)), name, ProblemCode::Region);
        }
        for account in ["000000000000", "777788889999", "111122223334", "444455556667"] {
            let text = arn.replace(SOURCE, account).replace(ACCOUNT, account);
            add(all, with(name, json!(text)), name, ProblemCode::Account);
        }
    }
    let version = of("sourceProjectVersionArn");
    add(all, with("sourceProjectArn", json!(version)), "sourceProjectArn", ProblemCode::Pattern);
    let other = version.replace("project/flowers/", "project/other/");
    add(all, with("sourceProjectVersionArn", json!(other)), "sourceProjectVersionArn", ProblemCode::Mismatch);
}

fn names_and_ids(all: &mut Vec<Bad>) {
    for c in odd_characters() {
        add(all, with("versionName", json!(format!("flowers{c}1"))), "versionName", ProblemCode::Pattern);
        if !"$&'\"\\`|;<>(){}[]!?*%^~,#".contains(c) {
            for name in ["requestId", "correlationId"] {
                add(all, with(name, json!(format!("r{c}1"))), name, ProblemCode::Pattern);
            }
        }
        if c != ',' {
            add(all, with("kmsKeyId", json!(format!("alias/{c}"))), "kmsKeyId", ProblemCode::Pattern);
        }
    }
    for name in ["a/b", "a b", "../x", "a:b", "@", "+"] {
        add(all, with("versionName", json!(name)), "versionName", ProblemCode::Pattern);
    }
    for (name, most) in [("versionName", 255), ("requestId", 128), ("correlationId", 128), ("kmsKeyId", 2048)]
    {
        add(all, with(name, json!("")), name, ProblemCode::Length);
        add(all, with(name, json!("x".repeat(most + 1))), name, ProblemCode::Length);
    }
    for key in ["/alias", ":key", " alias/x", "-", "_x", "=x"] {
        add(all, with("kmsKeyId", json!(key)), "kmsKeyId", ProblemCode::Pattern);
    }
}

fn buckets_and_prefixes(all: &mut Vec<Bad>) {
    let bucket = |bucket: &str| with("outputConfig", json!({ "s3Bucket": bucket }));
    let field = "outputConfig.s3Bucket";
    for c in odd_characters() {
        add(all, bucket(&format!("flowers{c}models")), field, ProblemCode::Pattern);
    }
    for text in ["", "ab", &"b".repeat(256)] {
        add(all, bucket(text), field, ProblemCode::Length);
    }
    let looks_alike = ["flowers-production-model", "flowers-production-modelss", "flowers-production-mode1s"];
    let more = ["Flowers-production-models", "flowers_production_models", "flowers.production.models"];
    let most = [
        "flowers-production-models.",
        "-flowers-production-models",
        "flowers--production-models",
        "fIowers-production-models",
    ];
    for text in looks_alike.iter().chain(&more).chain(&most) {
        add(all, bucket(text), field, ProblemCode::Bucket);
    }
    for output in [json!({}), json!({ "s3KeyPrefix": "x" }), json!({ "s3Bucket": null })] {
        add(all, with("outputConfig", output), field, ProblemCode::Missing);
    }
    let prefix = json!({ "s3Bucket": BUCKET, "s3KeyPrefix": "p".repeat(1025) });
    add(all, with("outputConfig", prefix), "outputConfig.s3KeyPrefix", ProblemCode::Length);
    let mut twice = members();
    twice.retain(|(name, _)| name != "outputConfig");
    let text = text(&twice).replacen(
        '{',
        &format!("{{\"outputConfig\":{{\"s3Bucket\":\"{BUCKET}\",\"S3Bucket\":\"{BUCKET}\"}},"),
        1,
    );
    add(all, text, field, ProblemCode::Duplicate);
}

fn tags(all: &mut Vec<Bad>) {
    let shown = |key: &str| key.chars().take(80).flat_map(char::escape_default).collect::<String>();
    for key in ["aws:", "aws:name", "aws:cloudformation:stack-name"] {
        add(all, with("tags", json!({ key: "x" })), &format!("tags.{}", shown(key)), ProblemCode::Pattern);
    }
    let allowed = |c: char| c.is_alphanumeric() || "\u{a0}\u{2028}\u{2029}\u{3000}".contains(c);
    for c in odd_characters().into_iter().filter(|c| !allowed(*c) && *c != '`') {
        let key = format!("a{c}b");
        add(all, with("tags", json!({ &key: "x" })), &format!("tags.{}", shown(&key)), ProblemCode::Pattern);
        add(all, with("tags", json!({ "key": key })), "tags.key", ProblemCode::Pattern);
    }
    add(all, with("tags", json!({ "key": "v".repeat(257) })), "tags.key", ProblemCode::Length);
    add(all, with("tags", json!({ "": "x" })), "tags.", ProblemCode::Length);
    let long = "k".repeat(129);
    add(all, with("tags", json!({ &long: "x" })), &format!("tags.{}…", &long[..80]), ProblemCode::Length);
    let many: serde_json::Map<String, Value> = (0..201).map(|i| (format!("k{i}"), json!("v"))).collect();
    add(all, with("tags", Value::Object(many)), "tags", ProblemCode::TooLarge);
    let twice = good().replace("\"team\":\"flowers\"", "\"team\":\"flowers\",\"team\":\"trees\"");
    add(all, twice, "tags.team", ProblemCode::Duplicate);
}

fn contexts(all: &mut Vec<Bad>) {
    add(all, with("context", json!({ "x": "y".repeat(4096) })), "context", ProblemCode::TooLarge);
    let plain = "\"context\":{\"pipeline\":\"flowers\"}";
    for depth in [127, 200, 1000, 2000] {
        let deep = format!("\"context\":{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        add(all, good().replace(plain, &deep), "context", ProblemCode::TooLarge);
    }
    for unreadable in ["1e999", "-1e400", "\"\\ud800\""] {
        let text = good().replace(plain, &format!("\"context\":{{\"a\":{unreadable}}}"));
        add(all, text, "context", ProblemCode::TooLarge);
    }
}
