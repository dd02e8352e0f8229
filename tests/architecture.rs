//! What ARCHITECTURE.md says of the modules and of the dependencies is so.

#![allow(clippy::unwrap_used)] // Helpers are test code, too, which clippy does not see.

use regex::Regex;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// The modules in the order of the list, by name.
fn listed() -> Vec<String> {
    let places = Regex::new(r"`src/(\w+)(?:\.rs|/)`").unwrap();
    let text = read("ARCHITECTURE.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `src/"));
    let firsts = rows.filter_map(|row| row.split(" | ").next()).map(|first| format!("`src/{first}"));
    firsts.flat_map(|first| places.captures_iter(&first).map(|found| found[1].to_owned()).collect::<Vec<_>>()).collect()
}

/// The files of Rust below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The modules that a file names from the root of the crate, outside comments and tests.
fn imported(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]").next().unwrap();
    let code: String =
        code.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect();
    Regex::new(r"\bcrate::(\w+)").unwrap().captures_iter(&code).map(|found| found[1].to_owned()).collect()
}

#[test]
fn every_module_is_listed_and_imports_point_down_the_list() {
    let listed = listed();
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let (mut there, mut wrong) = (BTreeSet::new(), Vec::new());
    for file in files {
        let inner = file.strip_prefix(root().join("src")).unwrap();
        let module = Path::new(inner.iter().next().unwrap()).file_stem().unwrap().to_string_lossy().into_owned();
        if module == "lib" {
            continue;
        }
        let place = |name: &str| listed.iter().position(|one| one == name);
        for other in imported(&std::fs::read_to_string(&file).unwrap()) {
            if other != module && place(&other).is_some_and(|other| Some(other) <= place(&module)) {
                wrong.push(format!("{} imports {other}, which stands above {module}", inner.display()));
            }
        }
        there.insert(module);
    }
    assert_eq!(listed.iter().cloned().collect::<BTreeSet<_>>(), there);
    assert_eq!(listed.len(), there.len(), "a module is listed twice: {listed:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_dependency_is_listed_with_its_reason() {
    let manifest = read("Cargo.toml");
    let crates = |section: &str| -> BTreeSet<String> {
        let part = manifest.split(&format!("[{section}]\n")).nth(1).unwrap();
        let lines = part.lines().take_while(|line| !line.starts_with('['));
        lines.filter_map(|line| Some(line.split_once(" = ")?.0.to_owned())).collect()
    };
    let text = read("ARCHITECTURE.md");
    let dependencies = text.split("## Dependencies").nth(1).unwrap();
    let (table, tests) = dependencies.split_once("For tests only:").unwrap();
    let name = Regex::new(r"`([a-z][a-z0-9_-]+)`").unwrap();
    let named = |text: &str| name.captures_iter(text).map(|found| found[1].to_owned()).collect::<BTreeSet<_>>();
    let firsts: String =
        table.lines().filter(|line| line.starts_with("| `")).map(|line| line.split(" | ").next().unwrap()).collect();
    // A feature that is named beside its crate is none.
    let firsts = firsts.replace("`http1` only", "");
    assert_eq!(named(&firsts), crates("dependencies"));
    assert_eq!(named(tests), crates("dev-dependencies"));
}
