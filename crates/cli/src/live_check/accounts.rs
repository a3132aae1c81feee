//! The accounts of a run: the one that gets the copies, and the one that owns the model.

use std::rc::Rc;

use rekognition_model_copier::domain::arn::{ProjectArn, ProjectVersionArn};

use super::journal::Journal;
use super::lab::{Clients, Lab, RealTime};
use super::run::{Level, Run};
use crate::arguments::Global;
use crate::exit::{Failure, OrFailure};
use crate::session::Session;

/// The accounts of a run.
#[derive(Debug)]
pub(crate) struct Sessions {
    /// Of the account of the destination project.
    pub(crate) own: Session,
    /// Of the account of the model, if it is another one.
    source: Option<Session>,
}

impl Sessions {
    /// Opens the sessions of the global flags and of this profile.
    pub(crate) async fn open(global: &Global, source_profile: Option<&str>) -> Result<Self, Failure> {
        let own = Session::open(global).await?;
        let source = match source_profile {
            Some(profile) => Some(own.of_source(global, profile).await?),
            None => None,
        };
        Ok(Self { own, source })
    }

    /// Checks that these are the accounts that the run began with.
    pub(crate) fn check(&self, run: &Run) -> Result<(), Failure> {
        let (own, begun) = (&self.own.identity, &run.identity);
        if (&own.account, &own.region) != (&begun.account, &begun.region) {
            return Err(Failure::WrongAccount(format!(
                "the run began in account `{}` and Region `{}`, but the credentials are for `{}` and `{}`: choose others with \
                 `--profile` and `--region`",
                begun.account, begun.region, own.account, own.region
            )));
        }
        run.model.as_ref().map_or(Ok(()), |model| self.check_source(run.level, &model.source_version))
    }

    /// Checks that these accounts can copy this model at this level.
    pub(crate) fn check_source(&self, level: Level, version: &ProjectVersionArn) -> Result<(), Failure> {
        self.source.as_ref().unwrap_or(&self.own).check_owner("the model", version.account())?;
        if level == Level::TwoAccounts && version.account() == self.own.identity.account {
            return Err(Failure::Usage(
                "`--level two-accounts` needs a model of another account: give another `--source-version`"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// The lab of a run, and its time.
    pub(crate) fn lab(&self, journal: Journal) -> (Lab, Rc<RealTime>) {
        let time = Rc::new(RealTime::until_interrupt());
        (Lab::new(journal, Clients::new(&self.own, self.source.as_ref()), time.clone()), time)
    }

    /// Asks for the ARN of a version's project: it ends in a number that the version's ARN does not have.
    pub(crate) async fn project_of(&self, version: &ProjectVersionArn) -> Result<ProjectArn, Failure> {
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
