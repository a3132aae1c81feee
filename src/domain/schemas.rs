//! The JSON Schemas in `schemas/`: written by this test, and held against what the code reads and writes.
//!
//! `UPDATE_SCHEMAS=1 cargo test --workspace --lib schemas` writes them.
//!
//! They are Draft 4, which EventBridge's schema registry takes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::announcement::Announcement;
use super::arn::{ProjectArn, ProjectVersionArn};
use super::envelope::{Content, open};
use super::model::ModelStatus;
use super::request::{Context, Draft};
use super::status::Status;

const DRAFT: &str = "http://json-schema.org/draft-04/schema#";

/// A request as requesters may write it: what `Draft` reads.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "it is there for its schema")]
struct Request {
    /// The project that owns the model.
    source_project_arn: ProjectArn,
    /// The model: a version of `sourceProjectArn`.
    source_project_version_arn: ProjectVersionArn,
    /// The project that gets the copy, in the copier's own account and Region.
    destination_project_arn: ProjectArn,
    /// The copy's name, unique in its project.
    #[schemars(length(min = 1, max = 255), regex(pattern = r"^[a-zA-Z0-9_.\-]+$"))]
    version_name: String,
    /// Where Rekognition puts the copy's training results.
    output_config: OutputConfig,
    /// The copy's tags.
    #[schemars(extend("maxProperties" = 200))]
    tags: Option<BTreeMap<String, TagValue>>,
    /// The key that encrypts the copy: key id, key ARN, alias name or alias ARN.
    #[schemars(length(min = 1, max = 2048), regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9:_/+=,@.\-]*$"))]
    kms_key_id: Option<String>,
    /// The requester's idempotency token. Left out: the id of the event or message.
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[\x20-\x7e]+$"))]
    request_id: Option<String>,
    /// Comes back in every announcement. Left out: the request id.
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[\x20-\x7e]+$"))]
    correlation_id: Option<String>,
    /// Every announcement returns it byte for byte. At most 4 KiB.
    context: Option<Context>,
}

/// An output location in S3.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "it is there for its schema")]
struct OutputConfig {
    /// The bucket, in the destination account.
    #[schemars(length(min = 3, max = 255), regex(pattern = r"^[0-9A-Za-z.\-_]+$"))]
    s3_bucket: String,
    /// The prefix of the objects' keys.
    #[schemars(length(max = 1024))]
    s3_key_prefix: Option<String>,
}

/// A tag's value.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is there for its schema")]
struct TagValue(#[schemars(length(max = 256))] String);

macro_rules! described {
    ($type:ty, $name:literal, $schema:tt) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

described!(ProjectArn, "ProjectArn", {
    "type": "string", "minLength": 20, "maxLength": 2048,
    "pattern": r"^arn:[a-z\d-]+:rekognition:[a-z\d-]+:\d{12}:project/[a-zA-Z0-9_.\-]{1,255}/[0-9]+$"
});
described!(ProjectVersionArn, "ProjectVersionArn", {
    "type": "string", "minLength": 20, "maxLength": 2048,
    "pattern": r"^arn:[a-z\d-]+:rekognition:[a-z\d-]+:\d{12}:project/[a-zA-Z0-9_.\-]{1,255}/version/[a-zA-Z0-9_.\-]{1,255}/[0-9]+$"
});
described!(Context, "Context", { "type": "object" });
described!(ModelStatus, "ModelStatus", {
    "type": "string", "description": "Rekognition's word; it may learn new ones."
});

/// The schema of `T` as Draft 4, which has no `const`.
fn draft_4<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.meta_schema = Some(DRAFT.into()));
    let mut schema = settings.into_generator().into_root_schema_for::<T>().into();
    everywhere(&mut schema, &|members| {
        if let Some(only) = members.remove("const") {
            members.insert("enum".into(), json!([only]));
        }
    });
    schema
}

/// Does `change` to every object in a schema, the outer ones first.
fn everywhere(schema: &mut Value, change: &dyn Fn(&mut Map<String, Value>)) {
    match schema {
        Value::Object(members) => {
            change(members);
            members.values_mut().for_each(|member| everywhere(member, change));
        }
        Value::Array(members) => members.iter_mut().for_each(|member| everywhere(member, change)),
        _ => {}
    }
}

fn announcement_schema() -> Value {
    let mut schema = draft_4::<Announcement>();
    // What an announcement doesn't know is left out, not null.
    everywhere(&mut schema, &|members| {
        if let Some(Value::Array(types)) = members.get("type") {
            let only = types.iter().find(|kind| **kind != json!("null")).unwrap().clone();
            members.insert("type".into(), only);
        }
        if let Some(Value::Array(kinds)) = members.get_mut("anyOf") {
            kinds.retain(|kind| *kind != json!({ "type": "null" }));
        }
        if members.get("default") == Some(&Value::Null) {
            members.remove("default");
        }
    });
    schema
}

/// The request's schema in both spellings. request/tests.rs compares it with what the code reads.
pub(super) fn request_schema() -> Value {
    let mut camel = draft_4::<Request>();
    let definitions = camel.as_object_mut().unwrap().remove("definitions").unwrap();
    let mut pascal = camel.clone();
    spell_as_aws(&mut pascal);
    let mut definitions = definitions.as_object().unwrap().clone();
    let mut output = definitions["OutputConfig"].clone();
    spell_as_aws(&mut output);
    definitions.insert("OutputConfigAsInAws".into(), output);
    for (name, mut schema) in [("Request", camel), ("RequestAsInAws", pascal)] {
        let schema_object = schema.as_object_mut().unwrap();
        schema_object.remove("$schema");
        schema_object.remove("title");
        definitions.insert(name.into(), schema);
    }
    let own = &mut definitions["RequestAsInAws"]["properties"]["OutputConfig"];
    *own = serde_json::from_str(&own.to_string().replace("OutputConfig\"", "OutputConfigAsInAws\"")).unwrap();
    json!({
        "$schema": DRAFT,
        "title": "Request",
        "description": "A copy request: the detail of a \"Rekognition Model Copy Requested\" event.",
        "anyOf": [{ "$ref": "#/definitions/Request" }, { "$ref": "#/definitions/RequestAsInAws" }],
        "definitions": definitions,
    })
}

/// Spells the schema's own members in PascalCase.
fn spell_as_aws(schema: &mut Value) {
    let pascal = |name: &str| {
        let (first, rest) = name.split_at(1);
        format!("{}{rest}", first.to_uppercase())
    };
    let properties = schema["properties"].as_object().unwrap();
    schema["properties"] = properties.iter().map(|(name, schema)| (pascal(name), schema.clone())).collect();
    schema["required"] =
        schema["required"].as_array().unwrap().iter().map(|n| json!(pascal(n.as_str().unwrap()))).collect();
}

pub(super) fn accepts(schema: &Value, instance: &Value) -> bool {
    jsonschema::validator_for(schema).unwrap().is_valid(instance)
}

#[test]
fn schemas_are_current() {
    for (name, schema) in [("request", request_schema()), ("announcement", announcement_schema())] {
        let path = format!("{}/schemas/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let text = format!("{schema:#}\n");
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let kept: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(kept, schema, "{path} is not what the code says: write it anew with UPDATE_SCHEMAS=1");
        assert!(jsonschema::meta::is_valid(&kept), "{path} is no schema");
    }
}

/// The request in a message, if that is JSON at all.
fn request_in(message: String) -> Option<Value> {
    match open(&message, "rekognition.model-copier") {
        Content::Request(request) => serde_json::from_str(&request.text).ok(),
        Content::Ignored(_) => None,
    }
}

#[test]
fn every_example_is_as_valid_as_it_is_readable() {
    let files = |folder: &str| {
        let folder = format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"));
        let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let named = |path: &std::path::PathBuf| path.is_file() && !path.ends_with("check-copies.json");
        paths.filter(named).map(|path| std::fs::read_to_string(path).unwrap())
    };
    let (request, announcement) = (request_schema(), announcement_schema());
    let asked: Vec<Value> = files("events").filter_map(request_in).collect();
    let detail = |file: String| serde_json::from_str::<Value>(&file).unwrap()["detail"].clone();
    let told: Vec<Value> = files("events/announcements").map(detail).collect();
    for detail in &asked {
        let is_read = Draft::parse(&detail.to_string()).problems.is_empty();
        assert!(accepts(&request, detail) == is_read && !accepts(&announcement, detail), "{detail:#}");
    }
    assert!(asked.iter().filter(|detail| accepts(&request, detail)).count() >= 4, "{asked:#?}");
    for detail in &told {
        assert!(accepts(&announcement, detail) && !accepts(&request, detail), "{detail:#}");
    }
    assert_eq!(told.len(), Status::ALL.len());
}
