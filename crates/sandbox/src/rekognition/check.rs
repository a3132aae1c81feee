//! Checks a request's members against the service model. Two kinds of refusal, as AWS has them: a wrong JSON type is
//! a SerializationException, a broken constraint a ValidationException that names all of them. Unknown members are
//! ignored, null is absent.

use serde_json::{Map, Value};

use super::model::{Member, Shape};
use crate::error::AwsError;

pub(super) fn members(members: &[Member], body: &Value) -> Result<(), AwsError> {
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
    AwsError::new("SerializationException", format!("{at} has to be {wanted}"))
}

fn structure(
    members: &[Member],
    object: &Map<String, Value>,
    at: &str,
    problems: &mut Vec<String>,
) -> Result<(), AwsError> {
    for member in members {
        let at = format!("{at}{}", lower_first(member.name));
        match object.get(member.name) {
            None | Some(Value::Null) if member.required => {
                problems.push(format!(
                    "Value null at '{at}' failed to satisfy constraint: Member must not be null"
                ));
            }
            None | Some(Value::Null) => {}
            Some(value) => shape(member.shape, value, &at, problems)?,
        }
    }
    Ok(())
}

fn shape(shape_: &Shape, value: &Value, at: &str, problems: &mut Vec<String>) -> Result<(), AwsError> {
    let mut fail = |constraint: &str| {
        let value = shortened(value);
        problems.push(format!(
            "Value '{value}' at '{at}' failed to satisfy constraint: Member must {constraint}"
        ));
    };
    match shape_ {
        Shape::Text { min, max, pattern } => {
            let text = value.as_str().ok_or_else(|| mistyped(at, "a string"))?;
            length(text.chars().count(), *min, *max, &mut fail);
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
            range(number, *min, *max, &mut fail);
        }
        Shape::Number { min, max } => {
            let number = value.as_f64().ok_or_else(|| mistyped(at, "a number"))?;
            range(number, *min, *max, &mut fail);
        }
        Shape::Flag => {
            value.as_bool().ok_or_else(|| mistyped(at, "true or false"))?;
        }
        Shape::List { of, min, max } => {
            let list = value.as_array().ok_or_else(|| mistyped(at, "a list"))?;
            length(list.len(), *min, *max, &mut fail);
            for (index, value) in list.iter().enumerate() {
                shape(of, value, &format!("{at}.{}.member", index + 1), problems)?;
            }
        }
        Shape::Map { key, value: of, max } => {
            let map = value.as_object().ok_or_else(|| mistyped(at, "an object"))?;
            length(map.len(), 0, *max, &mut fail);
            for (name, value) in map {
                shape(key, &Value::from(name.as_str()), &format!("{at}.key"), problems)?;
                shape(of, value, &format!("{at}.{name}.member"), problems)?;
            }
        }
        Shape::Structure(members) => {
            let object = value.as_object().ok_or_else(|| mistyped(at, "an object"))?;
            structure(members, object, &format!("{at}."), problems)?;
        }
    }
    Ok(())
}

fn length(length: usize, min: usize, max: usize, fail: &mut impl FnMut(&str)) {
    if length < min {
        fail(&format!("have length greater than or equal to {min}"));
    }
    if length > max {
        fail(&format!("have length less than or equal to {max}"));
    }
}

fn range<N: PartialOrd + std::fmt::Display>(number: N, min: N, max: N, fail: &mut impl FnMut(&str)) {
    if number < min {
        fail(&format!("have value greater than or equal to {min}"));
    }
    if number > max {
        fail(&format!("have value less than or equal to {max}"));
    }
}

fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
}

/// Long values are cut, so that an answer is never much longer than it has to be.
fn shortened(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rekognition::model;

    #[test]
    fn every_problem_is_named_at_once() {
        let body = json!({"SourceProjectArn": "x", "VersionName": "", "OutputConfig": {"S3Bucket": "a"}});
        let error = members(model::COPY_PROJECT_VERSION, &body).unwrap_err();
        assert_eq!(error.code, "ValidationException");
        for part in [
            "7 validation errors",
            "'sourceProjectArn'",
            "'destinationProjectArn'",
            "'outputConfig.s3Bucket'",
        ] {
            assert!(error.message.contains(part), "{part}: {}", error.message);
        }
    }

    #[test]
    fn an_unknown_member_and_null_are_ignored_and_a_wrong_type_is_refused() {
        let body = json!({"MaxResults": null, "Surprise": {}});
        assert!(members(model::DESCRIBE_PROJECTS, &body).is_ok());
        for body in
            [json!({"MaxResults": "1"}), json!({"MaxResults": 1.5}), json!({"ProjectNames": "x"}), json!([])]
        {
            assert_eq!(members(model::DESCRIBE_PROJECTS, &body).unwrap_err().code, "SerializationException");
        }
    }
}
