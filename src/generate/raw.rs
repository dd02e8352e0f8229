//! Bodies that are no JSON object, or not the way JSON is written.

use super::Generated;
use super::case::{Claim, Maker, Sent};
use serde_json::{Value, json};

const NOT_JSON: &str = "transport.body.not-json";
const EMPTY: &str = "transport.body.empty";
const NO_OBJECT: &str = "transport.body.not-an-object";

pub(super) fn make(maker: &Maker<'_>, made: &mut Vec<Generated>) {
    if !maker.has_body() {
        return;
    }
    let plain = Value::Object(maker.request.clone()).to_string();
    let refused = |requirement| if maker.is_v1() { Claim::Answered } else { Claim::Fails("bad-json", requirement) };
    let mut push =
        |what: &str, title: &str, sent: Sent, claim: Claim| made.extend(maker.case(what, title, sent, claim));
    push("body-empty", "An empty body is refused", Sent::text(""), refused(EMPTY));
    for (what, text) in [("list", "[]"), ("text", "\"x\""), ("number", "5"), ("true", "true"), ("objects", "[{}]")] {
        let title = "A body that is no object is refused";
        push(&format!("body-{what}"), title, Sent::text(text), refused(NO_OBJECT));
    }
    let cut: String = if plain == "{}" { "{".to_owned() } else { plain[..plain.len() - 1].to_owned() };
    for (what, text) in [
        ("truncated", cut),
        ("half", plain.split_once(':').map_or_else(|| "{\"".to_owned(), |(key, _)| format!("{key}:"))),
        ("words", "no JSON at all".to_owned()),
        ("form", "a=b&c=d".to_owned()),
        ("xml", "<a/>".to_owned()),
        ("nan", format!("{{\"noSuchKey\":NaN,{}", plain.get(1..).unwrap_or("}"))),
        ("comment", format!("/* x */{plain}")),
        ("single-quotes", format!("{{'noSuchKey':1,{}", plain.replace('"', "'").get(1..).unwrap_or("}"))),
    ] {
        push(&format!("body-{what}"), "A body that is not JSON is refused", Sent::text(text), refused(NOT_JSON));
    }
    let inner = plain.get(1..plain.len() - 1).unwrap_or_default();
    let joined = if inner.is_empty() { String::new() } else { format!("{inner},") };
    for (what, text) in [
        ("null", "null".to_owned()),
        ("blank", " \r\n\t".to_owned()),
        ("trailing-text", format!("{plain} and more")),
        ("trailing-object", format!("{plain}{{}}")),
        ("doubled-keys", format!("{{{joined}{}}}", if inner.is_empty() { "\"a\":1,\"a\":2" } else { inner })),
        ("nested", format!("{{{joined}\"noSuchKey\":${{repeat([, 500)}}${{repeat(], 500)}}}}")),
        ("nested-open", "${repeat([, 500)}".to_owned()),
        ("nested-objects", format!("{{{joined}\"noSuchKey\":${{repeat({NEST}, 300)}}1${{repeat({UNNEST}, 300)}}}}")),
        ("large-number", format!("{{{joined}\"noSuchKey\":1e400}}")),
        ("long-number", format!("{{{joined}\"noSuchKey\":${{repeat(9, 2000)}}}}")),
        ("escapes", format!("{{{joined}\"noSuchKey\":\"\\ud83d \\udc00 \\u0000\"}}")),
        ("blanks", format!("${{repeat( , 3000)}}{plain}${{repeat( , 3000)}}")),
    ] {
        let title = format!("A body that is oddly written is answered ({what})");
        push(&format!("body-{what}"), &title, Sent::text(text), Claim::Answered);
    }
    for encoding in ["bom", "utf16", "latin1", "gzip"] {
        let text = format!("{{{joined}\"noSuchKey\":\"\u{e9}\"}}");
        let mut sent = Sent::text(text).and("encoding", json!(encoding));
        let headers = match encoding {
            "gzip" => json!({"Content-Encoding": "gzip"}),
            "utf16" => json!({"Content-Type": "application/json; charset=utf-16"}),
            "latin1" => json!({"Content-Type": "application/json; charset=iso-8859-1"}),
            _ => json!({}),
        };
        if headers != json!({}) {
            sent = sent.and("headers", headers);
        }
        let title = format!("A body in another encoding is answered ({encoding})");
        push(&format!("body-{encoding}"), &title, sent, Claim::Answered);
    }
}

/// What opens and closes an object inside of an object.
const NEST: &str = "[";
const UNNEST: &str = "]";
