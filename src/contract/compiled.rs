//! The contract of one profile, with every schema compiled once.

use super::reading::ReadingsOf;
use super::schema::{Named, references};
use super::{Contract, KnownFailure, Operation, ProfileFacts, Requirement, automatic};
use crate::diagnostic::Diagnostic;
use crate::matcher::Readings;
use crate::profile::Profile;
use jsonschema::{Registry, Validator};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

/// The contract as it holds for one profile.
#[derive(Debug)]
pub struct ProfileContract {
    contract: Arc<Contract>,
    profile: Profile,
    facts: ProfileFacts,
    readings: ReadingsOf,
    /// Compiled when first asked for: a run calls some operations ten thousand times and most of them never.
    operations: BTreeMap<String, OnceLock<Option<CompiledOperation>>>,
}

/// A side of an exchange, with a schema of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The body sent.
    Request,
    /// The answer of a success.
    Success,
    /// The answer of a failure.
    Failure,
}

/// The compiled schemas of one operation.
#[derive(Debug)]
pub struct CompiledOperation {
    operation: Operation,
    number: usize,
    request: Validator,
    success: Validator,
    failure: Validator,
    request_names: Named,
    success_names: Named,
    failure_names: Named,
    /// The names of each side as JSON pointers, made when first asked for.
    paths: [OnceLock<Vec<String>>; 3],
    takes_database: bool,
    response_requirement: String,
}

/// One place where a value does not fit a schema.
#[derive(Clone, Debug, PartialEq)]
pub struct SchemaFault {
    /// JSON pointer to the value.
    pub pointer: String,
    /// What the schema wants, in words.
    pub message: String,
    /// JSON pointer into the schema.
    pub schema_pointer: String,
    /// The value that does not fit.
    pub actual: Value,
}

/// Where schemas live for the references between them; never asked for over a network.
const BASE: &str = "json-schema:///specs/";

/// The schema that the schemas of all answers refer to.
const ENVELOPE: &str = "envelope.schema.json";

impl ProfileContract {
    /// Makes the contract of a profile. Of a contract that was not tested with this build, every schema is compiled at
    /// once, so that a mistake in one shows before anything is sent.
    ///
    /// # Errors
    /// Schemas that are missing, not JSON or do not compile.
    pub(super) fn compile(contract: &Arc<Contract>, profile: Profile) -> Result<Self, Vec<Diagnostic>> {
        let facts = contract.profiles.get(&profile).ok_or_else(|| vec![contract.missing_profile(profile)])?.clone();
        if !contract.tree().is_tested() && contract.tree().file(ENVELOPE).is_none() {
            return Err(vec![contract.at_file(ENVELOPE, "this file is missing")]);
        }
        let mut operations = BTreeMap::new();
        let mut problems = Vec::new();
        for operation in contract.operations_of(profile) {
            let cell = OnceLock::new();
            if !contract.tree().is_tested() {
                match CompiledOperation::new(contract, operation, profile) {
                    Ok(compiled) => drop(cell.set(Some(compiled))),
                    Err(found) => problems.extend(found),
                }
            }
            operations.insert(operation.name.clone(), cell);
        }
        let readings = contract
            .readings
            .iter()
            .map(|(id, reading)| {
                let forms = reading.forms.iter().filter(|form| form.bounds().hold_for(profile));
                (id.clone(), forms.map(|form| (form.id.clone(), form.value.clone())).collect())
            })
            .collect();
        if problems.is_empty() {
            Ok(Self { contract: Arc::clone(contract), profile, facts, readings: ReadingsOf(readings), operations })
        } else {
            problems.dedup();
            Err(problems)
        }
    }

    /// The profile.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The contract of all profiles.
    pub fn whole(&self) -> &Arc<Contract> {
        &self.contract
    }

    /// What is particular to the profile.
    pub fn facts(&self) -> &ProfileFacts {
        &self.facts
    }

    /// An operation of the profile; `None` when the profile has no such operation.
    pub fn operation(&self, name: &str) -> Option<&CompiledOperation> {
        let compile = || {
            let operation = self.contract.operations.get(name)?;
            // Only a contract that was tested gets here, and its schemas compile.
            CompiledOperation::new(&self.contract, operation, self.profile).ok()
        };
        self.operations.get(name)?.get_or_init(compile).as_ref()
    }

    /// A requirement, automatic ones among them.
    pub fn requirement(&self, id: &str) -> Option<&Requirement> {
        self.contract.requirements.get(id)
    }

    /// A named failure.
    pub fn failure(&self, id: &str) -> Option<&KnownFailure> {
        self.contract.failures.get(id)
    }

    /// The readings with the forms that the profile accepts.
    pub fn readings(&self) -> &dyn Readings {
        &self.readings
    }
}

impl CompiledOperation {
    fn new(contract: &Contract, operation: &Operation, profile: Profile) -> Result<Self, Vec<Diagnostic>> {
        let file = |direction: &str| format!("operations/{}.{direction}.schema.json", operation.name);
        let (request_file, response_file) = (file("request"), file("response"));
        let mut schemas = HashMap::new();
        for path in [ENVELOPE, &request_file, &response_file] {
            let schema = contract.schema(path, profile)?;
            let Some(schema) = schema else { return Err(vec![Contract::missing_file(operation, path)]) };
            if !contract.tree().is_tested()
                && let Err(error) = jsonschema::meta::validate(&schema)
            {
                return Err(vec![contract.at_schema(path, error.instance_path().as_str(), &error.to_string())]);
            }
            schemas.insert(path.to_owned(), schema);
        }
        if !contract.tree().is_tested() {
            let dangling = dangling(contract, &schemas);
            if !dangling.is_empty() {
                return Err(dangling);
            }
        }
        let mut registry = Registry::new().draft(jsonschema::Draft::Draft202012);
        for (path, schema) in &schemas {
            let added = registry.add(format!("{BASE}{path}"), schema);
            registry = added.map_err(|error| vec![contract.at_file(path, &error.to_string())])?;
        }
        let registry =
            registry.prepare().map_err(|error| vec![contract.at_file(&response_file, &error.to_string())])?;
        let compile = |path: &str, pointer: &str| {
            let target = json!({"$ref": format!("{BASE}{path}{pointer}")});
            jsonschema::options()
                // Of the reference alone. It is held against the schema of its draft, and that of this one is small.
                .with_draft(jsonschema::Draft::Draft4)
                .offline()
                .with_registry(&registry)
                .build(&target)
                .map_err(|error| vec![contract.at_schema(path, error.schema_path().as_str(), &error.to_string())])
        };
        let names = |path: &str, pointer: &str| {
            let resolve = |file: &str, reference: &str| resolve(&schemas, file, reference);
            match resolve("", &format!("{path}{pointer}")) {
                Some((file, schema)) => Named::of(schema, file, &resolve),
                None => Named::default(),
            }
        };
        let takes_database = schemas
            .get(request_file.as_str())
            .and_then(|schema| schema.pointer("/properties/dbName"))
            .is_some_and(|_| operation.group() != "databases");
        Ok(Self {
            request: compile(&request_file, "")?,
            success: compile(&response_file, "#/$defs/success")?,
            failure: compile(&response_file, "#/$defs/failure")?,
            request_names: names(&request_file, ""),
            success_names: names(&response_file, "#/$defs/success"),
            failure_names: names(&response_file, "#/$defs/failure"),
            paths: Default::default(),
            takes_database,
            response_requirement: automatic::response(&operation.name),
            operation: operation.clone(),
            number: contract.operations.get_index_of(&operation.name).unwrap_or_default(),
        })
    }

    /// The place of the operation among all of the contract, from 0.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The operation itself.
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// The requirement that an answer fits its schema.
    pub fn response_requirement(&self) -> &str {
        &self.response_requirement
    }

    /// Whether the body of a request may name a database to work in.
    pub fn takes_database(&self) -> bool {
        self.takes_database
    }

    /// Where a request body does not fit its documented schema.
    pub fn request_faults(&self, body: &Value) -> Vec<SchemaFault> {
        faults(&self.request, body)
    }

    /// Where an answer does not fit the branch chosen for it.
    pub fn answer_faults(&self, body: &Value, success: bool) -> Vec<SchemaFault> {
        faults(if success { &self.success } else { &self.failure }, body)
    }

    fn names(&self, side: Side) -> &Named {
        match side {
            Side::Request => &self.request_names,
            Side::Success => &self.success_names,
            Side::Failure => &self.failure_names,
        }
    }

    /// JSON pointers of the properties that the schema of a side names; positions in lists are written as `*`.
    pub fn properties(&self, side: Side) -> &[String] {
        self.paths[side as usize].get_or_init(|| self.names(side).paths())
    }

    /// The property of this number.
    pub fn property(&self, side: Side, number: usize) -> Option<&str> {
        self.properties(side).get(number).map(String::as_str)
    }

    /// Tells the numbers of the named properties that a body has.
    pub fn named_in(&self, side: Side, body: &Value, tell: &mut dyn FnMut(usize)) {
        self.names(side).named_in(body, tell);
    }

    /// JSON pointers of properties in a request that no document names.
    pub fn undocumented_in_request(&self, body: &Value) -> Vec<String> {
        self.request_names.unnamed(body)
    }

    /// JSON pointers of properties in an answer that no document names.
    pub fn undocumented(&self, body: &Value, success: bool) -> Vec<String> {
        if success { self.success_names.unnamed(body) } else { self.failure_names.unnamed(body) }
    }
}

/// The references that lead nowhere, in order of the files.
fn dangling(contract: &Contract, schemas: &HashMap<String, Value>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (path, schema) in schemas {
        let mut named = Vec::new();
        references(schema, &mut named);
        named.retain(|reference| resolve(schemas, path, reference).is_none());
        found.extend(named.into_iter().map(|reference| contract.at_reference(path, reference)));
    }
    found.sort_by(|left, right| left.source.file.cmp(&right.source.file));
    found
}

/// Asks for a plain yes first, since explaining costs many times more and is hardly ever needed.
fn faults(validator: &Validator, value: &Value) -> Vec<SchemaFault> {
    if validator.is_valid(value) {
        return Vec::new();
    }
    validator
        .iter_errors(value)
        .map(|error| SchemaFault {
            pointer: error.instance_path().as_str().to_owned(),
            message: error.to_string(),
            schema_pointer: error.schema_path().as_str().to_owned(),
            actual: error.instance().as_ref().clone(),
        })
        .collect()
}

/// The schema behind a reference such as `../../envelope.schema.json#/$defs/success`, seen from a file.
fn resolve<'s>(schemas: &'s HashMap<String, Value>, file: &str, reference: &str) -> Option<(&'s str, &'s Value)> {
    let (path, pointer) = reference.split_once('#').unwrap_or((reference, ""));
    let mut folders: Vec<&str> = file.split('/').collect();
    if path.is_empty() {
        folders.clear();
        folders.extend(file.split('/'));
    } else {
        folders.pop();
        for part in path.split('/') {
            match part {
                ".." => drop(folders.pop()),
                "." => {}
                name => folders.push(name),
            }
        }
    }
    let (path, schema) = schemas.get_key_value(folders.join("/").as_str())?;
    Some((path, schema.pointer(pointer)?))
}
