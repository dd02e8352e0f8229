//! Several runs side by side: targets by requirements, who agrees with whom, and what changed from version to version.

mod html;
mod markdown;

use crate::profile::Profile;
use crate::results::Results;
use crate::verdict::{Level, Verdict};
use indexmap::IndexMap;
use serde::Serialize;

/// Results with the name under which they are compared.
#[derive(Clone, Debug)]
pub struct Named {
    /// Short, such as the name of the file.
    pub name: String,
    /// What was found.
    pub results: Results,
}

/// What several runs have in common and in which they differ.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The form of this document.
    pub schema: &'static str,
    /// The runs, in the order given.
    pub sides: Vec<Side>,
    /// Every pair of them.
    pub pairs: Vec<Pair>,
    /// Runs of one product, from version to version.
    pub series: Vec<Series>,
    /// Every requirement that one of the runs knows, by id.
    pub requirements: Vec<Row>,
    /// By reading and side, the forms met with the number of answers that had them.
    pub readings: IndexMap<String, Vec<IndexMap<String, u64>>>,
}

/// One of the runs.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
    /// The name given.
    pub name: String,
    /// The server.
    pub target: String,
    /// Whether it is the embedded reference target.
    pub embedded: bool,
    /// The contract that was applied.
    pub profile: Profile,
    /// When it began.
    pub started: String,
    /// Whether it came to its end.
    pub complete: bool,
    /// Requirements that hold.
    pub pass: u64,
    /// Requirements that are broken.
    pub fail: u64,
    /// Requirements that a broken preparation left open.
    pub error: u64,
}

/// How much two runs agree.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// The places of the two among the sides.
    pub of: (usize, usize),
    /// Requirements of which both runs say that they hold or are broken.
    pub shared: u64,
    /// Those of which both say the same.
    pub same: u64,
    /// Readings that both met.
    pub shared_readings: u64,
    /// Those of which both met the same forms.
    pub same_readings: u64,
}

/// A requirement in all runs.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// The statement.
    pub statement: String,
    /// What each side says; nothing when its profile has no such requirement.
    pub verdicts: Vec<Option<Verdict>>,
    /// Whether two sides contradict each other.
    pub differs: bool,
}

/// Runs of one product, oldest version first.
#[derive(Clone, Debug, Serialize)]
pub struct Series {
    /// The product.
    pub product: &'static str,
    /// The places of its runs among the sides.
    pub sides: Vec<usize>,
    /// What changed from each to the next.
    pub turns: Vec<Turn>,
}

/// What changed from one run to the next.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Turn {
    /// Held before, broken now.
    pub broken: Vec<String>,
    /// Broken before, holds now.
    pub mended: Vec<String>,
    /// Stated only of the later one.
    pub new: Vec<String>,
    /// Stated only of the earlier one.
    pub gone: Vec<String>,
    /// Readings of which another form is followed now.
    pub turned: Vec<String>,
}

/// The form of a comparison written as JSON.
const SCHEMA: &str = "milvus-conformance/comparison/1";

impl Comparison {
    /// Compares results.
    pub fn of(runs: &[Named]) -> Self {
        let requirements = rows(runs);
        let readings = readings(runs);
        let sides: Vec<Side> = runs.iter().enumerate().map(|(at, run)| Side::of(run, at, &requirements)).collect();
        let pairs = (0..runs.len())
            .flat_map(|left| (left + 1..runs.len()).map(move |right| (left, right)))
            .map(|of| Pair::of(of, &requirements, &readings))
            .collect();
        let series =
            PRODUCTS.into_iter().filter_map(|product| Series::of(product, &sides, &requirements, &readings)).collect();
        Self { schema: SCHEMA, sides, pairs, series, requirements, readings }
    }

    /// As JSON.
    ///
    /// # Errors
    /// None that is known; writing JSON may fail in principle.
    pub fn json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// As Markdown.
    pub fn markdown(&self) -> String {
        markdown::markdown(self)
    }

    /// As one page.
    pub fn html(&self) -> String {
        html::html(self)
    }
}

/// What has versions. The reference target is none of the servers that it imitates.
const PRODUCTS: [&str; 4] =
    ["Milvus", "Zilliz Cloud", "The reference target as Milvus", "The reference target as Zilliz Cloud"];

fn product(side: &Side) -> &'static str {
    PRODUCTS[usize::from(side.embedded) * 2 + usize::from(side.profile == Profile::ZillizCloud)]
}

/// Whether a verdict says something of the target.
fn said(verdict: Option<Verdict>) -> Option<Verdict> {
    verdict.filter(|verdict| matches!(verdict, Verdict::Pass | Verdict::Fail))
}

fn rows(runs: &[Named]) -> Vec<Row> {
    let mut rows: IndexMap<&str, Row> = IndexMap::new();
    for (at, run) in runs.iter().enumerate() {
        for stated in &run.results.outcome.requirements {
            let row = rows.entry(&stated.id).or_insert_with(|| Row {
                id: stated.id.clone(),
                level: stated.level,
                statement: stated.statement.clone(),
                verdicts: vec![None; runs.len()],
                differs: false,
            });
            row.verdicts[at] = Some(stated.verdict);
        }
    }
    rows.sort_keys();
    rows.into_values()
        .map(|mut row| {
            let mut all = row.verdicts.iter().copied().filter_map(said);
            let first = all.next();
            row.differs = all.any(|verdict| Some(verdict) != first);
            row
        })
        .collect()
}

fn readings(runs: &[Named]) -> IndexMap<String, Vec<IndexMap<String, u64>>> {
    let mut readings: IndexMap<String, Vec<IndexMap<String, u64>>> = IndexMap::new();
    for (at, run) in runs.iter().enumerate() {
        for (reading, forms) in &run.results.outcome.readings {
            let sides = readings.entry(reading.clone()).or_insert_with(|| vec![IndexMap::new(); runs.len()]);
            sides[at].clone_from(forms);
        }
    }
    readings.sort_keys();
    readings
}

/// Whether two runs met the same forms of a reading; how often is a matter of the scenarios.
fn same_forms(left: &IndexMap<String, u64>, right: &IndexMap<String, u64>) -> bool {
    left.len() == right.len() && left.keys().all(|form| right.contains_key(form))
}

impl Side {
    fn of(run: &Named, at: usize, rows: &[Row]) -> Self {
        let head = &run.results.head;
        let count = |verdict| rows.iter().filter(|row| row.verdicts[at] == Some(verdict)).count() as u64;
        Self {
            name: run.name.clone(),
            target: head.target.address.clone(),
            embedded: head.target.embedded,
            profile: head.profile,
            started: head.started.clone(),
            complete: run.results.outcome.complete,
            pass: count(Verdict::Pass),
            fail: count(Verdict::Fail),
            error: count(Verdict::Error),
        }
    }
}

impl Pair {
    fn of(of: (usize, usize), rows: &[Row], readings: &IndexMap<String, Vec<IndexMap<String, u64>>>) -> Self {
        let both = |row: &Row| Some((said(row.verdicts[of.0])?, said(row.verdicts[of.1])?));
        let met = |sides: &&Vec<IndexMap<String, u64>>| !sides[of.0].is_empty() && !sides[of.1].is_empty();
        Self {
            of,
            shared: rows.iter().filter_map(both).count() as u64,
            same: rows.iter().filter_map(both).filter(|(left, right)| left == right).count() as u64,
            shared_readings: readings.values().filter(met).count() as u64,
            same_readings: readings.values().filter(met).filter(|sides| same_forms(&sides[of.0], &sides[of.1])).count()
                as u64,
        }
    }

    /// The share of what both say that is the same, in percent; nothing when they share nothing.
    pub fn agreement(&self) -> Option<f64> {
        (self.shared > 0).then(|| self.same as f64 * 100.0 / self.shared as f64)
    }
}

impl Series {
    /// The runs of a product when there are several, by version and then by time.
    fn of(
        name: &'static str,
        sides: &[Side],
        rows: &[Row],
        readings: &IndexMap<String, Vec<IndexMap<String, u64>>>,
    ) -> Option<Self> {
        let mut own: Vec<usize> = (0..sides.len()).filter(|&at| product(&sides[at]) == name).collect();
        own.sort_by(|&one, &other| {
            (sides[one].profile, &sides[one].started).cmp(&(sides[other].profile, &sides[other].started))
        });
        let turns = own.windows(2).map(|pair| Turn::of(pair[0], pair[1], rows, readings)).collect();
        (own.len() > 1).then_some(Self { product: name, sides: own, turns })
    }
}

impl Turn {
    fn of(before: usize, after: usize, rows: &[Row], readings: &IndexMap<String, Vec<IndexMap<String, u64>>>) -> Self {
        let mut turn = Self::default();
        for row in rows {
            let (was, is) = (row.verdicts[before], row.verdicts[after]);
            let list = match (said(was), said(is)) {
                (Some(Verdict::Pass), Some(Verdict::Fail)) => &mut turn.broken,
                (Some(Verdict::Fail), Some(Verdict::Pass)) => &mut turn.mended,
                _ if was.is_none() && is.is_some() => &mut turn.new,
                _ if was.is_some() && is.is_none() => &mut turn.gone,
                _ => continue,
            };
            list.push(row.id.clone());
        }
        turn.turned = readings
            .iter()
            .filter(|(_, sides)| {
                !sides[before].is_empty() && !sides[after].is_empty() && !same_forms(&sides[before], &sides[after])
            })
            .map(|(reading, _)| reading.clone())
            .collect();
        turn
    }
}

/// The forms of a reading that a side follows, the most frequent first.
fn followed(forms: &IndexMap<String, u64>) -> String {
    let mut forms: Vec<_> = forms.iter().collect();
    forms.sort_by(|(one, few), (other, many)| many.cmp(few).then_with(|| one.cmp(other)));
    forms.into_iter().map(|(form, _)| form.as_str()).collect::<Vec<_>>().join(", ")
}

/// What stands in a cell of the matrix: a sign that is read without colour, and the word for it.
fn cell(verdict: Option<Verdict>) -> (&'static str, &'static str) {
    match verdict {
        None => ("", "not in this contract"),
        Some(Verdict::Pass) => ("✓", "pass"),
        Some(Verdict::Fail) => ("✗", "fail"),
        Some(Verdict::Error) => ("!", "error"),
        Some(Verdict::Known) => ("~", "known"),
        Some(Verdict::Flaky) => ("±", "flaky"),
        Some(Verdict::Fixed) => ("+", "fixed"),
        Some(Verdict::Unsupported) => ("∅", "unsupported"),
        Some(Verdict::Skipped) => ("·", "not checked"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Head, Outcome, RequirementResult, SCHEMA, TargetFacts, Tool};
    use crate::target::Certainty;

    fn run(name: &str, profile: Profile, verdicts: &[(&str, Verdict)], form: &str) -> Named {
        let requirement = |(id, verdict): &(&str, Verdict)| RequirementResult {
            id: (*id).to_owned(),
            level: Level::Must,
            verdict: *verdict,
            statement: "A rule.".to_owned(),
            passed: 1,
            failed: 0,
            not_testable: None,
            sources: Vec::new(),
        };
        let head = Head {
            schema: SCHEMA.to_owned(),
            tool: Tool::this(),
            target: TargetFacts { address: "http://x".to_owned(), embedded: false, auth: false },
            profile,
            profile_reason: "given".to_owned(),
            profile_certainty: Certainty::default(),
            run: "mc_a".to_owned(),
            started: "2026-01-01T00:00:00Z".to_owned(),
            gate: Level::Must,
        };
        let mut outcome = Outcome { requirements: verdicts.iter().map(requirement).collect(), ..Outcome::default() };
        outcome.readings.insert("r".to_owned(), IndexMap::from([(form.to_owned(), 1)]));
        Named { name: name.to_owned(), results: Results { head, cases: Vec::new(), outcome } }
    }

    #[test]
    fn versions_are_put_in_order_and_what_changed_is_told() {
        use Verdict::{Error, Fail, Pass, Skipped};
        let compared = Comparison::of(&[
            run("new", Profile::Milvus26, &[("a", Fail), ("b", Pass), ("c", Pass), ("e", Error), ("n", Pass)], "x"),
            run("old", Profile::Milvus24, &[("a", Pass), ("b", Fail), ("c", Pass), ("e", Pass), ("g", Skipped)], "y"),
            run("cloud", Profile::ZillizCloud, &[("c", Pass)], "x"),
        ]);
        let ids: Vec<_> = compared.requirements.iter().map(|row| (row.id.as_str(), row.differs)).collect();
        assert_eq!(ids, [("a", true), ("b", true), ("c", false), ("e", false), ("g", false), ("n", false)]);
        assert_eq!(compared.series.len(), 1, "a single run of a product is no series");
        assert_eq!(compared.series[0].sides, [1, 0]);
        let told = |ids: &[&str]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            compared.series[0].turns,
            [Turn {
                broken: told(&["a"]),
                mended: told(&["b"]),
                new: told(&["n"]),
                gone: told(&["g"]),
                turned: told(&["r"])
            }]
        );
        let pair = &compared.pairs[0];
        assert_eq!((pair.of, pair.shared, pair.same, pair.shared_readings, pair.same_readings), ((0, 1), 3, 1, 1, 0));
        assert_eq!(compared.pairs[1].agreement(), Some(100.0));
        assert_eq!(compared.pairs[1].same_readings, 1);
    }
}
