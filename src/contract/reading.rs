//! Points on which documents disagree with each other or with servers, and the forms that are accepted.

use super::Bounds;
use crate::matcher::{Matcher, Readings};
use crate::profile::Profile;
use crate::verdict::Source;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// A disputed point.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A reading")]
pub struct Reading {
    /// What is disputed.
    pub about: String,
    /// The forms that are accepted, the one that servers follow first.
    pub forms: Vec<Form>,
}

/// One accepted form.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// Its name in reports.
    pub id: String,
    /// What the value is then.
    pub value: Matcher,
    /// Who says so.
    pub sources: Vec<Source>,
    /// The first version for which it is accepted.
    #[serde(default)]
    pub since: Option<String>,
    /// The last version for which it is accepted.
    #[serde(default)]
    pub until: Option<String>,
    /// The only profiles for which it is accepted.
    #[serde(default)]
    pub only: Vec<Profile>,
    /// Profiles for which it is not accepted.
    #[serde(default)]
    pub except: Vec<Profile>,
}

impl Form {
    /// The profiles for which the form is accepted.
    pub fn bounds(&self) -> Bounds {
        Bounds::of(self.since.as_ref(), self.until.as_ref(), &self.only, &self.except)
    }
}

/// The readings as they are for one profile.
#[derive(Clone, Debug)]
pub(super) struct ReadingsOf(pub(super) std::collections::BTreeMap<String, Vec<(String, Matcher)>>);

impl Readings for ReadingsOf {
    fn form_of(&self, reading: &str, value: Option<&Value>) -> Result<String, String> {
        let Some(forms) = self.0.get(reading) else { return ().form_of(reading, value) };
        forms
            .iter()
            .find(|(_, matcher)| matcher.check(value, &(), &mut Vec::new()).is_ok())
            .map(|(id, _)| id.clone())
            .ok_or_else(|| forms.iter().map(|(_, matcher)| matcher.to_string()).collect::<Vec<_>>().join(" or "))
    }
}
