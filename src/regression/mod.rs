//! What a server answers otherwise than before, from two sets of snapshots or two runs.
//!
//! Each change says whether it was *announced* (the contracts of the two profiles differ in it), whether it is *breaking* (a
//! client that held to the contract of the first profile fails on it), and is *unexplained* when it is neither.

mod announced;
mod markdown;
mod runs;
mod snapshots;

pub use announced::Announced;
pub use markdown::markdown;
pub use runs::of_runs;
pub use snapshots::{of_snapshots, scenarios};

use crate::profile::Profile;
use serde::Serialize;
use serde_json::Value;

/// What differs between two sides.
#[derive(Clone, Debug, Serialize)]
pub struct Regression {
    /// What was before.
    pub from: Side,
    /// What is now.
    pub to: Side,
    /// What differs, in order of the operations.
    pub changes: Vec<Change>,
    /// Scenarios of one side only, and those that came to another end.
    pub scenarios: Vec<ScenarioChange>,
    /// Calls that say nothing, because the scenario asks the two profiles different things there.
    pub asked_otherwise: Vec<Place>,
    /// How many calls or cases were compared.
    pub compared: usize,
    /// How many of them differ in nothing.
    pub same: usize,
}

/// One of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Side {
    /// The folder or file.
    pub name: String,
    /// The profile.
    pub profile: Profile,
}

/// One difference, with all the places that show it.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// The operation.
    pub operation: String,
    /// Of what it is a change.
    pub part: Part,
    /// JSON pointer to it; positions in lists are written as `*`.
    pub at: String,
    /// What became of it.
    pub kind: Kind,
    /// What it was; of several that differ in names and ids only, the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// What in the contract says so, when something does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announced: Option<String>,
    /// Why a client that held to the contract fails, when it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaking: Option<String>,
    /// Neither announced nor breaking.
    pub unexplained: bool,
    /// Where it shows.
    pub places: Vec<Place>,
    /// The first place as text, before and after.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// A part of an answer, or of what a run says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Whether it is a success or a failure.
    Outcome,
    /// The HTTP status.
    Status,
    /// A header field.
    Header,
    /// A value in the body.
    Body,
    /// A property that no document names.
    Undocumented,
    /// A requirement that is not met.
    Finding,
    /// The form of a disputed point.
    Reading,
}

impl Part {
    /// The word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Part::Outcome => "outcome",
            Part::Status => "status",
            Part::Header => "header",
            Part::Body => "body",
            Part::Undocumented => "undocumented",
            Part::Finding => "finding",
            Part::Reading => "reading",
        }
    }
}

/// What became of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It is new.
    Appeared,
    /// It is gone.
    Disappeared,
    /// It is another.
    Changed,
}

impl Kind {
    /// The sign in reports.
    pub const fn sign(self) -> &'static str {
        match self {
            Kind::Appeared => "+",
            Kind::Disappeared => "-",
            Kind::Changed => "~",
        }
    }
}

/// A step of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The scenario's id.
    pub scenario: String,
    /// The step, as in findings.
    pub step: String,
}

/// A scenario of one side only, or one that came to another end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScenarioChange {
    /// The scenario's id.
    pub scenario: String,
    /// What became of it.
    pub kind: Kind,
    /// How it ended before.
    pub before: String,
    /// How it ends now.
    pub after: String,
    /// What in the contract says so, when something does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announced: Option<String>,
    /// Whether it came to its end before and does not now.
    pub breaking: bool,
}

impl Change {
    /// The words for what it is: announced, breaking, both, or unexplained.
    pub fn marks(&self) -> Vec<&'static str> {
        let marks = [
            (self.breaking.is_some(), "breaking"),
            (self.announced.is_some(), "announced"),
            (self.unexplained, "unexplained"),
        ];
        marks.into_iter().filter(|(set, _)| *set).map(|(_, word)| word).collect()
    }

    /// Why the marks are as they are.
    pub fn reasons(&self) -> impl Iterator<Item = &str> {
        self.breaking.as_deref().into_iter().chain(self.announced.as_deref())
    }
}

/// Changes by what they mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// All.
    pub changes: usize,
    /// Those that break a client, announced or not.
    pub breaking: usize,
    /// Those that were announced.
    pub announced: usize,
    /// Those that are neither.
    pub unexplained: usize,
}

impl Regression {
    /// Changes by what they mean, scenarios among them.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        let changes = self.changes.iter().map(|change| (change.breaking.is_some(), change.announced.is_some()));
        let scenarios = self.scenarios.iter().map(|change| (change.breaking, change.announced.is_some()));
        for (breaking, announced) in changes.chain(scenarios) {
            tally.changes += 1;
            tally.breaking += usize::from(breaking);
            tally.announced += usize::from(announced);
            tally.unexplained += usize::from(!breaking && !announced);
        }
        tally
    }

    /// Whether nothing differs but what was announced and breaks nobody.
    pub fn is_harmless(&self) -> bool {
        let tally = self.tally();
        tally.breaking == 0 && tally.unexplained == 0
    }

    /// The changes of each operation, in order.
    pub fn by_operation(&self) -> impl Iterator<Item = &[Change]> {
        self.changes.chunk_by(|left, right| left.operation == right.operation)
    }
}
