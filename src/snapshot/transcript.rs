//! The calls of a case as text, one block a call.

use super::Normaliser;
use super::json::Json;
use super::layout::{Node, quoted};
use super::normalise::Order;
use super::path::inside;
use super::rules::Half;
use crate::exchange::{Exchange, Request, Response};
use std::collections::BTreeSet;

/// One call of a case.
#[derive(Clone, Debug)]
pub struct Call {
    /// The step that made it, as in findings.
    pub step: String,
    /// The call and its answer.
    pub exchange: Exchange,
}

/// Lists of names that no server promises an order for.
const UNORDERED: [&str; 8] = [
    "aliases/list",
    "collections/list",
    "databases/list",
    "indexes/list",
    "resource_groups/list",
    "roles/list",
    "users/list",
    "/v1/vector/collections",
];

/// The header fields of an ordinary call. Only what differs from them is told.
const USUAL: [(&str, &str); 3] = [
    ("Content-Type", "application/json"),
    ("Accept-Type-Allow-Int64", "true"),
    ("Authorization", "Bearer $MILVUS_TOKEN"),
];

/// What operations are called, after this.
const ROUTES: &str = "/v2/vectordb/";

/// The calls of a case as text that is the same for every run of a server that answers the same.
///
/// Of a condition that was awaited only the last answer is told. `awaited` holds the steps that may ask more than once; they
/// are marked whether they did or not, since that is a matter of time. Calls made at the same time stand in the order of
/// the scenario.
pub fn transcript(calls: &[Call], awaited: &BTreeSet<String>, normaliser: &mut Normaliser) -> String {
    let calls = in_order(calls);
    let calls: Vec<(&Call, Option<Json>, Option<Json>)> = calls
        .into_iter()
        .map(|call| {
            let Exchange { request, response, .. } = &call.exchange;
            normaliser.reserve(&request.path);
            request.headers.iter().for_each(|(_, value)| normaliser.reserve(value));
            [&request.body, &response.body].iter().for_each(|body| normaliser.reserve(&String::from_utf8_lossy(body)));
            let name = operation(request);
            let asked = as_written(&request.body).map(|body| normaliser.prepared(body, name, Half::Request));
            let answered = Json::read(&response.body).map(|mut body| {
                without_noise(&mut body, normaliser);
                normaliser.prepared(body, name, Half::Answer)
            });
            // Rules may have written tokens of their own.
            [&asked, &answered].into_iter().flatten().for_each(|body| normaliser.reserve(&body.to_string()));
            (call, asked, answered)
        })
        .collect();
    let blocks: Vec<String> = calls
        .into_iter()
        .map(|(call, request_body, response_body)| {
            let remark = if awaited.contains(&call.step) { ", awaited" } else { "" };
            let Exchange { request, response, .. } = &call.exchange;
            let asked = asked(request, request_body, normaliser);
            let answered = answered(request, response, response_body, normaliser);
            format!("## {}{remark}\n{asked}\n{answered}\n", call.step)
        })
        .collect();
    blocks.join("\n")
}

/// The last call of each step, in the order of the scenario.
fn in_order(calls: &[Call]) -> Vec<&Call> {
    let mut ordered: Vec<&Call> = Vec::with_capacity(calls.len());
    for call in calls {
        match ordered.iter_mut().rev().find(|earlier| earlier.step == call.step) {
            Some(earlier) => *earlier = call,
            None => ordered.push(call),
        }
    }
    ordered
        .chunk_by_mut(|a, b| parent(&a.step) == parent(&b.step))
        .for_each(|siblings| siblings.sort_by_key(|call| last_number(&call.step)));
    ordered
}

fn parent(step: &str) -> Option<&str> {
    step.rsplit_once('.').map(|(parent, _)| parent)
}

fn last_number(step: &str) -> Option<u64> {
    step.rsplit('.').next()?.parse().ok()
}

fn operation(request: &Request) -> &str {
    request.path.strip_prefix(ROUTES).unwrap_or(&request.path)
}

/// Whether an operation answers with a list in no particular order.
fn is_unordered(operation: &str) -> bool {
    UNORDERED.contains(&operation.split('?').next().unwrap_or_default())
}

/// Takes out what is of another case, and what a call cost.
fn without_noise(answer: &mut Json, normaliser: &Normaliser) {
    without_other_cases(answer, normaliser);
    let Json::Object(members) = answer else { return };
    for (_, cost) in members.iter_mut().filter(|(key, _)| key == "cost") {
        if matches!(cost, Json::Number(_)) && *cost != Json::Number(0.into()) {
            *cost = Json::Token("<cost>".to_owned());
        }
    }
}

/// Takes the objects of other cases out of all lists, by name or with a name, and out of tables by name.
fn without_other_cases(value: &mut Json, normaliser: &Normaliser) {
    if let Json::List(items) = value {
        items.retain(|item| match item {
            Json::Object(members) => !members.iter().any(|(_, member)| normaliser.is_of_another_case(member)),
            name => !normaliser.is_of_another_case(name),
        });
    }
    if let Json::Object(members) = value {
        members.retain(|(key, _)| !normaliser.is_name_of_another_case(key));
    }
    inside(value, &mut |inner| without_other_cases(inner, normaliser));
}

fn asked(request: &Request, body: Option<Json>, normaliser: &mut Normaliser) -> String {
    let mut text = format!("> {} {}", request.method, normaliser.text(operation(request)));
    match body {
        Some(value) => push(&mut text, &normaliser.value(&value, Order::AsSent)),
        None if request.body.is_empty() => text.push_str(" (no body)"),
        None => push(&mut text, &Node::Leaf(raw(&request.body, normaliser))),
    }
    for (name, value) in &request.headers {
        let value = normaliser.text(value);
        if !USUAL.iter().any(|(usual, its)| usual.eq_ignore_ascii_case(name) && *its == value) {
            text.push_str(&format!("\n> {name}: {value}"));
        }
    }
    for (name, _) in USUAL.iter().filter(|(name, _)| request.header(name).is_none()) {
        text.push_str(&format!("\n> no {name}"));
    }
    text
}

/// A body that is JSON in the form in which this tool writes it. A body that was written by hand is shown as it is, since
/// its form is what it is sent for.
fn as_written(body: &[u8]) -> Option<Json> {
    let value = Json::read(body)?;
    let written = value.to_string();
    (written.as_bytes() == body).then_some(value)
}

fn answered(request: &Request, response: &Response, body: Option<Json>, normaliser: &mut Normaliser) -> String {
    let mut text = format!("< {}", response.status);
    let order = Order::Answer { data: is_unordered(operation(request)) };
    match body {
        Some(value) => push(&mut text, &normaliser.value(&value, order)),
        None if response.body.is_empty() => text.push_str(" (no body)"),
        None => push(&mut text, &Node::Leaf(raw(&response.body, normaliser))),
    }
    let kind = response.header("content-type").unwrap_or_default();
    if !kind.starts_with("application/json") && !response.body.is_empty() {
        text.push_str(&format!("\n< content-type: {kind}"));
    }
    if let Some(location) = response.header("location") {
        text.push_str(&format!("\n< location: {}", normaliser.text(location)));
    }
    text
}

fn push(text: &mut String, node: &Node) {
    text.push(' ');
    let used = text.chars().count();
    text.push_str(&node.lay_out(used));
}

fn raw(body: &[u8], normaliser: &mut Normaliser) -> String {
    format!("text {}", quoted(&normaliser.text(&String::from_utf8_lossy(body))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;
    use std::time::Duration;

    fn call(step: &str, path: &str, asked: &str, answered: &str) -> Call {
        let headers = vec![
            ("Content-Type".to_owned(), "application/json".to_owned()),
            ("Accept-Type-Allow-Int64".to_owned(), "true".to_owned()),
            ("Authorization".to_owned(), "Bearer root:Milvus".to_owned()),
        ];
        let json = vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
        Call {
            step: step.to_owned(),
            exchange: Exchange {
                request: Request {
                    method: "POST".to_owned(),
                    path: format!("{ROUTES}{path}"),
                    headers: headers.into(),
                    body: Bytes::from(asked.to_owned()),
                },
                response: Response { status: 200, headers: json.into(), body: Bytes::from(answered.to_owned()) },
                took: Duration::ZERO,
            },
        }
    }

    fn normaliser() -> Normaliser {
        Normaliser::new("mc_abcdefg", |text| text.replace("root:Milvus", "$MILVUS_TOKEN"))
    }

    fn written(calls: &[Call], awaited: &[&str]) -> String {
        let awaited = awaited.iter().map(|step| (*step).to_owned()).collect();
        transcript(calls, &awaited, &mut normaliser())
    }

    #[test]
    fn a_call_is_a_block() {
        let calls = [
            call(
                "books.1",
                "collections/create",
                r#"{"collectionName":"mc_abcdefg_3_books","dimension":4}"#,
                r#"{"code":0,"data":{}}"#,
            ),
            call("1", "databases/list", "{}", r#"{"data":["default","base"],"code":0}"#),
            call("2", "databases/list", "{", "not JSON"),
        ];
        insta::assert_snapshot!(written(&calls, &["1"]), @r#"
        ## books.1
        > POST collections/create {"collectionName": "<books>", "dimension": 4}
        < 200 {"code": 0, "data": {}}

        ## 1, awaited
        > POST databases/list {}
        < 200 {"data": ["base", "default"], "code": 0}

        ## 2
        > POST databases/list text "{"
        < 200 text "not JSON"
        "#);
    }

    #[test]
    fn unusual_headers_are_told() {
        let mut one = call("1", "databases/list", "{}", "{}");
        one.exchange.request.headers = vec![
            ("Authorization".to_owned(), "root:Milvus".to_owned()),
            ("DB-Name".to_owned(), "mc_abcdefg_3_base".to_owned()),
        ]
        .into();
        one.exchange.response.headers =
            vec![("content-type".to_owned(), "text/plain".to_owned()), ("location".to_owned(), "/x".to_owned())].into();
        insta::assert_snapshot!(written(&[one], &[]), @r"
        ## 1
        > POST databases/list {}
        > Authorization: $MILVUS_TOKEN
        > DB-Name: <base>
        > no Content-Type
        > no Accept-Type-Allow-Int64
        < 200 {}
        < content-type: text/plain
        < location: /x
        ");
    }

    #[test]
    fn how_often_was_asked_and_which_came_first_is_not_told() {
        let state = |step: &str, state: &str| call(step, "collections/get_load_state", "{}", state);
        let quick = [state("1", "2"), state("2.1", "5"), state("2.2", "6"), state("2.10", "7"), state("3", "8")];
        let slow = [
            state("1", "0"),
            state("1", "2"),
            state("2.2", "1"),
            state("2.10", "7"),
            state("2.1", "4"),
            state("2.2", "6"),
            state("2.1", "5"),
            state("3", "8"),
        ];
        assert_eq!(written(&quick, &["1"]), written(&slow, &["1"]));
    }

    proptest! {
        #[test]
        fn a_transcript_is_normal_already(
            words in prop::collection::vec("[a-z_]{1,3}", 1..4),
            ids in prop::collection::vec(100_000_000_000_000_u64.., 1..12),
            vector in prop::collection::vec(any::<f32>(), 0..20),
            text in "\\PC{0,300}",
        ) {
            let calls: Vec<Call> = words
                .iter()
                .enumerate()
                .map(|(index, word)| {
                    let name = format!("mc_abcdefg_{index}_{word}");
                    let asked = serde_json::json!({"collectionName": name, "vector": vector, "text": text});
                    let answered = serde_json::json!({"dbID": 1, "insertIds": ids, "message": format!("{text} {name} {ids:?}")});
                    call(&index.to_string(), "entities/insert", &asked.to_string(), &answered.to_string())
                })
                .collect();
            let once = written(&calls, &[]);
            prop_assert!(!once.contains("mc_abcdefg") && !once.contains("root:Milvus"));
            let mut again = normaliser();
            again.reserve(&once);
            prop_assert_eq!(again.text(&once), once);
        }
    }
}
