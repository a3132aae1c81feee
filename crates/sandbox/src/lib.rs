//! A local AWS with the calls that a Custom Labels model copy needs, in one process and on one port.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use sandbox::{Effect, Fault, Sandbox, World};
//!
//! let sandbox = Sandbox::start(World::small()).await?;
//! sandbox.create_ledger("444455556666", "ledger")?;
//! // Any AWS client can now use this endpoint, in the Region us-east-1, with an account as access key:
//! println!("{}", sandbox.endpoint());
//! sandbox.fault(Fault::new("rekognition:CopyProjectVersion", Effect::LoseAnswer).on_call(1));
//! sandbox.clock().advance(jiff::SignedDuration::from_hours(2));
//! println!("{:?} {:?}", sandbox.calls(), sandbox.announcements());
//! # Ok(()) }
//! ```
//!
//! `POST /` is AWS. The header `x-amz-target` names the operation of Rekognition, DynamoDB, EventBridge or CloudWatch Logs;
//! form-encoded requests are for STS or CloudFormation. `GET /` is a page that shows the sandbox in a browser, and
//! `/_sandbox/…` is the sandbox's own interface. [`Builder::routes`] adds further routes. `docs/sandbox.md` describes the
//! operations, credentials and permissions.
//!
//! [`Clock`] is the sandbox's time, a [`Fault`] makes calls fail, and [`Settings`] are the choices where AWS documents
//! nothing. [`deployment`] runs the copier's two functions.

mod answer;
mod arn;
mod builder;
mod caller;
mod calls;
mod clock;
mod cloudformation;
mod control;
pub mod deployment;
mod duration;
mod dynamodb;
mod events;
mod fault;
mod front;
mod guard;
pub mod lambda;
mod logs;
mod model;
mod page;
mod policy;
mod published;
mod query;
pub mod queue;
mod rates;
mod rekognition;
mod sandbox;
mod server;
mod service;
mod settings;
mod signature;
mod state;
mod sts;
mod world;

pub use builder::{Builder, StartError};
pub use calls::{Call, PolicyChange};
pub use clock::{Clock, ClockReading, FileClock};
pub use fault::{CopyEnd, Effect, Fault};
pub use published::PublishedEvent;
pub use rekognition_model_copier::domain::{
    arn::{ProjectArn, ProjectVersionArn},
    model::ModelStatus as Status,
};
pub use sandbox::Sandbox;
pub use settings::{PolicyConditions, Quotas, Settings};
pub use world::{
    Feature, OutputConfig, Project, ProjectPolicy, Role, Stack, Step, Table, Tags, UnseenPolicyChange,
    Version, World, WorldError, ledger_table,
};
