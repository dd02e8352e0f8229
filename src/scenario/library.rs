//! Finding scenarios and fixtures: in the contract or in folders of the user's own.

use super::{Fixture, Scenario};
use crate::contract::Tree;
use crate::diagnostic::{Diagnostic, SourceText, suggestion};
use crate::yaml;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A scenario's id: its path below `scenarios/` or the given folder, without `.yaml`.
pub type ScenarioId = String;

/// Every scenario and fixture that a run may use. Texts are kept and parsed when asked for.
#[derive(Clone, Debug)]
pub struct Library {
    scenarios: BTreeMap<ScenarioId, SourceText>,
    fixtures: BTreeMap<String, (SourceText, Fixture)>,
}

/// Scenarios cannot be found or read.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// No file and no id of that name.
    #[error("there is no scenario, file or folder `{name}`{}", help.as_ref().map(|help| format!("; {help}")).unwrap_or_default())]
    Missing {
        /// What was asked for.
        name: String,
        /// What was probably meant.
        help: Option<String>,
    },
    /// A file that cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Library {
    /// The scenarios and fixtures of a contract.
    ///
    /// # Errors
    /// Fixtures that cannot be read; scenarios are parsed later.
    pub fn of_contract(tree: &Tree) -> Result<Self, Vec<Diagnostic>> {
        let scenarios = tree.files("scenarios", ".yaml").map(|(id, source)| (id.to_owned(), source)).collect();
        let mut fixtures = BTreeMap::new();
        let mut problems = Vec::new();
        for (name, source) in tree.files("fixtures", ".yaml") {
            match yaml::read::<Fixture>(&source) {
                Ok(fixture) => drop(fixtures.insert(name.to_owned(), (source, fixture))),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(Self { scenarios, fixtures }) } else { Err(problems) }
    }

    /// Keeps only what the given words name: a file, a folder of files, or the id of a scenario of the contract or the
    /// folder that several ids share. Files and folders of the user's come before ids.
    ///
    /// # Errors
    /// A word that names nothing, or a file that cannot be read.
    pub fn select(&self, words: &[String]) -> Result<Self, LibraryError> {
        let mut scenarios = BTreeMap::new();
        for word in words {
            let path = Path::new(word);
            if path.is_dir() {
                scenarios.extend(read_folder(path)?);
            } else if path.is_file() {
                let id = path.file_stem().map_or_else(|| word.clone(), |stem| stem.to_string_lossy().into_owned());
                scenarios.insert(id, read_file(path)?);
            } else {
                let wanted = word.trim_end_matches('/').trim_end_matches(".yaml");
                let below = format!("{wanted}/");
                let mut named = self
                    .scenarios
                    .iter()
                    .filter(|(id, _)| *id == wanted || id.starts_with(&below))
                    .map(|(id, source)| (id.clone(), source.clone()))
                    .peekable();
                if named.peek().is_none() {
                    let groups = self.scenarios.keys().filter_map(|id| id.split_once('/')).map(|(group, _)| group);
                    let help = suggestion(wanted, self.scenarios.keys().map(String::as_str).chain(groups));
                    return Err(LibraryError::Missing { name: word.clone(), help });
                }
                scenarios.extend(named);
            }
        }
        Ok(Self { scenarios, fixtures: self.fixtures.clone() })
    }

    /// Ids and texts, in order of the ids.
    pub fn scenarios(&self) -> impl Iterator<Item = (&ScenarioId, &SourceText)> {
        self.scenarios.iter()
    }

    /// A fixture by name.
    pub fn fixture(&self, name: &str) -> Option<&Fixture> {
        self.fixtures.get(name).map(|(_, fixture)| fixture)
    }

    /// All fixtures with their texts.
    pub fn fixtures(&self) -> impl Iterator<Item = (&str, &SourceText, &Fixture)> {
        self.fixtures.iter().map(|(name, (source, fixture))| (name.as_str(), source, fixture))
    }

    /// Parses one scenario.
    ///
    /// # Errors
    /// The first mistake in it.
    pub fn parse(source: &SourceText) -> Result<Scenario, Diagnostic> {
        yaml::read(source)
    }
}

fn read_file(path: &Path) -> Result<SourceText, LibraryError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| LibraryError::Unreadable { path: path.to_path_buf(), source })?;
    Ok(SourceText::new(path.to_string_lossy().into_owned(), text))
}

fn read_folder(root: &Path) -> Result<Vec<(ScenarioId, SourceText)>, LibraryError> {
    let mut found = Vec::new();
    let mut pending = vec![root.to_path_buf()];
    while let Some(folder) = pending.pop() {
        let unreadable = |source| LibraryError::Unreadable { path: folder.clone(), source };
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|end| end == "yaml" || end == "yml") {
                let below = path.strip_prefix(root).unwrap_or(&path).with_extension("");
                found.push((below.to_string_lossy().replace('\\', "/"), read_file(&path)?));
            }
        }
    }
    Ok(found)
}
