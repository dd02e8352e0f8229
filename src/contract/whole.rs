//! The contract of all profiles, as loaded from `specs/`.

use super::requirement::RequirementFile;
use super::schema::pruned;
use super::{
    Hazard, KnownFailure, Operation, OperationFile, ProfileContract, ProfileFacts, Reading, Requirement, Tree,
};
use crate::diagnostic::{Diagnostic, SourceText};
use crate::profile::Profile;
use crate::verdict::Level;
use crate::yaml::{self, At};
use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;

/// Everything that `specs/` says, but for fixtures and scenarios.
#[derive(Debug)]
pub struct Contract {
    /// Operations by name.
    pub operations: IndexMap<String, Operation>,
    /// Requirements by id. To those that the files state come those that are checked at every answer: one for the
    /// response schema of each operation and one for each named failure.
    pub requirements: IndexMap<String, Requirement>,
    /// Named failures by id.
    pub failures: IndexMap<String, KnownFailure>,
    /// Readings by id.
    pub readings: IndexMap<String, Reading>,
    /// Requests that may end a server's process, by id.
    pub hazards: IndexMap<String, Hazard>,
    /// Facts by profile.
    pub profiles: IndexMap<Profile, ProfileFacts>,
    tree: Tree,
}

/// Ids of the requirements that are checked at every answer.
pub mod automatic {
    /// The HTTP status is one that the outcome may have.
    pub const STATUS: &str = "envelope.status";
    /// The answer is sent as JSON.
    pub const CONTENT_TYPE: &str = "envelope.content-type";
    /// The body is one JSON object without doubled keys.
    pub const JSON: &str = "envelope.json";
    /// A success has `code` and `data`, a failure `code` and `message`.
    pub const SHAPE: &str = "envelope.shape";
    /// The `code` of a success is an accepted one.
    pub const SUCCESS_CODE: &str = "envelope.success-code";

    /// All of the above, which `specs/requirements/` has to state.
    pub const ENVELOPE: [&str; 5] = [STATUS, CONTENT_TYPE, JSON, SHAPE, SUCCESS_CODE];

    /// The requirement that an answer of this operation fits its documented schema.
    pub fn response(operation: &str) -> String {
        format!("response.{operation}")
    }

    /// The requirement that this failure comes with its known code and message.
    pub fn failure(id: &str) -> String {
        format!("error.{id}")
    }

    /// The failure that a requirement made by [`failure`] is about.
    pub fn failure_of(requirement: &str) -> Option<&str> {
        requirement.strip_prefix("error.")
    }
}

impl Contract {
    /// Loads and links a contract.
    ///
    /// # Errors
    /// Every file that cannot be read as what it should be. Links between files are checked by `lint`.
    pub fn load(tree: &Tree) -> Result<Self, Vec<Diagnostic>> {
        let mut problems = Vec::new();
        // Requirements are half of the text, so they are read beside the rest.
        let (requirements, mut contract) = std::thread::scope(|scope| {
            let requirements = scope.spawn(|| {
                let files = tree.files("requirements", ".yaml");
                files.map(|(_, source)| (yaml::read::<IndexMap<String, RequirementFile>>(&source), source)).collect()
            });
            let contract = Self::without_requirements(tree, &mut problems);
            let requirements: Vec<_> = requirements.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (requirements, contract)
        });
        for (read, source) in requirements {
            match read {
                Ok(file) => contract.add_requirements(file, &source, &mut problems),
                Err(problem) => problems.push(problem),
            }
        }
        contract.add_automatic();
        if problems.is_empty() { Ok(contract) } else { Err(problems) }
    }

    fn without_requirements(tree: &Tree, problems: &mut Vec<Diagnostic>) -> Self {
        let mut contract = Self {
            operations: IndexMap::new(),
            requirements: IndexMap::new(),
            failures: read_one(tree, "errors.yaml", problems),
            readings: read_one(tree, "readings.yaml", problems),
            hazards: tree.file("hazards.yaml").map_or_else(IndexMap::new, |_| read_one(tree, "hazards.yaml", problems)),
            profiles: IndexMap::new(),
            tree: tree.clone(),
        };
        for (name, source) in tree.files("operations", ".yaml") {
            match yaml::read::<OperationFile>(&source) {
                Ok(file) => drop(contract.operations.insert(name.to_owned(), Operation::new(name, file, source))),
                Err(problem) => problems.push(problem),
            }
        }
        for (name, source) in tree.files("profiles", ".yaml") {
            let facts = yaml::read::<ProfileFacts>(&source);
            match (name.parse::<Profile>(), facts) {
                (Ok(profile), Ok(facts)) => drop(contract.profiles.insert(profile, facts)),
                (Err(unknown), _) => problems.push(
                    source
                        .diagnostic(0..0, unknown.to_string())
                        .suggest(name, Profile::ALL.iter().map(|each| each.name())),
                ),
                (_, Err(problem)) => problems.push(problem),
            }
        }
        contract
    }

    /// The files that the contract was loaded from.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Compiles the contract for a profile.
    ///
    /// # Errors
    /// Schemas that are missing, not JSON or no schemas.
    pub fn compile(self: &Arc<Self>, profile: Profile) -> Result<ProfileContract, Vec<Diagnostic>> {
        ProfileContract::compile(self, profile)
    }

    /// The operations that a profile has.
    pub fn operations_of(&self, profile: Profile) -> impl Iterator<Item = &Operation> {
        self.operations.values().filter(move |operation| operation.bounds.hold_for(profile))
    }

    /// The operation whose requests go to this path.
    pub fn operation_at(&self, path: &str) -> Option<&Operation> {
        self.operations.values().find(|operation| operation.file.path == path)
    }

    fn add_requirements(
        &mut self,
        file: IndexMap<String, RequirementFile>,
        source: &SourceText,
        problems: &mut Vec<Diagnostic>,
    ) {
        for (id, stated) in file {
            if self.requirements.contains_key(&id) {
                let message = format!("the requirement `{id}` is stated twice");
                problems.push(source.diagnostic(source.key(&id), message));
            }
            self.requirements.insert(id.clone(), Requirement::new(id, stated, source.clone()));
        }
    }

    fn add_automatic(&mut self) {
        let nowhere = SourceText::new("", "");
        let responses = self.operations.values().map(|operation| Requirement {
            id: automatic::response(&operation.name),
            statement: format!("An answer of {} fits its documented schema.", operation.name),
            level: Level::Must,
            operations: vec![At::nowhere(operation.name.clone())],
            sources: operation.file.sources.clone(),
            not_testable: None,
            automatic: true,
            bounds: operation.bounds.clone(),
            source: operation.source.clone(),
        });
        let failures = self.failures.iter().map(|(id, failure)| Requirement {
            id: automatic::failure(id),
            statement: format!("The failure {id} comes with its known code and message."),
            level: Level::Observed,
            operations: Vec::new(),
            sources: failure.sources.clone(),
            not_testable: None,
            automatic: true,
            bounds: super::Bounds::default(),
            source: self.tree.file("errors.yaml").unwrap_or_else(|| nowhere.clone()),
        });
        let made: Vec<Requirement> = responses.chain(failures).collect();
        for requirement in made {
            self.requirements.entry(requirement.id.clone()).or_insert(requirement);
        }
    }

    /// A schema, pruned for a profile; `None` when there is no such file.
    ///
    /// # Errors
    /// When the file is not JSON.
    pub fn schema(&self, path: &str, profile: Profile) -> Result<Option<Value>, Vec<Diagnostic>> {
        let Some(source) = self.tree.file(path) else { return Ok(None) };
        match serde_json::from_str::<Value>(&source.text) {
            Ok(schema) => Ok(Some(pruned(&schema, profile))),
            Err(error) => Err(vec![at_json_error(&source, &error)]),
        }
    }

    /// A diagnostic about a file as a whole.
    pub(crate) fn at_file(&self, path: &str, message: &str) -> Diagnostic {
        let source =
            self.tree.file(path).unwrap_or_else(|| SourceText::new(format!("{}/{path}", self.tree.root()), ""));
        source.diagnostic(0..0, message)
    }

    /// A diagnostic about the place in a schema that a JSON pointer names.
    pub(super) fn at_schema(&self, path: &str, pointer: &str, message: &str) -> Diagnostic {
        let Some(source) = self.tree.file(path) else { return self.at_file(path, message) };
        source.diagnostic(source.json_pointer(pointer), format!("the schema does not compile: {message}"))
    }

    /// A diagnostic about a reference in a schema.
    pub(super) fn at_reference(&self, path: &str, reference: &str) -> Diagnostic {
        let message = format!("the reference `{reference}` leads nowhere");
        let Some(source) = self.tree.file(path) else { return self.at_file(path, &message) };
        let at = source.text.find(reference).unwrap_or_default();
        source.diagnostic(at..at + reference.len(), message)
    }

    pub(super) fn missing_file(operation: &Operation, path: &str) -> Diagnostic {
        operation
            .source
            .diagnostic(0..0, format!("the operation {} has no schema {path}", operation.name))
            .help("add the file; an operation has a request and a response schema")
    }

    pub(super) fn missing_profile(&self, profile: Profile) -> Diagnostic {
        self.at_file(&format!("profiles/{profile}.yaml"), "the file of this profile is missing")
    }
}

fn read_one<T: DeserializeOwned + Default>(tree: &Tree, path: &str, problems: &mut Vec<Diagnostic>) -> T {
    match tree.file(path).map(|source| yaml::read::<T>(&source)) {
        Some(Ok(read)) => return read,
        Some(Err(problem)) => problems.push(problem),
        None => problems.push(
            SourceText::new(format!("{}/{path}", tree.root()), "")
                .diagnostic(0..0, "this file is missing")
                .help("a contract has errors.yaml, readings.yaml and the folders of docs/specs.md"),
        ),
    }
    T::default()
}

fn at_json_error(source: &SourceText, error: &serde_json::Error) -> Diagnostic {
    let before: usize = source.text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let at = before + error.column().saturating_sub(1);
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or(&message);
    source.diagnostic(at..at + 1, format!("not JSON: {message}"))
}
