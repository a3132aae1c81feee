//! Checks a request's members against the service model. A wrong JSON type is a SerializationException. Broken constraints
//! are one ValidationException that names all of them. Unknown members and nulls are ignored.

use serde_json::{Map, Value};

use super::{Member, Shape};
use crate::answer::AwsError;

pub(super) fn check(members: &[Member], body: &Value) -> Result<(), AwsError> {
    let object = body.as_object().ok_or_else(|| mistyped("the body", "an object"))?;
    let mut problems = Vec::new();
    structure(members, object, "", &mut problems)?;
    if problems.is_empty() {
        return Ok(());
    }
    let errors = if problems.len() == 1 { "error" } else { "errors" };
    let count = problems.len();
    Err(AwsError::validation(format!("{count} validation {errors} detected: {}", problems.join("; "))))
}

fn mistyped(at: &str, wanted: &str) -> AwsError {
    AwsError::serialization(format!("{at} has to be {wanted}"))
}

fn structure(
    members: &[Member],
    object: &Map<String, Value>,
    at: &str,
    problems: &mut Vec<String>,
) -> Result<(), AwsError> {
    for member in members {
        let name = pascal_case(member.name);
        let at = format!("{at}{}", first_lower(&name));
        match object.get(&name) {
            None | Some(Value::Null) if member.is_required => {
                problems.push(format!(
                    "Value null at '{at}' failed to satisfy constraint: Member must not be null"
                ));
            }
            None | Some(Value::Null) => {}
            Some(value) => check_shape(member.shape, value, &at, problems)?,
        }
    }
    Ok(())
}

fn check_shape(shape: &Shape, value: &Value, at: &str, problems: &mut Vec<String>) -> Result<(), AwsError> {
    let mut fail = |constraint: &str| {
        let value = shorten(value);
        problems.push(format!(
            "Value '{value}' at '{at}' failed to satisfy constraint: Member must {constraint}"
        ));
    };
    match shape {
        Shape::Text { min, max, pattern } => {
            let text = value.as_str().ok_or_else(|| mistyped(at, "a string"))?;
            check_range("length", text.chars().count(), *min, *max, &mut fail);
            if let Some(pattern) = pattern.filter(|pattern| !pattern.matches(text)) {
                fail(&format!("satisfy regular expression pattern: {}", pattern.text));
            }
        }
        Shape::OneOf(words) => {
            let text = value.as_str().ok_or_else(|| mistyped(at, "a string"))?;
            if !words.contains(&text) {
                fail(&format!("satisfy enum value set: [{}]", words.join(", ")));
            }
        }
        Shape::Integer { min, max } => {
            let number = value.as_i64().ok_or_else(|| mistyped(at, "an integer"))?;
            check_range("value", number, *min, *max, &mut fail);
        }
        Shape::Number { min, max } => {
            let number = value.as_f64().ok_or_else(|| mistyped(at, "a number"))?;
            check_range("value", number, *min, *max, &mut fail);
        }
        Shape::Flag => {
            value.as_bool().ok_or_else(|| mistyped(at, "true or false"))?;
        }
        Shape::List { of, min, max } => {
            let list = value.as_array().ok_or_else(|| mistyped(at, "a list"))?;
            check_range("length", list.len(), *min, *max, &mut fail);
            for (index, value) in list.iter().enumerate() {
                check_shape(of, value, &format!("{at}.{}.member", index + 1), problems)?;
            }
        }
        Shape::Map { key, value: of, max } => {
            let map = value.as_object().ok_or_else(|| mistyped(at, "an object"))?;
            check_range("length", map.len(), 0, *max, &mut fail);
            for (name, value) in map {
                check_shape(key, &Value::from(name.as_str()), &format!("{at}.key"), problems)?;
                check_shape(of, value, &format!("{at}.{name}.member"), problems)?;
            }
        }
        Shape::Structure(members) => {
            let object = value.as_object().ok_or_else(|| mistyped(at, "an object"))?;
            structure(members, object, &format!("{at}."), problems)?;
        }
    }
    Ok(())
}

fn check_range<N: PartialOrd + std::fmt::Display>(
    what: &str,
    number: N,
    min: N,
    max: N,
    fail: &mut impl FnMut(&str),
) {
    if number < min {
        fail(&format!("have {what} greater than or equal to {min}"));
    }
    if number > max {
        fail(&format!("have {what} less than or equal to {max}"));
    }
}

/// The name of a member at AWS: `s3_bucket` becomes `S3Bucket`.
fn pascal_case(name: &str) -> String {
    let words = name.split('_').filter_map(|word| word.split_at_checked(1));
    words.map(|(first, rest)| format!("{}{rest}", first.to_ascii_uppercase())).collect()
}

fn first_lower(name: &str) -> String {
    let (first, rest) = name.split_at_checked(1).unwrap_or_default();
    format!("{}{rest}", first.to_ascii_lowercase())
}

/// A value for a message. Long ones are cut, so that the answer stays short.
fn shorten(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
