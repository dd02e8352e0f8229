//! What is particular to one profile.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// What stands in `specs/profiles/<profile>.yaml`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "A profile")]
pub struct ProfileFacts {
    /// Product and version for people.
    pub title: String,
    /// Which `code` means success.
    pub success_codes: SuccessCodes,
    /// What scenarios may need.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// How a server of this profile is recognised.
    #[serde(default)]
    pub recognised: Recognised,
    /// Numbers that documents or measurements give.
    #[serde(default)]
    pub limits: IndexMap<String, Value>,
}

/// Which `code` means success.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuccessCodes {
    /// The reading whose forms are all accepted.
    pub reading: String,
    /// The code that servers of this profile were seen to use.
    pub expected: i64,
}

/// How a server is recognised. The operations named are asked with an empty object, which all of them refuse.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recognised {
    /// Operations that it has.
    #[serde(default)]
    pub present: Vec<String>,
    /// Operations that it does not have.
    #[serde(default)]
    pub absent: Vec<String>,
    /// Calls that only read, with the codes by which this profile answers them. They tell how sure a recognition is, and
    /// which profile is meant when several fit.
    #[serde(default)]
    pub answers: Vec<Telling>,
    /// Ends of host names.
    #[serde(default)]
    pub hosts: Vec<String>,
}

/// A call that only reads, whose answer tells profiles apart.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Telling {
    /// The operation; it has to be one that only reads.
    pub call: String,
    /// The body.
    #[serde(default)]
    pub with: IndexMap<String, Value>,
    /// Header fields.
    #[serde(default)]
    pub headers: IndexMap<String, String>,
    /// The codes of which one comes.
    pub codes: Vec<i64>,
}
