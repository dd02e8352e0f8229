//! What is said of a case, a requirement and a single check.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// What is said of a case or a requirement. Ordered from best to worst, so that the worst of several is their maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A filter, a profile or a missing capability left it out, or the run ended before it.
    Skipped,
    /// The target has no such operation.
    Unsupported,
    /// Every check held.
    Pass,
    /// Failed, as a list of known failures says.
    Known,
    /// Listed as flaky, or generated: it failed, and passed when it was repeated.
    Flaky,
    /// Listed as a known failure, yet it passed.
    Fixed,
    /// The harness or the preparation broke, so nothing is said of the target.
    Error,
    /// A check did not hold.
    Fail,
}

impl Verdict {
    /// All verdicts, in the order in which summaries list them.
    pub const ALL: [Verdict; 8] = [
        Verdict::Pass,
        Verdict::Fail,
        Verdict::Error,
        Verdict::Known,
        Verdict::Flaky,
        Verdict::Fixed,
        Verdict::Unsupported,
        Verdict::Skipped,
    ];

    /// The word used in results and on the screen.
    pub const fn word(self) -> &'static str {
        match self {
            Verdict::Skipped => "skipped",
            Verdict::Unsupported => "unsupported",
            Verdict::Pass => "pass",
            Verdict::Known => "known",
            Verdict::Flaky => "flaky",
            Verdict::Fixed => "fixed",
            Verdict::Error => "error",
            Verdict::Fail => "fail",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How binding a requirement is. Ordered from most to least binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// A document says so.
    Must,
    /// A document advises it.
    Should,
    /// Servers do it; no document says so.
    Observed,
}

impl Level {
    /// The word used in `specs/`, in results and on the screen.
    pub const fn word(self) -> &'static str {
        match self {
            Level::Must => "must",
            Level::Should => "should",
            Level::Observed => "observed",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Where a rule comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Source {
    /// A file of the documents that the project started from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<String>,
    /// Another document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// Answers of real servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<String>,
    /// A place in the server's own source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What it says, in our own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = [("seed", &self.seed), ("doc", &self.doc), ("measured", &self.measured), ("code", &self.code)];
        let mut words: Vec<String> =
            named.into_iter().filter_map(|(kind, text)| text.as_ref().map(|text| format!("{kind} {text}"))).collect();
        words.extend(self.says.clone());
        f.write_str(&words.join(": "))
    }
}

/// A check that did not hold: what it was about, what was expected and what came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The requirement's id.
    pub requirement: String,
    /// The requirement's level.
    pub level: Level,
    /// `fail`, or `error` when the check could not be made; `known` when a list of known failures says so, `flaky` when
    /// it held as the case was repeated.
    pub verdict: Verdict,
    /// Where the rule comes from.
    pub sources: Vec<Source>,
    /// The step, counted from 1 as in the file; rows and parallel steps as `3.2`.
    pub step: String,
    /// The line of the step in the scenario's file, when the step stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The operation called.
    pub operation: String,
    /// One sentence: what is wrong.
    pub message: String,
    /// What would have been right.
    pub expected: String,
    /// What came instead: the value at `pointer`, shortened when large.
    pub actual: Value,
    /// JSON pointer into the response body; empty for the body as a whole; `status` or `header NAME` outside it.
    pub pointer: String,
    /// A command that repeats the call, with the token as `$MILVUS_TOKEN`.
    pub curl: String,
}

/// Several lines of plain text, for reports and logs.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sources: Vec<String> = self.sources.iter().map(ToString::to_string).collect();
        writeln!(f, "{} ({}) step {}, {}: {}", self.requirement, self.level, self.step, self.operation, self.message)?;
        writeln!(f, "  expected {}", self.expected)?;
        writeln!(f, "  actual   {} at `{}`", self.actual, self.pointer)?;
        writeln!(f, "  source   {}", sources.join("; "))?;
        writeln!(f, "  {}", self.curl)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_verdict_is_the_greatest() {
        assert_eq!([Verdict::Pass, Verdict::Fail, Verdict::Error].into_iter().max(), Some(Verdict::Fail));
        assert_eq!([Verdict::Pass, Verdict::Skipped].into_iter().max(), Some(Verdict::Pass));
    }

    #[test]
    fn words_and_serialised_names_agree() {
        for verdict in Verdict::ALL {
            assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.word());
        }
        for level in [Level::Must, Level::Should, Level::Observed] {
            assert_eq!(serde_json::to_value(level).unwrap(), level.word());
        }
    }
}
