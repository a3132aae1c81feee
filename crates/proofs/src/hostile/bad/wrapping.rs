//! Messages whose wrapping is wrong: whatever is in them, nobody believes it.

use rekognition_model_copier::domain::envelope::DETAIL_TYPE;
use rekognition_model_copier::domain::problem::ProblemCode;
use serde_json::json;

use super::good::good;
use super::{Bad, add};

/// Every message that can't be opened.
pub fn all() -> Vec<Bad> {
    let mut all = Vec::new();
    for (event, field, code) in events() {
        // Bare, and in a notification.
        add(&mut all, event.clone(), field, code);
        add(&mut all, notification(&format!("\"Message\":{}", json!(event))), field, code);
    }
    for (message, code) in [
        ("\"Message\":null", ProblemCode::Missing),
        ("\"Message\":1", ProblemCode::WrongType),
        ("\"Message\":true", ProblemCode::WrongType),
        ("\"Message\":[]", ProblemCode::WrongType),
        ("\"Message\":{}", ProblemCode::WrongType),
        ("\"Message\":\"{}\",\"Message\":\"{}\"", ProblemCode::Duplicate),
        ("\"Message\":\"{}\",\"Message\":null", ProblemCode::Duplicate),
        // Half a character.
        ("\"Message\":\"\\ud800\"", ProblemCode::WrongType),
    ] {
        add(&mut all, notification(message), "Message", code);
    }
    let long = format!("\"Message\":{}", json!("x".repeat(300_000)));
    add(&mut all, notification(&format!("{long},{long}")), "Message", ProblemCode::Duplicate);
    all
}

fn notification(message: &str) -> String {
    format!("{{\"Type\":\"Notification\",\"MessageId\":\"notification-1\",{message}}}")
}

fn event(members: &str) -> String {
    format!("{{\"version\":\"0\",{members}}}")
}

/// Events, with what is wrong with each.
fn events() -> Vec<(String, &'static str, ProblemCode)> {
    let good = good();
    let (detail_type, detail) = (format!("\"detail-type\":\"{DETAIL_TYPE}\""), format!("\"detail\":{good}"));
    let mut all = Vec::new();
    let mut add = |members: String, field, code| all.push((event(&members), field, code));
    for other in [
        "",
        "rekognition model copy requested",
        "Rekognition Model Copy Requested ",
        "Rekognition Model Copy Requested\r\n",
        "Rekognition Model Copy Requested\0",
        "Rekognition Model Copy Requеsted",
        "Rekognition Model Copy State Change ",
        "AWS API Call via CloudTrail",
    ] {
        add(format!("\"detail-type\":{},{detail}", json!(other)), "detail-type", ProblemCode::DetailType);
    }
    add(format!("\"detail-type\":null,{detail}"), "detail-type", ProblemCode::DetailType);
    for value in ["1", "[]", "{}", "true"] {
        add(format!("\"detail-type\":{value},{detail}"), "detail-type", ProblemCode::WrongType);
        for name in ["id", "account", "source"] {
            add(format!("{detail_type},\"{name}\":{value},{detail}"), name, ProblemCode::WrongType);
        }
    }
    add(format!("{detail_type},{detail_type},{detail}"), "detail-type", ProblemCode::Duplicate);
    for name in ["id", "account", "source"] {
        let twice = format!("\"{name}\":\"1\",\"{name}\":\"1\"");
        add(format!("{detail_type},{twice},{detail}"), name, ProblemCode::Duplicate);
    }
    add(format!("{detail_type},{detail},{detail}"), "detail", ProblemCode::Duplicate);
    add(format!("{detail_type},{detail},\"detail\":null"), "detail", ProblemCode::Duplicate);
    add(detail_type.clone(), "detail", ProblemCode::Missing);
    add(format!("{detail_type},\"detail\":null"), "detail", ProblemCode::Missing);
    all
}
