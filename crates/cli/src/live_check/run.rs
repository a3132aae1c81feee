//! A run of live-check: its model, its stack, and its level, which says what it may do.

use clap::ValueEnum;
use rekognition_model_copier::domain::arn::{ProjectArn, ProjectVersionArn};
use serde::{Deserialize, Serialize};
use strum::Display;

use crate::session::Identity;
use crate::stack::Stack;

/// The settings of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// Its id: eight hexadecimal digits.
    #[serde(rename = "run")]
    pub id: String,
    /// The account of the destination project, and the Region.
    pub identity: Identity,
    pub level: Level,
    /// The rows that were asked for; all if there are none.
    pub only: Vec<u8>,
    /// The model that it may copy, and the destination.
    pub model: Option<Model>,
    pub stack: Option<Stack>,
    /// Whether it may block requests to the stack for some minutes.
    pub intrusive: bool,
}

/// The model that a run copies.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Model {
    pub source_project: ProjectArn,
    pub source_version: ProjectVersionArn,
    pub destination: ProjectArn,
    pub bucket: String,
    pub key: Option<String>,
}

/// The level of a run: each permits more than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum, Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Level {
    /// Makes projects and policies; copies nothing
    Free,
    /// Also copies a model
    Copies,
    /// Copies a model of another account, and puts policies on its project
    TwoAccounts,
}
