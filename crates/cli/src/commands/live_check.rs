//! `model-copier live-check`: settles, in your account, what AWS does not document.

use std::fs;
use std::rc::Rc;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use rekognition_model_copier::aws::describe_error;
use rekognition_model_copier::domain::arn::{ProjectArn, ProjectVersionArn};
use uuid::Uuid;

use crate::confirm::Confirmed;
use crate::exit::{Exit, Failure};
use crate::file_ledger::state_folder;
use crate::global::Global;
use crate::live_check::answer::Verdict;
use crate::live_check::answers::Answers;
use crate::live_check::clean::clean;
use crate::live_check::experiments::{Level, experiment_of};
use crate::live_check::journal::{Begun, Journal, Model};
use crate::live_check::lab::{Lab, PREFIX, RealTime, Time};
use crate::live_check::plan::plan;
use crate::live_check::report;
use crate::live_check::runner;
use crate::output::Output;
use crate::session::Session;

/// Try what AWS does not document
///
/// This project assumes some things about AWS that are written nowhere: docs/live-checklist.md. `run` tries those that
/// a program can try, and says which are otherwise. It starts no model, which AWS would bill by the hour.
///
/// Everything that a run makes has a name that begins with `live-check-`, and a tag where AWS allows one. It is written
/// into a journal before it is made. `clean` deletes what the journal names, and nothing else.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  model-copier live-check plan
  model-copier live-check run --account 444455556666
  model-copier live-check run --level two-accounts --source-profile flowers \\
    --source-version arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/flowers.2026-11-02/1762077600000 \\
    --destination-project arn:aws:rekognition:us-east-1:444455556666:project/flowers-production/1761991200000 \\
    --bucket flowers-production-models
  model-copier live-check resume 5f0c2a11
  model-copier live-check clean 5f0c2a11
  model-copier live-check report 5f0c2a11 > report.md")]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Say what a run would make, what that may cost, and which rights it needs
    Plan(Options),
    /// Try it; exit code 8 if something is otherwise than assumed
    Run {
        /// What it works on.
        #[command(flatten)]
        options: Options,
        /// Do not ask before
        #[arg(long, short)]
        yes: bool,
    },
    /// Go on with a run that was interrupted
    Resume(OfRun),
    /// Delete what a run has made
    Clean(OfRun),
    /// Write a page about a run, and the record that may be sent back
    Report {
        /// The run's id
        #[arg(value_name = "RUN")]
        run: String,
    },
}

/// What a run works on.
#[derive(Args, Debug)]
pub struct Options {
    /// How far it may go
    #[arg(long, value_name = "LEVEL", default_value = "free")]
    pub level: Level,
    /// Try only these rows of docs/live-checklist.md
    #[arg(long, value_name = "ROWS", value_delimiter = ',')]
    pub only: Vec<u8>,
    /// The model to copy; needed from the level `copies` on
    #[arg(long, value_name = "ARN", value_parser = version)]
    pub source_version: Option<ProjectVersionArn>,
    /// The project that gets the copies
    #[arg(long, value_name = "ARN", value_parser = project)]
    pub destination_project: Option<ProjectArn>,
    /// The bucket for the copies' training results
    #[arg(long, value_name = "BUCKET")]
    pub bucket: Option<String>,
    /// A KMS key, to see in which form a copy shows it
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// A profile of the account that owns the model, where that is another one
    #[arg(long, value_name = "NAME")]
    pub source_profile: Option<String>,
}

/// A run that was begun.
#[derive(Args, Debug)]
pub struct OfRun {
    /// The run's id
    #[arg(value_name = "RUN")]
    pub run: String,
    /// A profile of the account that owns the model, where that is another one
    #[arg(long, value_name = "NAME")]
    pub source_profile: Option<String>,
    /// Do not ask before
    #[arg(long, short)]
    pub yes: bool,
}

fn project(text: &str) -> Result<ProjectArn, String> {
    ProjectArn::parse(text).map_err(|error| error.to_string())
}

fn version(text: &str) -> Result<ProjectVersionArn, String> {
    ProjectVersionArn::parse(text).map_err(|error| error.to_string())
}

pub(super) async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let folder = Journal::folder(&state_folder()?);
    match arguments.action {
        Action::Plan(options) => {
            let sessions = Sessions::open(global, options.source_profile.as_deref()).await?;
            let plan = plan(&options.begin(&sessions).await?);
            output.result(&plan, || plan.text())?;
            Ok(Exit::Done)
        }
        Action::Run { options, yes } => {
            let sessions = Sessions::open(global, options.source_profile.as_deref()).await?;
            let begun = options.begin(&sessions).await?;
            let what = format!("Makes what `live-check plan` with the same flags says. Run: {}", begun.run);
            let confirmed = Confirmed::by_person(&sessions.own.identity, &what, yes, output)?;
            let journal = Journal::begin(&folder, begun, Timestamp::now())?;
            sessions.run(journal, confirmed, output).await
        }
        Action::Resume(of_run) => {
            let (journal, sessions, confirmed) = of_run.open(&folder, "Goes on with", global, output).await?;
            sessions.run(journal, confirmed, output).await
        }
        Action::Clean(of_run) => {
            let (journal, sessions, confirmed) = of_run.open(&folder, "Deletes", global, output).await?;
            sessions.clean(journal, confirmed, output).await
        }
        Action::Report { run } => {
            let journal = Journal::open(&folder, &run)?;
            let answers = write_answers(&journal, output)?;
            output.result(&answers, || report::markdown(&answers))?;
            Ok(Exit::Done)
        }
    }
}

impl OfRun {
    async fn open(
        &self,
        folder: &std::path::Path,
        what: &str,
        global: &Global,
        output: &Output,
    ) -> Result<(Journal, Sessions, Confirmed), Failure> {
        let journal = Journal::open(folder, &self.run)?;
        let sessions = Sessions::open(global, self.source_profile.as_deref()).await?;
        let begun = journal.begun()?;
        sessions.check(begun)?;
        let left: Vec<String> = journal.left().iter().map(|left| format!("\n  {}", left.thing)).collect();
        let what = format!("{what} run {}. What may be there of it:{}", begun.run, left.concat());
        let confirmed = Confirmed::by_person(&sessions.own.identity, &what, self.yes, output)?;
        Ok((journal, sessions, confirmed))
    }
}

/// The accounts of a run.
struct Sessions {
    own: Session,
    source: Option<Session>,
}

impl Sessions {
    async fn open(global: &Global, source_profile: Option<&str>) -> Result<Self, Failure> {
        let own = Session::open(global).await?;
        let source = match source_profile {
            Some(profile) => Some(Session::of_profile(global, Some(profile)).await?),
            None => None,
        };
        Ok(Self { own, source })
    }

    /// Whether these are the accounts that the run has begun with.
    fn check(&self, begun: &Begun) -> Result<(), Failure> {
        let identity = &self.own.identity;
        if (&identity.account, &identity.region) != (&begun.account, &begun.region) {
            return Err(Failure::WrongAccount(format!(
                "the run is of account `{}` and Region `{}`, the credentials of `{}` and `{}`: choose others with \
                 `--profile` and `--region`",
                begun.account, begun.region, identity.account, identity.region
            )));
        }
        begun.model.as_ref().map_or(Ok(()), |model| self.check_source(begun.level, &model.source_version))
    }

    fn check_source(&self, level: Level, version: &ProjectVersionArn) -> Result<(), Failure> {
        let owner = version.account();
        let source = self.source.as_ref().map(|session| session.identity.account.as_str());
        match source {
            Some(account) if account != owner => Err(Failure::WrongAccount(format!(
                "the credentials of `--source-profile` are of account `{account}`, the model is of `{owner}`"
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

    fn lab(&self, journal: Journal) -> Result<(Lab, Rc<RealTime>), Failure> {
        let time = Rc::new(RealTime::until_interrupt());
        let source = self.source.as_ref().map(Session::rekognition);
        let shared: Rc<dyn Time> = time.clone();
        Ok((Lab::new(journal, &self.own.rekognition(), source.as_ref(), shared)?, time))
    }

    async fn run(&self, journal: Journal, confirmed: Confirmed, output: &Output) -> Result<Exit, Failure> {
        let (lab, time) = self.lab(journal)?;
        let run = &lab.begun.run;
        let ended = tokio::select! {
            ended = runner::run(&lab, output, confirmed) => Some(ended?),
            () = time.stopped() => None,
        };
        let next = format!("delete what it has made with `model-copier live-check clean {run}`");
        if ended.is_none() {
            output.note(&format!("go on with `model-copier live-check resume {run}`, or {next}"));
            return Ok(Exit::Interrupted);
        }
        let answers = write_answers(&lab.journal.borrow(), output)?;
        output.result(&answers, || report::markdown(&answers))?;
        output.note(&next);
        let is_otherwise = answers.rows.iter().any(|row| row.verdict == Verdict::Otherwise);
        Ok(if is_otherwise { Exit::Finding } else { Exit::Done })
    }

    async fn clean(&self, journal: Journal, confirmed: Confirmed, output: &Output) -> Result<Exit, Failure> {
        let (lab, time) = self.lab(journal)?;
        let left = tokio::select! {
            left = clean(&lab, output, confirmed) => left?,
            () = time.stopped() => return Ok(Exit::Interrupted),
        };
        if let Some(model) = &lab.begun.model {
            output.note(&format!(
                "the copies' files stay: aws s3 rm --recursive s3://{}/{PREFIX}{}/",
                model.bucket, lab.begun.run
            ));
        }
        match left.as_slice() {
            [] => Ok(Exit::Done),
            left => Err(Failure::Error(format!(
                "still there: `{}`: run `model-copier live-check clean {}` again later",
                left.iter().map(|left| left.thing.to_string()).collect::<Vec<_>>().join("`, `"),
                lab.begun.run
            ))),
        }
    }
}

/// Writes `answers.json` beside the journal.
fn write_answers(journal: &Journal, output: &Output) -> Result<Answers, Failure> {
    let answers = Answers::of(journal)?;
    let path = journal.beside("answers.json");
    let text = answers.publishable(journal.begun()?)?;
    fs::write(&path, text)
        .map_err(|error| Failure::Error(format!("`{}` cannot be written: {error}", path.display())))?;
    output.note(&format!("answers: {}", path.display()));
    Ok(answers)
}

impl Options {
    /// What a run with these options works on.
    async fn begin(self, sessions: &Sessions) -> Result<Begun, Failure> {
        if let Some(row) =
            self.only.iter().find(|row| experiment_of(**row).is_none_or(|it| it.level() > self.level))
        {
            return Err(Failure::Usage(format!(
                "row {row} cannot be tried at `--level {}`: `live-check plan --level two-accounts` lists the rows",
                self.level.as_str()
            )));
        }
        let identity = &sessions.own.identity;
        let run: String = Uuid::new_v4().simple().to_string().chars().take(8).collect();
        let (account, partition, region) =
            (identity.account.clone(), identity.partition.clone(), identity.region.clone());
        let (level, only) = (self.level, self.only.clone());
        let model = if level == Level::Free { None } else { Some(self.model(sessions).await?) };
        Ok(Begun { run, account, partition, region, level, only, model })
    }

    async fn model(self, sessions: &Sessions) -> Result<Model, Failure> {
        let (Some(source_version), Some(destination), Some(bucket)) =
            (self.source_version, self.destination_project, self.bucket)
        else {
            return Err(Failure::Usage(format!(
                "`--level {}` needs `--source-version`, `--destination-project` and `--bucket`",
                self.level.as_str()
            )));
        };
        if destination.account() != sessions.own.identity.account {
            return Err(Failure::WrongAccount(format!(
                "the destination project is of account `{}`, the credentials of `{}`: choose others with `--profile`",
                destination.account(),
                sessions.own.identity.account
            )));
        }
        sessions.check_source(self.level, &source_version)?;
        let owner = sessions.source.as_ref().unwrap_or(&sessions.own);
        let source_project = project_of(owner, &source_version).await?;
        Ok(Model { source_project, source_version, destination, bucket, key: self.key })
    }
}

/// The project of a version: its ARN has a number of its own.
async fn project_of(session: &Session, version: &ProjectVersionArn) -> Result<ProjectArn, Failure> {
    let name = version.project_name();
    let described = session.rekognition().describe_projects().project_names(name).send().await;
    let described = described.map_err(|error| {
        Failure::Error(format!("project `{name}` cannot be read: {}", describe_error(&error)))
    })?;
    let arn = described.project_descriptions().first().and_then(|project| project.project_arn());
    arn.and_then(|arn| ProjectArn::parse(arn).ok()).ok_or_else(|| {
        Failure::Usage(format!(
            "there is no project `{name}` in account `{}`: check `--source-version`",
            version.account()
        ))
    })
}
