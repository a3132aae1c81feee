//! Reads CloudFormation templates as JSON.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

use super::{ACCOUNT, root};

/// Reads a template of this repository. The short form of a function (`!Ref X`) becomes the long one (`{"Ref": "X"}`).
pub fn template(file: &str) -> Value {
    let text = std::fs::read_to_string(root().join(file)).unwrap();
    json_of(&Yaml::load_from_str(&text).unwrap()[0])
}

fn json_of(node: &Yaml) -> Value {
    match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::FloatingPoint(value)) => json!(value.into_inner()),
        Yaml::Value(Scalar::String(value)) => json!(value),
        Yaml::Sequence(nodes) => nodes.iter().map(json_of).collect(),
        Yaml::Mapping(nodes) => {
            let members = nodes.iter().map(|(name, node)| (name.as_str().unwrap().to_owned(), json_of(node)));
            Value::Object(members.collect())
        }
        Yaml::Tagged(tag, node) => match (tag.suffix.as_str(), json_of(node)) {
            ("Ref", name) => json!({"Ref": name}),
            ("GetAtt", Value::String(path)) => json!({"Fn::GetAtt": path.split('.').collect::<Vec<_>>()}),
            (function, argument) => json!({format!("Fn::{function}"): argument}),
        },
        other => panic!("unexpected YAML: {other:?}"),
    }
}

/// Evaluates a part of `template` as CloudFormation does if every parameter keeps its default. A reference to a resource
/// becomes the resource's name. Functions other than Ref, GetAtt, Sub and Join stay as they are.
pub fn with_defaults(template: &Value, part: &Value) -> Value {
    let inner = |part| with_defaults(template, part);
    match part {
        Value::Array(parts) => parts.iter().map(inner).collect(),
        Value::Object(members) => {
            let members: Map<_, _> = members.iter().map(|(name, part)| (name.clone(), inner(part))).collect();
            let function = members.iter().next().filter(|_| members.len() == 1);
            match function.map(|(name, argument)| (name.as_str(), argument)) {
                Some(("Ref", Value::String(name))) => value_of(template, name),
                Some(("Fn::GetAtt", path)) => json!(texts(path).join(".")),
                Some(("Fn::Sub", Value::String(text))) => json!(substituted(template, text)),
                Some(("Fn::Join", Value::Array(arguments))) => match &arguments[1] {
                    Value::Array(_) => json!(texts(&arguments[1]).join(arguments[0].as_str().unwrap())),
                    // The default is an empty list.
                    list => list.clone(),
                },
                _ => Value::Object(members),
            }
        }
        scalar => scalar.clone(),
    }
}

fn value_of(template: &Value, name: &str) -> Value {
    match name {
        "AWS::AccountId" => json!(ACCOUNT),
        "AWS::Partition" => json!("aws"),
        "AWS::Region" => json!("us-east-1"),
        "AWS::StackName" => json!("rekognition-model-copier"),
        _ => template["Parameters"][name].get("Default").cloned().unwrap_or_else(|| json!(name)),
    }
}

fn substituted(template: &Value, text: &str) -> String {
    let mut parts = text.split("${");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap();
        result.push_str(&text_of(&value_of(template, name)));
        result.push_str(rest);
    }
    result
}

/// Writes a parameter's value as text, as CloudFormation does in a variable.
pub fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(text_of).collect()
}
