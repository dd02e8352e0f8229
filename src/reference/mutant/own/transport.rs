//! Routes, credentials, headers and bodies, of all operations.

use super::super::{Broken, Call, PREFIX, is_success, json_answer, parsed, success, without_route};
use super::Deed::{Accepts, Answers, Asks, Does, Ignores, Refuses};
use super::{Own, empty, own};
use crate::exchange::{Request, Response};
use bytes::Bytes;
use serde_json::{Value, json};

/// The request with one header changed or taken away.
fn with_header(request: &Request, name: &str, value: Option<&str>) -> Request {
    let mut request = request.clone();
    request.headers.retain(|(present, _)| !present.eq_ignore_ascii_case(name));
    request.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    request
}

const AUTHORIZATION: &str = "Authorization";
const TIMEOUT: &str = "Request-Timeout";

fn not_authenticated() -> Response {
    json_answer(401, &json!({"code": 1800, "message": "user hasn't authenticated"}))
}

/// The request as the run's own token would make it.
fn trusted(broken: &Broken, call: &Call<'_>) -> Option<Request> {
    if parsed(&broken.honest(call))["code"] != json!(1800) {
        return None;
    }
    let token = broken.reference.token()?;
    Some(with_header(call.request, AUTHORIZATION, Some(&format!("Bearer {token}"))))
}

fn is_write_without_timeout(call: &Call<'_>) -> bool {
    call.request.header(TIMEOUT).is_none()
}

pub(super) const TABLE: &[Own] = &[
    own(
        "transport-post-refused",
        "POST finds no operation.",
        &["partitions/release", "collections/release", "partitions/drop", "aliases/drop"],
        &["transport.method.post", "transport.cluster.compatible"],
        Does(|_, call| (call.request.method == "POST").then(without_route)),
    ),
    own(
        "transport-post-fails",
        "POST of a release and of drops fails.",
        &["partitions/release", "collections/release", "partitions/drop", "aliases/drop"],
        &[
            "transport.method.post",
            "transport.cluster.compatible",
            "transport.parameters.none",
            "transport.timeout.integer",
            "partition.release.path",
            "alias.drop.path",
            "collection.release.path",
        ],
        Refuses(|_, call| call.request.method == "POST", 65535, "use PUT"),
    ),
    own(
        "transport-any-method",
        "Every method calls the operation.",
        &[],
        &["transport.method.others"],
        Does(|broken, call| {
            if call.request.method == "POST" || call.request.method == "OPTIONS" {
                return None;
            }
            Some(broken.reference.answer(&Request { method: "POST".to_owned(), ..call.request.clone() }))
        }),
    ),
    own(
        "transport-get-releases",
        "GET answers 404 and carries the operation out.",
        &["partitions/release"],
        &["transport.method.others"],
        Does(|broken, call| {
            if call.request.method == "POST" {
                return None;
            }
            broken.reference.answer(&Request { method: "POST".to_owned(), ..call.request.clone() });
            Some(without_route())
        }),
    ),
    own(
        "transport-any-path",
        "Unknown paths are answered as successes.",
        &[],
        &["transport.path.unknown"],
        Does(|broken, call| {
            let unknown = call.request.method == "POST" && broken.honest(call).status == 404;
            unknown.then(|| success(&empty()))
        }),
    ),
    own(
        "transport-path-any-case",
        "The letter case of a path does not matter.",
        &[],
        &["transport.path.unknown"],
        Does(|broken, call| {
            let path = call.request.path.to_ascii_lowercase();
            (path != call.request.path).then(|| broken.reference.answer(&Request { path, ..call.request.clone() }))
        }),
    ),
    own(
        "transport-needs-a-query",
        "A path without a query string is refused.",
        &["partitions/release", "collections/release", "partitions/drop", "aliases/drop"],
        &["transport.parameters.none"],
        Refuses(|_, call| !call.request.path.contains('?'), 1802, "missing required parameters, error: query"),
    ),
    own(
        "transport-reads-the-query",
        "A query string overrides the body.",
        &[],
        &["transport.query-string.ignored"],
        Does(|broken, call| {
            let (path, query) = call.request.path.split_once('?')?;
            let mut body = call.body.clone();
            for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
                body[key] = json!(value);
            }
            let request =
                Request { path: path.to_owned(), body: Bytes::from(body.to_string()), ..call.request.clone() };
            Some(broken.reference.answer(&request))
        }),
    ),
    own(
        "transport-auth-unchecked",
        "Credentials are not checked.",
        &[],
        &["transport.auth.missing"],
        Does(|broken, call| trusted(broken, call).map(|request| broken.reference.answer(&request))),
    ),
    own(
        "transport-auth-missing-unchecked",
        "Calls without credentials are carried out.",
        &[],
        &["transport.auth.missing"],
        Does(|broken, call| {
            if call.request.header(AUTHORIZATION).is_some() {
                return None;
            }
            trusted(broken, call).map(|request| broken.reference.answer(&request))
        }),
    ),
    own(
        "transport-auth-wrong-unchecked",
        "Any credentials will do.",
        &[],
        &["transport.auth.wrong"],
        Does(|broken, call| {
            call.request.header(AUTHORIZATION)?;
            trusted(broken, call).map(|request| broken.reference.answer(&request))
        }),
    ),
    own(
        "transport-auth-refused-yet-done",
        "Calls that are refused for their credentials are carried out all the same.",
        &["partitions/release"],
        &["transport.auth.missing", "transport.auth.wrong"],
        Does(|broken, call| {
            let request = trusted(broken, call)?;
            broken.reference.answer(&request);
            Some(not_authenticated())
        }),
    ),
    own(
        "transport-auth-no-bearer",
        "Credentials after the word Bearer are refused by some operations.",
        &["partitions/release"],
        &["transport.auth.bearer"],
        Does(|_, call| {
            let header = call.request.header(AUTHORIZATION)?;
            header.starts_with("Bearer ").then(not_authenticated)
        }),
    ),
    own(
        "transport-auth-always-refused",
        "has refuses all credentials.",
        &["collections/has"],
        &["transport.auth.bearer", "transport.auth.bare"],
        Does(|_, _| Some(not_authenticated())),
    ),
    own(
        "transport-auth-not-bare",
        "Credentials without the word Bearer are refused.",
        &[],
        &["transport.auth.bare"],
        Does(|_, call| {
            let header = call.request.header(AUTHORIZATION)?;
            (!header.starts_with("Bearer ")).then(not_authenticated)
        }),
    ),
    own(
        "transport-timeout-required",
        "Calls without Request-Timeout are refused.",
        &["partitions/release", "collections/release", "partitions/drop", "aliases/drop"],
        &["transport.timeout.optional", "transport.parameters.none"],
        Refuses(|_, call| is_write_without_timeout(call), 1802, "missing required parameters, error: Request-Timeout"),
    ),
    own(
        "transport-timeout-refused",
        "Calls with Request-Timeout are refused.",
        &["partitions/release", "collections/release", "partitions/drop", "aliases/drop"],
        &["transport.timeout.integer"],
        Refuses(|_, call| !is_write_without_timeout(call), 1100, "Request-Timeout parse failed: invalid parameter"),
    ),
    own(
        "transport-timeout-ignored",
        "Request-Timeout is ignored.",
        &[],
        &["transport.timeout.zero"],
        Does(|broken, call| {
            call.request.header(TIMEOUT)?;
            Some(broken.reference.answer(&with_header(call.request, TIMEOUT, None)))
        }),
    ),
    own(
        "transport-timeout-text-refused",
        "A Request-Timeout that is not a number is refused.",
        &[],
        &["transport.timeout.text"],
        Refuses(
            |_, call| call.request.header(TIMEOUT).is_some_and(|value| value.parse::<i64>().is_err()),
            1100,
            "Request-Timeout parse failed: invalid parameter",
        ),
    ),
    own(
        "transport-body-any-text",
        "A body that is not JSON is accepted.",
        &["collections/has"],
        &["transport.body.not-json", "transport.body.wrong-type"],
        Accepts("can only accept json"),
    ),
    own(
        "transport-body-empty",
        "An empty body names nothing, which has answers false.",
        &["collections/has"],
        &["transport.body.empty"],
        Does(|_, call| call.request.body.is_empty().then(|| success(&json!({"has": false})))),
    ),
    own(
        "transport-body-list",
        "A list in the place of the object names nothing, which has answers false.",
        &["collections/has"],
        &["transport.body.not-an-object"],
        Does(|_, call| call.request.body.starts_with(b"[").then(|| success(&json!({"has": false})))),
    ),
    own(
        "transport-body-wrong-code",
        "A body that is not JSON is refused with a code that nobody knows.",
        &["collections/has"],
        &["error.bad-json"],
        Answers(|_, _, body| {
            if body["code"] == json!(1801) {
                body["code"] = json!(4711);
            }
        }),
    ),
    own(
        "transport-body-cut-off",
        "A body that is cut off is read as far as it goes.",
        &["collections/has"],
        &["transport.body.not-json"],
        Does(|_, call| {
            let text = String::from_utf8_lossy(&call.request.body);
            (call.body.is_null() && text.starts_with('{')).then(|| success(&json!({"has": false})))
        }),
    ),
    own(
        "transport-request-crash",
        "A body behind a byte order mark ends in HTTP 500.",
        &[],
        &["transport.request.answered"],
        Does(|_, call| call.request.body.starts_with(b"\xef\xbb\xbf").then(|| json_answer(500, &json!({"code": 500})))),
    ),
    own(
        "transport-request-trace",
        "A create whose body is cut off is refused, and makes the collection all the same.",
        &["collections/create"],
        &["transport.request.no-trace"],
        Does(|broken, call| {
            let text = String::from_utf8_lossy(&call.request.body).into_owned();
            let (_, behind) = text.split_once("\"collectionName\": \"").filter(|_| call.body.is_null())?;
            let (name, _) = behind.split_once('"')?;
            broken.ask(call, "collections/create", json!({"collectionName": name, "dimension": 4}));
            Some(broken.honest(call))
        }),
    ),
    own(
        "transport-body-null-refused",
        "The body null is refused as no object.",
        &[],
        &["transport.body.null"],
        Refuses(|_, call| call.request.body.as_ref() == b"null", 1801, "can only accept json format request"),
    ),
    own(
        "transport-body-numbers-as-text",
        "Numbers and flags are read as text.",
        &["collections/has", "partitions/has", "aliases/describe"],
        &["transport.body.wrong-type"],
        Asks(|_, _, body| {
            for value in body.as_object_mut().into_iter().flat_map(serde_json::Map::values_mut) {
                if value.is_number() || value.is_boolean() {
                    *value = Value::String(format!("n{value}"));
                }
            }
        }),
    ),
    own(
        "transport-body-database-any-type",
        "dbName may be of any type.",
        &["collections/describe"],
        &["transport.body.wrong-type"],
        Asks(|_, _, body| {
            if body.get("dbName").is_some_and(|name| !name.is_string()) {
                body["dbName"] = json!("default");
            }
        }),
    ),
    own(
        "transport-body-keys-optional",
        "Required keys may be missing.",
        &[
            "collections/has",
            "collections/describe",
            "partitions/list",
            "indexes/describe",
            "aliases/describe",
            "entities/get",
        ],
        &["transport.body.missing-key"],
        Accepts("missing required"),
    ),
    own(
        "transport-body-empty-values",
        "An empty text is a name that leads nowhere.",
        &["collections/has", "aliases/describe"],
        &["transport.body.empty-value"],
        Asks(|_, _, body| {
            for value in body.as_object_mut().into_iter().flat_map(serde_json::Map::values_mut) {
                if *value == json!("") || value.is_null() {
                    *value = json!("nowhere");
                }
            }
        }),
    ),
    own(
        "transport-body-unknown-keys",
        "Unknown keys are refused.",
        &["collections/has"],
        &["transport.body.unknown-keys"],
        Refuses(
            |_, call| call.body.get("nosuchkey").is_some(),
            1801,
            "can only accept json format request, unknown key",
        ),
    ),
    own(
        "transport-body-rest-refused",
        "What follows the first JSON value makes the body unreadable.",
        &[],
        &["transport.body.rest-ignored"],
        Refuses(
            |_, call| call.body.is_object() && serde_json::from_slice::<Value>(&call.request.body).is_err(),
            1801,
            "can only accept json format request, error: trailing text",
        ),
    ),
    own(
        "transport-content-type-checked",
        "A request that is not declared to be JSON is refused.",
        &[],
        &["transport.content-type.ignored"],
        Refuses(
            |_, call| call.request.method == "POST" && call.request.header("content-type") != Some("application/json"),
            1801,
            "can only accept json format request",
        ),
    ),
    own(
        "transport-database-missing",
        "A missing database is taken for default.",
        &[],
        &["transport.database.missing", "collection.has.missing-database", "collection.create.missing-database"],
        Does(|broken, call| {
            if parsed(&broken.honest(call))["code"] != json!(800) || call.operation.starts_with("databases/") {
                return None;
            }
            let mut body = call.body.clone();
            body["dbName"] = json!("default");
            Some(broken.with_body(call, &body))
        }),
    ),
    own(
        "transport-collection-missing",
        "A missing collection is made on the way.",
        &["partitions/list", "partitions/has", "collections/describe", "indexes/list", "entities/insert"],
        &["transport.collection.missing"],
        Does(|broken, call| {
            let body = parsed(&broken.honest(call));
            if body["code"] != json!(100) || call.text("collectionName").is_empty() {
                return None;
            }
            let quick = json!({"collectionName": call.text("collectionName"), "dimension": 4});
            broken.ask(call, "collections/create", quick);
            Some(broken.honest(call))
        }),
    ),
    own(
        "transport-database-required",
        "Calls that name no database are refused.",
        &["collections/has", "collections/list"],
        &["transport.database.default"],
        Refuses(|_, call| call.text("dbName").is_empty(), 1802, "missing required parameters, error: dbName"),
    ),
    own(
        "transport-database-default-is-all",
        "Calls that name no database look in all of them.",
        &["collections/has"],
        &["transport.database.default", "database.collections.apart"],
        Does(|broken, call| {
            if !call.text("dbName").is_empty() {
                return None;
            }
            let all = broken.ask(call, "databases/list", empty());
            let found = all["data"].as_array()?.iter().any(|database| {
                let mut body = call.body.clone();
                body["dbName"] = database.clone();
                parsed(&broken.with_body(call, &body))["data"]["has"] == json!(true)
            });
            found.then(|| success(&json!({"has": true})))
        }),
    ),
    own(
        "transport-database-header-ignored",
        "DB-Name is ignored.",
        &[],
        &["transport.database.header"],
        Does(|broken, call| {
            call.request.header("DB-Name")?;
            Some(broken.reference.answer(&with_header(call.request, "DB-Name", None)))
        }),
    ),
    own(
        "transport-database-header-first",
        "DB-Name wins over the body.",
        &[],
        &["transport.database.header"],
        Does(|broken, call| {
            let mut body = call.body.clone();
            body["dbName"] = json!(call.request.header("DB-Name")?);
            Some(broken.with_body(call, &body))
        }),
    ),
    own(
        "transport-failures-in-html",
        "Failures are pages in HTML.",
        &["collections/describe", "partitions/drop"],
        &["envelope.content-type", "envelope.json"],
        Does(|broken, call| {
            let failed = parsed(&broken.honest(call))["code"].as_i64().is_some_and(|code| code != 0);
            let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
            failed.then(|| Response {
                status: 200,
                headers: headers.into(),
                body: Bytes::from_static(b"<h1>error</h1>"),
            })
        }),
    ),
    own(
        "transport-success-code-of-gone",
        "Every success has the code 200 and no data.",
        &["partitions/has"],
        &["alias.create.resolves", "partition.list.default"],
        Answers(|_, _, body| {
            if is_success(body) {
                *body = json!({"code": 200, "message": "success"});
            }
        }),
    ),
    own(
        "transport-database-of-load-state",
        "The load state is always that of the database default.",
        &["collections/get_load_state"],
        &["collection.release.in-database"],
        Ignores(&["dbName"]),
    ),
    own(
        "transport-prefix-doubled",
        "A path with its beginning doubled finds the operation, too, and an unknown group does.",
        &[],
        &["transport.path.unknown"],
        Does(|broken, call| {
            let rest = call.request.path.strip_prefix(PREFIX)?.strip_prefix("nosuchgroup/")?;
            let path = format!("{PREFIX}collections/{rest}");
            Some(broken.reference.answer(&Request { path, ..call.request.clone() }))
        }),
    ),
];
