//! What `lint` says of a broken contract: each row breaks our own in one place, and the message is a snapshot.
//!
//! After a deliberate change of a message: `INSTA_UPDATE=always cargo test --test bad_specs`, then read the difference.

#![allow(clippy::unwrap_used)] // Helpers are test code, too, which clippy does not see.

use milvus_conformance::contract::{Contract, Tree};
use milvus_conformance::diagnostic::Diagnostic;
use milvus_conformance::scenario::{Library, lint};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// One change of a file.
enum Edit {
    /// The first occurrence of a text becomes another.
    Replace(&'static str, &'static str),
    /// The text comes to the end of the file, which is made when it is not there.
    Append(&'static str),
    Remove,
}

use Edit::{Append, Remove, Replace};

const DROP: &str = "operations/aliases/drop.yaml";
const DROP_REQUEST: &str = "operations/aliases/drop.request.schema.json";
const DROP_RESPONSE: &str = "operations/aliases/drop.response.schema.json";
const ALIASES: &str = "requirements/aliases.yaml";
const ERRORS: &str = "errors.yaml";
const READINGS: &str = "readings.yaml";
const PROFILE: &str = "profiles/milvus-2.6.yaml";
const ENVELOPE: &str = "envelope.schema.json";
const FIXTURE: &str = "fixtures/quick.yaml";

/// The name of a mistake, the file that it is made in, and how.
const MISTAKES: [(&str, &str, Edit); 47] = [
    (
        "error-that-nothing-makes-come",
        ERRORS,
        Append("\nshelf-broken:\n  meaning: It broke.\n  codes: {all: [5]}\n  sources: [{code: shelves}]\n"),
    ),
    (
        "error-marked-though-it-comes",
        ERRORS,
        Replace("alias-not-found:\n", "alias-not-found:\n  not-producible: nobody asks\n"),
    ),
    ("operation-names-an-unknown-error", DROP, Replace("database-not-found", "database-not-fond")),
    ("operation-path-is-of-another", DROP, Replace("aliases/drop", "aliases/delete")),
    ("operation-write-without-target", DROP, Replace("target: aliasName\n", "")),
    ("operation-target-is-no-key-of-its-request", DROP, Replace("target: aliasName", "target: alias")),
    ("operation-creates-by-no-key", "operations/aliases/create.yaml", Replace("named: aliasName", "named: alias")),
    (
        "operation-without-sources",
        "operations/aliases/probe.yaml",
        Append("summary: Probes.\npath: /v2/vectordb/aliases/probe\neffect: read\nonly: [milvus-3.0]\nsources: []\n"),
    ),
    ("operation-with-an-unknown-key", DROP, Replace("repeatable:", "repeatible:")),
    ("operation-with-an-unknown-effect", DROP, Replace("effect: write", "effect: change")),
    ("operation-with-impossible-bounds", DROP, Append("since: \"3.0\"\nuntil: \"2.4\"\n")),
    ("operation-with-a-wrong-version", DROP, Append("since: new\n")),
    ("request-schema-missing", DROP_REQUEST, Remove),
    ("response-schema-missing", DROP_RESPONSE, Remove),
    ("schema-not-json", DROP_REQUEST, Replace("\"type\": \"object\",", "\"type\": \"object\"")),
    ("schema-does-not-compile", DROP_REQUEST, Replace("\"type\": \"object\"", "\"type\": \"objekt\"")),
    ("schema-with-a-bad-pattern", DROP_REQUEST, Replace("\"minLength\": 1", "\"pattern\": \"^(a\"")),
    ("schema-with-a-reference-to-no-definition", DROP_RESPONSE, Replace("json#/$defs/success", "json#/$defs/succes")),
    ("schema-with-a-reference-to-no-file", DROP_RESPONSE, Replace("../../envelope.schema", "../../envelop.schema")),
    ("schema-without-a-branch", DROP_RESPONSE, Replace("\"failure\": {", "\"failur\": {")),
    ("schema-with-a-wrong-version", DROP_REQUEST, Replace("\"x-until\": \"2.6\"", "\"x-until\": \"two\"")),
    ("schema-bound-to-an-unknown-profile", DROP_REQUEST, Replace("\"x-until\": \"2.6\"", "\"x-only\": \"milvus-2.7\"")),
    ("schema-with-an-unknown-mark", DROP_REQUEST, Replace("\"x-until\": \"2.6\"", "\"x-untill\": \"2.6\"")),
    ("envelope-missing", ENVELOPE, Remove),
    ("envelope-not-json", ENVELOPE, Append("}")),
    (
        "example-request-does-not-fit",
        "operations/partitions/has.yaml",
        Replace(
            "{collectionName: test_collection, partitionName: january}",
            "{collectionName: 5, partitionName: january}",
        ),
    ),
    ("example-response-does-not-fit", "operations/partitions/has.yaml", Replace("has: true", "has: often")),
    (
        "requirement-must-without-document",
        ALIASES,
        Replace("sources: [{seed: 004_e8646ba4aae7311c.txt}]", "sources: [{measured: all four}]"),
    ),
    ("requirement-with-an-unknown-level", ALIASES, Replace("level: must", "level: shall")),
    (
        "requirement-with-an-unknown-operation",
        ALIASES,
        Replace("operations: [aliases/drop]", "operations: [aliases/dorp]"),
    ),
    (
        "requirement-nobody-covers",
        ALIASES,
        Append(
            "\nalias.drop.is-fast:\n  statement: An alias is dropped fast.\n  level: observed\n  sources: [{measured: all four}]\n",
        ),
    ),
    (
        "requirement-observed-only-documented",
        ALIASES,
        Append(
            "\nalias.drop.is-fast:\n  statement: An alias is dropped fast.\n  level: observed\n  not-testable: it depends\n  sources: [{doc: a page}]\n",
        ),
    ),
    (
        "requirement-stated-twice",
        "requirements/zz.yaml",
        Append("alias.drop.path:\n  statement: Again.\n  level: must\n  sources: [{doc: a page}]\n"),
    ),
    (
        "requirement-automatic-without-a-check",
        ALIASES,
        Append(
            "\nalias.drop.is-fast:\n  statement: An alias is dropped fast.\n  level: must\n  automatic: true\n  sources: [{doc: a page}]\n",
        ),
    ),
    (
        "requirement-with-impossible-bounds",
        ALIASES,
        Append(
            "\nalias.drop.is-fast:\n  statement: An alias is dropped fast.\n  level: must\n  not-testable: it depends\n  since: \"2.6\"\n  only: [milvus-2.4]\n  sources: [{doc: a page}]\n",
        ),
    ),
    ("envelope-requirement-missing", "requirements/transport.yaml", Replace("envelope.json:", "envelope.jsonn:")),
    ("errors-missing", ERRORS, Remove),
    ("error-with-a-bad-pattern", ERRORS, Replace("\"database not found\"", "\"database (not found\"")),
    ("error-with-an-unknown-profile", ERRORS, Replace("codes: {all: [800]}", "codes: {all: [800], milvus-2.7: [801]}")),
    ("error-with-a-text-as-code", ERRORS, Replace("codes: {all: [800]}", "codes: {all: [many]}")),
    (
        "error-without-sources",
        ERRORS,
        Append(
            "\nalias-asleep:\n  not-producible: nobody sings\n  meaning: The alias sleeps.\n  codes: {all: [5]}\n  sources: []\n",
        ),
    ),
    ("readings-missing", READINGS, Remove),
    ("reading-without-forms", READINGS, Append("\nalias.color:\n  about: The color of an alias.\n  forms: []\n")),
    (
        "profile-unknown",
        "profiles/milvus-2.7.yaml",
        Append("title: Milvus 2.7\nsuccess-codes: {reading: success-code, expected: 0}\n"),
    ),
    ("profile-missing", PROFILE, Remove),
    ("profile-with-an-unknown-reading", PROFILE, Replace("reading: success-code", "reading: succes-code")),
    ("fixture-with-an-unknown-variable", FIXTURE, Replace("${metric}", "${metrik}")),
];

fn files(folder: &Path, root: &Path, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, root, found);
        } else {
            let below = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            found.insert(below, std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// Our own contract, by path.
fn own() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
    let mut found = BTreeMap::new();
    files(&root, &root, &mut found);
    found
}

fn edited(mut files: BTreeMap<String, String>, file: &str, edit: &Edit) -> BTreeMap<String, String> {
    match edit {
        Replace(old, new) => {
            let text = files.get_mut(file).unwrap_or_else(|| panic!("{file} is not there"));
            assert!(text.contains(old), "{file} does not hold `{old}`");
            *text = text.replacen(old, new, 1);
        }
        Append(text) => files.entry(file.to_owned()).or_default().push_str(text),
        Remove => drop(files.remove(file).unwrap_or_else(|| panic!("{file} is not there"))),
    }
    files
}

/// What `lint` finds, in the order in which the command does it.
fn found(files: &BTreeMap<String, String>) -> Vec<Diagnostic> {
    let tree = Tree::of(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let contract = match Contract::load(&tree) {
        Ok(contract) => Arc::new(contract),
        Err(problems) => return problems,
    };
    match Library::of_contract(&tree) {
        Ok(library) => lint(&contract, &library).problems,
        Err(problems) => problems,
    }
}

#[test]
fn our_own_contract_has_no_mistakes() {
    assert_eq!(found(&own()), []);
}

#[test]
fn each_mistake_is_found_in_the_file_where_it_was_made() {
    let own = own();
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("snapshots/bad_specs");
    let mut missed = Vec::new();
    for (name, file, edit) in &MISTAKES {
        let mut problems = found(&edited(own.clone(), file, edit));
        if !problems.iter().any(|problem| problem.to_string().contains(file)) {
            missed.push(format!("{name}: nothing is said of {file}: {problems:#?}"));
        }
        // One mistake may have many consequences; the first few show whether the cause is told.
        let more = problems.len().saturating_sub(3);
        problems.truncate(3);
        let mut shown: Vec<String> = problems.iter().map(|problem| problem.render(false)).collect();
        if more > 0 {
            shown.push(format!("and {more} more"));
        }
        settings.bind(|| insta::assert_snapshot!(*name, shown.join("\n\n")));
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
