//! The published JSON Schemas in `specs/schemas/` are those of the types, and our own files fit them.
//!
//! After a deliberate change of a type: `UPDATE_SCHEMAS=1 cargo test --test schemas`.

#![allow(clippy::unwrap_used)] // Helpers are test code, too, which clippy does not see.

use jsonschema::Validator;
use milvus_conformance::config::{Config, TEMPLATE};
use milvus_conformance::diagnostic::SourceText;
use milvus_conformance::results::Results;
use milvus_conformance::scenario::{Library, editor_schemas};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every published schema by file name, as text.
fn made() -> BTreeMap<&'static str, String> {
    let results = ("results.schema.json", schemars::schema_for!(Results));
    let known = ("known-failures.schema.json", milvus_conformance::known::editor_schema());
    let config = ("config.schema.json", schemars::schema_for!(Config));
    let all = editor_schemas().into_iter().chain([config, results, known]);
    all.map(|(name, schema)| (name, format!("{:#}\n", schema.as_value()))).collect()
}

fn validator(name: &str) -> Validator {
    let schema: Value = serde_json::from_str(&made()[name]).unwrap();
    jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{name} is no schema: {error}"));
    jsonschema::options().offline().build(&schema).unwrap()
}

/// A file as an editor reads it, where only `true` and `false` are booleans.
fn yaml(text: &str) -> Result<Value, serde_saphyr::Error> {
    serde_saphyr::from_str_with_options(text, serde_saphyr::options! { strict_booleans: true })
}

/// The files of that ending below a folder.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn the_published_schemas_are_those_of_the_types() {
    let folder = root().join("specs/schemas");
    let made = made();
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in &made {
            std::fs::write(folder.join(name), text).unwrap();
        }
    }
    let published = files(&folder, ".json");
    let names: Vec<_> = published.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, made.keys().copied().collect::<Vec<_>>(), "specs/schemas/ has other files than there are types");
    for (path, (name, text)) in published.iter().zip(&made) {
        let is = std::fs::read_to_string(path).unwrap();
        assert!(
            is.replace("\r\n", "\n") == *text,
            "specs/schemas/{name} is out of date; run `UPDATE_SCHEMAS=1 cargo test --test schemas` and commit it"
        );
    }
}

#[test]
fn every_file_of_the_contract_fits_its_schema() {
    let specs = root().join("specs");
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (below, schema) in [
        ("scenarios", "scenario.schema.json"),
        ("fixtures", "fixture.schema.json"),
        ("operations", "operation.schema.json"),
        ("profiles", "profile.schema.json"),
        ("requirements", "requirements.schema.json"),
        ("errors.yaml", "errors.schema.json"),
        ("readings.yaml", "readings.schema.json"),
    ] {
        let validator = validator(schema);
        let path = specs.join(below);
        for file in if path.is_dir() { files(&path, ".yaml") } else { vec![path] } {
            seen += 1;
            let text = std::fs::read_to_string(&file).unwrap();
            let value: Value = yaml(&text).unwrap();
            wrong.extend(
                validator
                    .iter_errors(&value)
                    .map(|error| format!("{} at `{}`: {error}", file.display(), error.instance_path())),
            );
        }
    }
    assert!(seen > 150, "only {seen} files were looked at");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_config_file_fits_its_schema_when_the_tool_takes_it() {
    let validator = validator("config.schema.json");
    let json = |text: &str| -> Value { toml::from_str(text).unwrap() };
    assert!(validator.is_valid(&json(TEMPLATE)));
    let whole = "target = 'a'\nprofile = 'milvus-2.5'\ngate = 'should'\nfilter = 'tag(x)'\njobs = 3\nknown = 'k.toml'\n\
        [targets.a]\nurl = 'http://a'\ntoken-env = 'A'\nprofile = 'milvus-2.4'\ndb = 'd'\nca-cert = 'c'\ninsecure = true\n\
        proxy = 'http://p'\n[[snapshot.rules]]\nreason = 'r'\nin = 'both'\npath = '$'\nround = 2\n";
    assert!(validator.is_valid(&json(whole)), "{:?}", validator.iter_errors(&json(whole)).next());
    for wrong in ["profle = 'milvus-2.5'", "profile = 'milvus-2.7'", "jobs = 0", "[[snapshot.rules]]\nround = 2"] {
        assert!(!validator.is_valid(&json(wrong)), "{wrong}");
    }
}

/// Scripts that are wrong in a way that a JSON Schema cannot know.
const BEYOND_A_SCHEMA: [&str; 3] = ["matcher-bad-regex", "matcher-ranks-row-without-vector", "template-empty"];

#[test]
fn a_script_of_the_wrong_form_is_marked_in_the_editor_too() {
    let validator = validator("scenario.schema.json");
    let mut unmarked = Vec::new();
    let mut marked = 0;
    for file in files(&root().join("tests/bad_scripts"), ".yaml") {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let source = SourceText::new(name.as_str(), std::fs::read_to_string(&file).unwrap());
        let mistake = match Library::parse(&source) {
            Err(mistake) => mistake.message,
            Ok(_) if name.ends_with("-empty") => "something is empty".to_owned(),
            Ok(_) => continue,
        };
        // An editor that cannot read the text as YAML says so without a schema.
        let Ok(value) = yaml(&source.text) else { continue };
        if validator.is_valid(&value) {
            unmarked.push((name, mistake));
        } else {
            marked += 1;
        }
    }
    unmarked.retain(|(name, _)| !BEYOND_A_SCHEMA.contains(&name.as_str()));
    assert!(unmarked.is_empty(), "{unmarked:#?}");
    assert!(marked > 30, "only {marked} were marked");
}

#[test]
fn a_script_that_the_tool_takes_names_its_schema_where_editors_look() {
    let published = root().join("specs/schemas/scenario.schema.json");
    for file in files(&root().join("specs/scenarios"), ".yaml") {
        let text = std::fs::read_to_string(&file).unwrap();
        let Some(named) = text.lines().next().and_then(|line| line.strip_prefix("# yaml-language-server: $schema="))
        else {
            continue;
        };
        let leads_to = file.parent().unwrap().join(named);
        assert_eq!(leads_to.canonicalize().ok(), published.canonicalize().ok(), "{} leads nowhere", file.display());
    }
}
