//! What the engine tells: the only way in which anything learns of a run.

use crate::contract::ObjectKind;
use crate::exchange::Exchange;
use crate::seen::Seen;
use crate::verdict::{Finding, Verdict};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something that happened in a run.
#[derive(Clone, Debug)]
pub enum Event {
    /// A case began.
    CaseStarted {
        /// The scenario's id.
        id: String,
    },
    /// A call was answered; told only when asked for.
    Exchanged {
        /// The scenario's id.
        id: String,
        /// The step, as in findings.
        step: String,
        /// The call and its answer.
        exchange: Box<Exchange>,
    },
    /// A case ended, its cleaning up included.
    CaseFinished(Box<CaseReport>),
}

/// All that is known of a case when it has ended.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaseReport {
    /// The scenario's id.
    pub id: String,
    /// The scenario's title.
    pub title: String,
    /// Its file, as the user knows it.
    pub file: String,
    /// The requirements that it covers.
    pub covers: Vec<String>,
    /// What is said of it.
    pub verdict: Verdict,
    /// Why it was skipped, is unsupported or ended in error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// From its first call to its last answer, without cleaning up, in milliseconds.
    pub duration_ms: f64,
    /// Calls made, polls included, cleaning up not.
    pub calls: u64,
    /// Checks that held.
    pub passed_checks: u64,
    /// Checks that did not hold.
    pub findings: Vec<Finding>,
    /// Checks by requirement.
    pub requirements: IndexMap<String, RequirementTally>,
    /// Properties of answers that no document names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undocumented: Vec<Undocumented>,
    /// Which form of each reading the answers had, and how often.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub readings: IndexMap<String, IndexMap<String, u64>>,
    /// What its calls have shown of the contract that no case before had shown, by operation.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub seen: BTreeMap<String, Seen>,
    /// How long awaited conditions took.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<Wait>,
    /// What cleaning up could not remove. Never a matter of the case.
    #[serde(default, skip_serializing_if = "CleanupReport::is_empty")]
    pub cleanup: CleanupReport,
}

impl CaseReport {
    /// The report of a case that has not called anything yet.
    pub fn new(id: &str, title: &str, file: &str, covers: &[String], verdict: Verdict, reason: Option<String>) -> Self {
        Self {
            id: id.to_owned(),
            title: title.to_owned(),
            file: file.to_owned(),
            covers: covers.to_vec(),
            verdict,
            reason,
            duration_ms: 0.0,
            calls: 0,
            passed_checks: 0,
            findings: Vec::new(),
            requirements: IndexMap::new(),
            undocumented: Vec::new(),
            readings: IndexMap::new(),
            seen: BTreeMap::new(),
            waits: Vec::new(),
            cleanup: CleanupReport::default(),
        }
    }
}

/// How many checks of a requirement held and did not hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequirementTally {
    /// Checks that held.
    pub passed: u64,
    /// Checks that did not.
    pub failed: u64,
}

/// A property that no document names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Undocumented {
    /// The operation that answered with it.
    pub operation: String,
    /// JSON pointer to it; list positions are written as `*`.
    pub pointer: String,
}

/// How long an awaited condition took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Wait {
    /// The step, as in findings.
    pub step: String,
    /// The operation asked.
    pub operation: String,
    /// From the first question to the answer that held, in milliseconds.
    pub waited_ms: f64,
    /// How often it was asked.
    pub polls: u64,
    /// Whether it came true.
    pub held: bool,
}

/// What cleaning up could not remove.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CleanupReport {
    /// The objects that may still be there.
    pub left: Vec<Leftover>,
}

impl CleanupReport {
    /// Whether everything is gone.
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }
}

/// An object that may still be on the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Leftover {
    /// The kind of object.
    pub object: ObjectKind,
    /// The database that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// Its name.
    pub name: String,
    /// What came instead of a removal.
    pub why: String,
}
