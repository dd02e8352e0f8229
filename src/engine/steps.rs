//! One call: the request made from a step, sent, and its answer judged.

use crate::contract::{Effect, ObjectKind, Operation, ProfileContract};
use crate::engine::Entry;
use crate::exchange::{Request, Response};
use crate::scenario::{Scope, Step, TemplateError};
use crate::target::{Redactor, Secret, SendError, Target};
use bytes::Bytes;
use serde_json::Value;
use std::time::Duration;

/// How calls reach the target: the target itself and what every call carries.
#[derive(Clone)]
pub struct Caller {
    target: Target,
    headers: Vec<(String, String)>,
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
        Self { target, headers, database, timeout, redactor }
    }

    /// The same caller with connections that it shares with no other.
    pub(super) fn with_own_connections(&self) -> Self {
        Self { target: self.target.with_own_connections(), ..self.clone() }
    }

    /// A plain request to an operation.
    pub(super) fn request(&self, operation: &Operation, body: &Value) -> Request {
        Request {
            method: operation.file.method.clone(),
            path: operation.file.path.clone(),
            headers: self.headers.clone(),
            body: Bytes::from(body.to_string()),
        }
    }

    /// Sends a request.
    pub(super) async fn send(&self, request: &Request) -> Result<(Response, Duration), SendError> {
        self.target.send(request, self.timeout).await
    }

    /// The command that repeats a call, without its secrets.
    pub(super) fn curl(&self, request: &Request) -> String {
        crate::target::curl(self.target.address(), request, &self.redactor)
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
    #[error("the profile has no {0}")]
    NoOperation(String),
    #[error(
        "the request does not fit its documented schema: {message} at `{pointer}`; say `invalid: true` if that is meant"
    )]
    Request { message: String, pointer: String },
    #[error("{operation} would change `{name}`, which does not carry the run's prefix; nothing was sent")]
    Foreign { operation: String, name: String },
}

/// A step made ready to be sent.
pub(super) struct Prepared {
    pub(super) request: Request,
    /// What the call makes, to be noted before it is sent.
    pub(super) makes: Option<Entry>,
}

/// Fills in a step, checks it against the contract, and refuses what could harm.
pub(super) fn prepare(
    caller: &Caller,
    contract: &ProfileContract,
    operation: &Operation,
    step: &Step,
    scope: &Scope,
    prefix: &str,
) -> Result<Prepared, StepError> {
    let own_route = step.path.is_none() && step.method.is_none();
    let mut json = step.with.as_ref().map(|with| scope.fill(with)).transpose()?;
    let text = step.body.as_ref().map(|text| scope.fill_text(text)).transpose()?;
    if text.is_none() && json.is_none() && own_route {
        json = Some(Value::Object(serde_json::Map::new()));
    }
    let compiled = contract.operation(&operation.name).ok_or_else(|| StepError::NoOperation(operation.name.clone()))?;
    if let (Some(Value::Object(body)), Some(database)) = (&mut json, &caller.database)
        && compiled.takes_database()
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
    let body = text.as_ref().map(as_text).or_else(|| json.as_ref().map(Value::to_string)).unwrap_or_default();
    let makes = if own_route { guarded(operation, step, json.as_ref(), &body, scope, prefix)? } else { None };
    Ok(Prepared {
        request: Request {
            method: step.method.clone().unwrap_or_else(|| operation.file.method.clone()),
            path: match &step.path {
                Some(path) => as_text(&scope.fill_text(path)?),
                None => operation.file.path.clone(),
            },
            headers: headers(&caller.headers, step, scope)?,
            body: Bytes::from(body),
        },
        makes,
    })
}

/// Refuses a write that names something that is not the run's own, and says what a create makes.
fn guarded(
    operation: &Operation,
    step: &Step,
    json: Option<&Value>,
    text: &str,
    scope: &Scope,
    prefix: &str,
) -> Result<Option<Entry>, StepError> {
    if operation.file.effect == Effect::Read {
        return Ok(None);
    }
    let parsed;
    let body = match json {
        Some(body) => body,
        // A server reads the first JSON value of a text and may not mind what follows.
        None => {
            let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
            parsed = values.next().and_then(Result::ok).unwrap_or_default();
            &parsed
        }
    };
    let name_at = |key: &str| {
        let object = body.as_object()?;
        object.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).and_then(|(_, value)| value.as_str())
    };
    let own = |name: &str| name.contains(prefix);
    let target = operation.file.target.as_deref().and_then(name_at).unwrap_or_default();
    let creates = operation.file.creates.as_ref();
    // A create that is to fail may name what is there already, such as the default database.
    let refused = !target.trim().is_empty() && !own(target) && !(creates.is_some() && step.fails.is_some());
    if refused {
        return Err(StepError::Foreign { operation: operation.name.clone(), name: target.to_owned() });
    }
    let Some(created) = creates else { return Ok(None) };
    let Some(name) = name_at(&created.named).filter(|name| own(name)) else { return Ok(None) };
    let header = || {
        let named = step.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case("DB-Name"))?;
        scope.fill_text(named.1.as_ref()?).ok().map(|value| as_text(&value))
    };
    let database = match created.object {
        ObjectKind::Database => None,
        ObjectKind::Alias | ObjectKind::Collection => name_at("newDbName")
            .filter(|name| !name.is_empty())
            .or_else(|| name_at("dbName").filter(|name| !name.is_empty()))
            .map(str::to_owned)
            .or_else(header),
    };
    Ok(Some(Entry { object: created.object, database, name: name.to_owned() }))
}

fn headers(base: &[(String, String)], step: &Step, scope: &Scope) -> Result<Vec<(String, String)>, TemplateError> {
    let mut headers = base.to_vec();
    for (name, value) in &step.headers {
        headers.retain(|(present, _)| !present.eq_ignore_ascii_case(name));
        if let Some(value) = value {
            headers.push((name.clone(), as_text(&scope.fill_text(value)?)));
        }
    }
    Ok(headers)
}

fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
