//! Writing the list anew from what a run found, without losing what people wrote into it.

use super::file::{Entry, File, NOT_EXPLAINED};
use crate::diagnostic::SourceText;
use crate::glob::glob;
use crate::profile::Profile;
use crate::verdict::Verdict;
use indexmap::IndexMap;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, TomlError, value};

/// A case of the results, as far as the list is concerned.
#[derive(Clone, Debug)]
pub struct Seen<'r> {
    /// The case's id.
    pub case: &'r str,
    /// Its verdict.
    pub verdict: Verdict,
    /// The requirements of its findings; those below the gate excuse nothing, but keep an entry alive.
    pub found: Vec<&'r str>,
    /// The requirements of its findings of the gate's level.
    pub gated: Vec<&'r str>,
    /// The requirements of which checks held.
    pub held: Vec<&'r str>,
}

/// What was changed in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A failure was added.
    Added(String),
    /// What does not fail any more was taken out.
    Removed {
        /// What it was about.
        subject: String,
        /// Why it had been accepted.
        reason: String,
    },
}

/// The list, written anew.
#[derive(Clone, Debug)]
pub struct Updated {
    /// The text of the file.
    pub text: String,
    /// What was changed.
    pub changes: Vec<Change>,
}

const HEADER: &str = "\
# Failures that are known already. Each needs a reason; a day in `expires` keeps it from being forgotten.
# `milvus-conformance known update` adds what fails and takes out what does not fail any more.

";

/// Adds what fails and is not listed, takes out what is listed and held, and leaves the rest as it stands: comments,
/// reasons, links, owners, and what is for other profiles and targets.
///
/// `file` is what `source` says. Of an entry without cases it is known that it does not fail any more only when the
/// `whole` suite ran.
///
/// # Errors
/// When the text is no TOML.
pub fn update(
    source: &SourceText,
    file: &File,
    (profile, target): (Profile, &str),
    seen: &[Seen<'_>],
    whole: bool,
) -> Result<Updated, TomlError> {
    let mut document: DocumentMut = source.text.parse()?;
    let mut changes = Vec::new();
    let holds = |entry: &Entry| entry.holds(Some(profile), target);
    let fresh = !document.contains_key("known");
    let item = document.entry("known").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    // What is no list of tables was refused when the file was read.
    let Some(tables) = item.as_array_of_tables_mut() else {
        return Ok(Updated { text: source.text.to_string(), changes });
    };

    let (entries, added) = failures(file, holds, seen);
    for (index, cases) in entries.into_iter().enumerate() {
        if let (Some(table), false) = (tables.get_mut(index), cases.is_empty()) {
            changes.extend(cases.iter().map(|case| added_to(&file.known[index].subject_of(case))));
            let listed = file.known[index].cases.iter().map(String::as_str).chain(cases);
            table["case"] = list(listed);
        }
    }
    // From the last to the first, so that the places of those before stay what they are.
    for (index, entry) in file.known.iter().enumerate().rev().filter(|(_, entry)| holds(entry)) {
        let removed = |subject: String| Change::Removed { subject, reason: entry.reason.clone() };
        if entry.cases.is_empty() {
            if whole && entry.is_held(None, seen) {
                tables.remove(index);
                changes.push(removed(entry.subject()));
            }
            continue;
        }
        let (gone, kept): (Vec<&String>, Vec<&String>) =
            entry.cases.iter().partition(|pattern| entry.is_held(Some(pattern), seen));
        let Some(table) = tables.get_mut(index) else { continue };
        let added: Vec<String> = listed(table).into_iter().filter(|case| !entry.cases.contains(case)).collect();
        if gone.is_empty() {
            continue;
        }
        if kept.is_empty() && added.is_empty() {
            tables.remove(index);
            changes.push(removed(entry.subject()));
        } else {
            table["case"] = list(kept.into_iter().chain(&added).map(String::as_str));
            changes.extend(gone.into_iter().map(|case| removed(entry.subject_of(case))));
        }
    }
    for (requirement, cases) in added {
        let mut table = Table::new();
        let subject = cases.join(", ");
        if let Some(requirement) = requirement {
            table["requirement"] = value(requirement);
            changes.push(added_to(&format!("{requirement} in {subject}")));
        } else {
            changes.push(added_to(&subject));
        }
        table["case"] = list(cases.into_iter());
        table["profile"] = value(profile.name());
        table["reason"] = value(NOT_EXPLAINED);
        if !tables.is_empty() || !fresh {
            table.decor_mut().set_prefix("\n");
        }
        tables.push(table);
    }
    if tables.is_empty() {
        document.remove("known");
    }
    let mut text = document.to_string();
    if source.text.trim().is_empty() {
        text.insert_str(0, HEADER);
    }
    Ok(Updated { text, changes })
}

fn added_to(subject: &str) -> Change {
    Change::Added(subject.to_owned())
}

/// By entry of the file the cases to be added to it; and the failures for which there is no entry, by requirement. A case
/// that ended in error is listed as a whole.
#[expect(clippy::type_complexity, reason = "the two halves are taken apart at once")]
fn failures<'r>(
    file: &File,
    holds: impl Fn(&Entry) -> bool,
    seen: &[Seen<'r>],
) -> (Vec<Vec<&'r str>>, IndexMap<Option<&'r str>, Vec<&'r str>>) {
    let mut to_entries = vec![Vec::new(); file.known.len()];
    let mut new: IndexMap<Option<&str>, Vec<&str>> = IndexMap::new();
    for one in seen {
        let failed: Vec<Option<&str>> = match one.verdict {
            Verdict::Fail => one.gated.iter().map(|requirement| Some(*requirement)).collect(),
            Verdict::Error => vec![None],
            _ => continue,
        };
        for requirement in failed {
            let covers = |entry: &&Entry| {
                let about = match requirement {
                    Some(id) => entry.is_about(id),
                    None => entry.requirements.is_empty(),
                };
                holds(entry) && entry.is_for(one.case) && about
            };
            if file.known.iter().any(|entry| covers(&entry)) {
                continue;
            }
            let home = file.known.iter().position(|entry| {
                let same = match requirement {
                    Some(id) => entry.requirements == [id],
                    None => false,
                };
                holds(entry) && same && !entry.cases.is_empty()
            });
            let cases = match home {
                Some(index) => &mut to_entries[index],
                None => new.entry(requirement).or_default(),
            };
            if !cases.contains(&one.case) {
                cases.push(one.case);
            }
        }
    }
    (to_entries, new)
}

impl Entry {
    /// Whether what the entry is about was checked and did not fail, in all cases of one of its patterns.
    fn is_held(&self, pattern: Option<&String>, seen: &[Seen<'_>]) -> bool {
        let mut held = false;
        for one in seen.iter().filter(|one| pattern.is_none_or(|pattern| glob(pattern, one.case))) {
            let whole = self.requirements.is_empty();
            let fails = if whole {
                !matches!(one.verdict, Verdict::Pass | Verdict::Fixed | Verdict::Skipped | Verdict::Unsupported)
            } else {
                one.found.iter().any(|id| self.is_about(id))
            };
            if fails {
                return false;
            }
            held |= if whole {
                matches!(one.verdict, Verdict::Pass | Verdict::Fixed)
            } else {
                one.held.iter().any(|id| self.is_about(id))
            };
        }
        held
    }

    /// What one of its cases is about, for people.
    fn subject_of(&self, case: &str) -> String {
        Entry { requirements: self.requirements.clone(), cases: vec![case.to_owned()], ..Entry::default() }.subject()
    }
}

fn listed(table: &Table) -> Vec<String> {
    match table.get("case").and_then(Item::as_value) {
        Some(toml_edit::Value::Array(list)) => {
            list.iter().filter_map(toml_edit::Value::as_str).map(str::to_owned).collect()
        }
        Some(one) => one.as_str().map(str::to_owned).into_iter().collect(),
        None => Vec::new(),
    }
}

/// One text, or a list of them.
fn list<'t>(texts: impl Iterator<Item = &'t str>) -> Item {
    let texts: Vec<&str> = texts.collect();
    match texts.as_slice() {
        [one] => value(*one),
        several => {
            let mut list: Array = several.iter().copied().collect();
            if several.len() > 2 {
                for item in list.iter_mut() {
                    item.decor_mut().set_prefix("\n    ");
                }
                list.set_trailing("\n");
                list.set_trailing_comma(true);
            }
            value(list)
        }
    }
}
