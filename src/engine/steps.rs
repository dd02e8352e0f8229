//! One call: the request made from a step, sent, and its answer judged.

use crate::contract::{CompiledOperation, Effect, Operation, ProfileContract};
use crate::engine::Entry;
use crate::exchange::{Fields, Request, Response};
use crate::hazard;
use crate::node::Node;
use crate::scenario::{Scope, Step, TemplateError, as_text};
use crate::target::{Redactor, Secret, SendError, Target};
use crate::templated::has_template;
use bytes::Bytes;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt::Write;
use std::time::Duration;

/// How calls reach the target: the target itself and what every call carries.
#[derive(Clone)]
pub struct Caller {
    target: Target,
    headers: Fields,
    database: Option<String>,
    timeout: Duration,
    redactor: Redactor,
}

impl Caller {
    /// A caller that sends the token, where there is one, and gives each call the time.
    pub fn new(
        target: Target,
        token: Option<&Secret>,
        redactor: Redactor,
        database: Option<String>,
        timeout: Duration,
    ) -> Self {
        // Some servers write 64-bit integers as texts unless told otherwise; scenarios compare numbers.
        let fixed = [("Content-Type", "application/json"), ("Accept-Type-Allow-Int64", "true")];
        let mut headers: Vec<_> = fixed.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        headers.extend(token.map(|token| ("Authorization".to_owned(), token.bearer())));
        Self { target, headers: headers.into(), database, timeout, redactor }
    }

    /// The same caller with connections that it shares with no other.
    pub(super) fn with_own_connections(&self) -> Self {
        Self { target: self.target.with_own_connections(), ..self.clone() }
    }

    /// A plain request to an operation.
    pub(super) fn request(&self, operation: &Operation, body: &Value) -> Request {
        let (path, body) = match operation.file.method.as_str() {
            "GET" => (with_query(&operation.file.path, body), Bytes::new()),
            _ => (operation.file.path.clone(), Bytes::from(body.to_string())),
        };
        Request { method: operation.file.method.clone(), path, headers: self.headers.clone(), body }
    }

    /// Sends a request.
    pub(super) async fn send(&self, request: &Request) -> Result<(Response, Duration), SendError> {
        self.target.send(request, self.timeout).await
    }

    /// The command that repeats a call, without its secrets.
    pub(super) fn curl(&self, request: &Request) -> String {
        let line = crate::target::curl(self.target.address_for_commands(), request, &self.redactor);
        // A remark to the shell: the command does over HTTP what was done over gRPC.
        if self.target.is_over_grpc() { format!("{line} # was called over gRPC") } else { line }
    }

    /// What takes secrets out of texts.
    pub(super) fn redactor(&self) -> &Redactor {
        &self.redactor
    }
}

/// Why a step is not sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(
        "the request does not fit its documented schema: {message} at `{pointer}`; say `invalid: true` if that is meant"
    )]
    Request { message: String, pointer: String },
    #[error(
        "{operation} is not sent: this may end the server's process ({hazard}: {about}); only with --hazardous, in a \
         scenario that says `needs: [hazardous]`"
    )]
    Hazard { operation: String, hazard: String, about: String },
    #[error("{operation} would change `{name}`, which does not carry the run's prefix; nothing was sent")]
    Foreign { operation: String, name: String },
}

/// A step made ready to be sent.
pub(super) struct Prepared<'s> {
    pub(super) request: Request,
    /// Whether it goes to the operation's own method and path, so that the operation's schemas apply.
    pub(super) own_route: bool,
    /// What the call makes, to be noted before it is sent.
    pub(super) makes: Option<Entry>,
    /// The body as JSON, as far as it is any.
    pub(super) body: Cow<'s, Value>,
    /// The hazard that it holds.
    pub(super) hazard: Option<String>,
}

/// Fills in a step, checks it against the contract, and refuses what could harm.
pub(super) fn prepare<'s>(
    caller: &Caller,
    contract: &ProfileContract,
    compiled: &CompiledOperation,
    step: &'s Step,
    scope: &Scope,
    prefix: &str,
    hazardous: bool,
) -> Result<Prepared<'s>, StepError> {
    let operation = compiled.operation();
    let method = step.method.clone().unwrap_or_else(|| operation.file.method.clone());
    let path = match &step.path {
        Some(path) => as_text(&scope.fill_text(path)?),
        None => operation.file.path.clone(),
    };
    let own_route = method == operation.file.method && bare(&path) == operation.file.path;
    let mut json = match &step.with {
        Some(with) if has_template(with) => Some(Cow::Owned(scope.fill(with)?)),
        with => with.as_ref().map(Cow::Borrowed),
    };
    let text = step.body.as_ref().map(|text| scope.fill_text(text)).transpose()?;
    if text.is_none() && json.is_none() && own_route {
        json = Some(Cow::Owned(Value::Object(serde_json::Map::new())));
    }
    if let (Some(json), Some(database)) = (&mut json, &caller.database)
        && compiled.takes_database()
        && let Value::Object(body) = json.to_mut()
        && !body.keys().any(|key| key.eq_ignore_ascii_case("dbName"))
        && !step.headers.keys().any(|key| key.eq_ignore_ascii_case("DB-Name"))
    {
        body.insert("dbName".to_owned(), Value::String(database.clone()));
    }
    if let Some(body) = &json
        && own_route
        && !step.invalid
        && let Some(fault) = compiled.request_faults(body).into_iter().next()
    {
        return Err(StepError::Request { message: fault.message, pointer: fault.pointer });
    }
    let (path, body) = match (&text, &json) {
        (Some(text), _) => (path, as_text(text)),
        (None, Some(json)) if method == "GET" && operation.file.method == "GET" => {
            (with_query(&path, json), String::new())
        }
        // The same text as by `to_string`, without the detour through a formatter. It fails for no value.
        (None, Some(json)) => (path, serde_json::to_string(json).unwrap_or_else(|_| json.to_string())),
        (None, None) => (path, String::new()),
    };
    let headers = headers(&caller.headers, step, scope)?;
    let read = text.as_ref().map(|_| Node::read(body.as_bytes()));
    let sent = json.unwrap_or_else(|| Cow::Owned(read.as_ref().map(Node::value).unwrap_or_default()));
    let called = if own_route { Some(operation) } else { contract.whole().operation_at(bare(&path)) };
    let named = Sent { path: &path, body: &sent, read: read.as_ref(), headers: &headers };
    let hazard = harm(contract, called, &path, &body);
    if let (Some((hazard, about)), false) = (&hazard, hazardous) {
        let (operation, hazard, about) = (operation.name.clone(), hazard.clone(), about.clone());
        return Err(StepError::Hazard { operation, hazard, about });
    }
    let makes = guarded(called, &named, step.fails.is_some(), prefix)?;
    named.passwords().for_each(|password| caller.redactor.learn(password));
    let body = match step.encoding {
        None => Bytes::from(body),
        Some(encoding) => Bytes::from(encoding.bytes(&body)),
    };
    Ok(Prepared {
        request: Request { method, path, headers, body },
        own_route,
        makes,
        body: sent,
        hazard: hazard.map(|(id, _)| id),
    })
}

/// The hazard that a request holds and what it is about. A path outside of the contract may lead to any operation, and a
/// query may be read like a body.
fn harm(contract: &ProfileContract, called: Option<&Operation>, path: &str, body: &str) -> Option<(String, String)> {
    let name = called.map(|operation| operation.name.as_str());
    let find = |body: &[u8]| hazard::find(contract.whole(), Some(contract.profile()), name, body);
    let found = find(body.as_bytes()).or_else(|| find(query(path)?.to_string().as_bytes()))?;
    Some((found.0.to_owned(), found.1.about.clone()))
}

/// The keys of a query and their values as an object of texts.
fn query(path: &str) -> Option<Value> {
    let (_, query) = path.split_once('?')?;
    let unescaped = |text: &str| {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let Some((byte, after)) = rest.split_first() {
            let code = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
            match (byte, code.and_then(|code| u8::from_str_radix(code, 16).ok())) {
                (b'%', Some(code)) => {
                    bytes.push(code);
                    rest = &after[2..];
                    continue;
                }
                (b'+', _) => bytes.push(b' '),
                (other, _) => bytes.push(*other),
            }
            rest = after;
        }
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    Some(Value::Object(pairs.map(|(key, value)| (unescaped(key), Value::String(unescaped(value)))).collect()))
}

/// A path with the keys of an object as its query. A list repeats its key; null stands for a key that is left out.
fn with_query(path: &str, keys: &Value) -> String {
    let mut path = path.to_owned();
    let mut mark = if path.contains('?') { '&' } else { '?' };
    for (key, value) in keys.as_object().into_iter().flatten() {
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for value in values.iter().filter(|value| !value.is_null()) {
            path.push(mark);
            path.push_str(&escaped(key));
            path.push('=');
            path.push_str(&escaped(&as_text(value)));
            mark = '&';
        }
    }
    path
}

/// A text as part of a query: whatever might mean something else there is written as `%` and its bytes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => escaped.push(char::from(byte)),
            other => {
                // Writing to a String cannot fail.
                let _ = write!(escaped, "%{other:02X}");
            }
        }
    }
    escaped
}

/// A path without its query and a slash at its end, which servers may not mind.
fn bare(path: &str) -> &str {
    path.split('?').next().unwrap_or_default().trim_end_matches('/')
}

/// What is about to be sent.
struct Sent<'a> {
    path: &'a str,
    body: &'a Value,
    /// What was written as text, in which keys may stand twice.
    read: Option<&'a Node>,
    headers: &'a [(String, String)],
}

impl Sent<'_> {
    /// The text under a key of the body; servers do not mind its case.
    fn text(&self, key: &str) -> Option<&str> {
        let object = self.body.as_object()?;
        object.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).and_then(|(_, value)| value.as_str())
    }

    /// The passwords of users that the run makes: secrets like any other.
    fn passwords(&self) -> impl Iterator<Item = &str> {
        let given = ["password", "newPassword"].into_iter().filter_map(|key| self.text(key));
        let shown = self.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        given.chain(shown.filter_map(|(_, value)| Some(value.split_once(':')?.1)))
    }

    /// The object under a key of the body, whose keys are names.
    fn object(&self, key: &str) -> Option<&serde_json::Map<String, Value>> {
        let object = self.body.as_object()?;
        object.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).and_then(|(_, value)| value.as_object())
    }

    fn named(&self, key: &str) -> Option<&str> {
        self.text(key).filter(|name| !name.trim().is_empty())
    }

    /// All names under a key: of keys that stand twice, in one case or another, servers disagree on which counts.
    fn all_named(&self, key: &str) -> impl Iterator<Item = &str> {
        let object = self.body.as_object().into_iter().flatten();
        let values =
            object.filter(move |(name, _)| name.eq_ignore_ascii_case(key)).filter_map(|(_, value)| value.as_str());
        let written = self.read.into_iter().flat_map(Node::members);
        let written =
            written.filter(move |(name, _)| name.eq_ignore_ascii_case(key)).filter_map(|(_, value)| value.text());
        values.chain(written).filter(|name| !name.trim().is_empty())
    }
}

/// The keys that name what a call to a path outside the contract might change.
const NAMING: [&str; 7] =
    ["collectionName", "aliasName", "dbName", "userName", "roleName", "privilegeGroupName", "resourceGroupName"];

/// Refuses a call that could change something that is not the run's own, and says what a create makes. `called` is the
/// operation at the path, whatever the method: a server may be lax about methods.
fn guarded(
    called: Option<&Operation>,
    sent: &Sent<'_>,
    must_fail: bool,
    prefix: &str,
) -> Result<Option<Entry>, StepError> {
    let own = |name: &str| name.contains(prefix);
    let foreign = |name: &str| StepError::Foreign { operation: sent.path.to_owned(), name: name.to_owned() };
    let Some(operation) = called else {
        let named = NAMING.into_iter().flat_map(|key| sent.all_named(key)).find(|name| !own(name));
        return named.map_or(Ok(None), |name| Err(foreign(name)));
    };
    if operation.file.effect == Effect::Read {
        return Ok(None);
    }
    let creates = operation.file.creates.as_ref();
    // A create that is to fail may name what is there already, such as the default database.
    let key = operation.file.target.as_deref();
    if let Some(several) = key.and_then(|key| sent.object(key)).and_then(|names| names.keys().find(|name| !own(name))) {
        return Err(foreign(several));
    }
    if let Some(target) = key.and_then(|key| sent.all_named(key).find(|name| !own(name)))
        && !(creates.is_some() && must_fail)
    {
        return Err(foreign(target));
    }
    let Some(created) = creates else { return Ok(None) };
    let Some(name) = sent.text(&created.named).filter(|name| own(name)) else { return Ok(None) };
    let header =
        || sent.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case("DB-Name")).map(|(_, name)| name.as_str());
    let in_database = created.object.is_in_database();
    let named = || sent.named("newDbName").or_else(|| sent.named("dbName")).or_else(header).map(str::to_owned);
    let database = if in_database { named() } else { None };
    Ok(Some(Entry { object: created.object, database, name: name.to_owned() }))
}

fn headers(base: &Fields, step: &Step, scope: &Scope) -> Result<Fields, TemplateError> {
    let mut headers = base.clone();
    for (name, value) in &step.headers {
        headers.retain(|(present, _)| !present.eq_ignore_ascii_case(name));
        if let Some(value) = value {
            headers.push((name.clone(), as_text(&scope.fill_text(value)?)));
        }
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Contract, Tree};
    use crate::profile::Profile;
    use crate::yaml;
    use std::sync::Arc;

    /// What becomes of a step, written as in a scenario, in a run whose names begin with `mc_a_`.
    fn prepared(step: &str) -> Result<Option<String>, String> {
        let contract = Arc::new(Contract::load(&Tree::embedded()).unwrap());
        let contract = contract.compile(Profile::Milvus26).unwrap();
        let step: Step = yaml::read(&crate::diagnostic::SourceText::new("step.yaml", step)).unwrap();
        let operation = contract.operation(step.call.as_ref().unwrap().value.as_str()).unwrap();
        let target = Target::InProcess(Arc::new(crate::reference::Reference::new(crate::reference::Config {
            profile: Profile::Milvus26,
            token: None,
        })));
        let caller = Caller::new(target, None, Redactor::default(), None, Duration::from_secs(1));
        let mut scope = Scope::new("mc_a_1_");
        scope.set("found", Value::String("production".to_owned()));
        match prepare(&caller, &contract, operation, &step, &scope, "mc_a_", false) {
            Ok(prepared) => Ok(prepared.makes.map(|entry| entry.name)),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn what_is_not_the_runs_own_is_never_changed_whatever_the_detour() {
        for step in [
            "{call: collections/drop, with: {collectionName: production}}",
            "{call: collections/drop, with: {collectionName: '${found}'}}",
            "{call: collections/drop, method: POST, with: {collectionName: '${found}'}}",
            "{call: collections/drop, method: PUT, with: {COLLECTIONNAME: '${found}'}}",
            "{call: collections/has, path: /v2/vectordb/collections/drop, with: {collectionName: production}}",
            "{call: collections/has, path: '/v2/vectordb/collections/drop/?a=b', with: {collectionName: production}}",
            "{call: collections/has, path: /v2/vectordb/collections/truncate, with: {collectionName: production}}",
            "{call: collections/drop, body: '{\"collectionName\":\"production\"} and more'}",
            "{call: collections/drop, body: '{\"collectionName\":\"production\",\"x\":1e400}'}",
            "{call: collections/drop, body: '{\"x\":${repeat([, 300)}${repeat(], 300)},\"collectionName\":\"production\"}'}",
            "{call: collections/drop, body: '{\"collectionName\":\"production\",\"collectionName\":\"${name(a)}\"}'}",
            "{call: collections/drop, with: {CollectionName: '${name(a)}', collectionName: production}}",
            "{call: partitions/drop, with: {collectionName: production, partitionName: '${name(a)}'}, fails: any}",
            "{call: databases/drop, with: {dbName: default}, fails: any}",
            "{call: users/drop, with: {userName: root}, fails: any}",
            "{call: users/update_password, with: {userName: root, password: Milvus, newPassword: Milvus-12}, fails: any}",
            "{call: users/grant_role, with: {userName: somebody, roleName: '${name(r)}'}}",
            "{call: roles/drop, with: {roleName: admin}, fails: any}",
            "{call: roles/grant_privilege, with: {roleName: public, objectType: Global, objectName: '*', privilege: All}}",
            "{call: privilege_groups/drop, with: {privilegeGroupName: ClusterAdmin}, fails: any}",
            "{call: resource_groups/drop, with: {name: __default_resource_group}, fails: any}",
            "{call: resource_groups/alter, with: {resource_groups: {'${name(a)}': {}, __default_resource_group: {}}}}",
            "{call: v1/collections/drop, with: {collectionName: production}}",
        ] {
            let refused = prepared(step).unwrap_err();
            assert!(refused.contains("does not carry the run's prefix"), "{step}: {refused}");
        }
    }

    #[test]
    fn reading_and_the_runs_own_are_free_and_creates_are_noted() {
        for (step, made) in [
            ("{call: collections/has, with: {collectionName: production}}", None),
            ("{call: collections/drop, with: {collectionName: '${name(books)}'}}", None),
            ("{call: collections/drop, with: {}, invalid: true, fails: any}", None),
            ("{call: databases/create, with: {dbName: default}, fails: any}", None),
            (
                "{call: collections/create, with: {collectionName: '${name(books)}', dimension: 4}}",
                Some("mc_a_1_books"),
            ),
            ("{call: databases/create, with: {dbName: '1${name(a)}'}, fails: any}", Some("1mc_a_1_a")),
            (
                "{call: collections/rename, with: {collectionName: '${name(a)}', newCollectionName: '${name(b)}'}}",
                Some("mc_a_1_b"),
            ),
            ("{call: users/create, with: {userName: '${name(u)}', password: '${password(p)}'}}", Some("mc_a_1_u")),
            ("{call: users/create, with: {userName: root, password: Milvus-12}, fails: any}", None),
            ("{call: roles/create, with: {roleName: '${name(r)}'}}", Some("mc_a_1_r")),
            ("{call: privilege_groups/create, with: {privilegeGroupName: '${name(g)}'}}", Some("mc_a_1_g")),
        ] {
            assert_eq!(prepared(step), Ok(made.map(str::to_owned)), "{step}");
        }
    }

    #[test]
    fn what_a_get_carries_goes_into_its_query() {
        let keys = serde_json::json!({"collectionName": "a b&c=é", "dbName": null, "limit": 2, "names": ["x", "y"]});
        let query = "collectionName=a%20b%26c%3D%C3%A9&limit=2&names=x&names=y";
        assert_eq!(with_query("/v1/x", &keys), format!("/v1/x?{query}"));
        assert_eq!(with_query("/v1/x?a=b", &serde_json::json!({"c": true})), "/v1/x?a=b&c=true");
        assert_eq!(with_query("/v1/x", &Value::Null), "/v1/x");
    }

    #[test]
    fn a_request_that_does_not_fit_is_not_sent_unless_that_is_meant() {
        assert!(prepared("{call: collections/has, with: {collectionName: 5}}").unwrap_err().contains("invalid: true"));
        assert_eq!(prepared("{call: collections/has, with: {collectionName: 5}, invalid: true}"), Ok(None));
    }
}
