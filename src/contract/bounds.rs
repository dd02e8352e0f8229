//! For which profiles something holds.

use crate::profile::{Profile, Version};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The profiles for which an operation, a requirement, a form or a step holds. Nothing said means all of them.
///
/// Its four keys are repeated in the types that read files: serde cannot flatten one type into another that refuses unknown
/// keys, and a mistyped key has to be a mistake.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// The first version that has it.
    #[serde(default)]
    pub since: Option<String>,
    /// The last version that has it.
    #[serde(default)]
    pub until: Option<String>,
    /// The only profiles that have it.
    #[serde(default)]
    pub only: Vec<Profile>,
    /// Profiles that do not have it.
    #[serde(default)]
    pub except: Vec<Profile>,
}

impl Bounds {
    /// Bounds from the four keys of another type.
    pub(crate) fn of(since: Option<&String>, until: Option<&String>, only: &[Profile], except: &[Profile]) -> Self {
        Self { since: since.cloned(), until: until.cloned(), only: only.to_vec(), except: except.to_vec() }
    }

    /// Whether the profile is within the bounds.
    pub fn hold_for(&self, profile: Profile) -> bool {
        let version = profile.version();
        let bound = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<Version>().ok());
        bound(&self.since).is_none_or(|since| version >= since)
            && bound(&self.until).is_none_or(|until| version <= until)
            && (self.only.is_empty() || self.only.contains(&profile))
            && !self.except.contains(&profile)
    }

    /// The bounds of an operation, a requirement or a scenario. One that names neither a first version nor its profiles is
    /// there from 2.4 on, the first release with v2; what 2.3 has too says so with `since: "2.3"`.
    #[must_use]
    pub(crate) fn of_v2(mut self) -> Self {
        if self.since.is_none() && self.only.is_empty() {
            self.since = Some(FIRST_WITH_V2.to_owned());
        }
        self
    }

    /// What is wrong with the bounds themselves: a version that is none, or no profile left.
    pub fn mistake(&self) -> Option<String> {
        let broken = [&self.since, &self.until].into_iter().flatten().find_map(|text| text.parse::<Version>().err());
        broken.or_else(|| {
            let nowhere = !Profile::ALL.into_iter().any(|profile| self.hold_for(profile));
            nowhere.then(|| "no profile is within these bounds".to_owned())
        })
    }

    /// Reads the `x-since`, `x-until`, `x-only` and `x-except` marks of a schema.
    pub(super) fn from_marks(schema: &Map<String, Value>) -> Option<Self> {
        let text = |key: &str| match schema.get(key) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let profiles = |key: &str| match schema.get(key) {
            Some(Value::String(name)) => name.parse().into_iter().collect(),
            Some(Value::Array(names)) => {
                names.iter().filter_map(Value::as_str).filter_map(|name| name.parse().ok()).collect()
            }
            _ => Vec::new(),
        };
        MARKS.iter().any(|mark| schema.contains_key(*mark)).then(|| Self {
            since: text("x-since"),
            until: text("x-until"),
            only: profiles("x-only"),
            except: profiles("x-except"),
        })
    }
}

/// The first release that serves v2.
const FIRST_WITH_V2: &str = "2.4";

/// The marks that bind a part of a schema to profiles.
pub(super) const MARKS: [&str; 4] = ["x-since", "x-until", "x-only", "x-except"];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bounds_are_inclusive_on_both_ends() {
        let bounds = Bounds { since: Some("2.5".into()), until: Some("2.6".into()), ..Bounds::default() };
        let within: Vec<Profile> = Profile::ALL.into_iter().filter(|profile| bounds.hold_for(*profile)).collect();
        assert_eq!(within, [Profile::Milvus25, Profile::Milvus26, Profile::ZillizCloud]);
    }

    #[test]
    fn what_says_nothing_is_from_the_first_release_with_v2_on() {
        let only = Bounds { only: vec![Profile::Milvus23], ..Bounds::default() };
        let since = Bounds { since: Some("2.3".into()), ..Bounds::default() };
        for (bounds, holds) in [(Bounds::default(), false), (only, true), (since, true)] {
            assert_eq!(bounds.clone().of_v2().hold_for(Profile::Milvus23), holds, "{bounds:?}");
        }
        assert!(Bounds::default().of_v2().hold_for(Profile::Milvus24));
        assert!(Bounds::default().hold_for(Profile::Milvus23), "a form or a step without bounds is for all");
    }

    #[test]
    fn marks_of_a_schema_are_read_as_bounds() {
        let schema = json!({"type": "string", "x-since": "3.0", "x-except": ["zilliz-cloud"]});
        let bounds = Bounds::from_marks(schema.as_object().unwrap()).unwrap();
        assert!(bounds.hold_for(Profile::Milvus30) && !bounds.hold_for(Profile::Milvus26));
        assert_eq!(Bounds::from_marks(json!({"type": "string"}).as_object().unwrap()), None);
    }

    #[test]
    fn impossible_bounds_are_a_mistake() {
        let bounds = |since: &str, until: &str| Bounds {
            since: Some(since.into()),
            until: Some(until.into()),
            ..Bounds::default()
        };
        assert!(bounds("3.0", "2.4").mistake().is_some());
        assert!(bounds("two", "2.4").mistake().is_some());
        assert_eq!(bounds("2.4", "3.0").mistake(), None);
    }
}
