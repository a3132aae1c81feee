use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use crate::request::project;
use aws_sdk_rekognition::Client;
use aws_sdk_rekognition::config::retry::RetryConfig;
use aws_sdk_rekognition::config::{
    BehaviorVersion, Config, Credentials, Region, StalledStreamProtectionConfig,
};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use rekognition_model_copier::aws::CustomLabels;
use rekognition_model_copier::domain::arn::ProjectVersionArn;
use rekognition_model_copier::domain::refusal::{CopyAnswer, Meaning};
use rekognition_model_copier::domain::request::{CopyRequest, Draft};
use rekognition_model_copier::ports::{Rekognition, Which};
use tokio::runtime::{Builder, Runtime};

use crate::hostile::bad::good;
use crate::hostile::oracle::json::{Json, parse};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().expect("a runtime"));
static SERVICE: LazyLock<(Canned, CustomLabels)> = LazyLock::new(service);
static COPY: LazyLock<CopyRequest> = LazyLock::new(|| Draft::parse(&good()).complete().expect("a request"));

/// What the service answers next.
#[derive(Clone, Debug, Default)]
struct Canned(Arc<Mutex<(u16, Vec<u8>)>>);

impl HttpConnector for Canned {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let (status, body) = self.0.lock().expect("one thread").clone();
        let status = status.try_into().expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
    }
}

fn service() -> (Canned, CustomLabels) {
    let canned = Canned::default();
    let connector = SharedHttpConnector::new(canned.clone());
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .retry_config(RetryConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build();
    let sts = aws_sdk_sts::Config::builder().behavior_version(BehaviorVersion::latest()).build();
    (canned, CustomLabels::new(Client::from_conf(config), &sts, &BTreeMap::new(), None))
}

/// What Rekognition answers, byte for byte, through the SDK: the first byte picks call and HTTP status, the rest is
/// the body. A call of CopyProjectVersion counts as accepted or refused only where the answer says so; versions are
/// those that are described in full.
pub fn answers(data: &[u8]) {
    let Some((first, body)) = data.split_first() else { return };
    let status = [200, 400, 500, 503, 404, 204, 301, 403][usize::from(first >> 1) % 8];
    let (canned, labels) = &*SERVICE;
    *canned.0.lock().expect("one thread") = (status, body.to_vec());
    let body = std::str::from_utf8(body).ok();
    if first & 1 == 0 {
        copied(RUNTIME.block_on(labels.copy(&COPY)), status, body);
    } else {
        let found = RUNTIME.block_on(labels.versions(&project(0), Which::Page(None)));
        let Some((versions, next)) = body.filter(|_| status == 200).and_then(described) else {
            assert!(status < 300 || found.is_err() || found == Ok(Default::default()), "{body:?}: {found:?}");
            return;
        };
        let found = found.unwrap_or_else(|error| panic!("{body:?}: {error}"));
        let read: Vec<_> = found
            .versions
            .into_iter()
            .map(|v| {
                let status = v.status.as_str().to_owned();
                let arn = v.arn.to_string();
                [
                    Some(arn),
                    Some(status),
                    v.status_message,
                    v.source_project_version_arn,
                    v.s3_bucket,
                    v.kms_key_id,
                ]
            })
            .collect();
        assert_eq!((read, found.next), (versions, next), "{body:?}");
    }
}

fn copied(answer: CopyAnswer, status: u16, body: Option<&str>) {
    let members = body.and_then(parse).and_then(|value| plain(&value));
    match answer {
        CopyAnswer::Accepted(arn) => {
            assert!(status < 300, "{status} {body:?}");
            if let Some(members) = members {
                assert_eq!(text(&members, "ProjectVersionArn"), Some(Some(arn.to_string())), "{body:?}");
            }
        }
        CopyAnswer::Refused(refusal) => {
            assert!(status >= 300 && Meaning::of(&refusal.code) != Meaning::Unanswered, "{status} {body:?}");
            assert!(body.is_some_and(|body| body.contains("__type") || body.contains("code")), "{body:?}");
        }
        CopyAnswer::Unanswered { reason } => {
            assert!(!reason.is_empty());
            // An answer that says what it should is one.
            let arn = members.as_ref().and_then(|members| text(members, "ProjectVersionArn")).flatten();
            let is_arn = arn.is_some_and(|arn| ProjectVersionArn::parse(&arn).is_ok());
            assert!(!(status == 200 && is_arn), "{body:?}: {reason}");
        }
    }
}

type Described = (Vec<[Option<String>; 6]>, Option<String>);

/// The versions in a well-formed answer, each with ARN, status, message, source, bucket and key, and the token;
/// `None` for an answer of which nothing is claimed: with members twice, of other types than the service model's, or
/// that the copier has no use for.
fn described(body: &str) -> Option<Described> {
    let members = plain(&parse(body)?)?;
    let next = text(&members, "NextToken")?;
    let versions = match members.get("ProjectVersionDescriptions") {
        None | Some(Json::Null) => &vec![],
        Some(Json::Array(versions)) => versions,
        Some(_) => return None,
    };
    let mut read = Vec::new();
    for version in versions {
        let members = plain(version)?;
        let of = |name: &str| text(&members, name);
        let bucket = match members.get("OutputConfig") {
            None | Some(Json::Null) => None,
            Some(output) => {
                let output = plain(output)?;
                text(&output, "S3KeyPrefix")?;
                text(&output, "S3Bucket")?
            }
        };
        let known = [
            "ProjectVersionArn",
            "Status",
            "StatusMessage",
            "SourceProjectVersionArn",
            "KmsKeyId",
            "OutputConfig",
        ];
        if members.keys().any(|name| !known.contains(&name.as_str()) && !name.starts_with('x')) {
            return None;
        }
        let (arn, status) = (of("ProjectVersionArn")?, of("Status")?);
        let more = (of("StatusMessage")?, of("SourceProjectVersionArn")?, of("KmsKeyId")?);
        if arn.as_deref().is_some_and(|arn| ProjectVersionArn::parse(arn).is_ok()) && status.is_some() {
            read.push([arn, status, more.0, more.1, bucket, more.2]);
        }
    }
    Some((read, next.filter(|token| !token.is_empty())))
}

/// An object's members, if there are no equal ones and nothing in it is unreadable.
fn plain(value: &Json) -> Option<BTreeMap<String, Json>> {
    let Json::Object(members) = value else { return None };
    let all: BTreeMap<String, Json> =
        members.iter().map(|(name, value, _)| (name.clone(), value.clone())).collect();
    (all.len() == members.len() && is_readable(value)).then_some(all)
}

fn is_readable(value: &Json) -> bool {
    match value {
        Json::NoText => false,
        Json::Array(all) => all.iter().all(is_readable),
        Json::Object(members) => members.iter().all(|member| is_readable(&member.1)),
        _ => true,
    }
}

/// A text: the outer `None` is for another type.
fn text(members: &BTreeMap<String, Json>, name: &str) -> Option<Option<String>> {
    match members.get(name) {
        None | Some(Json::Null) => Some(None),
        Some(Json::Text(text)) => Some(Some(text.clone())),
        Some(_) => None,
    }
}
