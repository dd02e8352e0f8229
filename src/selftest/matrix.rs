//! The kill matrix: what is said of each mutant and each requirement, and what is wrong with the suite.

use super::dummy::DummyResult;
use super::explained::{ERRORS_ONLY, NEVER_STRUCK, ONLY_THERE, SURVIVORS, UNTRIPPED, beginning, ending};
use super::kill::Fate;
use crate::contract::Contract;
use crate::profile::Profile;
use crate::reference::mutant::Mutant;
use serde::Serialize;
use std::collections::BTreeMap;

/// What is said of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A check failed.
    Killed,
    /// Cases ended in error, and no check failed.
    ErrorsOnly,
    /// No case noticed.
    Survived,
    /// No request met the violation.
    Idle,
}

/// A mutant, with what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Its id.
    pub id: String,
    /// What it is about.
    pub kind: &'static str,
    /// The requirement that it violates.
    pub requirement: String,
    /// What is wrong, in one sentence.
    pub about: String,
    /// What is said of it.
    pub outcome: Outcome,
    /// The cases that failed: of one written by hand all, of a generated one the first.
    pub killed_by: Vec<String>,
    /// The requirements of which there were findings.
    pub tripped: Vec<String>,
    /// Why it is right that no check failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<&'static str>,
}

/// A requirement, with the mutants that trip it.
#[derive(Clone, Debug, Serialize)]
pub struct RequirementLine {
    /// Its id.
    pub id: String,
    /// How many mutants trip it.
    pub mutants: u64,
    /// Why it is right that none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<&'static str>,
}

/// Mutants by what is said of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Tally {
    /// All.
    pub mutants: u64,
    /// Those that a check caught.
    pub killed: u64,
    /// Those that only errors caught.
    pub errors_only: u64,
    /// Those that nothing caught.
    pub survived: u64,
    /// Those that never struck.
    pub idle: u64,
}

/// Something that is wrong with the suite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The mutant, requirement or case.
    pub id: String,
    /// What is wrong with it.
    pub problem: String,
}

/// All of it.
#[derive(Clone, Debug, Serialize)]
pub struct Matrix {
    /// The profiles in which mutants were run.
    pub profiles: Vec<Profile>,
    /// Every mutant that was run.
    pub mutants: Vec<Line>,
    /// Mutants by kind.
    pub kinds: BTreeMap<&'static str, Tally>,
    /// The requirements that can be tested, with the mutants that trip them.
    pub requirements: Vec<RequirementLine>,
    /// What came of the servers that say the same to everything.
    pub dummies: Vec<DummyResult>,
    /// What is wrong with the suite.
    pub problems: Vec<Problem>,
}

impl Matrix {
    /// Sums up what became of mutants. `demanded` says of which requirements a finding is demanded; of none when not all
    /// mutants were run, since nothing can be said then.
    pub fn new(
        profiles: &[Profile],
        contract: &Contract,
        fates: &[Fate],
        dummies: Vec<DummyResult>,
        demanded: impl Fn(&str) -> bool,
    ) -> Self {
        let mut matrix = Self {
            profiles: profiles.to_vec(),
            mutants: Vec::with_capacity(fates.len()),
            kinds: BTreeMap::new(),
            requirements: Vec::new(),
            dummies,
            problems: Vec::new(),
        };
        let mut tripped: BTreeMap<&str, u64> = BTreeMap::new();
        for fate in fates {
            fate.tripped.iter().for_each(|id| *tripped.entry(id).or_default() += 1);
            let line = matrix.line(fate);
            let tally = matrix.kinds.entry(line.kind).or_default();
            tally.mutants += 1;
            *match line.outcome {
                Outcome::Killed => &mut tally.killed,
                Outcome::ErrorsOnly => &mut tally.errors_only,
                Outcome::Survived => &mut tally.survived,
                Outcome::Idle => &mut tally.idle,
            } += 1;
            matrix.mutants.push(line);
        }
        for requirement in contract.requirements.values() {
            let id = requirement.id.as_str();
            // What is made for each operation and failure follows from the schemas, and mutants of answers try those.
            let made = id.starts_with("response.") || id.starts_with("error.");
            let mutants = tripped.get(id).copied().unwrap_or_default();
            let demanded = !made && requirement.not_testable.is_none() && demanded(id);
            if !demanded && mutants == 0 {
                continue;
            }
            let why = beginning(UNTRIPPED, id);
            if demanded && (mutants == 0) == why.is_none() {
                let problem = if mutants == 0 { "no mutant trips it" } else { "listed as untripped, yet one trips it" };
                matrix.problem(id, problem);
            }
            matrix.requirements.push(RequirementLine { id: id.to_owned(), mutants, why });
        }
        let passed: Vec<_> = matrix
            .dummies
            .iter()
            .flat_map(|dummy| dummy.passed.iter().map(|case| (case.clone(), dummy.about, dummy.profile)))
            .collect();
        for (case, about, profile) in passed {
            let problem = format!("passes in {profile} against a server that {about}: its checks cannot fail");
            matrix.problem(&case, &problem);
        }
        matrix
    }

    /// Notes the mutants that no profile has the operations and requirements for.
    pub fn homeless(&mut self, mutants: &[Mutant]) {
        for mutant in mutants {
            self.problem(&mutant.id, "no profile has all that it names");
        }
    }

    /// Mutants that were run.
    pub fn total(&self) -> Tally {
        self.kinds.values().fold(Tally::default(), |sum, tally| Tally {
            mutants: sum.mutants + tally.mutants,
            killed: sum.killed + tally.killed,
            errors_only: sum.errors_only + tally.errors_only,
            survived: sum.survived + tally.survived,
            idle: sum.idle + tally.idle,
        })
    }

    fn problem(&mut self, id: &str, problem: &str) {
        self.problems.push(Problem { id: id.to_owned(), problem: problem.to_owned() });
    }

    fn line(&mut self, fate: &Fate) -> Line {
        let mutant = &fate.mutant;
        let id = mutant.id.as_str();
        let outcome = match (fate.strikes, fate.killed_by.is_empty(), fate.errors.is_empty()) {
            (0, ..) => Outcome::Idle,
            (_, false, _) => Outcome::Killed,
            (_, true, false) => Outcome::ErrorsOnly,
            (_, true, true) => Outcome::Survived,
        };
        let generated = !mutant.is_own();
        let no_such_key = "the reference target answers no such key";
        let why = match outcome {
            Outcome::Killed => None,
            Outcome::ErrorsOnly => ending(ERRORS_ONLY, id).filter(|_| generated),
            Outcome::Survived => ending(SURVIVORS, id).filter(|_| generated),
            Outcome::Idle => {
                let key = id.contains("-key-").then_some(no_such_key);
                beginning(NEVER_STRUCK, id).or(key).filter(|_| generated)
            }
        };
        let alone = ONLY_THERE.iter().find(|(profile, start, _)| self.profiles == [*profile] && id.starts_with(start));
        let why = why.or_else(|| alone.filter(|_| generated && outcome != Outcome::Killed).map(|(.., why)| *why));
        if outcome != Outcome::Killed && why.is_none() {
            let problem = match outcome {
                Outcome::Killed | Outcome::Survived => "no case notices",
                Outcome::ErrorsOnly => "cases end in error, and no check fails",
                Outcome::Idle => "no request meets the violation",
            };
            self.problem(id, &format!("{problem}: {}", mutant.about));
        }
        for missed in mutant.trips.iter().filter(|id| !fate.tripped.contains(**id)) {
            self.problem(id, &format!("it did not trip {missed}, but {:?}", fate.tripped));
        }
        Line {
            id: id.to_owned(),
            kind: mutant.kind.word(),
            requirement: mutant.requirement.clone(),
            about: mutant.about.clone(),
            outcome,
            killed_by: fate.killed_by.clone(),
            tripped: fate.tripped.iter().cloned().collect(),
            why,
        }
    }
}
