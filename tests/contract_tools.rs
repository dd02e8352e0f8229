//! `export` and `diff` as their users meet them.

#![allow(clippy::unwrap_used)] // Helpers are test code, too, which clippy does not see.

mod support;

use serde_json::{Value, json};
use support::{Ended, run, tool};

fn said(arguments: &[&str]) -> Ended {
    run(tool(tempfile::tempdir().unwrap().path()).args(arguments))
}

#[test]
fn a_document_goes_to_a_file_or_to_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["export", "openapi", "--profile", "milvus-2.6"];
    let printed = said(&arguments).exits(0).out;
    let silent = run(tool(folder.path()).args(arguments).args(["-o", "api.json"])).exits(0);
    assert_eq!(silent.out, "");
    assert_eq!(std::fs::read_to_string(folder.path().join("api.json")).unwrap(), printed);
    let document: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let search = &document["paths"]["/v2/vectordb/entities/search"]["post"];
    assert_eq!(search["operationId"], "entities_search");
    assert_eq!(
        search["requestBody"]["content"]["application/json"]["schema"],
        json!({"$ref": "#/components/schemas/entities.search.request"})
    );
    assert!(search["responses"]["401"].is_object());
    assert!(search["parameters"].as_array().unwrap().iter().any(|parameter| parameter["name"] == "Request-Timeout"));
    assert!(!printed.contains("\"Authorization\""));

    let nowhere = run(tool(folder.path()).args(arguments).args(["-o", "none/api.json"])).exits(2);
    assert!(nowhere.err.contains("cannot write none/api.json"));
    said(&["export", "openapi"]).exits(2);
    said(&["export", "raml", "--profile", "milvus-2.6"]).exits(2);
}

#[test]
fn profiles_are_compared_as_text_and_as_json() {
    let json: Value =
        serde_json::from_str(&said(&["diff", "milvus-2.4", "milvus-2.5", "--json"]).exits(0).out).unwrap();
    let changes = json["changes"].as_array().unwrap();
    assert_eq!(json["summary"]["changes"], changes.len());
    let breaking = changes.iter().filter(|change| change["breaking"] == true).count();
    assert_eq!(json["summary"]["breaking"], breaking);
    let nullable = changes
        .iter()
        .find(|change| change["operation"] == "collections/create" && change["at"] == "/schema/fields/*/nullable");
    let nullable = nullable.unwrap();
    assert_eq!((&nullable["change"], &nullable["breaking"]), (&json!("added"), &json!(false)));
    let lost = said(&["diff", "milvus-2.5", "milvus-2.4"]).exits(0).out;
    assert!(lost.contains("- request /schema/fields/*/nullable"), "{lost}");
    assert!(said(&["diff", "milvus-2.6", "milvus-2.6"]).exits(0).out.contains("0 changes, none can break a client"));
    assert!(said(&["diff", "milvus-2.6", "milvus-2.7"]).exits(2).err.contains("milvus-2.7"));
}
