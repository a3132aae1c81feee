//! Values that are not acceptable: ARNs, names, buckets, tags, contexts.

use crate::request::{ACCOUNT, SOURCE};
use rekognition_model_copier::domain::problem::ProblemCode;
use serde_json::{Value, json};

use super::good::{REQUIRED, good, members, of, text, with};
use super::{Bad, add};
use crate::hostile::BUCKET;

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

pub(super) fn arns(all: &mut Vec<Bad>) {
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
        for partition in
            ["aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-eusc", "awz", "a", "-aws", "aws-"]
        {
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

pub(super) fn names_and_ids(all: &mut Vec<Bad>) {
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
    for end in ["\n", "\r\n", "\0", " ", "\u{200b}"] {
        let at_end = [
            ("versionName", "flowers.1"),
            ("kmsKeyId", "alias/flowers"),
            ("requestId", "r"),
            ("correlationId", "r"),
        ];
        for (name, value) in at_end
            .into_iter()
            .filter(|(name, _)| end != " " || !name.ends_with("nId") && *name != "requestId")
        {
            add(all, with(name, json!(format!("{value}{end}"))), name, ProblemCode::Pattern);
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

pub(super) fn buckets_and_prefixes(all: &mut Vec<Bad>) {
    let bucket = |bucket: &str| with("outputConfig", json!({ "s3Bucket": bucket }));
    let field = "outputConfig.s3Bucket";
    for c in odd_characters() {
        add(all, bucket(&format!("flowers{c}models")), field, ProblemCode::Pattern);
    }
    for text in ["", "ab", &"b".repeat(256)] {
        add(all, bucket(text), field, ProblemCode::Length);
    }
    for end in ["\n", "\r\n", "\0", " ", "/", "/copied", "\u{200b}"] {
        add(all, bucket(&format!("{BUCKET}{end}")), field, ProblemCode::Pattern);
    }
    for start in ["s3://", "arn:aws:s3:::", " ", "\u{feff}"] {
        add(all, bucket(&format!("{start}{BUCKET}")), field, ProblemCode::Pattern);
    }
    let looks_alike = [
        "flowers-production-model",
        "flowers-production-modelss",
        "flowers-production-mode1s",
        "fIowers-production-models",
        "fl0wers-production-models",
        "flowers-producti0n-models",
        "flowers-productlon-models",
        "flowers-production-rnodels",
        "flowers-production-models-",
        "flowers-production-models.",
        "flowers-production..models",
        "flowers-..production-models",
        "flowers-production-models..",
        "..flowers-production-models",
        "flowers--production-models",
        "-flowers-production-models",
        "xflowers-production-models",
        "Flowers-production-models",
        "FLOWERS-PRODUCTION-MODELS",
        "flowers_production_models",
        "flowers.production.models",
        "flowersproductionmodels",
        "flowers-production-models.s3.amazonaws.com",
        "xn--flowers-production-models",
        "192.168.0.1",
        "...",
    ];
    for text in looks_alike {
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

pub(super) fn tags(all: &mut Vec<Bad>) {
    let shown = |key: &str| key.chars().take(80).flat_map(char::escape_default).collect::<String>();
    for key in ["aws:", "aws:name", "aws:cloudformation:stack-name", "aws::", "aws:aws:"] {
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

pub(super) fn contexts(all: &mut Vec<Bad>) {
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
