//! Header fields, forms of credentials, the order of checks, and what a body may look like.

use super::super::{Broken, Call, is_success, json_answer, parsed, rewritten, success, without_route};
use super::Deed::{Accepts, Answers, Does, Refuses};
use super::{Own, items, own};
use crate::base64;
use crate::exchange::{Request, Response};
use bytes::Bytes;
use serde_json::{Value, json};

const AUTHORIZATION: &str = "Authorization";
const TIMEOUT: &str = "Request-Timeout";
const INT64: &str = "Accept-Type-Allow-Int64";
const DATABASE: &str = "DB-Name";

/// The honest answer to the request with one header changed or taken away.
fn with_header(broken: &Broken, call: &Call<'_>, name: &str, value: Option<&str>) -> Response {
    let mut request = call.request.clone();
    request.headers.retain(|(present, _)| !present.eq_ignore_ascii_case(name));
    request.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    broken.reference.answer(&request)
}

/// The honest answer with one header field changed or taken away.
fn answered_with(broken: &Broken, call: &Call<'_>, name: &str, value: Option<&str>) -> Response {
    let mut response = broken.honest(call);
    response.headers.retain(|(present, _)| !present.eq_ignore_ascii_case(name));
    response.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    response
}

fn not_authenticated() -> Response {
    json_answer(401, &json!({"code": 1800, "message": "user hasn't authenticated"}))
}

/// The answer to the run's own token, where the one that was sent is refused and `trusts` it.
fn trusting(broken: &Broken, call: &Call<'_>, trusts: impl Fn(&str, &str) -> bool) -> Option<Response> {
    let sent = call.request.header(AUTHORIZATION)?;
    let token = broken.reference.token()?;
    if parsed(&broken.honest(call))["code"] != json!(1800) || !trusts(sent, token) {
        return None;
    }
    Some(with_header(broken, call, AUTHORIZATION, Some(&format!("Bearer {token}"))))
}

fn basic(token: &str) -> String {
    base64::encode(token.as_bytes())
}

/// The time that the header asks for, as it was written.
fn seconds<'r>(call: &Call<'r>) -> Option<&'r str> {
    call.request.header(TIMEOUT)
}

fn is_bad_json(broken: &Broken, call: &Call<'_>) -> bool {
    parsed(&broken.honest(call))["code"] == json!(1801)
}

/// Whether a required key is missing, whatever the types of the others.
fn lacks_a_key(call: &Call<'_>) -> bool {
    ["collectionName", "partitionName"].iter().any(|key| match call.body.get(*key) {
        Some(Value::String(text)) => text.is_empty(),
        Some(_) => false,
        None => *key == "collectionName" || call.operation.starts_with("partitions/"),
    })
}

fn timed_out() -> Response {
    json_answer(408, &json!({"code": 10001, "message": "request timeout"}))
}

fn missing_key() -> Response {
    json_answer(200, &json!({"code": 1802, "message": "missing required parameters, error: name"}))
}

pub(super) const TABLE: &[Own] = &[
    own(
        "wire-timeout-bounded",
        "A Request-Timeout of more than an hour is refused.",
        &["collections/has"],
        &["transport.timeout.large"],
        Refuses(
            |_, call| seconds(call).and_then(|text| text.parse::<i64>().ok()).is_some_and(|seconds| seconds > 3_600),
            1100,
            "Request-Timeout out of range: invalid parameter",
        ),
    ),
    own(
        "wire-timeout-3600-refused",
        "A Request-Timeout of an hour is too long.",
        &["collections/has"],
        &["transport.timeout.range"],
        Refuses(|_, call| seconds(call) == Some("3600"), 1100, "Request-Timeout out of range: invalid parameter"),
    ),
    own(
        "wire-timeout-negative-ignored",
        "A negative Request-Timeout is ignored.",
        &[],
        &["transport.timeout.negative"],
        Does(|broken, call| {
            seconds(call).filter(|text| text.starts_with('-'))?;
            Some(with_header(broken, call, TIMEOUT, None))
        }),
    ),
    own(
        "wire-timeout-empty-refused",
        "A Request-Timeout without a value is refused.",
        &["collections/has"],
        &["transport.timeout.empty"],
        Refuses(|_, call| seconds(call) == Some(""), 1100, "Request-Timeout parse failed: invalid parameter"),
    ),
    own(
        "wire-timeout-text-is-zero",
        "A Request-Timeout that is no number is over at once.",
        &[],
        &["transport.timeout.unreadable"],
        Does(|_, call| {
            seconds(call).filter(|text| !text.is_empty() && text.parse::<i64>().is_err()).map(|_| timed_out())
        }),
    ),
    own(
        "wire-database-header-empty",
        "An empty DB-Name is the name of a database that is not there.",
        &[],
        &["transport.database.header-empty"],
        Refuses(|_, call| call.request.header(DATABASE) == Some(""), 800, "database not found[database=]"),
    ),
    own(
        "wire-int64-always-text",
        "Int64 keys are answered as text, whatever the caller asks for.",
        &["entities/insert", "entities/query"],
        &["transport.int64.numbers", "transport.int64.words"],
        Does(|broken, call| Some(with_header(broken, call, INT64, Some("false")))),
    ),
    own(
        "wire-int64-rounded",
        "Int64 keys are answered as doubles.",
        &["entities/insert"],
        &["transport.int64.left-out"],
        Answers(|_, _, body| {
            for id in items(body, "/data/insertIds") {
                *id = json!(0.5);
            }
        }),
    ),
    own(
        "wire-int64-two-words",
        "Accept-Type-Allow-Int64 takes the words true and false alone.",
        &["entities/insert"],
        &["transport.int64.words"],
        Does(|broken, call| {
            let word = call.request.header(INT64)?;
            (word != "true" && word != "false").then(|| with_header(broken, call, INT64, None))
        }),
    ),
    own(
        "wire-auth-basic-refused",
        "Basic credentials are refused.",
        &["collections/has"],
        &["transport.auth.basic"],
        Does(|_, call| call.request.header(AUTHORIZATION)?.starts_with("Basic ").then(not_authenticated)),
    ),
    own(
        "wire-auth-basic-not-asked-for",
        "The answer to Basic credentials does not ask for any.",
        &["collections/has"],
        &["transport.auth.basic-answer"],
        Does(|broken, call| Some(answered_with(broken, call, "WWW-Authenticate", None))),
    ),
    own(
        "wire-auth-always-asked-for",
        "Every answer asks for Basic credentials.",
        &["collections/has"],
        &["transport.auth.basic-answer"],
        Does(|broken, call| Some(answered_with(broken, call, "WWW-Authenticate", Some("Basic realm=\"x\"")))),
    ),
    own(
        "wire-auth-any-scheme",
        "Any word may stand before the token.",
        &["collections/has"],
        &["transport.auth.other-forms"],
        Does(|broken, call| trusting(broken, call, |sent, token| sent.ends_with(&format!(" {token}")))),
    ),
    own(
        "wire-auth-base64-after-bearer",
        "The token in base64 is accepted after the word Bearer.",
        &["collections/has"],
        &["transport.auth.other-forms"],
        Does(|broken, call| trusting(broken, call, |sent, token| sent == format!("Bearer {}", basic(token)))),
    ),
    own(
        "wire-auth-no-password",
        "A user without a password is accepted.",
        &["collections/has"],
        &["transport.auth.incomplete"],
        Does(|broken, call| trusting(broken, call, |sent, _| sent.ends_with(':'))),
    ),
    own(
        "wire-auth-no-colon",
        "Any word is accepted as a key.",
        &["collections/has"],
        &["transport.auth.incomplete"],
        Does(|broken, call| trusting(broken, call, |sent, _| !sent.contains(':'))),
    ),
    own(
        "wire-auth-code",
        "A caller that is not authenticated gets a code that no document names.",
        &["collections/has"],
        &["transport.auth.code"],
        Answers(|_, _, body| {
            if body["code"] == json!(1800) {
                body["code"] = json!(4711);
            }
        }),
    ),
    own(
        "wire-order-path-before-credentials",
        "Unknown paths are answered before credentials are looked at.",
        &[],
        &["transport.order.credentials"],
        Does(|_, call| call.request.path.contains("nosuchgroup").then(without_route)),
    ),
    own(
        "wire-order-body-before-credentials",
        "Bodies are read before credentials are looked at.",
        &["collections/has"],
        &["transport.order.credentials"],
        Does(|broken, call| {
            let token = broken.reference.token()?;
            let trusted = with_header(broken, call, AUTHORIZATION, Some(&format!("Bearer {token}")));
            (parsed(&trusted)["code"] == json!(1801)).then_some(trusted)
        }),
    ),
    own(
        "wire-order-keys-before-types",
        "A missing key is told although another has the wrong type.",
        &["collections/describe", "partitions/has"],
        &["transport.order.json"],
        Does(|broken, call| (is_bad_json(broken, call) && lacks_a_key(call)).then(missing_key)),
    ),
    own(
        "wire-order-collection-before-keys",
        "A missing collection is told before a missing key.",
        &["partitions/has", "aliases/create"],
        &["transport.order.keys"],
        Does(|broken, call| {
            let honest = parsed(&broken.honest(call));
            let named = call.text("collectionName");
            let missing = honest["code"] == json!(1802) && !named.is_empty() && !super::exists(broken, call, named);
            missing.then(|| json_answer(200, &json!({"code": 100, "message": "collection not found[collection=x]"})))
        }),
    ),
    own(
        "wire-order-database-before-names",
        "A missing database is told before an ill-formed name.",
        &["collections/create"],
        &["transport.order.names"],
        Does(|broken, call| {
            let named = json!({"dbName": call.text("dbName")});
            let missing = !is_success(&broken.ask(call, "collections/list", named));
            missing.then(|| super::super::refusal(800, "database not found[database=x]"))
        }),
    ),
    own(
        "wire-order-rows-before-collection",
        "Rows, keys, vectors and filters are looked at before the collection.",
        &["entities/insert", "entities/upsert", "entities/get", "entities/search", "entities/delete"],
        &["transport.order.collection"],
        Does(|broken, call| {
            let missing = parsed(&broken.honest(call))["code"] == json!(100);
            missing.then(|| super::super::refusal(1804, "fail to deal the insert data, error: bad"))
        }),
    ),
    own(
        "wire-options-need-credentials",
        "OPTIONS is answered to authenticated callers alone.",
        &[],
        &["transport.options.answered"],
        Does(|_, call| {
            let open = call.request.method == "OPTIONS" && call.request.header(AUTHORIZATION).is_none();
            open.then(not_authenticated)
        }),
    ),
    own(
        "wire-options-name-no-methods",
        "The answer to OPTIONS names no methods.",
        &[],
        &["transport.options.answered"],
        Does(|broken, call| {
            (call.request.method == "OPTIONS")
                .then(|| answered_with(broken, call, "Access-Control-Allow-Methods", None))
        }),
    ),
    own(
        "wire-cors-own-pages",
        "Answers may be read by pages of the server alone.",
        &[],
        &["transport.cors.any-origin"],
        Does(|broken, call| Some(answered_with(broken, call, "Access-Control-Allow-Origin", None))),
    ),
    own(
        "wire-sniffing-allowed",
        "Browsers may guess the type of an answer.",
        &["collections/has"],
        &["transport.answer.nosniff"],
        Does(|broken, call| Some(answered_with(broken, call, "X-Content-Type-Options", None))),
    ),
    own(
        "wire-says-compressed",
        "Answers are said to be compressed.",
        &["collections/has"],
        &["transport.answer.uncompressed"],
        Does(|broken, call| {
            call.request.header("Accept-Encoding")?;
            Some(answered_with(broken, call, "Content-Encoding", Some("gzip")))
        }),
    ),
    own(
        "wire-slash-ignored",
        "A slash at the end of a path is ignored.",
        &[],
        &["transport.path.slash"],
        Does(|broken, call| {
            let path = call.request.path.strip_suffix('/')?.to_owned();
            Some(broken.reference.answer(&Request { path, ..call.request.clone() }))
        }),
    ),
    own(
        "wire-slashes-run-together",
        "Two slashes in a path count as one.",
        &[],
        &["transport.path.unknown"],
        Does(|broken, call| {
            let path = call.request.path.replace("//", "/");
            (path != call.request.path).then(|| broken.reference.answer(&Request { path, ..call.request.clone() }))
        }),
    ),
    own(
        "wire-keys-exact",
        "Keys in another letter case are not read.",
        &["collections/has"],
        &["transport.body.key-case"],
        Refuses(
            |_, call| {
                call.body.get("collectionName").is_none() && call.body.as_object().is_some_and(|keys| !keys.is_empty())
            },
            1802,
            "missing required parameters, error: collectionName",
        ),
    ),
    own(
        "wire-keys-once",
        "A key that stands twice makes the body unreadable.",
        &["collections/has"],
        &["transport.body.doubled-keys"],
        Refuses(
            |_, call| String::from_utf8_lossy(&call.request.body).matches("\"collectionName\"").count() > 1,
            1801,
            "can only accept json format request, error: doubled key",
        ),
    ),
    own(
        "wire-numbers-of-any-type",
        "Numbers may be texts, and flags anything.",
        &["entities/query", "collections/create"],
        &["transport.body.wrong-number"],
        Accepts("can only accept json"),
    ),
    own(
        "wire-null-refused",
        "Null is of no type that a key has.",
        &["collections/list", "entities/query"],
        &["transport.body.null-optional"],
        Refuses(
            |_, call| call.body.as_object().is_some_and(|keys| keys.values().any(Value::is_null)),
            1801,
            "can only accept json format request, error: null",
        ),
    ),
    own(
        "wire-short-bodies",
        "Bodies of more than half a megabyte are refused.",
        &["collections/has"],
        &["transport.body.large"],
        Refuses(
            |_, call| call.request.body.len() > 500_000,
            1801,
            "can only accept json format request, error: too long",
        ),
    ),
    own(
        "wire-default-database-name",
        "A database that is not there is answered with a text.",
        &["collections/list"],
        &["transport.database.default-partition"],
        Does(|broken, call| {
            let honest = broken.honest(call);
            let missing = call.text("dbName") == "_default" && !is_success(&parsed(&honest));
            missing.then(|| rewritten(&success(&json!({})), &json!({"code": 0, "data": "nothing"})))
        }),
    ),
    own(
        "wire-head-answered",
        "HEAD is answered like POST, without the body.",
        &[],
        &["transport.method.others"],
        Does(|broken, call| {
            let head = call.request.method == "HEAD";
            let request = Request { method: "POST".to_owned(), ..call.request.clone() };
            head.then(|| Response { body: Bytes::new(), ..broken.reference.answer(&request) })
        }),
    ),
    own(
        "wire-grouping-by-nothing",
        "Hits are grouped by a field that is not there.",
        &["entities/search"],
        &["entity.search.grouping-field"],
        Accepts("groupBy field not found"),
    ),
];
