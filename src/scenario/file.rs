//! A scenario as it stands in its file.

use super::surface::Surface;
use crate::contract::{Bounds, ObjectKind};
use crate::diagnostic::suggestion;
use crate::matcher::{Matcher, Path};
use crate::profile::Profile;
use crate::yaml::At;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::fmt;
use std::time::Duration;

/// A story of calls that shows whether a server honours requirements.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A scenario", description = "A story of calls that shows whether a server honours requirements.")]
pub struct Scenario {
    /// One sentence that states the rule as it is when it holds.
    pub title: String,
    /// Ids of the requirements of which a step is a proof.
    #[serde(default)]
    pub covers: Vec<At<String>>,
    /// Free words for filters.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The first version that it is for.
    #[serde(default)]
    pub since: Option<At<String>>,
    /// The last version that it is for.
    #[serde(default)]
    pub until: Option<At<String>>,
    /// The only profiles that it is for.
    #[serde(default)]
    pub only: Vec<Profile>,
    /// Profiles that it is not for.
    #[serde(default)]
    pub except: Vec<Profile>,
    /// Capabilities without which it is skipped.
    #[serde(default)]
    pub needs: Vec<At<String>>,
    /// What it tries: HTTP itself, or the state of the server, which can be asked over gRPC, too. Left out, its steps show.
    #[serde(default)]
    pub surface: Option<Surface>,
    /// Fixtures, by the variable that holds the made object's name.
    #[serde(default)]
    pub given: IndexMap<String, Given>,
    /// The calls, in order.
    #[schemars(length(min = 1))]
    pub steps: Vec<Step>,
    /// How long the whole case may take, such as `2m`.
    #[serde(default)]
    pub deadline: Option<At<String>>,
}

/// What a scenario starts from: made before its first step, removed after its last.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A fixture", description = "What a scenario starts from.")]
pub struct Fixture {
    /// What it makes, in one sentence.
    pub about: String,
    /// The kind of object whose name `${name}` is.
    pub makes: ObjectKind,
    /// Parameters with their defaults; each is a variable of the steps.
    #[serde(default)]
    pub params: IndexMap<String, Value>,
    /// The calls that make it.
    pub steps: Vec<Step>,
}

/// A fixture by name, or with parameters.
#[derive(Clone, Debug)]
pub enum Given {
    /// Only its name.
    Plain(At<String>),
    /// Its name and parameters.
    Full(GivenFull),
}

/// A fixture with parameters.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenFull {
    /// The fixture's name.
    pub fixture: At<String>,
    /// Its parameters.
    #[serde(default)]
    pub with: IndexMap<String, Value>,
}

impl Given {
    /// The fixture's name and place.
    pub fn fixture(&self) -> &At<String> {
        match self {
            Given::Plain(name) => name,
            Given::Full(full) => &full.fixture,
        }
    }

    /// The parameters given.
    pub fn with(&self) -> Option<&IndexMap<String, Value>> {
        match self {
            Given::Plain(_) => None,
            Given::Full(full) => Some(&full.with),
        }
    }
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = At::<Value>::deserialize(deserializer)?;
        match &written.value {
            Value::String(name) => Ok(Given::Plain(written.with_value(name.clone()))),
            Value::Object(map) => GivenFull::from_map(map, &written).map(Given::Full).map_err(serde::de::Error::custom),
            _ => Err(serde::de::Error::custom("this is no fixture; write its name, or {fixture: name, with: {…}}")),
        }
    }
}

impl GivenFull {
    /// Reads a generic value, which knows no places within.
    fn from_map(map: &Map<String, Value>, written: &At<Value>) -> Result<Self, String> {
        if let Some(unknown) = map.keys().find(|key| !["fixture", "with"].contains(&key.as_str())) {
            let help = suggestion(unknown, ["fixture", "with"]).unwrap_or_default();
            return Err(format!("unknown key `{unknown}`; {help}"));
        }
        let with = match map.get("with") {
            None => IndexMap::new(),
            Some(Value::Object(with)) => with.clone().into_iter().collect(),
            Some(_) => return Err("`with` wants the fixture's parameters; write {name: value}".to_owned()),
        };
        match map.get("fixture") {
            Some(Value::String(fixture)) => Ok(Self { fixture: written.with_value(fixture.clone()), with }),
            Some(_) => Err("`fixture` wants the name of a fixture".to_owned()),
            None => Err("the key `fixture` is missing".to_owned()),
        }
    }
}

impl JsonSchema for Given {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Given".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let full = generator.subschema_for::<GivenFull>();
        schemars::json_schema!({"anyOf": [{"type": "string"}, full]})
    }
}

/// Paths with what has to be found there, in the order written. A list, since they are few and only ever gone through.
#[derive(Clone, Debug)]
pub struct Expectations(Vec<(Path, Matcher)>);

impl Expectations {
    /// Whether nothing is expected.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The paths with what has to be found there.
    pub fn iter(&self) -> std::slice::Iter<'_, (Path, Matcher)> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Expectations {
    type Item = &'a (Path, Matcher);
    type IntoIter = std::slice::Iter<'a, (Path, Matcher)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'de> Deserialize<'de> for Expectations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ExpectationsVisitor)
    }
}

struct ExpectationsVisitor;

impl<'de> Visitor<'de> for ExpectationsVisitor {
    type Value = Expectations;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("paths with what has to be found there")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut written: A) -> Result<Expectations, A::Error> {
        let mut expectations = Vec::with_capacity(written.size_hint().unwrap_or_default());
        while let Some(expectation) = written.next_entry()? {
            expectations.push(expectation);
        }
        Ok(Expectations(expectations))
    }
}

impl JsonSchema for Expectations {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Expectations".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<IndexMap<Path, Matcher>>()
    }
}

/// One call, or several at the same time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The operation: `partitions/drop`.
    #[serde(default)]
    pub call: Option<At<String>>,
    /// Steps that are sent at the same time, instead of `call`.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub together: Option<Vec<Step>>,
    /// The JSON body; strings may hold templates.
    #[serde(default)]
    pub with: Option<Value>,
    /// The exact text to send, instead of `with`.
    #[serde(default)]
    pub body: Option<String>,
    /// Header fields; null takes one away.
    #[serde(default)]
    pub headers: IndexMap<String, Option<String>>,
    /// Another HTTP method than the operation's own.
    #[serde(default)]
    pub method: Option<String>,
    /// Another path than the operation's own.
    #[serde(default)]
    pub path: Option<String>,
    /// Whether the request breaks the documented request schema on purpose.
    #[serde(default)]
    pub invalid: bool,
    /// The failure that must come.
    #[serde(default, deserialize_with = "written")]
    #[schemars(with = "Fails")]
    pub fails: Option<Fails>,
    /// The HTTP status that must come, when it is neither 200 nor one that the named failure has.
    #[serde(default)]
    pub status: Option<u16>,
    /// What the answer must hold.
    #[serde(default, deserialize_with = "written")]
    #[schemars(with = "Expectations", extend("minProperties" = 1))]
    pub returns: Option<Expectations>,
    /// Header fields of the answer; a field that is not there has no value.
    #[serde(default)]
    pub receives: IndexMap<String, Matcher>,
    /// Whether a failure is as good as a success: the documents disagree, and a reading in `returns` tells which came.
    #[serde(default)]
    pub refusable: bool,
    /// Whether any well-formed answer will do, a refusal as well as a success: of such a request no document says more.
    #[serde(default, rename = "any-answer")]
    pub any_answer: bool,
    /// Whether the step is done only when the one before it was refused.
    #[serde(default, rename = "after-refusal")]
    pub after_refusal: bool,
    /// How the body is written, when it is not plain UTF-8.
    #[serde(default)]
    pub encoding: Option<Encoding>,
    /// What the answer must hold in the end; asked again until it does.
    #[serde(default, deserialize_with = "written")]
    #[schemars(with = "Expectations", extend("minProperties" = 1))]
    pub eventually: Option<Expectations>,
    /// How long `eventually` may take, such as `30s`.
    #[serde(default)]
    pub within: Option<At<String>>,
    /// Captures: variable and path.
    #[serde(default)]
    pub save: IndexMap<String, Path>,
    /// The requirements of which this step is a proof.
    #[serde(default)]
    pub proves: Vec<At<String>>,
    /// The step is done once for each row, with the row's keys as variables.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub each: Option<Vec<IndexMap<String, Value>>>,
    /// The step is done so many times, with the number of the time as `n`.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub times: Option<u32>,
    /// The first version in which the step is done.
    #[serde(default)]
    pub since: Option<At<String>>,
    /// The last version in which the step is done.
    #[serde(default)]
    pub until: Option<At<String>>,
    /// The only profiles in which the step is done.
    #[serde(default)]
    pub only: Vec<Profile>,
    /// Profiles in which the step is not done.
    #[serde(default)]
    pub except: Vec<Profile>,
    /// Why it matters; shown when the step fails.
    #[serde(default)]
    pub note: Option<String>,
}

/// How the text of a body becomes bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8 behind a byte order mark.
    Bom,
    /// UTF-16 with the high byte last, behind a byte order mark.
    Utf16,
    /// One byte a character; characters that have none become `?`.
    Latin1,
    /// UTF-8 in a gzip file. No header says so unless the step does.
    Gzip,
}

/// A key that stands there has to have a value: an expectation that was left empty would expect nothing.
fn written<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The failures of which one must come.
#[derive(Clone, Debug)]
pub struct Fails(pub At<Vec<String>>);

impl Fails {
    /// The word for any well-formed failure.
    pub const ANY: &'static str = "any";

    /// The ids named, without the word for any.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str).filter(|id| *id != Self::ANY)
    }
}

impl<'de> Deserialize<'de> for Fails {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = At::<Value>::deserialize(deserializer)?;
        let ids = match &written.value {
            Value::String(id) => Some(vec![id.clone()]),
            Value::Array(ids) => ids.iter().map(|id| id.as_str().map(str::to_owned)).collect(),
            _ => None,
        };
        match ids {
            Some(ids) if !ids.is_empty() => Ok(Self(written.with_value(ids))),
            _ => Err(serde::de::Error::custom(
                "`fails` wants the id of an error, a list of ids, or `any`; `list errors` shows the ids",
            )),
        }
    }
}

impl JsonSchema for Fails {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Fails".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]
        })
    }
}

impl Scenario {
    /// The profiles that it is for.
    pub fn bounds(&self) -> Bounds {
        Bounds::of(self.since.as_deref(), self.until.as_deref(), &self.only, &self.except).of_v2()
    }

    /// The requirements of which a step is a proof: those that it names, or the only one that the scenario covers when
    /// the step expects something. Empty for a preparation.
    pub fn proofs<'a>(&'a self, step: &'a Step) -> &'a [At<String>] {
        if !step.proves.is_empty() {
            &step.proves
        } else if self.covers.len() == 1 && step.expects() {
            &self.covers
        } else {
            &[]
        }
    }
}

impl Step {
    /// The profiles in which the step is done.
    pub fn bounds(&self) -> Bounds {
        Bounds::of(self.since.as_deref(), self.until.as_deref(), &self.only, &self.except)
    }

    /// Whether the step says what has to come at once.
    pub fn expects(&self) -> bool {
        self.fails.is_some() || self.returns.is_some() || !self.receives.is_empty()
    }

    /// Whether the step is bound to profiles at all; most are not, and asking is cheap.
    pub fn is_bound(&self) -> bool {
        self.since.is_some() || self.until.is_some() || !self.only.is_empty() || !self.except.is_empty()
    }

    /// This step and those inside it.
    pub fn all(&self) -> impl Iterator<Item = &Step> {
        std::iter::once(self).chain(self.together.iter().flatten())
    }
}

/// Reads a duration such as `500ms`, `30s`, `2m` or `1m 30s`.
///
/// # Errors
/// When the text is none, or negative.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    text.parse::<jiff::SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| format!("`{text}` is not a duration such as 500ms, 30s or 2m"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_unit() {
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert!(parse_duration("30").is_err());
        assert!(parse_duration("-1s").is_err());
    }
}
