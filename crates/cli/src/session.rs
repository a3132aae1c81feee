//! A session: credentials, account, caller and Region.

use std::collections::BTreeMap;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::error::SdkError;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError;
use rekognition_model_copier::aws::{Configuration, CustomLabels, describe_error, http_client};
use serde::{Deserialize, Serialize};

use crate::arguments::Global;
use crate::exit::Failure;
use crate::file_ledger::{FileLedger, state_folder};

/// The credentials of one account in one Region.
#[derive(Debug)]
pub struct Session {
    pub config: Configuration,
    /// Their caller, account and Region.
    pub identity: Identity,
}

/// The caller, the account and the Region of a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Identity {
    pub partition: String,
    pub region: String,
    /// The account: 12 digits.
    pub account: String,
    pub caller: String,
}

impl Identity {
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        let Self { partition, region, account, .. } = self;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    /// The ARN of the queue of this account and Region that has this URL.
    pub(crate) fn queue_arn(&self, url: &str) -> String {
        self.arn("sqs", url.rsplit('/').next().unwrap_or(url))
    }

    /// The whole account, as the principal of a policy.
    pub(crate) fn root(&self) -> String {
        format!("arn:{}:iam::{}:root", self.partition, self.account)
    }
}

impl Session {
    /// The session that the global flags and the environment give.
    pub(crate) async fn open(global: &Global) -> Result<Self, Failure> {
        let session = Self::of_profile(global, global.profile.as_deref()).await?;
        match &global.account {
            Some(expected) if *expected != session.identity.account => Err(Failure::WrongAccount(format!(
                "the credentials are of account `{}` (`{}`), not of `{expected}`: choose others with `--profile`",
                session.identity.account, session.identity.caller
            ))),
            _ => Ok(session),
        }
    }

    pub(crate) async fn of_profile(global: &Global, profile: Option<&str>) -> Result<Self, Failure> {
        let shared = load(global, profile).await?;
        let Some(region) = shared.region().map(ToString::to_string) else {
            return Err(Failure::Usage(
                "no Region is set: give `--region`, set `AWS_REGION`, or set `region` in the profile"
                    .to_owned(),
            ));
        };
        check_place(&region, shared.endpoint_url())?;
        let url = shared.endpoint_url().map_or_else(|| format!("STS in {region}"), str::to_owned);
        let config = Configuration::of(shared).map_err(|error| Failure::Usage(error.to_string()))?;
        let identity = aws_sdk_sts::Client::new(&config.shared).get_caller_identity().send().await;
        let identity = identity.map_err(|error| no_identity(&error, profile, &url))?;
        let caller = identity.arn.unwrap_or_default();
        let partition = caller.split(':').nth(1).filter(|partition| !partition.is_empty());
        let identity = Identity {
            partition: partition.unwrap_or("aws").to_owned(),
            region,
            account: identity.account.unwrap_or_default(),
            caller,
        };
        Ok(Self { config, identity })
    }

    /// A session in the same Region with a profile of a source account.
    pub(crate) async fn of_source(&self, global: &Global, profile: &str) -> Result<Self, Failure> {
        let global = Global { region: Some(self.identity.region.clone()), ..global.clone() };
        Self::of_profile(&global, Some(profile)).await
    }

    /// Checks that the credentials are of the account that owns something.
    pub(crate) fn check_owner(&self, what: &str, owner: &str) -> Result<(), Failure> {
        let account = &self.identity.account;
        if account == owner {
            return Ok(());
        }
        Err(Failure::WrongAccount(format!(
            "the credentials are of account `{account}`, but account `{owner}` owns {what}: give a profile of that account with \
             `--source-profile`"
        )))
    }

    /// The ledger of files of this account and Region.
    pub(crate) fn files(&self) -> Result<FileLedger, Failure> {
        Ok(FileLedger::in_folder(&state_folder()?, &self.identity.account, &self.identity.region))
    }

    pub fn rekognition(&self) -> aws_sdk_rekognition::Client {
        aws_sdk_rekognition::Client::new(&self.config.rekognition)
    }

    /// The copier's own adapter of Rekognition. With a source, it also reads and puts the project policies of that account.
    pub(crate) fn custom_labels(&self, source: Option<&Self>) -> CustomLabels {
        let sts = (&self.config.shared).into();
        let labels = CustomLabels::new(self.rekognition(), &sts, &BTreeMap::new(), None);
        match source {
            Some(source) => labels.with_source_account(&source.identity.account, &source.rekognition()),
            None => labels,
        }
    }
}

/// Refuses a Region or a URL to which no call can be sent. The SDK would report it as an error of the credentials.
fn check_place(region: &str, endpoint_url: Option<&str>) -> Result<(), Failure> {
    if region.is_empty() || !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(Failure::Usage(format!(
            "`{region}` is not a Region: correct `--region`, `AWS_REGION` or `region` in the profile"
        )));
    }
    match endpoint_url {
        Some(url) if !url.starts_with("http://") && !url.starts_with("https://") => {
            Err(Failure::Usage(format!(
                "the endpoint URL `{url}` does not begin with `https://` or `http://`: correct `--endpoint-url` or \
             `AWS_ENDPOINT_URL`"
            )))
        }
        _ => Ok(()),
    }
}

/// The SDK's own loader: it reads every source of credentials that the AWS CLI reads.
async fn load(global: &Global, profile: Option<&str>) -> Result<SdkConfig, Failure> {
    let client = http_client(None).map_err(|error| Failure::Usage(error.to_string()))?;
    let in_profile = ProfileFileRegionProvider::builder();
    let in_profile = profile.into_iter().fold(in_profile, |builder, name| builder.profile_name(name));
    // Not the instance's Region, which the SDK would try last: a command has no default Region.
    let region = RegionProviderChain::first_try(global.region.clone().map(Region::new))
        .or_else(EnvironmentVariableRegionProvider::new())
        .or_else(in_profile.build());
    let region = region.region().await;
    let mut loader =
        aws_config::defaults(BehaviorVersion::latest()).http_client(client.clone()).region(region.clone());
    if let Some(profile) = profile {
        // The profile wins over keys in the environment, as in the AWS CLI. The SDK's chain would take the keys first.
        let provider = ProviderConfig::without_region().with_http_client(client).with_region(region);
        let credentials =
            ProfileFileCredentialsProvider::builder().configure(&provider).profile_name(profile).build();
        loader = loader.profile_name(profile).credentials_provider(credentials);
    }
    if let Some(url) = &global.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    Ok(loader.load().await)
}

/// The failure for an unknown caller. Without credentials no call was made.
fn no_identity(error: &SdkError<GetCallerIdentityError>, profile: Option<&str>, url: &str) -> Failure {
    let why = describe_error(error);
    let of_profile = profile.map(|name| format!(" of profile `{name}`")).unwrap_or_default();
    match error {
        SdkError::ServiceError(_) | SdkError::ConstructionFailure(_) => Failure::WrongAccount(format!(
            "the credentials{of_profile} cannot be used: log in, or choose others with `--profile`: {why}"
        )),
        SdkError::DispatchFailure(failure) if failure.is_other() => Failure::WrongAccount(format!(
            "there are no credentials{of_profile}: log in, or choose others with `--profile`: {why}"
        )),
        // The SDK's error does not name the URL.
        _ => Failure::Error(format!("the caller's account cannot be read from `{url}`: {why}")),
    }
}
