//! `replay` as its users meet it: recordings, agreement, refusals and exit codes.

#![allow(clippy::unwrap_used)] // Helpers are test code, too, which clippy does not see.

mod support;

use serde_json::{Value, json};
use std::net::TcpListener;
use support::{Ended, Server, run, tool};
use tempfile::TempDir;

/// A recording in which a collection is made, described by an id of the recorded server, and dropped.
fn recording(changes: impl Fn(usize, &mut Value)) -> String {
    let call = |n: usize, operation: &str, request: Value, body: Value| {
        json!({
            "n": n, "server": "milvus-2.6", "method": "POST", "path": format!("/v2/vectordb/{operation}"),
            "request": request, "status": 200, "body": body,
            "response_headers": {"content-type": "application/json; charset=utf-8"}, "trust": "full",
        })
    };
    let name = json!({"collectionName": "books"});
    let loaded = json!({"code": 0, "message": "", "data": {"loadProgress": 100, "loadState": "LoadStateLoaded"}});
    let mut lines = [
        call(
            1,
            "collections/create",
            json!({"collectionName": "books", "dimension": 4, "autoID": true}),
            json!({"code": 0, "data": {}}),
        ),
        call(2, "collections/get_load_state", name.clone(), loaded),
        call(
            3,
            "entities/insert",
            json!({"collectionName": "books", "data": [{"vector": [1, 2, 3, 4]}]}),
            json!({"code": 0, "cost": 0, "data": {"insertCount": 1, "insertIds": [461_111_111_111_111_111_u64]}}),
        ),
        call(
            4,
            "entities/get",
            json!({"collectionName": "books", "id": [461_111_111_111_111_111_u64], "outputFields": ["id"]}),
            json!({"code": 0, "cost": 0, "data": [{"id": 461_111_111_111_111_111_u64}]}),
        ),
        call(5, "collections/drop", name.clone(), json!({"code": 0, "data": {}})),
        call(6, "collections/has", name, json!({"code": 0, "data": {"has": false}})),
    ];
    lines[1]["poll"] = true.into();
    lines.iter_mut().enumerate().for_each(|(index, line)| changes(index, line));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn replay(text: &str, arguments: &[&str]) -> Ended {
    let folder: TempDir = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("session.jsonl"), text).unwrap();
    run(tool(folder.path()).args(["replay", "session.jsonl"]).args(arguments))
}

fn figures(ended: &Ended) -> Value {
    serde_json::from_str::<Value>(&ended.out).unwrap()["files"][0].clone()
}

#[test]
fn a_recording_that_is_answered_alike_agrees() {
    let ended = replay(&recording(|_, _| {}), &["--json"]).exits(0);
    let found = figures(&ended);
    assert_eq!(found["totals"]["compared"], 6);
    assert_eq!(found["totals"]["agree"], 6);
    assert_eq!(found["disagreements"], json!([]));
    let shown = replay(&recording(|_, _| {}), &[]).exits(0).out;
    assert!(shown.contains("all agree") && shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
}

#[test]
fn a_server_is_only_changed_on_demand_and_its_own_ids_stand_for_the_recorded_ones() {
    let server = Server::start(&["--token", "root:Br0mbeere-7"]);
    let text = recording(|_, line| line["auth"] = true.into());
    let refused = replay(&text, &["--target", &server.url, "--token", "root:Br0mbeere-7"]).exits(2);
    assert!(refused.err.contains("--change-target") && refused.out.is_empty(), "{}", refused.err);
    let sent = ["--target", &server.url, "--token", "root:Br0mbeere-7", "--change-target", "--json"];
    let found = figures(&replay(&text, &sent).exits(0));
    assert_eq!(found["operations"]["entities/get"]["agree"], 1);
    let wrong = ["--target", &server.url, "--token", "root:wrong", "--change-target", "--json"];
    assert_eq!(figures(&replay(&text, &wrong).exits(1))["kinds"], json!({"status": 6}));
}

#[test]
fn disagreements_are_listed_with_their_place_and_a_floor_bears_some() {
    let text = recording(|index, line| {
        if index == 5 {
            line["body"]["data"]["has"] = true.into();
        }
    });
    let found = figures(&replay(&text, &["--json"]).exits(1));
    let only = &found["disagreements"][0];
    assert_eq!(
        (&only["n"], &only["path"], &only["kind"], &only["at"], &only["expected"], &only["actual"]),
        (
            &json!(6),
            &json!("/v2/vectordb/collections/has"),
            &json!("data"),
            &json!("/data/has"),
            &json!(true),
            &json!(false)
        )
    );
    assert!(replay(&text, &[]).exits(1).out.contains("data at /data/has"));
    replay(&text, &["--floor", "83"]).exits(0);
    replay(&text, &["--floor", "84"]).exits(1);
    assert!(replay(&text, &["--profile", "milvus-2.4"]).exits(1).out.contains("(milvus-2.4)"));
}

#[test]
fn what_is_no_recording_and_what_cannot_be_reached_have_their_own_exit_codes() {
    let told = |text: &str, arguments: &[&str], code| replay(text, arguments).exits(code).err;
    assert!(told("{\"n\": 1}", &[], 2).contains("session.jsonl: not a recording: line 1: missing field"));
    assert!(told("", &[], 2).contains("there are no calls in it"));
    let other = recording(|_, line| line["server"] = "milvus-9".into());
    assert!(told(&other, &[], 2).contains("`milvus-9` is no profile; say --profile"));
    assert!(told(&other, &["--floor", "101"], 2).contains("0 to 100"));
    assert!(told(&other, &["--change-target"], 2).contains("--target"));
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    assert!(told(&other, &["--target", &nobody, "--change-target"], 3).contains("connection refused"));
    let folder = tempfile::tempdir().unwrap();
    assert!(run(tool(folder.path()).args(["replay", "none.jsonl"])).exits(2).err.contains("none.jsonl"));
}
