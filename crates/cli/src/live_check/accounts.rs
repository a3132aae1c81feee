//! The accounts of a run: the one that gets the copies, and the one that owns the model.

use std::rc::Rc;

use rekognition_model_copier::domain::arn::{ProjectArn, ProjectVersionArn};

use super::experiments::Level;
use super::journal::{Begun, Journal};
use super::lab::{Lab, RealTime, Time};
use crate::exit::{Failure, OrFailure};
use crate::global::Global;
use crate::session::Session;

/// The accounts of a run.
#[derive(Debug)]
pub struct Sessions {
    /// Of the account of the destination project.
    pub own: Session,
    /// Of the account of the model, if it is another one.
    pub source: Option<Session>,
}

impl Sessions {
    /// Opens the sessions of the global flags and of this profile.
    ///
    /// # Errors
    /// Without a Region or credentials.
    pub async fn open(global: &Global, source_profile: Option<&str>) -> Result<Self, Failure> {
        let own = Session::open(global).await?;
        let source = match source_profile {
            Some(profile) => Some(own.of_source(global, profile).await?),
            None => None,
        };
        Ok(Self { own, source })
    }

    /// Checks that these are the accounts that the run began with.
    ///
    /// # Errors
    /// If they are others.
    pub fn check(&self, begun: &Begun) -> Result<(), Failure> {
        let identity = &self.own.identity;
        if (&identity.account, &identity.region) != (&begun.account, &begun.region) {
            return Err(Failure::WrongAccount(format!(
                "the run began in account `{}` and Region `{}`, but the credentials are for `{}` and `{}`: choose others with \
                 `--profile` and `--region`",
                begun.account, begun.region, identity.account, identity.region
            )));
        }
        begun.model.as_ref().map_or(Ok(()), |model| self.check_source(begun.level, &model.source_version))
    }

    /// Checks that these accounts can copy this model at this level.
    ///
    /// # Errors
    /// Which credentials or which model it needs instead.
    pub fn check_source(&self, level: Level, version: &ProjectVersionArn) -> Result<(), Failure> {
        let owner = version.account();
        let source = self.source.as_ref().map(|session| session.identity.account.as_str());
        match source {
            Some(account) if account != owner => Err(Failure::WrongAccount(format!(
                "the credentials of `--source-profile` are of account `{account}`, but the model is of account `{owner}`"
            ))),
            None if owner != self.own.identity.account => Err(Failure::Usage(format!(
                "the model is of account `{owner}`: give a profile of that account with `--source-profile`"
            ))),
            _ if level == Level::TwoAccounts && owner == self.own.identity.account => Err(Failure::Usage(
                "`--level two-accounts` needs a model of another account: give another `--source-version`"
                    .to_owned(),
            )),
            _ => Ok(()),
        }
    }

    /// The lab of a run, and its time.
    ///
    /// # Errors
    /// If the journal has no first line.
    pub fn lab(&self, journal: Journal) -> Result<(Lab, Rc<RealTime>), Failure> {
        let time = Rc::new(RealTime::until_interrupt());
        let source = self.source.as_ref().map(Session::rekognition);
        let shared: Rc<dyn Time> = time.clone();
        Ok((
            Lab::new(journal, &self.own.rekognition(), source.as_ref(), &self.own.config.shared, shared)?,
            time,
        ))
    }

    /// The project of a version: its ARN has a number of its own.
    ///
    /// # Errors
    /// If it cannot be read, or is not there.
    pub async fn project_of(&self, version: &ProjectVersionArn) -> Result<ProjectArn, Failure> {
        let session = self.source.as_ref().unwrap_or(&self.own);
        let name = version.project_name();
        let described = session.rekognition().describe_projects().project_names(name).send().await;
        let described = described.or_failure(format!("project `{name}` cannot be read"))?;
        let arn = described.project_descriptions().first().and_then(|project| project.project_arn());
        arn.and_then(|arn| ProjectArn::parse(arn).ok()).ok_or_else(|| {
            Failure::Usage(format!(
                "there is no project `{name}` in account `{}`: check `--source-version`",
                version.account()
            ))
        })
    }
}
