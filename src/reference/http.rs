//! The HTTP front without HTTP: a request becomes a call on the model, its outcome a response.
//!
//! The order of the checks was measured on 2.4 – 3.0: OPTIONS, credentials, route, timeout, JSON, required keys, call.

use super::binding::{self, Unfit};
use super::model::failure::{self, Failure};
use super::model::{Answer, Arguments, Model};
use super::operations::{self, Operation};
use super::{Config, render, v1};
use crate::base64;
use crate::exchange::{Request, Response};
use crate::profile::{Profile, Version};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

const PREFIX: &str = "/v2/vectordb/";
const JSON: &str = "application/json; charset=utf-8";
const PLAIN: &str = "text/plain";

const CORS: [(&str, &str); 4] = [
    ("access-control-allow-origin", "*"),
    ("access-control-allow-credentials", "true"),
    (
        "access-control-allow-headers",
        "Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, accept, origin, Cache-Control, \
         X-Requested-With",
    ),
    ("access-control-allow-methods", "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH"),
];

/// The front with the state behind it.
#[derive(Debug)]
pub(super) struct Front {
    config: Config,
    state: Mutex<State>,
}

#[derive(Clone, Debug)]
struct State {
    model: Model,
    /// 2.4 keeps the last timeout of a route until a readable one comes; these routes time out at once.
    timed_out: HashSet<&'static str>,
}

/// What the timeout header asks for.
enum Timeout {
    None,
    AtOnce,
    Unreadable,
}

impl Front {
    pub(super) fn new(config: Config) -> Self {
        let model = Model::new(config.profile, config.token.as_deref());
        Self { config, state: Mutex::new(State { model, timed_out: HashSet::new() }) }
    }

    pub(super) fn token(&self) -> Option<&str> {
        self.config.token.as_deref()
    }

    /// A front of its own with the same state as this one has now.
    pub(super) fn copy(&self) -> Self {
        Self { config: self.config.clone(), state: Mutex::new(self.state().clone()) }
    }

    fn version(&self) -> Version {
        self.config.profile.version()
    }

    fn is_cloud(&self) -> bool {
        self.config.profile == Profile::ZillizCloud
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A call that panicked left at worst its own change half done, which is no reason to refuse all others.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn answer(&self, request: &Request) -> Response {
        let mut response = self.route(request);
        if response.status != 307 {
            self.add_common_headers(request, &mut response);
        }
        response
    }

    fn add_common_headers(&self, request: &Request, response: &mut Response) {
        let mut add = |name: &str, value: &str| response.headers.push((name.to_owned(), value.to_owned()));
        for (name, value) in CORS {
            add(name, value);
        }
        if self.version() >= Version(2, 6) {
            add("x-content-type-options", "nosniff");
        }
        let basic = request.header("authorization").is_some_and(|header| header.starts_with("Basic "));
        if self.config.token.is_some() && basic {
            add("www-authenticate", "Basic realm=\"restricted\", charset=\"UTF-8\"");
        }
    }

    fn route(&self, request: &Request) -> Response {
        if request.method == "OPTIONS" {
            return response(204, None, String::new());
        }
        let Ok(caller) = self.caller(request) else {
            return envelope(401, &json!({"code": 1800, "message": "user hasn't authenticated"}), false);
        };
        let path = request.path.split('?').next().unwrap_or_default();
        if let Some(route) = v1::find(&request.method, path) {
            let body = v1::answer(route, request, &mut self.state().model, self.version());
            return response(200, Some(JSON), body);
        }
        let found = |path: &str| operations::find(path.strip_prefix(PREFIX)?, self.version(), self.is_cloud());
        if request.method == "POST" {
            if let Some(operation) = found(path) {
                return self.run(operation, request, caller);
            }
            if let Some(bare) = path.strip_suffix('/').filter(|bare| found(bare).is_some()) {
                let mut redirect = response(307, None, String::new());
                redirect.headers.push(("location".to_owned(), bare.to_owned()));
                return redirect;
            }
        }
        let body = if request.method == "HEAD" { "" } else { "404 page not found" };
        response(404, Some(PLAIN), body.to_owned())
    }

    fn run(&self, operation: &'static Operation, request: &Request, caller: Option<String>) -> Response {
        let mut state = self.state();
        match timeout(request.header("request-timeout"), self.version()) {
            Timeout::None => {
                state.timed_out.remove(operation.path);
            }
            Timeout::AtOnce => {
                state.timed_out.insert(operation.path);
                return self.timed_out();
            }
            Timeout::Unreadable if self.version() < Version(2, 5) && state.timed_out.contains(operation.path) => {
                return self.timed_out();
            }
            Timeout::Unreadable if self.version() >= Version(3, 0) => {
                let header = request.header("request-timeout").unwrap_or_default();
                return refusal(&failure::bad_timeout_header(header));
            }
            Timeout::Unreadable => {}
        }
        let body = String::from_utf8_lossy(&request.body);
        let version = operations::version_of(operation.path, self.version(), self.is_cloud());
        let bound = match binding::bind(&operation.shape, &body, version) {
            Ok(bound) => bound,
            Err(unfit) => return refusal(&refused(unfit)),
        };
        let arguments = Arguments {
            body: bound,
            header_database: request.header("db-name"),
            ids_as_text: matches!(
                request.header("accept-type-allow-int64"),
                Some("0" | "f" | "F" | "false" | "FALSE" | "False")
            ),
            caller,
        };
        if let Err(denied) = state.model.permit(operation.path, &arguments) {
            return envelope(403, &json!({"code": denied.code, "message": denied.message}), false);
        }
        match (operation.run)(&mut state.model, &arguments) {
            Ok(answer) => success(operation, answer, self.version()),
            Err(failure) => refusal(&failure),
        }
    }

    fn timed_out(&self) -> Response {
        if self.version() < Version(2, 5) {
            return response(408, Some("text/plain; charset=utf-8"), "timeout".to_owned());
        }
        envelope(408, &json!({"code": 10001, "message": "request timeout"}), false)
    }

    /// The user who calls, when credentials are checked.
    fn caller(&self, request: &Request) -> Result<Option<String>, Unauthenticated> {
        if self.config.token.is_none() {
            return Ok(None);
        }
        let header = request.header("authorization").ok_or(Unauthenticated)?;
        let given = match (header.strip_prefix("Bearer "), header.strip_prefix("Basic ")) {
            (Some(credentials), _) => credentials.to_owned(),
            (None, Some(encoded)) => {
                base64::decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
            }
            (None, None) => header.to_owned(),
        };
        let (user, password) = given.split_once(':').ok_or(Unauthenticated)?;
        if self.state().model.knows(user, password) { Ok(Some(user.to_owned())) } else { Err(Unauthenticated) }
    }
}

/// The credentials are missing or wrong.
struct Unauthenticated;

fn timeout(header: Option<&str>, version: Version) -> Timeout {
    match header {
        None => Timeout::None,
        Some("") if version >= Version(2, 5) => Timeout::None,
        Some(seconds) => match seconds.parse::<i64>() {
            Ok(..=0) => Timeout::AtOnce,
            Ok(_) => Timeout::None,
            Err(_) => Timeout::Unreadable,
        },
    }
}

fn refused(unfit: Unfit) -> Failure {
    match unfit {
        Unfit::Nothing => failure::bad_json("the request body should be nil, however {} is valid"),
        Unfit::Decoding(fault) => failure::bad_json(&format!("error: {fault}")),
        Unfit::Missing(keys) => failure::missing_keys(&keys),
    }
}

fn refusal(failure: &Failure) -> Response {
    // Where the front itself fails, it says so by the status and has no words for it.
    if failure.code == 500 {
        return envelope(500, &json!({"code": 500}), false);
    }
    envelope(200, &json!({"code": failure.code, "message": failure.message}), false)
}

/// From 2.5 on rows are written by an encoder that ends its text with a line feed; of searches only those with hits.
fn success(operation: &Operation, answer: Answer, version: Version) -> Response {
    if let Some(body) = answer.bare {
        return response(200, Some(JSON), body);
    }
    let rows = matches!(operation.path, "entities/query" | "entities/get");
    let rows = rows || answer.extra.iter().any(|(key, _)| *key == "topks");
    let line_feed = rows && version >= Version(2, 5);
    let mut body = Map::from_iter([("code".to_owned(), json!(0)), ("data".to_owned(), answer.data)]);
    body.extend(answer.extra.into_iter().map(|(key, value)| (key.to_owned(), value)));
    envelope(200, &Value::Object(body), line_feed)
}

fn envelope(status: u16, body: &Value, line_feed: bool) -> Response {
    let mut text = render::json(body);
    if line_feed {
        text.push('\n');
    }
    response(status, Some(JSON), text)
}

fn response(status: u16, content_type: Option<&str>, body: String) -> Response {
    let headers = content_type.map(|kind| ("content-type".to_owned(), kind.to_owned()));
    Response { status, headers: headers.into_iter().collect(), body: Bytes::from(body) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;

    fn ask(reference: &Reference, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let body = Bytes::from(body.to_owned());
        let request = Request { method: method.to_owned(), path: path.to_owned(), headers, body };
        let response = reference.answer(&request);
        (response.status, String::from_utf8(response.body.to_vec()).unwrap())
    }

    fn open(profile: Profile) -> Reference {
        Reference::new(Config { profile, token: None })
    }

    const LIST: &str = "/v2/vectordb/collections/list";

    #[test]
    fn routes_answer_to_post_alone() {
        let reference = open(Profile::Milvus26);
        assert_eq!(ask(&reference, "POST", LIST, &[], "{}"), (200, r#"{"code":0,"data":[]}"#.to_owned()));
        assert_eq!(ask(&reference, "POST", &format!("{LIST}?a=b"), &[], "null").0, 200);
        assert_eq!(ask(&reference, "GET", LIST, &[], "").1, "404 page not found");
        assert_eq!(ask(&reference, "HEAD", LIST, &[], ""), (404, String::new()));
        assert_eq!(ask(&reference, "POST", &format!("{LIST}/"), &[], "{}").0, 307);
        assert_eq!(ask(&reference, "OPTIONS", "/nowhere", &[], "").0, 204);
        assert_eq!(ask(&open(Profile::Milvus24), "POST", "/v2/vectordb/collections/flush", &[], "{}").0, 404);
    }

    #[test]
    fn credentials_come_before_the_route() {
        let reference = Reference::new(Config { profile: Profile::Milvus26, token: Some("root:Milvus".to_owned()) });
        let status = |header: &str| ask(&reference, "POST", LIST, &[("Authorization", header)], "{}").0;
        for good in ["Bearer root:Milvus", "root:Milvus", "Basic cm9vdDpNaWx2dXM="] {
            assert_eq!(status(good), 200, "{good}");
        }
        let bad = ["", "Bearer ", "bearer root:Milvus", "Bearer  root:Milvus", "Token root:Milvus", "Bearer root:x"];
        for bad in bad.into_iter().chain(["Bearer cm9vdDpNaWx2dXM=", "Basic cm9vdDp4", "Bearer root:"]) {
            assert_eq!(status(bad), 401, "{bad}");
        }
        assert_eq!(ask(&reference, "POST", "/nowhere", &[], "").0, 401);
    }

    #[test]
    fn a_timeout_of_nothing_is_over_at_once() {
        let timeout = |profile, header: &str| ask(&open(profile), "POST", LIST, &[("Request-Timeout", header)], "{}");
        assert_eq!(timeout(Profile::Milvus24, "0"), (408, "timeout".to_owned()));
        assert_eq!(timeout(Profile::Milvus26, "-1"), (408, r#"{"code":10001,"message":"request timeout"}"#.to_owned()));
        assert_eq!(timeout(Profile::Milvus26, "abc").0, 200);
        assert!(timeout(Profile::Milvus30, "abc").1.contains("Request-Timeout parse failed"));
    }

    #[test]
    fn a_header_names_the_database_unless_the_body_does() {
        let reference = open(Profile::Milvus26);
        let header = [("DB-Name", "nope")];
        assert!(ask(&reference, "POST", LIST, &header, "{}").1.contains(r#""code":800"#));
        assert!(ask(&reference, "POST", LIST, &header, r#"{"dbName":"default"}"#).1.contains(r#""code":0"#));
    }

    #[test]
    fn a_lost_lock_is_taken_up_again() {
        let reference = open(Profile::Milvus26);
        std::thread::scope(|scope| {
            let held = scope.spawn(|| {
                let _guard = reference.front.state();
                panic!("on purpose");
            });
            assert!(held.join().is_err());
        });
        assert_eq!(ask(&reference, "POST", LIST, &[], "{}").0, 200);
    }

    /// Values of every kind, fitting or not.
    const VALUE: &str = concat!(
        r#"(null|-?[0-9]{1,25}(\.5)?|"[a-z_é%'(\[=< ]{0,12}"|\[(1,)?"x"\]|"#,
        r#"\{"a":\[1e3\]\}|\[\{"id":[0-9],"vector":\[1,2\]\}\])"#
    );

    /// Words of filters in any order.
    const FILTER: &str =
        concat!(r#"((id|k|j\["a"\]|not|and|or|in|like|==|<|\(|\)|\[|\]|,"#, r#"|1|2\.5|"x"|\{t\}|\+|-|%|é) ?){0,12}"#);

    proptest::proptest! {
        #[test]
        fn whatever_is_sent_has_a_well_formed_answer(
            operation in proptest::sample::select(operations::all().collect::<Vec<_>>()),
            profile in proptest::sample::select(Profile::ALL.to_vec()),
            value in VALUE,
            filter in FILTER,
        ) {
            let reference = open(profile);
            let path = |operation: &str| format!("{PREFIX}{operation}");
            ask(&reference, "POST", &path("collections/create"), &[], r#"{"collectionName":"c","dimension":2}"#);
            let mut body = json!({"collectionName": "c", "dbName": "default", "filter": filter, "data": [[1, 2]]});
            body["partitionName"] = "_default".into();
            let text = body.to_string();
            for key in ["data", "id", "schema", "indexParams", "properties", "partitionNames", "params", "limit"] {
                let text = format!("{},\"{key}\":{value}}}", text.trim_end_matches('}'));
                let (status, answer) = ask(&reference, "POST", &path(operation), &[], &text);
                let envelope = serde_json::from_str::<Value>(&answer);
                let known = status == 404 || envelope.is_ok_and(|body| body["code"].is_i64());
                proptest::prop_assert!(known, "{text} gave {status} {answer}");
            }
        }
    }
}
