//! What a list says of one case.

use super::file::{Entry, File};
use crate::glob::glob;
use crate::profile::Profile;
use crate::verdict::{Finding, Level, Verdict};
use jiff::civil::Date;

/// A list as it applies to one run: to this profile and target, on this day.
#[derive(Clone, Debug, Default)]
pub struct Excuses {
    pub(super) file: File,
    profile: Option<Profile>,
    target: String,
    today: Date,
}

/// What the list makes of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The verdict that it has with the list.
    pub verdict: Verdict,
    /// Why, when the list changed it.
    pub reason: Option<String>,
}

impl Entry {
    /// Whether a case is meant.
    pub(super) fn is_for(&self, case: &str) -> bool {
        self.cases.is_empty() || self.cases.iter().any(|pattern| glob(pattern, case))
    }

    /// Whether findings of a requirement are meant.
    pub(super) fn is_about(&self, requirement: &str) -> bool {
        self.requirements.is_empty() || self.requirements.iter().any(|pattern| glob(pattern, requirement))
    }

    /// Whether it holds in this profile and for this target.
    pub(super) fn holds(&self, profile: Option<Profile>, target: &str) -> bool {
        let profile_fits = self.profiles.is_empty() || profile.is_some_and(|profile| self.profiles.contains(&profile));
        profile_fits && (self.targets.is_empty() || self.targets.iter().any(|pattern| glob(pattern, target)))
    }

    /// The requirement and the cases, for people.
    pub(super) fn subject(&self) -> String {
        match (self.requirements.join(", "), self.cases.join(", ")) {
            (requirements, cases) if cases.is_empty() => requirements,
            (requirements, cases) if requirements.is_empty() => cases,
            (requirements, cases) => format!("{requirements} in {cases}"),
        }
    }

    fn why(&self) -> String {
        match &self.link {
            Some(link) => format!("{}, {link}", self.reason),
            None => self.reason.clone(),
        }
    }
}

impl Excuses {
    /// The list for a run against this target.
    pub fn new(file: File, profile: Profile, target: impl Into<String>, today: Date) -> Self {
        Self { file, profile: Some(profile), target: target.into(), today }
    }

    pub(super) fn holds(&self, entry: &Entry) -> bool {
        entry.holds(self.profile, &self.target)
    }

    pub(super) fn is_over(&self, entry: &Entry) -> bool {
        entry.expires.is_some_and(|last| last < self.today)
    }

    /// The entries that apply, those that are over left out.
    fn known(&self) -> impl Iterator<Item = &Entry> {
        self.file.known.iter().filter(|entry| self.holds(entry) && !self.is_over(entry))
    }

    /// Whether a case is to be repeated when it fails.
    pub fn is_flaky(&self, case: &str) -> bool {
        let mut flaky = self.file.flaky.iter().filter(|entry| self.holds(entry) && !self.is_over(entry));
        flaky.any(|entry| entry.is_for(case))
    }

    /// Judges a case that ran: marks its findings that are known, and says what the list makes of its verdict.
    ///
    /// A failure is known when every finding of the gate's level is. An error says nothing of the target, so that only an
    /// entry for the case as a whole covers it. A pass is `fixed` when an entry names the case, and what the entry is about
    /// was checked and held. `was_checked` says whether checks of a requirement that fits held in this case.
    pub fn judge(
        &self,
        case: &str,
        verdict: Verdict,
        gate: Level,
        findings: &mut [Finding],
        was_checked: impl Fn(&dyn Fn(&str) -> bool) -> bool,
    ) -> Judged {
        let entries: Vec<&Entry> = self.known().filter(|entry| entry.is_for(case)).collect();
        let mut reasons: Vec<String> = Vec::new();
        for finding in findings.iter_mut() {
            if let Some(entry) = entries.iter().find(|entry| entry.is_about(&finding.requirement)) {
                finding.verdict = Verdict::Known;
                if finding.level <= gate && !reasons.contains(&entry.why()) {
                    reasons.push(entry.why());
                }
            }
        }
        let whole = entries.iter().find(|entry| entry.requirements.is_empty());
        let unchanged = Judged { verdict, reason: None };
        match verdict {
            Verdict::Fail => {
                let mut gated = findings.iter().filter(|finding| finding.level <= gate);
                if gated.all(|finding| finding.verdict == Verdict::Known) {
                    Judged { verdict: Verdict::Known, reason: Some(reasons.join("; ")) }
                } else {
                    unchanged
                }
            }
            Verdict::Error => match whole {
                Some(entry) => Judged { verdict: Verdict::Known, reason: Some(entry.why()) },
                None => unchanged,
            },
            Verdict::Pass => {
                let fixed = entries.iter().find(|entry| {
                    let found = findings.iter().any(|finding| entry.is_about(&finding.requirement));
                    let checked = || entry.requirements.is_empty() || was_checked(&|id| entry.is_about(id));
                    !entry.cases.is_empty() && !found && checked()
                });
                match fixed {
                    Some(entry) => Judged {
                        verdict: Verdict::Fixed,
                        reason: Some(format!("listed as a known failure (line {}), yet it passed", entry.line)),
                    },
                    None => unchanged,
                }
            }
            Verdict::Skipped | Verdict::Unsupported | Verdict::Known | Verdict::Flaky | Verdict::Fixed => unchanged,
        }
    }
}
