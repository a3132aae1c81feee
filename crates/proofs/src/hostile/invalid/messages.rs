//! Messages with an invalid envelope.

use rekognition_model_copier::domain::envelope::DETAIL_TYPE;
use rekognition_model_copier::domain::problem::ProblemCode::{self, *};
use serde_json::json;

use super::{Invalid, add, valid_request};

pub fn messages() -> Vec<Invalid> {
    let mut all = Vec::new();
    for (members, field, code) in events() {
        let event = format!("{{\"version\":\"0\",{members}}}");
        add(&mut all, notification(&format!("\"Message\":{}", json!(event))), field, code);
        add(&mut all, event, field, code);
    }
    for (message, code) in [
        ("\"Message\":null", Missing),
        ("\"Message\":1", WrongType),
        ("\"Message\":[]", WrongType),
        ("\"Message\":{}", WrongType),
        ("\"Message\":\"\\ud800\"", WrongType),
        ("\"Message\":\"{}\",\"Message\":\"{}\"", Duplicate),
        ("\"Message\":\"{}\",\"Message\":null", Duplicate),
    ] {
        add(&mut all, notification(message), "Message", code);
    }
    all
}

fn notification(message: &str) -> String {
    format!("{{\"Type\":\"Notification\",\"MessageId\":\"notification-1\",{message}}}")
}

/// Returns the members of invalid events, each with its problem.
fn events() -> Vec<(String, &'static str, ProblemCode)> {
    let (detail_type, detail) =
        (format!("\"detail-type\":\"{DETAIL_TYPE}\""), format!("\"detail\":{}", valid_request()));
    let mut all = vec![
        (format!("\"detail-type\":null,{detail}"), "detail-type", DetailType),
        (format!("{detail_type},{detail_type},{detail}"), "detail-type", Duplicate),
        (format!("{detail_type},{detail},{detail}"), "detail", Duplicate),
        (format!("{detail_type},{detail},\"detail\":null"), "detail", Duplicate),
        (detail_type.clone(), "detail", Missing),
        (format!("{detail_type},\"detail\":null"), "detail", Missing),
    ];
    for other in ["", "Rekognition Model Copy State Change ", "AWS API Call via CloudTrail"] {
        all.push((format!("\"detail-type\":{},{detail}", json!(other)), "detail-type", DetailType));
    }
    for changed in [DETAIL_TYPE.to_lowercase(), format!("{DETAIL_TYPE}\0"), DETAIL_TYPE.replace('e', "е")] {
        all.push((format!("\"detail-type\":{},{detail}", json!(changed)), "detail-type", DetailType));
    }
    for value in ["1", "[]", "{}", "true"] {
        all.push((format!("\"detail-type\":{value},{detail}"), "detail-type", WrongType));
        for name in ["id", "account", "source"] {
            all.push((format!("{detail_type},\"{name}\":{value},{detail}"), name, WrongType));
        }
    }
    for name in ["id", "account", "source"] {
        all.push((format!("{detail_type},\"{name}\":\"1\",\"{name}\":\"1\",{detail}"), name, Duplicate));
    }
    all
}
