//! Reads the hashes of the functions' code from `release.json` of a release.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::check::Trouble;
use crate::exit::Failure;

/// A release.
#[derive(Debug, Deserialize)]
pub(crate) struct Release {
    pub(crate) version: String,
    functions: BTreeMap<String, Code>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Code {
    code_sha256: String,
}

impl Release {
    /// Reads `release.json` in this folder.
    pub(crate) fn read(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join("release.json");
        let usage = |error: &dyn std::fmt::Display| {
            Failure::Usage(format!(
                "`{}` cannot be read: give the folder of a release: {error}",
                path.display()
            ))
        };
        let text = std::fs::read_to_string(&path).map_err(|error| usage(&error))?;
        serde_json::from_str(&text).map_err(|error| usage(&error))
    }

    /// The hash of a function's code, as Lambda writes it.
    pub(super) fn code_of(&self, function: &str) -> Result<&str, Trouble> {
        let code = self.functions.get(function).map(|code| code.code_sha256.as_str());
        code.ok_or_else(|| Trouble::unknown(format!("release {} does not have `{function}`", self.version)))
    }
}
