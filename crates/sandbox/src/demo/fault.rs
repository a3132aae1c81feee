//! The faults of `demo --fault`: how each is caused, and how its requests end.

use std::time::Duration;

use clap::ValueEnum;
use jiff::SignedDuration;
use sandbox::{CopyEnd, Effect, Fault, Sandbox, Status, World, deployment::Deployment};
use serde_json::json;

use super::{request, story::Story};
use crate::Failure;

pub(super) const COPY: &str = "rekognition:CopyProjectVersion";
/// How often a story looks whether it can go on.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// How long the table is down, in sandbox time.
const OUTAGE: SignedDuration = SignedDuration::from_mins(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FaultStory {
    /// Rekognition starts the copy, and its answer is lost
    LostAnswer,
    /// Rekognition throttles the first three calls
    Throttled,
    /// No project policy lets the destination account copy
    NoPermission,
    /// A trained model has the name already
    NameTaken,
    /// The copy itself fails
    CopyFails,
    /// start-copy dies after Rekognition accepted the call, before it saved that
    FunctionDies,
    /// The ledger's table is down for five minutes
    TableDown,
}

impl FaultStory {
    /// What happens, and what to watch for.
    pub(super) fn introduction(self) -> &'static str {
        match self {
            Self::LostAnswer => {
                "The answer of CopyProjectVersion is lost. The copier does not know whether it worked, so it records no failure \
                 and does not call again: it describes the name and adopts the copy that it finds."
            }
            Self::Throttled => {
                "Rekognition throttles three calls. The copier announces QUEUED once, backs off and tries again."
            }
            Self::NoPermission => {
                "No project policy allows the copy. A policy may take time to be seen, so the copier tries again for 15 minutes; \
                 then the request fails with a remedy."
            }
            Self::NameTaken => {
                "A trained model has the version's name. The copier describes it, sees that it is no copy of this source, and fails."
            }
            Self::CopyFails => "The copy ends in COPYING_FAILED. The copier reports Rekognition's words.",
            Self::FunctionDies => {
                "start-copy dies after Rekognition accepted the call. The queue delivers the message again, its record exists \
                 already, and a sweep finds the copy by its name."
            }
            Self::TableDown => {
                "The ledger's table is down for five minutes. start-copy acknowledges no message that it could not record, so the \
                 queue delivers the message again."
            }
        }
    }

    /// The final status of every request.
    pub(super) fn end(self) -> &'static str {
        match self {
            Self::LostAnswer | Self::Throttled | Self::FunctionDies | Self::TableDown => "COMPLETED",
            Self::NoPermission | Self::NameTaken | Self::CopyFails => "FAILED",
        }
    }

    /// Changes the world as the fault needs it.
    pub(super) fn prepare(self, world: &mut World, messages: &[String]) -> Result<(), Failure> {
        match self {
            Self::NoPermission => world.projects.iter_mut().for_each(|project| project.policies.clear()),
            Self::NameTaken => {
                take_name(world, messages).ok_or("no request names a project of this world")?
            }
            _ => {}
        }
        Ok(())
    }

    /// Causes the fault. When this returns from `FunctionDies`, the function has died.
    pub(super) async fn strike(self, deployment: &Deployment) {
        let sandbox = deployment.sandbox();
        match self {
            Self::LostAnswer => sandbox.fault(Fault::new(COPY, Effect::LoseAnswer).on_call(1)),
            Self::Throttled => sandbox.fault(Fault::new(COPY, Effect::error("ThrottlingException")).times(3)),
            Self::CopyFails => {
                let status_message = Some("The model could not be written to the output bucket.".to_owned());
                let end = CopyEnd { status: Status::CopyingFailed, status_message, after: None };
                sandbox.fault(Fault::new(COPY, Effect::EndCopy(end)));
            }
            Self::TableDown => sandbox.fault(Fault::outage("dynamodb")),
            Self::NoPermission | Self::NameTaken => {}
            Self::FunctionDies => {
                // The write after the call hangs, and is never carried out. Meanwhile the process is killed.
                for effect in [Effect::Delay(SignedDuration::from_secs(30)), Effect::LoseRequest] {
                    sandbox.fault(Fault::new("dynamodb:*", effect).on_call(2));
                }
                let is_called = || sandbox.calls().iter().any(|call| call.action == COPY);
                let kill = async {
                    while !is_called() {
                        tokio::time::sleep(POLL_INTERVAL).await;
                    }
                    deployment.start_copy().kill().await;
                };
                tokio::join!(deployment.deliver(), kill);
                sandbox.clear_faults();
            }
        }
    }

    /// Ends the outage of the table `after` this much sandbox time.
    pub(super) fn settle(self, sandbox: &Sandbox, after: SignedDuration) {
        if self == Self::TableDown && after >= OUTAGE {
            sandbox.clear_faults();
        }
    }
}

/// Adds a trained version with the first request's version name to its destination project.
fn take_name(world: &mut World, messages: &[String]) -> Option<()> {
    let request = messages.iter().find_map(|message| request::read(message))?;
    let destination = request.destination_project_arn;
    let project = world.projects.iter_mut().find(|project| project.project_arn == destination)?;
    let (name, _) = destination.as_str().rsplit_once('/')?;
    let version = json!({
        "projectVersionArn": format!("{name}/version/{}/1762077600001", request.version_name),
        "status": "TRAINING_COMPLETED",
    });
    project.versions.push(serde_json::from_value(version).ok()?);
    Some(())
}

/// The numbers of calls and copies at the end.
pub(super) fn summary(story: &Story, sandbox: &Sandbox) -> String {
    let calls = sandbox.calls().iter().filter(|call| call.action == COPY).count();
    let projects = sandbox.world().projects;
    let versions = projects.iter().flat_map(|project| &project.versions);
    let copies = versions.filter(|version| version.source_project_version_arn.is_some()).count();
    format!("Calls of CopyProjectVersion: {calls}. Copies: {copies}. At the end: {story}.")
}
