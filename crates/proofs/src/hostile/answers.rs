//! The fuzz target `answers`: the bytes of Rekognition's answer, read through the SDK and the adapter.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

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
use rekognition_model_copier::domain::aws_answer::{CopyAnswer, Meaning};
use rekognition_model_copier::domain::request::{CopyRequest, Draft};
use rekognition_model_copier::ports::{Page, Rekognition, Which};
use serde_json::Value;

use super::RUNTIME;
use super::invalid::valid_request;
use crate::request::project;

static SERVICE: LazyLock<(Canned, CustomLabels)> = LazyLock::new(service);
static COPY: LazyLock<CopyRequest> =
    LazyLock::new(|| Draft::parse(&valid_request()).complete().expect("a request"));

/// An HTTP client that gives every call the same answer: a status and a body.
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

/// Answers a call. The first byte chooses the call and the HTTP status; the rest is the body. A copy call counts as accepted or
/// refused only if the answer says so, and every described version is in the answer.
pub(super) fn answers(data: &[u8]) -> bool {
    let Some((first, body)) = data.split_first() else { return false };
    let status = [200, 400, 500, 503, 404, 204, 301, 403][usize::from(first >> 1) % 8];
    let (canned, labels) = &*SERVICE;
    *canned.0.lock().expect("one thread") = (status, body.to_vec());
    let answer: Option<Value> = serde_json::from_slice(body).ok();
    if first & 1 == 0 {
        return check_copy(RUNTIME.block_on(labels.copy(&COPY)), status, answer.as_ref());
    }
    let Ok(found) = RUNTIME.block_on(labels.versions(&project(0), Which::Page(None))) else { return false };
    assert!(status < 300 || found == Page::default(), "{status} {answer:?}: {found:?}");
    let Some(answer) = answer else { return false };
    let described = answer["ProjectVersionDescriptions"].as_array().map(Vec::as_slice).unwrap_or_default();
    for version in &found.items {
        let is_it = |value: &Value| {
            value["ProjectVersionArn"] == version.arn.as_str()
                && value["Status"] == version.status.as_str()
                && value["SourceProjectVersionArn"].as_str() == version.source_project_version_arn.as_deref()
                && value["OutputConfig"]["S3Bucket"].as_str() == version.s3_bucket.as_deref()
        };
        assert!(described.iter().any(is_it), "{version:?} is not in {answer}");
    }
    assert_eq!(
        answer["NextToken"].as_str().filter(|token| !token.is_empty()),
        found.next.as_ref().map(|cursor| cursor.0.as_str()),
        "{answer}"
    );
    true
}

fn check_copy(answer: CopyAnswer, status: u16, body: Option<&Value>) -> bool {
    let is_accepted = matches!(answer, CopyAnswer::Accepted(_));
    let arn = body.and_then(|body| body["ProjectVersionArn"].as_str());
    match answer {
        CopyAnswer::Accepted(accepted) => {
            assert!(status < 300 && (body.is_none() || arn == Some(accepted.as_str())), "{status} {body:?}");
        }
        CopyAnswer::Refused(refusal) => {
            assert!(status >= 300 && Meaning::of(&refusal.code) != Meaning::Unanswered, "{status} {body:?}");
        }
        CopyAnswer::Unanswered { reason } => {
            let is_arn = arn.is_some_and(|arn| ProjectVersionArn::parse(arn).is_ok());
            assert!(!reason.is_empty(), "{body:?}");
            assert!(status != 200 || !is_arn, "{body:?}: {reason}");
        }
    }
    is_accepted
}
