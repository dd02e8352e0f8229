//! What an author is told about a mistake: each file of `tests/bad_scripts/` has one, and its message is a snapshot.
//!
//! After a deliberate change of a message: `INSTA_UPDATE=always cargo test --test bad_scripts`, then read the difference.

#![allow(clippy::unwrap_used)] // Helpers are test code, too, which clippy does not see.

use milvus_conformance::contract::{Contract, Tree};
use milvus_conformance::diagnostic::{Diagnostic, SourceText};
use milvus_conformance::scenario::{Library, check};
use std::path::{Path, PathBuf};

/// The files with mistakes, in order of their names.
fn bad_scripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad_scripts");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "yaml"));
    files.sort();
    files
}

fn mistakes(file: &Path, contract: &Contract, library: &Library) -> Vec<Diagnostic> {
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let source = SourceText::new(name, std::fs::read_to_string(file).unwrap());
    match Library::parse(&source) {
        Ok(scenario) => check(&source, &scenario, contract, library),
        Err(mistake) => vec![mistake],
    }
}

/// Words of Rust and of crates, which would tell an author nothing.
const FOREIGN: [&str; 9] = ["::", "Option", "struct", "enum ", "serde", "usize", "u16", "Vec<", "untagged"];

#[test]
fn each_mistake_is_shown_at_its_place_in_words_that_help() {
    let tree = Tree::embedded();
    let contract = Contract::load(&tree).unwrap();
    let library = Library::of_contract(&tree).unwrap();
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("snapshots/bad_scripts");
    let files = bad_scripts();
    assert!(files.len() > 100);
    let mut unsaid = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let found = mistakes(&file, &contract, &library);
        if found.is_empty() {
            unsaid.push(format!("{name} has a mistake that is not found"));
        }
        for mistake in &found {
            let text = mistake.to_string();
            unsaid.extend(
                FOREIGN.iter().filter(|word| text.contains(*word)).map(|word| format!("{name} says `{word}`: {text}")),
            );
        }
        let shown: Vec<String> = found.iter().map(|mistake| mistake.render(false)).collect();
        settings.bind(|| insta::assert_snapshot!(name, shown.join("\n\n")));
    }
    assert!(unsaid.is_empty(), "{}", unsaid.join("\n"));
}
