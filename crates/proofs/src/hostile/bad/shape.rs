//! What is no request at all, or has other members than one, or members of other types.

use rekognition_model_copier::domain::problem::ProblemCode;
use serde_json::{Value, json};

use super::good::{OPTIONAL, REQUIRED, good, members, text, with, with_text};
use super::{Bad, add};
use crate::hostile::BUCKET;

/// Texts that are no JSON, a line each; the last is, but no number that anybody could hold.
const NO_JSON: &str = r#"{
}
{]
nul
'{}'
{'a':1}
{a:1}
{"a"}
{"a":}
{"a":1,}
{"a":01}
{"a":.5}
{"a":+1}
{"a":1e}
{"a":0x1}
{"a":NaN}
{"a":"\x"}
{"a":"\u12"}
{"\ud800":1}
{"a":1 "b":2}
{}{}
{} x
// {}
{/**/}
<xml/>
a=b
1e999"#;

pub(super) fn texts(all: &mut Vec<Bad>) {
    for text in ["null", "true", "0", "-1.5e3", "\"text\"", "[]", "[{}]", " [1] ", &deep(1000)] {
        add(all, text.to_owned(), "request", ProblemCode::NotAnObject);
    }
    let controls = [
        "",
        " ",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\r\n\"}",
        "{\"a\":\"\0\"}",
        "{}\0",
        "\0",
        "\u{feff}{}",
        "{\u{a0}}",
        "{\u{2028}}",
    ];
    for text in NO_JSON.lines().chain(controls) {
        add(all, text.to_owned(), "request", ProblemCode::NotJson);
    }
    let good = good();
    // Cut off at every tenth character.
    for part in (1..good.len()).step_by(10).filter_map(|at| good.get(..at)) {
        add(all, part.to_owned(), "request", ProblemCode::NotJson);
    }
    for more in [1, 1000, 1_000_000] {
        let padded = format!("{good}{}", " ".repeat(65_536 - good.len() + more));
        add(all, padded, "request", ProblemCode::TooLarge);
    }
    add(all, good.replacen('{', &format!("{{\"deep\":{},", deep(1000)), 1), "deep", ProblemCode::Unknown);
}

fn deep(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

pub(super) fn members_missing_twice_or_unknown(all: &mut Vec<Bad>) {
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

pub(super) fn wrong_types(all: &mut Vec<Bad>) {
    let huge: Value = serde_json::from_str("123456789012345678901234567890").unwrap_or_default();
    let others = [json!(1), json!(1.5), json!(true), json!([]), json!(["x"]), huge];
    for name in REQUIRED.iter().chain(&OPTIONAL) {
        let is_object = ["outputConfig", "tags", "context"].contains(name);
        let odd = if is_object { json!("text") } else { json!({ "a": "b" }) };
        for value in others.iter().chain([&odd]) {
            add(all, with(name, value.clone()), name, ProblemCode::WrongType);
        }
    }
    // Too deep, or too large, for usual readers.
    for name in REQUIRED.iter().chain(&OPTIONAL) {
        for value in [&deep(1000), "1e999", "-1e999", &"9".repeat(1000)] {
            let code = if *name == "context" { ProblemCode::TooLarge } else { ProblemCode::WrongType };
            add(all, with_text(name, value), name, code);
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
