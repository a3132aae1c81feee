//! The arguments that several commands share: the flags of every command, and account ids.

use clap::{Args, ColorChoice, ValueEnum};

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Take credentials and Region from this AWS profile
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Work in this Region; default: `AWS_REGION`, else the profile's Region
    #[arg(long, global = true, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Send all AWS calls to this URL
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    /// Fail unless the credentials belong to this account
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) account: Option<String>,
    /// Output format of the results
    #[arg(long, global = true, value_name = "FORM", default_value = "text")]
    pub(crate) output: Form,
    /// Use colors and a status line that is updated in place
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
    /// Print no progress and no notes
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

/// The form of the results on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people
    Text,
    /// One JSON value
    Json,
    /// One JSON value a line, each as soon as it is known
    Jsonl,
}

/// Reads an account id.
pub(crate) fn parse_account(text: &str) -> Result<String, String> {
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_account { Ok(text.to_owned()) } else { Err("write 12 digits".to_owned()) }
}
