//! `model-copier live-check`: tests, in your account, what this project assumes about AWS.

use std::fs;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use rekognition_model_copier::domain::arn::{ProjectArn, ProjectVersionArn};
use uuid::Uuid;

use crate::arguments::Global;
use crate::confirm::Confirmation;
use crate::exit::{Exit, Failure};
use crate::live_check::accounts::Sessions;
use crate::live_check::answer::Verdict;
use crate::live_check::answers::Answers;
use crate::live_check::clean::{clean, put_policies_back};
use crate::live_check::experiments::{self, experiment_of};
use crate::live_check::journal::Journal;
use crate::live_check::lab::PREFIX;
use crate::live_check::plan::Plan;
use crate::live_check::report;
use crate::live_check::run::{Level, Model, Run};
use crate::output::Output;
use crate::stack::Stack;

/// Test what this project assumes about AWS
///
/// This project assumes some behavior of AWS that AWS does not document. docs/live-checklist.md lists these
/// assumptions, one a row. `run` tests the rows that a program can test, and reports which assumptions are wrong. It
/// starts no model, because AWS bills a running model by the hour.
///
/// Each project, policy and copy that a run makes has a name that begins with `live-check-`, and a tag where AWS
/// allows one. Before the program makes one of them, it writes the name into a journal. `clean` deletes what the
/// journal names, and nothing else. The copies' files stay in the bucket. With `--stack`, the run sends the stack a
/// request that the stack rejects; the stack's ledger keeps the record until it expires. With `--intrusive`, the
/// stack's queue also refuses requests for up to five minutes: for this the run changes the queue's policy, and puts
/// it back after the test and after Ctrl-C. If the process was killed, `resume` and `clean` put it back.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  model-copier live-check plan
  model-copier live-check run --account 444455556666
  model-copier live-check run --level two-accounts --source-profile flowers \\
    --source-version arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/flowers.2026-11-02/1762077600000 \\
    --destination-project arn:aws:rekognition:us-east-1:444455556666:project/flowers-production/1761991200000 \\
    --bucket flowers-production-models
  model-copier live-check run --stack rekognition-model-copier --only 26,29,30
  model-copier live-check run --stack rekognition-model-copier --only 32 --intrusive
  model-copier live-check resume 5f0c2a11
  model-copier live-check clean 5f0c2a11
  model-copier live-check report 5f0c2a11 > report.md")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) action: Action,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Show what a run would make, what that may cost, and which permissions it needs
    Plan(Options),
    /// Test the rows; exit code 8 if an assumption is wrong
    Run {
        #[command(flatten)]
        options: Options,
        /// Do not ask for confirmation
        #[arg(long, short)]
        yes: bool,
    },
    /// Continue an interrupted run
    Resume(OfRun),
    /// Delete the projects, policies and copies that a run has made, and put a changed queue policy back
    Clean(OfRun),
    /// Write a report of a run, and `answers.json`, which you can send to the authors of this program
    Report {
        /// The run's id
        #[arg(value_name = "RUN")]
        run: String,
    },
}

/// The options of a run.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// The experiments that the run may make
    #[arg(long, value_name = "LEVEL", default_value = "free")]
    pub(crate) level: Level,
    /// Also test the rows about a deployed stack: read its metrics, and send it a request that it rejects
    #[arg(long, value_name = "NAME")]
    pub(crate) stack: Option<String>,
    /// Also test row 32: the stack's queue refuses requests for up to five minutes, and they become dead letters
    #[arg(long, requires = "stack")]
    pub(crate) intrusive: bool,
    /// Test only these rows of docs/live-checklist.md, for instance `45,46`
    #[arg(long, value_name = "ROWS", value_delimiter = ',')]
    pub(crate) only: Vec<u8>,
    /// The model version to copy; required at the levels `copies` and `two-accounts`
    #[arg(long, value_name = "ARN", value_parser = ProjectVersionArn::parse)]
    pub(crate) source_version: Option<ProjectVersionArn>,
    /// The project to copy into; required like `--source-version`
    #[arg(long, value_name = "ARN", value_parser = ProjectArn::parse)]
    pub(crate) destination_project: Option<ProjectArn>,
    /// The bucket for the copies' training results; required like `--source-version`
    #[arg(long, value_name = "BUCKET")]
    pub(crate) bucket: Option<String>,
    /// A KMS key to encrypt one copy: the run then sees whether Rekognition shows it as you gave it
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// A profile of the account that owns the model, if that is another account
    #[arg(long, value_name = "NAME")]
    pub(crate) source_profile: Option<String>,
}

/// An existing run.
#[derive(Args, Debug)]
pub(crate) struct OfRun {
    /// The run's id
    #[arg(value_name = "RUN")]
    pub(crate) run: String,
    /// A profile of the account that owns the model, if that is another account
    #[arg(long, value_name = "NAME")]
    pub(crate) source_profile: Option<String>,
    /// Do not ask for confirmation
    #[arg(long, short)]
    pub(crate) yes: bool,
}

pub(super) async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit, Failure> {
    match arguments.action {
        Action::Plan(options) => {
            let sessions = Sessions::open(global, options.source_profile.as_deref()).await?;
            let plan = Plan::of(&options.begin(&sessions).await?)?;
            output.result(&plan, || plan.text())?;
            Ok(Exit::Done)
        }
        Action::Run { options, yes } => {
            let sessions = Sessions::open(global, options.source_profile.as_deref()).await?;
            let run = options.begin(&sessions).await?;
            let breaks =
                if run.intrusive { " The stack refuses requests for up to five minutes." } else { "" };
            let what =
                format!("Makes what `live-check plan` shows for the same flags.{breaks} Run: {}", run.id);
            let confirmed = Confirmation::ask(&sessions.own.identity, &what, yes, output)?;
            let journal = Journal::begin(&Journal::folder()?, run, Timestamp::now())?;
            try_rows(&sessions, journal, confirmed, output).await
        }
        Action::Resume(of_run) => {
            let (journal, sessions, confirmed) = of_run.open("Continues", global, output).await?;
            try_rows(&sessions, journal, confirmed, output).await
        }
        Action::Clean(of_run) => {
            let (journal, sessions, confirmed) = of_run.open("Deletes", global, output).await?;
            clean_up(&sessions, journal, confirmed, output).await
        }
        Action::Report { run } => {
            let journal = Journal::open(&Journal::folder()?, &run)?;
            let answers = write_answers(&journal, output)?;
            output.result(&answers, || report::markdown(&answers))?;
            Ok(Exit::Done)
        }
    }
}

impl OfRun {
    async fn open(
        &self,
        what: &str,
        global: &Global,
        output: &Output,
    ) -> Result<(Journal, Sessions, Confirmation), Failure> {
        let journal = Journal::open(&Journal::folder()?, &self.run)?;
        let sessions = Sessions::open(global, self.source_profile.as_deref()).await?;
        sessions.check(&journal.run)?;
        let left: String = journal.left().iter().map(|left| format!("\n  {}", left.thing)).collect();
        let what = format!("{what} run {}. It may have left these things behind:{left}", self.run);
        let confirmed = Confirmation::ask(&sessions.own.identity, &what, self.yes, output)?;
        Ok((journal, sessions, confirmed))
    }
}

/// Tests the remaining rows of a run, and writes the answers.
async fn try_rows(
    sessions: &Sessions,
    journal: Journal,
    confirmed: Confirmation,
    output: &Output,
) -> Result<Exit, Failure> {
    let (lab, time) = sessions.lab(journal);
    let run = &lab.run.id;
    let ended = tokio::select! {
        ended = experiments::run(&lab, output, confirmed) => Some(ended?),
        () = time.stopped() => None,
    };
    let next = format!("delete what it has made with `model-copier live-check clean {run}`");
    if ended.is_none() {
        put_policies_back(&lab).await?;
        output.note(&format!("continue with `model-copier live-check resume {run}`, or {next}"));
        return Ok(Exit::Interrupted);
    }
    let answers = write_answers(&lab.journal.borrow(), output)?;
    output.result(&answers, || report::markdown(&answers))?;
    output.note(&next);
    let is_otherwise = answers.rows.iter().any(|row| row.verdict == Verdict::Otherwise);
    Ok(if is_otherwise { Exit::Finding } else { Exit::Done })
}

/// Deletes what a run has made.
async fn clean_up(
    sessions: &Sessions,
    journal: Journal,
    confirmed: Confirmation,
    output: &Output,
) -> Result<Exit, Failure> {
    let (lab, time) = sessions.lab(journal);
    let left = tokio::select! {
        left = clean(&lab, output, confirmed) => left?,
        () = time.stopped() => return Ok(Exit::Interrupted),
    };
    if let Some(model) = &lab.run.model {
        output.note(&format!(
            "the copies' files stay in the bucket; to delete them: aws s3 rm --recursive s3://{}/{PREFIX}{}/",
            model.bucket, lab.run.id
        ));
    }
    if left.is_empty() {
        return Ok(Exit::Done);
    }
    let left: Vec<String> = left.iter().map(|left| left.thing.to_string()).collect();
    Err(Failure::Error(format!(
        "still there: `{}`: run `model-copier live-check clean {}` again later",
        left.join("`, `"),
        lab.run.id
    )))
}

/// Writes `answers.json` beside the journal.
fn write_answers(journal: &Journal, output: &Output) -> Result<Answers, Failure> {
    let answers = Answers::of(journal);
    let path = journal.beside("answers.json");
    let text = answers.publishable(&journal.run)?;
    fs::write(&path, text)
        .map_err(|error| Failure::Error(format!("`{}` cannot be written: {error}", path.display())))?;
    output.note(&format!("answers: {}", path.display()));
    Ok(answers)
}

impl Options {
    /// A run with these options.
    async fn begin(self, sessions: &Sessions) -> Result<Run, Failure> {
        for row in &self.only {
            let experiment = experiment_of(*row).filter(|it| it.level() <= self.level).ok_or_else(|| {
                Failure::Usage(format!(
                    "row {row} cannot be tried at `--level {}`: the last column of docs/live-checklist.md says what each row needs",
                    self.level
                ))
            })?;
            if experiment.needs_stack() && self.stack.is_none() {
                return Err(Failure::Usage(format!(
                    "row {row} cannot be tried without a stack: name one with `--stack`"
                )));
            }
        }
        let id = Uuid::new_v4().simple().to_string().chars().take(8).collect();
        let (level, only, intrusive) = (self.level, self.only.clone(), self.intrusive);
        let identity = sessions.own.identity.clone();
        let stack = Stack::read_named(&sessions.own, self.stack.as_deref()).await?;
        let model = if level == Level::Free { None } else { Some(self.model(sessions).await?) };
        Ok(Run { id, identity, level, only, model, stack, intrusive })
    }

    async fn model(self, sessions: &Sessions) -> Result<Model, Failure> {
        let (Some(source_version), Some(destination), Some(bucket)) =
            (self.source_version, self.destination_project, self.bucket)
        else {
            return Err(Failure::Usage(format!(
                "`--level {}` needs `--source-version`, `--destination-project` and `--bucket`",
                self.level
            )));
        };
        if destination.account() != sessions.own.identity.account {
            return Err(Failure::WrongAccount(format!(
                "the destination project is of account `{}`, the credentials are of `{}`: choose others with `--profile`",
                destination.account(),
                sessions.own.identity.account
            )));
        }
        sessions.check_source(self.level, &source_version)?;
        let source_project = sessions.project_of(&source_version).await?;
        Ok(Model { source_project, source_version, destination, bucket, key: self.key })
    }
}
