//! What others take into their CI: the action's script does what its inputs say, and the examples of the document are YAML
//! that names inputs which there are.

#![allow(clippy::unwrap_used)] // Helpers are test code, too, which clippy does not see.
#![cfg(unix)]

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn action() -> Value {
    serde_saphyr::from_str(&std::fs::read_to_string(root().join("action.yml")).unwrap()).unwrap()
}

/// The script of the action's last step, with these inputs.
fn run_action(folder: &Path, inputs: &[(&str, &str)]) -> Output {
    let action = action();
    let step = action["runs"]["steps"].as_array().unwrap().last().unwrap();
    let tool = Path::new(env!("CARGO_BIN_EXE_milvus-conformance")).parent().unwrap();
    let path = format!("{}:{}", tool.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    // As GitHub runs a step of a composite action.
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"].as_str().unwrap()]);
    command.current_dir(folder).env("PATH", path).env_remove("MILVUS_URI");
    for (variable, expression) in step["env"].as_object().unwrap() {
        let input = expression.as_str().unwrap().trim_start_matches("${{ inputs.").trim_end_matches(" }}");
        let default = action["inputs"][input]["default"].as_str().unwrap();
        let given = inputs.iter().find(|(name, _)| *name == input).map(|(_, value)| *value);
        command.env(variable, given.unwrap_or(default));
    }
    command.output().unwrap()
}

#[test]
fn the_action_hands_its_inputs_to_the_tool() {
    let folder = tempfile::tempdir().unwrap();
    let plain = run_action(folder.path(), &[("filter", "group(aliases)"), ("arguments", "-q --strict")]);
    assert_eq!(plain.status.code(), Some(0), "{plain:?}");
    let read = |file: &str| std::fs::read_to_string(folder.path().join(file)).unwrap();
    assert!(read("milvus-conformance-junit.xml").contains("aliases/alter"));
    let results: Value = serde_json::from_str(&read("milvus-conformance-results.json")).unwrap();
    assert_eq!((&results["profile"], &results["gate"]), (&"milvus-2.6".into(), &"must".into()));

    let inputs = [
        ("profile", "milvus-2.4"),
        ("gate", "observed"),
        ("filter", "group(aliases)"),
        ("shard", "1/2"),
        ("results", "a.json"),
        ("junit", "a.xml"),
        ("token", "root:Milvus"),
    ];
    let given = run_action(folder.path(), &inputs);
    assert_eq!(given.status.code(), Some(0), "{given:?}");
    let results: Value = serde_json::from_str(&read("a.json")).unwrap();
    assert_eq!((&results["profile"], &results["gate"]), (&"milvus-2.4".into(), &"observed".into()));
    assert_eq!(results["shard"], "1/2");

    let hostile = run_action(folder.path(), &[("filter", "$(touch hacked)"), ("results", "`touch hacked`.json")]);
    assert_eq!(hostile.status.code(), Some(2), "{hostile:?}");
    assert!(!folder.path().join("hacked").exists());
    let unreachable = run_action(folder.path(), &[("target", "http://127.0.0.1:1")]);
    assert_eq!(unreachable.status.code(), Some(3), "{unreachable:?}");
}

#[test]
fn the_examples_are_yaml_and_name_inputs_and_outputs_that_there_are() {
    let text = std::fs::read_to_string(root().join("docs/ci.md")).unwrap();
    let action = action();
    let mut uses = 0;
    let blocks: Vec<&str> = text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(blocks.len(), 3);
    for block in blocks {
        let example: Value = serde_saphyr::from_str(block).unwrap();
        for job in example["jobs"].as_object().into_iter().flat_map(|jobs| jobs.values()) {
            for step in job["steps"].as_array().unwrap() {
                if step["uses"] == "./milvus-conformance" {
                    uses += 1;
                    for input in step["with"].as_object().unwrap().keys() {
                        assert!(!action["inputs"][input].is_null(), "the action has no input `{input}`");
                    }
                }
            }
        }
        for output in block.split("outputs.").skip(1).map(|rest| rest.split(' ').next().unwrap()) {
            assert!(!action["outputs"][output].is_null(), "the action has no output `{output}`");
        }
    }
    assert_eq!(uses, 2);
}

#[test]
fn the_container_gets_all_that_the_build_reads() {
    let read = |file: &str| std::fs::read_to_string(root().join(file)).unwrap();
    let allowed: Vec<String> =
        read(".dockerignore").lines().filter_map(|line| line.strip_prefix('!').map(str::to_owned)).collect();
    let copied: Vec<String> = read("Dockerfile")
        .lines()
        .filter_map(|line| line.strip_prefix("COPY "))
        .filter(|line| !line.starts_with("--from"))
        .flat_map(|line| line.split(' ').filter(|word| !word.starts_with('.')).map(str::to_owned).collect::<Vec<_>>())
        .collect();
    for needed in ["Cargo.toml", "Cargo.lock", "README.md", "build.rs", "src", "specs", "benches"] {
        assert!(allowed.iter().any(|name| name == needed), "{needed} is not handed to the build");
        assert!(copied.iter().any(|name| name == needed), "{needed} is not copied");
    }
    assert!(root().join("specs/schemas/config.schema.json").exists());
}
