//! Requests that are known to end a server's process.

use super::Bounds;
use crate::matcher::Pattern;
use crate::verdict::Source;
use crate::yaml::At;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// What stands in `specs/hazards.yaml` under an id: a request fits when an object in its body fits all that is said.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "A request that may end a server's process")]
pub struct Hazard {
    /// What it is, in one sentence.
    pub about: String,
    /// The operations that it is sent to; all when left out.
    #[serde(default)]
    pub operations: Vec<At<String>>,
    /// The key under which the object stands; anywhere when left out.
    #[serde(default)]
    pub within: Option<String>,
    /// Keys of the object whose texts the regular expressions find something in.
    #[serde(default, deserialize_with = "patterns")]
    #[schemars(with = "IndexMap<String, String>")]
    pub holds: IndexMap<String, Pattern>,
    /// Keys of the object that are null.
    #[serde(default)]
    pub nulls: Vec<String>,
    /// Keys that stand nowhere in the object, or are null.
    #[serde(default)]
    pub without: Vec<String>,
    /// Keys, wherever they are in the body, that have one text in common.
    #[serde(default)]
    pub same: Vec<String>,
    /// Functions that a filter may call; it calls another one.
    #[serde(default)]
    pub calls_outside: Vec<String>,
    /// A request that fits: the operation, and fixtures, steps and body as in `specs/generate/`.
    pub provoked: Provoked,
    /// Where it was seen.
    pub sources: Vec<Source>,
    /// The first version that it ends.
    #[serde(default)]
    pub since: Option<String>,
    /// The last version that it ends.
    #[serde(default)]
    pub until: Option<String>,
}

/// A request that holds a hazard.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provoked {
    /// The operation.
    pub call: At<String>,
    /// Fixtures, as in a scenario.
    #[serde(default)]
    pub given: IndexMap<String, serde_json::Value>,
    /// The body.
    pub with: serde_json::Value,
    /// Steps after it, at which a server may end as well.
    #[serde(default)]
    pub then: Vec<serde_json::Value>,
}

impl Hazard {
    /// Keys of which one at least stands in each request that fits.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let of_filters = (!self.calls_outside.is_empty()).then_some("filter");
        let certain = self.holds.keys().chain(&self.nulls).chain(&self.same).map(String::as_str);
        certain.chain(self.within.as_deref()).chain(of_filters)
    }

    /// The profiles that it may end; where little is known, all of them.
    pub fn bounds(&self) -> Bounds {
        Bounds { since: self.since.clone(), until: self.until.clone(), ..Bounds::default() }
    }
}

fn patterns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IndexMap<String, Pattern>, D::Error> {
    let texts = IndexMap::<String, String>::deserialize(deserializer)?;
    let compiled = |(key, text): (String, String)| match Pattern::new(&text) {
        Ok(pattern) => Ok((key, pattern)),
        Err(error) => Err(serde::de::Error::custom(format!("`{text}` is no regular expression: {error}"))),
    };
    texts.into_iter().map(compiled).collect()
}
