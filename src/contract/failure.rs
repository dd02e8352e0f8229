//! The named failures of `specs/errors.yaml`.

use crate::matcher::Pattern;
use crate::profile::Profile;
use crate::verdict::Source;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// Values by profile; `all` stands for the profiles that are not named.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ByProfile<T>(IndexMap<String, T>);

impl<T> Default for ByProfile<T> {
    fn default() -> Self {
        Self(IndexMap::new())
    }
}

impl<T> ByProfile<T> {
    /// The value for a profile.
    pub fn get(&self, profile: Profile) -> Option<&T> {
        self.0.get(profile.name()).or_else(|| self.0.get("all"))
    }

    /// The values of all profiles.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.0.values()
    }

    /// Names that are neither a profile nor `all`.
    pub fn unknown_names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str).filter(|name| *name != "all" && name.parse::<Profile>().is_err())
    }
}

/// A named failure: which codes, messages and statuses it comes with.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "A named failure")]
pub struct KnownFailure {
    /// What it means.
    pub meaning: String,
    /// Accepted values of `code`.
    pub codes: ByProfile<Vec<i64>>,
    /// Pattern of `message`, a regular expression; nothing said means any text.
    #[serde(default)]
    pub message: ByProfile<MessagePattern>,
    /// The HTTP statuses that it may come with.
    #[serde(default = "ordinary")]
    pub status: Vec<u16>,
    /// Why no scenario makes it come.
    #[serde(default)]
    pub not_producible: Option<String>,
    /// Where it was documented or seen.
    pub sources: Vec<Source>,
}

fn ordinary() -> Vec<u16> {
    vec![200]
}

/// A regular expression for a message.
#[derive(Clone, Debug)]
pub struct MessagePattern(pub Pattern);

impl<'de> Deserialize<'de> for MessagePattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Pattern::new(&text)
            .map(Self)
            .map_err(|error| serde::de::Error::custom(crate::matcher::no_pattern(&text, &error)))
    }
}

impl JsonSchema for MessagePattern {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MessagePattern".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "regex"})
    }
}
