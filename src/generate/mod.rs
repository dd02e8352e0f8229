//! Cases made from the request schemas: what else could be sent in the place of a valid request.
//!
//! A generated case is a scenario like any other, written by a machine instead of a person: its text can be shown, selected
//! and run alone. The same contract and profile always make the same cases. Nothing here runs anything.

mod base;
mod body;
mod case;
mod raw;
mod route;
mod shrink;

pub use base::{Base, Bases, Limit};
pub use case::Generated;
pub use shrink::{smaller, smaller_texts};

use crate::contract::{CompiledOperation, Contract, ProfileContract};
use crate::diagnostic::Diagnostic;
use crate::hazard;
use crate::profile::Profile;
use crate::scenario::{Library, check};
use serde_json::Value;
use std::sync::Arc;

/// What the ids of all generated cases begin with.
pub const FOLDER: &str = "generated";

/// Whether an id, or the beginning of one, is that of generated cases.
pub fn names_generated(word: &str) -> bool {
    word == FOLDER || word.strip_prefix(FOLDER).is_some_and(|rest| rest.starts_with('/'))
}

/// What is wrong with the valid requests and the hazards: each has to be one in every profile that has its operation.
pub fn mistakes(contract: &Arc<Contract>, library: &Library) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for profile in Profile::ALL {
        let Ok(compiled) = contract.compile(profile) else { continue };
        let made = match made(&compiled, &|maker, made| made.extend(body::plain(maker))) {
            Ok(made) => made,
            Err(mistakes) => return mistakes,
        };
        for case in &made {
            match Library::parse(&case.text) {
                Ok(scenario) => found.extend(check(&case.text, &scenario, contract, library)),
                Err(mistake) => found.push(mistake),
            }
        }
    }
    for (id, hazard) in &contract.hazards {
        let body = hazard.provoked.with.to_string();
        let known = hazard::find(contract, None, Some(hazard.provoked.call.as_str()), body.as_bytes());
        if known.is_none() {
            found.push(
                contract.at_file("hazards.yaml", &format!("the request of `{id}` does not fit what is said there")),
            );
        }
    }
    found
}

/// All cases of a profile, in order of their ids.
///
/// # Errors
/// Mistakes in the files of `specs/generate/`.
pub fn cases(contract: &ProfileContract) -> Result<Vec<Generated>, Vec<Diagnostic>> {
    made(contract, &|maker, made| {
        body::make(maker, made);
        raw::make(maker, made);
        route::make(maker, made);
    })
}

/// The cases that are made of the valid request of each operation, and those of hazards.
fn made(
    contract: &ProfileContract,
    make: &dyn Fn(&case::Maker<'_>, &mut Vec<Generated>),
) -> Result<Vec<Generated>, Vec<Diagnostic>> {
    let bases = Bases::load(contract.whole())?;
    let mut made = Vec::new();
    for operation in contract.whole().operations_of(contract.profile()) {
        if operation.file.documented_only.contains_key(&contract.profile()) {
            continue;
        }
        let Some(base) = bases.of(&operation.name, contract.profile()) else { continue };
        let path = format!("operations/{}.request.schema.json", operation.name);
        let schema = contract.whole().schema(&path, contract.profile())?.unwrap_or_default();
        let maker = case::Maker::new(contract, operation, base, &schema);
        make(&maker, &mut made);
    }
    for (id, hazard) in &contract.whole().hazards {
        let provoked = &hazard.provoked;
        let Some(operation) = contract.operation(provoked.call.as_str()).map(CompiledOperation::operation) else {
            continue;
        };
        let base = Base::of_hazard(provoked);
        made.extend(case::Maker::new(contract, operation, &base, &Value::Null).hazard(id, hazard));
    }
    made.sort_by(|left, right| left.id.cmp(&right.id));
    made.dedup_by(|later, earlier| later.id == earlier.id);
    Ok(made)
}
