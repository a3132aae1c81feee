//! A local AWS for the life of a Custom Labels model copy, in one process and on one port.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use sandbox::{Effect, Fault, Sandbox, World};
//!
//! let sandbox = Sandbox::start(World::small()).await?;
//! sandbox.create_ledger("444455556666", "ledger")?;
//! // Any AWS client with this endpoint, Region us-east-1 and an account as access key now works against it:
//! println!("{}", sandbox.endpoint());
//! sandbox.fault(Fault::new("rekognition:CopyProjectVersion", Effect::LoseAnswer).on_call(1));
//! sandbox.clock().advance(jiff::SignedDuration::from_hours(2));
//! println!("{:?} {:?}", sandbox.calls(), sandbox.announcements());
//! # Ok(()) }
//! ```
//!
//! # What answers
//!
//! `POST /` is AWS: the header `x-amz-target` tells Rekognition (Custom Labels' control plane), DynamoDB (by the
//! embedded dynoxide), EventBridge (PutEvents) and CloudWatch Logs (FilterLogEvents) apart; form-encoded requests are
//! STS (GetCallerIdentity, AssumeRole) and CloudFormation (DescribeStacks). `GET /` is a page that shows what happens.
//! `/_sandbox/…` is the sandbox's own interface. More routes are mounted with [`Builder::routes`]:
//!
//! ```no_run
//! # use sandbox::{Sandbox, World};
//! # async fn example() -> Result<(), sandbox::StartError> {
//! let sandbox = Sandbox::builder(World::small())
//!     .routes(|sandbox| {
//!         let sandbox = sandbox.clone();
//!         axum::Router::new().route(
//!             "/_sandbox/greeting",
//!             axum::routing::get(move || async move { format!("{} projects", sandbox.world().projects.len()) }),
//!         )
//!     })
//!     .start()
//!     .await?;
//! # Ok(()) }
//! ```
//!
//! # Who calls
//!
//! An access key of 12 digits is the root user of that account, one like `444455556666.start-copy` its role of that name;
//! any secret key will do, and the signature's form is checked, not its value. [`Sandbox::assume_role`] and AssumeRole
//! open sessions of roles. Within an account everything is allowed, except to a [`Role`] that the world lists; a copy
//! across accounts needs a project policy.
//!
//! # Following what happens
//!
//! [`Sandbox::follow`] reads what PutEvents takes, event by event; [`PublishedEvent::to_event`] is what a rule's target
//! would receive. [`Sandbox::calls`] is every AWS call with its caller, action and resources.
//!
//! Time is [`Clock`], wrong turns are [`Fault`], choices where AWS's behaviour isn't documented are [`Settings`].

mod answer;
mod arn;
mod builder;
mod caller;
mod calls;
mod changes;
mod clock;
mod cloudformation;
mod control;
pub mod deployment;
mod duration;
mod dynamodb;
mod error;
mod events;
mod fault;
mod front;
mod guard;
pub mod lambda;
mod ledger;
mod life;
mod logs;
mod page;
mod passing;
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
mod status;
mod sts;
mod world;

pub use arn::{NoSuchArn, ProjectArn, ProjectName, VersionArn};
pub use builder::{Builder, StartError};
pub use caller::Credentials;
pub use calls::{Call, PolicyChange};
pub use clock::{Clock, ClockChange, ClockReading, FileClock};
pub use error::AwsError;
pub use fault::{Effect, Fault};
pub use ledger::ledger_table;
pub use life::Step;
pub use passing::Advance;
pub use published::{Follow, PublishedEvent};
pub use sandbox::Sandbox;
pub use settings::{PolicyConditions, Quotas, Settings};
pub use status::Status;
pub use world::{
    Feature, OutputConfig, Project, ProjectPolicy, Role, Stack, Table, Tags, UnseenPolicyChange, Version,
    World, WorldError,
};
