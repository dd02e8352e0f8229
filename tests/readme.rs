//! The commands of the README and of the other documents: each is understood, and those that need no server run.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::path::Path;
use std::process::Command;

const TOOL: &str = env!("CARGO_BIN_EXE_milvus-conformance");

/// The lines of shell blocks that call the tool, without what stands before and behind it.
fn commands(file: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == "```sh";
            continue;
        }
        let line = line.split(" # ").next().unwrap_or_default();
        let called = ["milvus-conformance ", "cargo run --release -- "].iter().find_map(|start| line.split_once(start));
        if let (true, Some((_, arguments))) = (inside, called) {
            found.push(words(arguments));
        }
    }
    found
}

/// Splits at blanks outside quotes; the documents need no more of a shell than that.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in line.trim().chars() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            (None, ' ') => words.push(String::new()),
            (_, other) => words.last_mut().unwrap().push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn every_command_of_the_documents_works() {
    let folder = tempfile::tempdir().unwrap();
    let all: Vec<Vec<String>> = [
        "README.md",
        "CONTRIBUTING.md",
        "docs/scenarios.md",
        "docs/specs.md",
        "docs/config.md",
        "docs/snapshots.md",
        "docs/ci.md",
    ]
    .into_iter()
    .flat_map(commands)
    .collect();
    assert!(all.len() >= 8, "the documents show commands: {all:?}");
    for arguments in all {
        let serves = arguments.iter().any(|word| word == "serve");
        let needs_server = arguments.iter().any(|word| word.contains("--target") || word.contains("MILVUS"));
        let invented = arguments.iter().any(|word| word.contains("path/to"));
        if serves || needs_server || invented {
            // Only whether it is understood: a wrong flag would be told before anything else.
            let output = Command::new(TOOL).args(&arguments).arg("--help").output().unwrap();
            assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
            continue;
        }
        let output = Command::new(TOOL).args(&arguments).current_dir(&folder).output().unwrap();
        let told = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        assert!(output.status.success(), "{arguments:?}: {}", told.concat());
    }
}
