//! A second opinion on requests: slow, written apart from the shipped validation, and from the service model's own
//! patterns. It knows only yes and no.

use std::collections::BTreeMap;

use regex::Regex;

use super::json::{self, Json};

const PROJECT: &str =
    r"^arn:[a-z0-9-]+:rekognition:[a-z0-9-]+:[0-9]{12}:project/[a-zA-Z0-9_.\-]{1,255}/[0-9]+$";
const VERSION: &str = r"^arn:[a-z0-9-]+:rekognition:[a-z0-9-]+:[0-9]{12}:project/[a-zA-Z0-9_.\-]{1,255}/version/[a-zA-Z0-9_.\-]{1,255}/[0-9]+$";
const NAME: &str = r"^[a-zA-Z0-9_.\-]{1,255}$";
const BUCKET: &str = r"^[0-9A-Za-z.\-_]{3,255}$";
const KEY: &str = r"^[A-Za-z0-9][A-Za-z0-9:_/+=,@.-]{0,2047}$";
const TAG: &str = r"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$";
const ID: &str = r"^[\x20-\x7e]{1,128}$";
const FIELDS: [&str; 10] = [
    "sourceProjectArn",
    "sourceProjectVersionArn",
    "destinationProjectArn",
    "versionName",
    "outputConfig",
    "tags",
    "kmsKeyId",
    "requestId",
    "correlationId",
    "context",
];

/// The patterns, compiled, and where the deployment is.
#[derive(Debug)]
pub struct Oracle {
    patterns: BTreeMap<&'static str, Regex>,
    source: String,
    account: String,
    buckets: Vec<String>,
}

impl Oracle {
    /// For a deployment in us-east-1 that copies from `source` to `account`, into these buckets.
    ///
    /// # Panics
    /// If a pattern is none.
    pub fn new(source: &str, account: &str, buckets: &[&str]) -> Self {
        let all = [PROJECT, VERSION, NAME, BUCKET, KEY, TAG, ID];
        Self {
            patterns: all.into_iter().map(|text| (text, Regex::new(text).expect("a pattern"))).collect(),
            source: source.to_owned(),
            account: account.to_owned(),
            buckets: buckets.iter().map(|bucket| (*bucket).to_owned()).collect(),
        }
    }

    /// Whether the text is a request that this deployment serves.
    pub fn allows(&self, text: &str) -> bool {
        self.judge(text).is_some()
    }

    fn matches(&self, pattern: &str, text: &str) -> Option<()> {
        self.patterns.get(pattern)?.is_match(text).then_some(())
    }

    fn judge(&self, text: &str) -> Option<()> {
        let Json::Object(members) = json::parse(text).filter(|_| text.len() <= 65536)? else { return None };
        let mut fields = BTreeMap::new();
        for (name, value, raw) in members {
            let mut letters = name.chars();
            let first = letters.next()?.to_ascii_lowercase();
            let name = format!("{first}{}", letters.as_str());
            if !FIELDS.contains(&name.as_str()) || fields.insert(name, (value, raw)).is_some() {
                return None;
            }
        }
        fields.retain(|_, (value, _)| *value != Json::Null);
        let text = |name: &str| match fields.get(name) {
            Some((Json::Text(text), _)) => Some(text.as_str()),
            _ => None,
        };
        let arn = |name: &str, pattern: &str, account: &str| {
            let arn = text(name)?;
            self.matches(pattern, arn)?;
            let parts: Vec<&str> = arn.split(':').collect();
            let here = parts[1] == "aws" && parts[3] == "us-east-1" && parts[4] == account;
            (here && (20..=2048).contains(&arn.len())).then_some(arn)
        };
        let project = arn("sourceProjectArn", PROJECT, &self.source)?;
        let version = arn("sourceProjectVersionArn", VERSION, &self.source)?;
        let of = |arn: &str| arn.split('/').nth(1).map(str::to_owned);
        if of(project) != of(version) {
            return None;
        }
        arn("destinationProjectArn", PROJECT, &self.account)?;
        self.matches(NAME, text("versionName")?)?;
        self.output(&fields.get("outputConfig")?.0)?;
        for (name, pattern) in [("kmsKeyId", KEY), ("requestId", ID), ("correlationId", ID)] {
            if fields.contains_key(name) {
                self.matches(pattern, text(name)?)?;
            }
        }
        if let Some((tags, _)) = fields.get("tags") {
            self.tags(tags)?;
        }
        match fields.get("context") {
            Some((Json::Object(_), raw)) if raw.len() <= 4096 && json::is_shallow_and_finite(raw) => Some(()),
            Some(_) => None,
            None => Some(()),
        }
    }

    fn output(&self, value: &Json) -> Option<()> {
        let Json::Object(members) = value else { return None };
        let (mut bucket, mut prefix) = (None, None);
        for (name, value, _) in members {
            let place = match name.as_str() {
                "s3Bucket" | "S3Bucket" => &mut bucket,
                "s3KeyPrefix" | "S3KeyPrefix" => &mut prefix,
                _ => return None,
            };
            if place.replace(value).is_some() {
                return None;
            }
        }
        match prefix {
            None | Some(Json::Null) => {}
            Some(Json::Text(text)) if text.chars().count() <= 1024 => {}
            Some(_) => return None,
        }
        let Some(Json::Text(bucket)) = bucket else { return None };
        self.matches(BUCKET, bucket)?;
        self.buckets.contains(bucket).then_some(())
    }

    fn tags(&self, value: &Json) -> Option<()> {
        let Json::Object(members) = value else { return None };
        let mut seen = std::collections::BTreeSet::new();
        for (key, value, _) in members {
            let Json::Text(value) = value else { return None };
            self.matches(TAG, key)?;
            self.matches(TAG, value)?;
            let lengths = (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256;
            if key.starts_with("aws:") || !lengths || !seen.insert(key) {
                return None;
            }
        }
        (members.len() <= 200).then_some(())
    }
}
