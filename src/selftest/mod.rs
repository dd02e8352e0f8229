//! Whether every check can fail: the suite against the reference target with one deliberate violation at a time, and
//! against servers that say the same to everything.

mod dummy;
mod explained;
mod kill;
mod matrix;
mod suite;

pub use dummy::{DummyResult, dummies};
pub use explained::HOMES;
pub use kill::{Fate, kill};
pub use matrix::{Line, Matrix, Outcome, Problem, RequirementLine, Tally};
pub use suite::{Suite, SuiteError};

use crate::contract::{Contract, Operation, Requirement};
use crate::glob::glob;
use crate::profile::Profile;
use crate::reference::mutant::Mutant;

/// Which mutants are run.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// A pattern that the id, the kind or a requirement of a mutant has to fit.
    pub filter: Option<String>,
    /// So many, taken at random.
    pub sample: Option<usize>,
    /// From which number the random choice follows.
    pub seed: u64,
}

impl Choice {
    /// Whether all mutants are run, so that something can be said of all requirements.
    pub fn is_all(&self) -> bool {
        self.filter.is_none() && self.sample.is_none()
    }

    /// The mutants that are run.
    pub fn of(&self, mut mutants: Vec<Mutant>) -> Vec<Mutant> {
        if let Some(pattern) = &self.filter {
            mutants.retain(|mutant| {
                let requirements = mutant.trips.iter().copied().chain([mutant.requirement.as_str()]);
                [mutant.id.as_str(), mutant.kind.word()].into_iter().chain(requirements).any(|text| glob(pattern, text))
            });
        }
        if let Some(sample) = self.sample {
            fastrand::Rng::with_seed(self.seed).shuffle(&mut mutants);
            mutants.truncate(sample);
            mutants.sort_by(|left, right| left.id.cmp(&right.id));
        }
        mutants
    }
}

/// Whether a profile has an operation that the mutant spoils, and every requirement that it names.
pub fn applies(contract: &Contract, profile: Profile, mutant: &Mutant) -> bool {
    let requirement = |id: &&str| contract.requirements.get(*id);
    let holds = |requirement: Option<&Requirement>| requirement.is_some_and(|one| one.bounds.hold_for(profile));
    let served = |operation: &Operation| {
        operation.bounds.hold_for(profile) && !operation.file.documented_only.contains_key(&profile)
    };
    let has = |name: &String| contract.operations.get(name).is_none_or(served);
    (mutant.operations.is_empty() || mutant.operations.iter().any(has))
        && mutant.trips.iter().map(requirement).all(holds)
}
