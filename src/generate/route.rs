//! Other methods, credentials and header fields around the valid request.

use super::Generated;
use super::case::{Claim, Maker, Sent};
use serde_json::{Value, json};

const METHODS: &str = "transport.method.others";
const NO_CREDENTIALS: &str = "transport.auth.missing";
const WRONG_CREDENTIALS: &str = "transport.auth.wrong";
const CONTENT_TYPE: &str = "transport.content-type.ignored";

pub(super) fn make(maker: &Maker<'_>, made: &mut Vec<Generated>) {
    let plain = || Sent::json(Value::Object(maker.request.clone()));
    let mut push =
        |what: &str, title: &str, sent: Sent, claim: Claim| made.extend(maker.case(what, title, sent, claim));
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        // Operations of v1 share paths with others.
        if method == maker.operation.file.method || maker.is_v1() {
            continue;
        }
        let title = format!("Another method than that of the operation finds none ({method})");
        let sent = plain().and("method", json!(method));
        push(&format!("method-{}", method.to_ascii_lowercase()), &title, sent, Claim::Status(404, METHODS));
    }
    let mut without = plain().and("headers", json!({"Authorization": null}));
    without.needs.push("auth");
    let title = "Without credentials a server that checks them refuses the call";
    push("without-credentials", title, without, Claim::Fails("not-authenticated", NO_CREDENTIALS));
    for (what, value) in [
        ("nobody", "Bearer ${name(nobody)}:Wrong-Password-1"),
        ("empty", "Bearer "),
        ("no-token", "Bearer"),
        ("other-scheme", "Digest username=\"${name(nobody)}\""),
        ("no-base64", "Basic %%%"),
        ("colons", "Bearer :::"),
        ("long", "Bearer ${repeat(a, 3000)}"),
    ] {
        let mut sent = plain().and("headers", json!({"Authorization": value}));
        sent.needs.push("auth");
        let claim =
            if what == "nobody" { Claim::Fails("not-authenticated", WRONG_CREDENTIALS) } else { Claim::Answered };
        push(&format!("credentials-{what}"), &format!("Odd credentials are answered ({what})"), sent, claim);
    }
    for (what, name, value) in [
        ("timeout-text", "Request-Timeout", "soon"),
        ("timeout-fraction", "Request-Timeout", "3.5"),
        ("timeout-zero", "Request-Timeout", "0"),
        ("timeout-negative", "Request-Timeout", "-1"),
        ("timeout-huge", "Request-Timeout", "99999999999999999999"),
        ("accept", "Accept", "text/html"),
        ("accept-encoding", "Accept-Encoding", "identity, nonsense;q=9"),
        ("accept-int64", "Accept-Type-Allow-Int64", "perhaps"),
        ("database", "DB-Name", "${name(nowhere)}"),
        ("request-id", "X-Request-Id", "${repeat(x, 4000)}"),
        ("forwarded", "X-Forwarded-For", "not an address"),
        ("expect", "If-Match", "*"),
    ] {
        if what == "database" && !maker.base.untried.is_empty() {
            continue;
        }
        let sent = plain().and("headers", json!({name: value}));
        push(&format!("header-{what}"), &format!("An odd header field is answered ({name})"), sent, Claim::Answered);
    }
    if !maker.has_body() {
        return;
    }
    for (what, value) in [
        ("text", json!("text/plain")),
        ("form", json!("application/x-www-form-urlencoded")),
        ("nonsense", json!("nonsense")),
        ("none", Value::Null),
    ] {
        let sent = plain().and("headers", json!({"Content-Type": value}));
        let claim = if maker.is_v1() { Claim::Answered } else { Claim::Passes(CONTENT_TYPE) };
        let title = format!("The Content-Type of a request does not matter ({what})");
        push(&format!("content-type-{what}"), &title, sent, claim);
    }
}
