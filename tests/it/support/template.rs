//! Reads CloudFormation templates as JSON.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Value, json};

use super::root;

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

/// Writes a parameter's value as text, as CloudFormation does in a variable.
pub fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
