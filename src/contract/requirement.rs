//! One checkable statement.

use super::Bounds;
use crate::diagnostic::SourceText;
use crate::verdict::{Level, Source};
use crate::yaml::At;
use schemars::JsonSchema;
use serde::Deserialize;

/// What stands under an id in `specs/requirements/<group>.yaml`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "A requirement")]
pub(super) struct RequirementFile {
    /// The statement, as it reads when it holds.
    pub(super) statement: String,
    /// How binding it is.
    pub(super) level: Level,
    /// The operations that it is about.
    #[serde(default)]
    pub(super) operations: Vec<At<String>>,
    /// Where it comes from.
    pub(super) sources: Vec<Source>,
    /// Why it cannot be checked through REST.
    #[serde(default)]
    pub(super) not_testable: Option<String>,
    /// Whether the engine checks it at every answer, without a scenario.
    #[serde(default)]
    pub(super) automatic: bool,
    /// The first version for which it holds.
    #[serde(default)]
    pub(super) since: Option<String>,
    /// The last version for which it holds.
    #[serde(default)]
    pub(super) until: Option<String>,
    /// The only profiles for which it holds.
    #[serde(default)]
    pub(super) only: Vec<crate::profile::Profile>,
    /// Profiles for which it does not hold.
    #[serde(default)]
    pub(super) except: Vec<crate::profile::Profile>,
}

/// The JSON Schema of a file of requirements, for editors.
pub fn requirements_schema() -> schemars::Schema {
    schemars::schema_for!(indexmap::IndexMap<String, RequirementFile>)
}

/// One checkable statement with a stable id.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// The stable kebab-case id: `partition.drop.needs-release`.
    pub id: String,
    /// The statement, as it reads when it holds.
    pub statement: String,
    /// How binding it is.
    pub level: Level,
    /// The operations that it is about.
    pub operations: Vec<At<String>>,
    /// Where it comes from.
    pub sources: Vec<Source>,
    /// Why it cannot be checked through REST.
    pub not_testable: Option<String>,
    /// Whether the engine checks it at every answer, without a scenario.
    pub automatic: bool,
    /// The profiles for which it holds.
    pub bounds: Bounds,
    /// The file that states it, for messages.
    pub source: SourceText,
}

impl Requirement {
    pub(super) fn new(id: String, file: RequirementFile, source: SourceText) -> Self {
        let bounds = Bounds { since: file.since, until: file.until, only: file.only, except: file.except };
        // What every answer is checked for is the same in v1 and v2.
        let bounds = if file.automatic { bounds } else { bounds.of_v2() };
        Self {
            id,
            statement: file.statement,
            level: file.level,
            operations: file.operations,
            sources: file.sources,
            not_testable: file.not_testable,
            automatic: file.automatic,
            bounds,
            source,
        }
    }

    /// The seed documents that it comes from.
    pub fn seeds(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().filter_map(|source| source.seed.as_deref())
    }
}
