//! Where the files of the contract come from: the binary itself or a directory.

use crate::diagnostic::{SourceText, Text};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

// `EMBEDDED`: the files by their paths, each with its text and what was read from it.
include!(concat!(env!("OUT_DIR"), "/specs.rs"));

/// All files of a contract by their path below `specs/`, in order of the paths.
#[derive(Clone, Debug)]
pub struct Tree {
    root: String,
    files: BTreeMap<Cow<'static, str>, Text>,
    tested: bool,
}

/// The directory of the contract cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {source}", path.display())]
pub struct TreeError {
    /// The file or directory in question.
    pub path: PathBuf,
    /// What the system said.
    pub source: std::io::Error,
}

impl Tree {
    /// The contract that the binary was built with.
    pub fn embedded() -> Self {
        let files = EMBEDDED.iter().map(|(path, text, yaml)| ((*path).into(), Text::BuiltIn { text, yaml })).collect();
        Self { root: "specs".to_owned(), files, tested: true }
    }

    /// The contract in a directory; only its `.yaml` and `.json` files count.
    ///
    /// # Errors
    /// When the directory or one of its files cannot be read as text.
    pub fn directory(root: &Path) -> Result<Self, TreeError> {
        let mut files = BTreeMap::new();
        let mut pending = vec![root.to_path_buf()];
        while let Some(directory) = pending.pop() {
            let failed = |source| TreeError { path: directory.clone(), source };
            for entry in std::fs::read_dir(&directory).map_err(failed)? {
                let path = entry.map_err(failed)?.path();
                if path.is_dir() {
                    pending.push(path);
                } else if path.extension().is_some_and(|end| end == "yaml" || end == "json") {
                    let text =
                        std::fs::read_to_string(&path).map_err(|source| TreeError { path: path.clone(), source })?;
                    let below = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                    files.insert(below.into(), text.into());
                }
            }
        }
        Ok(Self { root: root.to_string_lossy().into_owned(), files, tested: false })
    }

    /// A contract given as texts, for tests of the loader itself.
    pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let files = files.into_iter().map(|(path, text)| (path.to_owned().into(), text.into())).collect();
        Self { root: "specs".to_owned(), files, tested: false }
    }

    /// One file, shown under the path that the user knows.
    pub fn file(&self, path: &str) -> Option<SourceText> {
        self.files.get(path).map(|text| self.source(path, text))
    }

    /// The files below a folder whose name ends so, with the path that is left when both are taken away.
    pub fn files<'a>(&'a self, folder: &'a str, ending: &'a str) -> impl Iterator<Item = (&'a str, SourceText)> + 'a {
        self.files
            .range(Cow::from(folder.to_owned())..)
            .take_while(move |(path, _)| path.starts_with(folder))
            .filter_map(move |(path, text)| {
                let name = path.strip_prefix(folder)?.trim_start_matches('/').strip_suffix(ending)?;
                Some((name, self.source(path, text)))
            })
    }

    /// Whether the files are those of this build, which its tests have found to be sound.
    pub(super) fn is_tested(&self) -> bool {
        self.tested
    }

    /// The same files, held for unknown, so that everything about them is checked.
    #[must_use]
    pub fn untested(&self) -> Self {
        Self { tested: false, ..self.clone() }
    }

    /// The path under which the root is shown.
    pub fn root(&self) -> &str {
        &self.root
    }

    fn source(&self, path: &str, text: &Text) -> SourceText {
        SourceText { file: format!("{}/{path}", self.root).into(), text: text.clone() }
    }
}
