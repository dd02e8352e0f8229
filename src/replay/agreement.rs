//! How far the answers to a recording agree with it.

use super::compare::{Difference, Judged, Kind};
use super::recording::Line;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How many answers agree, and in what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Answers that were compared.
    pub compared: u32,
    /// Of these: in everything that was compared.
    pub agree: u32,
    /// Of these: in status and code.
    pub status_and_code: u32,
    /// Of those that were recorded as JSON: all, and in keys and types.
    pub shape: Kept,
    /// Of those that have values to be trusted: all, and in these.
    pub data: Kept,
    /// Of those that have a message to be trusted: all, and in this.
    pub message: Kept,
}

/// How many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// How many were looked at.
    pub of: u32,
    /// How many of them agree.
    pub agree: u32,
}

impl Kept {
    fn add(&mut self, same: Option<bool>) {
        self.of += u32::from(same.is_some());
        self.agree += u32::from(same == Some(true));
    }

    /// The share in percent; of nothing, all.
    pub fn percent(self) -> f64 {
        percent(self.agree, self.of)
    }
}

/// A share in percent; of nothing, all.
fn percent(part: u32, whole: u32) -> f64 {
    if whole == 0 { 100.0 } else { f64::from(part) * 100.0 / f64::from(whole) }
}

impl Tally {
    fn add(&mut self, judged: &Judged) {
        self.compared += 1;
        self.agree += u32::from(judged.agrees());
        self.status_and_code += u32::from(judged.status_and_code());
        self.shape.add(judged.shape);
        self.data.add(judged.data);
        self.message.add(judged.message);
    }

    /// The share of answers that agree in everything, in percent.
    pub fn percent(&self) -> f64 {
        percent(self.agree, self.compared)
    }

    /// The share of answers that agree in status and code, in percent.
    pub fn percent_of_status_and_code(&self) -> f64 {
        percent(self.status_and_code, self.compared)
    }
}

/// A line whose answer is another than the recorded one.
#[derive(Clone, Debug, Serialize)]
pub struct Disagreement {
    /// The number of the line.
    pub n: u32,
    /// The path as sent.
    pub path: String,
    /// The group of calls.
    pub case: String,
    /// What was tried.
    pub note: String,
    /// In what it is another, the gravest first.
    #[serde(flatten)]
    pub difference: Difference,
    /// Further differences of the same line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<Difference>,
}

/// How far the answers to one recording agree with it.
#[derive(Clone, Debug, Default)]
pub struct Agreement {
    /// Lines in the file.
    pub lines: u32,
    /// Lines that were not compared.
    pub left_out: u32,
    /// Over all lines.
    pub total: Tally,
    /// By operation.
    pub operations: BTreeMap<String, Tally>,
    /// How many lines differ in what; a line that differs in two things counts in both.
    pub kinds: BTreeMap<Kind, u32>,
    /// The lines that differ.
    pub disagreements: Vec<Disagreement>,
}

impl Agreement {
    /// Takes in what was found of a line.
    pub fn add(&mut self, line: &Line, judged: Judged) {
        self.total.add(&judged);
        self.operations.entry(line.operation().to_owned()).or_default().add(&judged);
        for difference in &judged.differences {
            *self.kinds.entry(difference.kind).or_default() += 1;
        }
        let mut differences = judged.differences.into_iter();
        if let Some(difference) = differences.next() {
            self.disagreements.push(Disagreement {
                n: line.n,
                path: line.path.clone(),
                case: line.case.clone(),
                note: line.note.clone(),
                difference,
                further: differences.collect(),
            });
        }
    }

    /// For machines.
    pub fn as_json(&self) -> Value {
        json!({
            "lines": self.lines,
            "left_out": self.left_out,
            "totals": self.total,
            "operations": self.operations,
            "kinds": self.kinds,
            "disagreements": self.disagreements,
        })
    }
}
