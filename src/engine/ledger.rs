//! What a run has made and has to remove, on disk before it is made.
//!
//! One file a run, a JSON object a line: a head, then what is about to be made and what is gone. Whatever happens to the
//! process, the file tells `sweep` what is left.

use crate::contract::ObjectKind;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An object that a run makes. Ordered as objects are removed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entry {
    /// The kind of object.
    pub object: ObjectKind,
    /// The database that it is in; nothing means the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// Its name.
    pub name: String,
}

/// The ledger cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the ledger {}: {source}", path.display())]
pub struct LedgerError {
    /// The file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub source: std::io::Error,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    Run { run: String, target: String },
    Make(Entry),
    Gone(Entry),
}

/// The ledger of one run.
#[derive(Debug)]
pub struct Ledger {
    state: Mutex<State>,
    path: Option<PathBuf>,
}

#[derive(Debug)]
struct State {
    file: Option<File>,
    /// In the order in which they were made; removal goes the other way.
    present: Vec<Entry>,
}

/// What a ledger of an earlier run says is left.
#[derive(Debug)]
pub struct Unfinished {
    /// The ledger's file.
    pub path: PathBuf,
    /// The run that wrote it.
    pub run: String,
    /// The target that it ran against.
    pub target: String,
    /// What it made and did not remove, the last made first.
    pub left: Vec<Entry>,
}

impl Ledger {
    /// Where ledgers are kept unless the user says otherwise, from the working directory.
    pub const FOLDER: &str = "target/milvus-conformance/ledger";

    /// A ledger for a target that ends with the process.
    pub fn in_memory() -> Self {
        Self { state: Mutex::new(State { file: None, present: Vec::new() }), path: None }
    }

    /// Begins the ledger of a run in a folder, which is made when it is not there.
    ///
    /// # Errors
    /// When the folder or the file cannot be written.
    pub fn create(folder: &Path, run: &str, target: &str) -> Result<Self, LedgerError> {
        let path = folder.join(format!("{run}.jsonl"));
        let failed = |source| LedgerError { path: path.clone(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        let mut file = OpenOptions::new().append(true).create_new(true).open(&path).map_err(failed)?;
        write(&mut file, &Line::Run { run: run.to_owned(), target: target.to_owned() }).map_err(failed)?;
        Ok(Self { state: Mutex::new(State { file: Some(file), present: Vec::new() }), path: Some(path) })
    }

    /// Notes that something is about to be made. Only when this has returned may the call be sent.
    ///
    /// # Errors
    /// When the note cannot be written; the call must not be sent then.
    pub fn make(&self, entry: &Entry) -> Result<(), LedgerError> {
        let mut state = self.lock();
        if state.present.contains(entry) {
            return Ok(());
        }
        self.note(&mut state, &Line::Make(entry.clone()))?;
        state.present.push(entry.clone());
        Ok(())
    }

    /// Notes that something is gone.
    ///
    /// # Errors
    /// When the note cannot be written.
    pub fn gone(&self, entry: &Entry) -> Result<(), LedgerError> {
        let mut state = self.lock();
        state.present.retain(|present| present != entry);
        self.note(&mut state, &Line::Gone(entry.clone()))
    }

    /// What is left, the last made first.
    pub fn left(&self) -> Vec<Entry> {
        self.lock().present.iter().rev().cloned().collect()
    }

    /// Takes the file away when nothing is left; else says where it is.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn close(&self) -> Result<Option<PathBuf>, LedgerError> {
        let mut state = self.lock();
        state.file = None;
        let Some(path) = &self.path else { return Ok(None) };
        if !state.present.is_empty() {
            return Ok(Some(path.clone()));
        }
        fs::remove_file(path).map_err(|source| LedgerError { path: path.clone(), source })?;
        Ok(None)
    }

    /// The ledgers in a folder, oldest first. A last line that was cut off by a crash is left out: it was written before
    /// its call was sent.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be read. A folder that is not there holds no ledgers.
    pub fn unfinished(folder: &Path) -> Result<Vec<Unfinished>, LedgerError> {
        let failed = |path: &Path| {
            let path = path.to_path_buf();
            move |source| LedgerError { path, source }
        };
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed(folder))? {
            let path = entry.map_err(failed(folder))?.path();
            if path.extension().is_some_and(|end| end == "jsonl") {
                let made = fs::metadata(&path).and_then(|data| data.modified()).map_err(failed(&path))?;
                paths.push((made, path));
            }
        }
        paths.sort();
        paths.into_iter().map(|(_, path)| Self::read(path)).collect()
    }

    fn read(path: PathBuf) -> Result<Unfinished, LedgerError> {
        let text = fs::read_to_string(&path).map_err(|source| LedgerError { path: path.clone(), source })?;
        let mut unfinished = Unfinished { path, run: String::new(), target: String::new(), left: Vec::new() };
        for line in text.lines() {
            match serde_json::from_str(line) {
                Ok(Line::Run { run, target }) => (unfinished.run, unfinished.target) = (run, target),
                Ok(Line::Make(entry)) => unfinished.left.insert(0, entry),
                Ok(Line::Gone(entry)) => unfinished.left.retain(|left| *left != entry),
                Err(_) => {}
            }
        }
        Ok(unfinished)
    }

    fn note(&self, state: &mut State, line: &Line) -> Result<(), LedgerError> {
        let Some(file) = &mut state.file else { return Ok(()) };
        write(file, line).map_err(|source| LedgerError { path: self.path.clone().unwrap_or_default(), source })
    }

    /// A panic in another thread leaves the list as it was before or after one entry, both of which are sound.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write(file: &mut File, line: &Line) -> std::io::Result<()> {
    let mut text = serde_json::to_string(line)?;
    text.push('\n');
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(object: ObjectKind, name: &str) -> Entry {
        Entry { object, database: None, name: name.to_owned() }
    }

    #[test]
    fn what_is_made_and_not_gone_is_left_last_first() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::create(folder.path(), "mc_1", "http://x").unwrap();
        let (books, shelf) = (entry(ObjectKind::Collection, "mc_1_books"), entry(ObjectKind::Alias, "mc_1_shelf"));
        let pens = entry(ObjectKind::Collection, "mc_1_pens");
        for made in [&books, &pens, &shelf, &books] {
            ledger.make(made).unwrap();
        }
        ledger.gone(&pens).unwrap();
        assert_eq!(ledger.left(), [shelf.clone(), books.clone()]);
        let unfinished = Ledger::unfinished(folder.path()).unwrap();
        assert_eq!(unfinished.len(), 1);
        assert_eq!(unfinished[0].target, "http://x");
        assert_eq!(unfinished[0].left, [shelf.clone(), books.clone()]);
        assert_eq!(ledger.close().unwrap(), Some(folder.path().join("mc_1.jsonl")));
        ledger.gone(&shelf).unwrap();
        ledger.gone(&books).unwrap();
        assert_eq!(ledger.close().unwrap(), None);
        assert!(Ledger::unfinished(folder.path()).unwrap().is_empty());
    }

    #[test]
    fn a_line_cut_off_by_a_crash_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::create(folder.path(), "mc_2", "http://x").unwrap();
        ledger.make(&entry(ObjectKind::Collection, "mc_2_a")).unwrap();
        let path = folder.path().join("mc_2.jsonl");
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"make\":{\"object\":\"coll").unwrap();
        assert_eq!(Ledger::unfinished(folder.path()).unwrap()[0].left.len(), 1);
    }
}
