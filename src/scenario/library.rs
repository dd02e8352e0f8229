//! Finding scenarios and fixtures: in the contract or in folders of the user's own.

use super::{Fixture, Scenario};
use crate::contract::Tree;
use crate::diagnostic::{Diagnostic, SourceText, suggestion};
use crate::yaml;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A scenario's id: its path below `scenarios/` or the given folder, without `.yaml`.
pub type ScenarioId = String;

/// Where the text of a scenario is. Files of the user's are read when asked for, so that memory does not grow with their
/// number.
#[derive(Clone, Debug)]
pub enum ScenarioSource {
    /// In memory.
    Text(SourceText),
    /// In a file.
    File(PathBuf),
}

impl ScenarioSource {
    /// The text.
    ///
    /// # Errors
    /// When the file cannot be read any more.
    pub fn text(&self) -> Result<SourceText, LibraryError> {
        match self {
            ScenarioSource::Text(text) => Ok(text.clone()),
            ScenarioSource::File(path) => match std::fs::read_to_string(path) {
                Ok(text) => Ok(SourceText::new(path.to_string_lossy().into_owned(), text)),
                Err(source) => Err(LibraryError::Unreadable { path: path.clone(), source }),
            },
        }
    }
}

/// Every scenario and fixture that a run may use.
#[derive(Clone, Debug)]
pub struct Library {
    scenarios: BTreeMap<ScenarioId, ScenarioSource>,
    /// Shared between libraries that differ in their scenarios only.
    fixtures: Arc<BTreeMap<String, (SourceText, Fixture)>>,
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
        let scenarios = tree
            .files("scenarios", ".yaml")
            .map(|(id, source)| (id.to_owned(), ScenarioSource::Text(source)))
            .collect();
        let mut fixtures = BTreeMap::new();
        let mut problems = Vec::new();
        for (name, source) in tree.files("fixtures", ".yaml") {
            match yaml::read::<Fixture>(&source) {
                Ok(fixture) => drop(fixtures.insert(name.to_owned(), (source, fixture))),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(Self { scenarios, fixtures: Arc::new(fixtures) }) } else { Err(problems) }
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
                scenarios.extend(files_in(path)?);
            } else if path.is_file() {
                let id = path.file_stem().map_or_else(|| word.clone(), |stem| stem.to_string_lossy().into_owned());
                scenarios.insert(id, ScenarioSource::File(path.to_path_buf()));
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
        Ok(Self { scenarios, fixtures: Arc::clone(&self.fixtures) })
    }

    /// The same fixtures with other scenarios.
    #[must_use]
    pub fn with_scenarios(&self, scenarios: impl IntoIterator<Item = (ScenarioId, SourceText)>) -> Self {
        let scenarios = scenarios.into_iter().map(|(id, text)| (id, ScenarioSource::Text(text))).collect();
        Self { scenarios, fixtures: Arc::clone(&self.fixtures) }
    }

    /// Ids and sources, in order of the ids.
    pub fn scenarios(&self) -> impl Iterator<Item = (&ScenarioId, &ScenarioSource)> {
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

/// The scenario files below a folder.
fn files_in(root: &Path) -> Result<Vec<(ScenarioId, ScenarioSource)>, LibraryError> {
    let mut found = Vec::new();
    let mut pending = vec![root.to_path_buf()];
    while let Some(folder) = pending.pop() {
        let unreadable = |source| LibraryError::Unreadable { path: folder.clone(), source };
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let path = entry.path();
            // The folder knows what stands in it, but not where links lead.
            let is_folder = match entry.file_type() {
                Ok(kind) if !kind.is_symlink() => kind.is_dir(),
                _ => path.is_dir(),
            };
            if is_folder {
                pending.push(path);
            } else if path.extension().is_some_and(|end| end == "yaml" || end == "yml") {
                let below = path.strip_prefix(root).unwrap_or(&path).with_extension("");
                found.push((below.to_string_lossy().replace('\\', "/"), ScenarioSource::File(path)));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn files_are_found_in_folders_at_any_depth_and_behind_links() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let write = |root: &Path, name: &str| {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        };
        write(folder.path(), "a.yaml");
        write(folder.path(), "b/c/d.yml");
        write(folder.path(), "b/notes.txt");
        write(elsewhere.path(), "e.yaml");
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("linked")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path().join("e.yaml"), folder.path().join("f.yaml")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("g")).unwrap();
        let mut found: Vec<_> = files_in(folder.path()).unwrap().into_iter().map(|(id, _)| id).collect();
        found.sort();
        assert_eq!(found, ["a", "b/c/d", "f", "linked/e"]);
    }
}
