//! What can go wrong in a demo, and what each story tells: how it is brought about, and how it ends.

use clap::ValueEnum;
use jiff::SignedDuration;
use sandbox::deployment::Deployment;
use sandbox::{Call, Effect, Fault, Sandbox, Status, World};
use serde_json::json;

use super::story::Story;
use super::world::request_of;
use crate::Trouble;

const COPY: &str = "rekognition:CopyProjectVersion";
/// How long the table is down. Sandbox time.
const OUTAGE: SignedDuration = SignedDuration::from_mins(5);

/// What goes wrong.
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
    /// start-copy dies after Rekognition took the call, before it wrote that down
    FunctionDies,
    /// The ledger's table is down for five minutes
    TableDown,
}

impl FaultStory {
    /// How it begins, and what to watch for.
    pub(super) fn says(self) -> &'static str {
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
                 then it fails with what to do."
            }
            Self::NameTaken => {
                "A trained model has the version's name. The copier describes it, sees that it is no copy of this source, and fails."
            }
            Self::CopyFails => "The copy ends in COPYING_FAILED. The copier reports Rekognition's words.",
            Self::FunctionDies => {
                "start-copy dies after Rekognition took the call. The queue hands the message out again, the record is there \
                 already, and a sweep finds the copy by its name."
            }
            Self::TableDown => {
                "The ledger's table is down for five minutes. start-copy acknowledges nothing that it could not record, so the queue \
                 hands the message out again."
            }
        }
    }

    /// The status that every request ends in.
    pub(super) fn end(self) -> &'static str {
        match self {
            Self::LostAnswer | Self::Throttled | Self::FunctionDies | Self::TableDown => "COMPLETED",
            Self::NoPermission | Self::NameTaken | Self::CopyFails => "FAILED",
        }
    }

    /// Makes the world of this story.
    pub(super) fn prepare(self, world: &mut World, messages: &[String]) -> Result<(), Trouble> {
        match self {
            Self::NoPermission => world.projects.iter_mut().for_each(|project| project.policies.clear()),
            Self::NameTaken => {
                take_name(world, messages).ok_or("no request names a project of this world")?
            }
            _ => {}
        }
        Ok(())
    }

    /// Lets it go wrong from now on. Where a function has to die, that has happened at the end.
    pub(super) async fn strike(self, deployment: &Deployment) {
        let sandbox = deployment.sandbox();
        match self {
            Self::LostAnswer => sandbox.fault(Fault::new(COPY, Effect::LoseAnswer).on_call(1)),
            Self::Throttled => sandbox.fault(Fault::new(COPY, Effect::error("ThrottlingException")).times(3)),
            Self::CopyFails => sandbox.fault(Fault::new(
                COPY,
                Effect::EndCopy {
                    status: Status::CopyingFailed,
                    status_message: Some("The model could not be written to the output bucket.".to_owned()),
                    after: None,
                },
            )),
            Self::TableDown => sandbox.fault(Fault::outage("dynamodb")),
            Self::NoPermission | Self::NameTaken => {}
            Self::FunctionDies => {
                // The write after the call hangs and is never carried out; meanwhile the process is killed.
                for effect in [Effect::Delay(SignedDuration::from_secs(30)), Effect::LoseRequest] {
                    sandbox.fault(Fault::new("dynamodb:*", effect).on_call(2));
                }
                let is_called = || sandbox.calls().iter().any(|call| call.action == COPY);
                let dies = async {
                    while !is_called() {
                        tokio::time::sleep(super::FRAME).await;
                    }
                    deployment.start_copy().kill().await;
                };
                tokio::join!(deployment.deliver(), dies);
                sandbox.clear_faults();
            }
        }
    }

    /// Ends what ends after a while.
    pub(super) fn settle(self, sandbox: &Sandbox, after: SignedDuration) {
        if self == Self::TableDown && after >= OUTAGE {
            sandbox.clear_faults();
        }
    }
}

/// Adds a trained version of the first request's name to its destination project.
fn take_name(world: &mut World, messages: &[String]) -> Option<()> {
    let request = messages.iter().find_map(|message| request_of(message))?;
    let project = world.projects.iter_mut().find(|project| project.project_arn == request.destination)?;
    let name = &project.project_arn.project;
    let version = json!({
        "projectVersionArn": format!("{name}/version/{}/1762077600001", request.version_name),
        "status": "TRAINING_COMPLETED",
    });
    project.versions.push(serde_json::from_value(version).ok()?);
    Some(())
}

/// What came of it, counted.
pub(super) fn summary(story: &Story, calls: &[Call], world: &World) -> String {
    let called = calls.iter().filter(|call| call.action == COPY).count();
    let versions = world.projects.iter().flat_map(|project| &project.versions);
    let copies = versions.filter(|version| version.source_project_version_arn.is_some()).count();
    format!("Calls of CopyProjectVersion: {called}. Copies: {copies}. At the end: {story}.")
}
