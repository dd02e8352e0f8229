//! Whether the entries of a list still say the truth.

use super::excuse::Excuses;
use super::file::{Entry, NOT_EXPLAINED};
use crate::verdict::{Finding, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What became of the entries of a list while a run went.
#[derive(Debug)]
pub struct Usage {
    known: Vec<Tally>,
    flaky: Vec<Tally>,
}

#[derive(Clone, Debug, Default)]
struct Tally {
    /// Cases that it excused, or that were repeated for it.
    used: u64,
    /// Cases in which what it is about was checked and held.
    held: u64,
}

/// What is said of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It excused failures.
    Used,
    /// It is for another profile or target.
    Elsewhere,
    /// Nothing that ran was meant by it.
    Unused,
    /// What it says fails was checked and held.
    Fixed,
    /// Its last day has passed: it excuses nothing any more.
    Expired,
}

/// An entry with what is said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KnownEntry {
    /// The line of the file on which it begins.
    pub line: usize,
    /// The requirement and the cases that it names.
    pub subject: String,
    /// Whether it lists a flaky case, and no known failure.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub flaky: bool,
    /// What is said of it.
    pub standing: Standing,
    /// How many cases it excused, or had repeated.
    pub cases: u64,
    /// Why the failure is accepted.
    pub reason: String,
    /// Where more is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Who looks after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The last day on which it excuses anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

/// What a run found of its list of known failures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KnownSummary {
    /// The file.
    pub file: String,
    /// Its entries, in the order of the file, known failures first.
    pub entries: Vec<KnownEntry>,
}

impl KnownSummary {
    /// Whether an entry has to be removed or renewed before the gate opens.
    pub fn breaks_the_gate(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry.standing, Standing::Fixed | Standing::Expired))
    }

    /// Entries whose reason is still that which `known update` wrote.
    pub fn unexplained(&self) -> usize {
        self.entries.iter().filter(|entry| entry.reason == NOT_EXPLAINED).count()
    }
}

impl Usage {
    /// Of a list of which nothing was used yet.
    pub fn new(excuses: &Excuses) -> Self {
        let tallies = |entries: &[Entry]| vec![Tally::default(); entries.len()];
        Self { known: tallies(&excuses.file.known), flaky: tallies(&excuses.file.flaky) }
    }

    /// Counts a case in that was judged with the list. `held` are the requirements of which checks held in it.
    #[expect(clippy::needless_pass_by_value, reason = "an iterator is cheap, and callers have it only for this")]
    pub fn add<'r>(
        &mut self,
        excuses: &Excuses,
        case: &str,
        verdict: Verdict,
        findings: &[Finding],
        held: impl Iterator<Item = &'r str> + Clone,
    ) {
        let concerned = |entry: &Entry| excuses.holds(entry) && !excuses.is_over(entry) && entry.is_for(case);
        for (entry, tally) in excuses.file.known.iter().zip(&mut self.known) {
            if !concerned(entry) {
                continue;
            }
            let is_known =
                |finding: &Finding| finding.verdict == Verdict::Known && entry.is_about(&finding.requirement);
            let found = findings.iter().any(is_known);
            let excused_whole = verdict == Verdict::Known && entry.requirements.is_empty();
            let passed = matches!(verdict, Verdict::Pass | Verdict::Fixed);
            let whole = entry.requirements.is_empty();
            let checked = if whole { passed } else { held.clone().any(|id| entry.is_about(id)) };
            tally.used += u64::from(found || excused_whole);
            tally.held += u64::from(!found && !excused_whole && checked);
        }
        for (entry, tally) in excuses.file.flaky.iter().zip(&mut self.flaky) {
            let ran = !matches!(verdict, Verdict::Skipped | Verdict::Unsupported);
            if concerned(entry) && ran {
                tally.used += u64::from(verdict == Verdict::Flaky);
                tally.held += u64::from(verdict != Verdict::Flaky);
            }
        }
    }

    /// What is said of each entry. Of an entry without cases it is known to be fixed only when the whole suite ran: a part
    /// of it may not hold the case that fails.
    pub fn summary(&self, excuses: &Excuses, file: &str, whole: bool) -> KnownSummary {
        let known = excuses.file.known.iter().zip(&self.known).map(|(entry, tally)| {
            let standing = match (tally.used, tally.held) {
                _ if !excuses.holds(entry) => Standing::Elsewhere,
                _ if excuses.is_over(entry) => Standing::Expired,
                (0, 0) => Standing::Unused,
                (0, _) if whole || !entry.cases.is_empty() => Standing::Fixed,
                (0, _) => Standing::Unused,
                _ => Standing::Used,
            };
            told(entry, false, standing, tally.used)
        });
        let flaky = excuses.file.flaky.iter().zip(&self.flaky).map(|(entry, tally)| {
            let standing = match tally.used + tally.held {
                _ if !excuses.holds(entry) => Standing::Elsewhere,
                _ if excuses.is_over(entry) => Standing::Expired,
                0 => Standing::Unused,
                _ => Standing::Used,
            };
            told(entry, true, standing, tally.used)
        });
        KnownSummary { file: file.to_owned(), entries: known.chain(flaky).collect() }
    }
}

fn told(entry: &Entry, flaky: bool, standing: Standing, cases: u64) -> KnownEntry {
    KnownEntry {
        line: entry.line,
        subject: entry.subject(),
        flaky,
        standing,
        cases,
        reason: entry.reason.clone(),
        link: entry.link.clone(),
        owner: entry.owner.clone(),
        expires: entry.expires.map(|day| day.to_string()),
    }
}
