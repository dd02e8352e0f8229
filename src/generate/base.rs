//! Valid requests, one for each operation, as `specs/generate/` says them.

use crate::contract::{Bounds, Contract, Provoked};
use crate::diagnostic::Diagnostic;
use crate::profile::Profile;
use crate::yaml;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// A valid request, and what is known of requests that are like it and not valid.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A valid request to make others from")]
pub struct Base {
    /// Fixtures, as in a scenario.
    #[serde(default)]
    pub given: IndexMap<String, Value>,
    /// Steps before the request, as in a scenario.
    #[serde(default)]
    pub before: Vec<Value>,
    /// The request.
    pub with: Value,
    /// Capabilities without which the cases are skipped.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Whether servers differ in what they say to the valid request.
    #[serde(default)]
    pub unsure: bool,
    /// Required keys of which no refusal is claimed: nothing is known of what servers do without them.
    #[serde(default)]
    pub open: Vec<String>,
    /// Required keys without which the request is refused in one way or another.
    #[serde(default)]
    pub loose: Vec<String>,
    /// Keys that are given no odd texts: of names that lead nowhere, servers are known to answer two JSON values.
    #[serde(default)]
    pub untried: Vec<String>,
    /// The step that shows that a refused request made nothing.
    #[serde(default)]
    pub trace: Option<IndexMap<String, Value>>,
    /// Where the documents draw a line.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// The first version that takes the request.
    #[serde(default)]
    pub since: Option<String>,
    /// The last version that takes it.
    #[serde(default)]
    pub until: Option<String>,
    /// The only profiles that take it.
    #[serde(default)]
    pub only: Vec<Profile>,
    /// Profiles that do not take it.
    #[serde(default)]
    pub except: Vec<Profile>,
}

/// Values of a key just inside and just outside of a documented limit.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The key of the request.
    pub key: String,
    /// Values that have to be accepted.
    #[serde(default)]
    pub passes: Vec<Value>,
    /// Values that have to be refused.
    #[serde(default)]
    pub refused: Vec<Value>,
    /// The requirement that says so.
    pub proves: String,
}

impl Base {
    /// What a request that holds a hazard starts from.
    pub(super) fn of_hazard(provoked: &Provoked) -> Self {
        Self { given: provoked.given.clone(), with: provoked.with.clone(), unsure: true, ..Self::default() }
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            since: self.since.clone(),
            until: self.until.clone(),
            only: self.only.clone(),
            except: self.except.clone(),
        }
    }
}

/// All valid requests.
#[derive(Clone, Debug, Default)]
pub struct Bases(IndexMap<String, Base>);

impl Bases {
    /// Reads the files of a contract.
    ///
    /// # Errors
    /// Every file that cannot be read as what it should be, and every name that leads nowhere.
    pub fn load(contract: &Contract) -> Result<Self, Vec<Diagnostic>> {
        let mut bases = IndexMap::new();
        let mut problems = Vec::new();
        for (_, source) in contract.tree().files("generate", ".yaml") {
            match yaml::read::<IndexMap<String, Base>>(&source) {
                Ok(read) => {
                    for (name, base) in read {
                        if !contract.operations.contains_key(&name) {
                            let known = contract.operations.keys().map(String::as_str);
                            let problem =
                                source.diagnostic(source.key(&name), format!("there is no operation `{name}`"));
                            problems.push(problem.suggest(&name, known));
                        }
                        for limit in &base.limits {
                            if !contract.requirements.contains_key(&limit.proves) {
                                let message = format!("there is no requirement `{}`", limit.proves);
                                let known = contract.requirements.keys().map(String::as_str);
                                let at = source.text.find(&limit.proves).unwrap_or_default();
                                let problem = source.diagnostic(at..at + limit.proves.len(), message);
                                problems.push(problem.suggest(&limit.proves, known));
                            }
                        }
                        bases.insert(name, base);
                    }
                }
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(Self(bases)) } else { Err(problems) }
    }

    /// The valid request of an operation in a profile.
    pub fn of(&self, operation: &str, profile: Profile) -> Option<&Base> {
        self.0.get(operation).filter(|base| base.bounds().hold_for(profile))
    }

    /// The operations that have one.
    pub fn operations(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
