//! The gRPC client: does what a request over HTTP asks for by calls over gRPC, and answers in the envelope of HTTP.
//!
//! Only the state of a server can be told this way. What HTTP itself checks (paths, headers, the form of bodies) is not
//! there, and nothing here imitates it: the server is asked as it was asked, right or wrong.

mod aliases;
mod answer;
mod asked;
mod call;
mod collections;
mod databases;
mod entities;
mod indexes;
mod partitions;
#[allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::all,
    clippy::pedantic,
    reason = "made from proto/milvus.proto"
)]
mod proto;
mod rows;
mod schema;
#[cfg(test)]
mod tests;

use super::connection::{Connection, ConnectionError};
use super::secret::Redactor;
use super::send_error::SendError;
use crate::base64;
use crate::exchange::{Request, Response};
use answer::{Answer, response};
use asked::Asked;
use call::{Calls, Stop};
use reqwest::Url;
use serde_json::{Map, Value};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};

/// A server reached over gRPC. Clones share their connection.
#[derive(Clone, Debug)]
pub struct Grpc(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// The address as the user knows it: `grpc://localhost:19530`.
    url: String,
    /// The address of the REST API that the same server may have.
    http: String,
    host: String,
    port: u16,
    endpoint: Endpoint,
    /// Made when it is first needed, since it lives on the runtime that makes it.
    channel: OnceLock<Channel>,
    body_limit: usize,
    redactor: Redactor,
}

/// The scheme of addresses that are reached over gRPC.
const SCHEME: &str = super::GRPC_SCHEME;

/// The port on which Milvus listens unless told otherwise.
const PORT: u16 = 19530;

/// What the paths of operations begin with.
const ROOT: &str = "/v2/vectordb/";

impl Grpc {
    /// Prepares a client; nothing is sent yet.
    ///
    /// # Errors
    /// When the URL cannot be used.
    pub fn new(connection: &Connection) -> Result<Self, ConnectionError> {
        let wrong = |why: String| ConnectionError::Url { url: connection.url.clone(), why };
        let http = connection.url.replacen(SCHEME, "http://", 1);
        let back = |text: &str| text.replacen("http://", SCHEME, 1);
        let read = super::connection::read_url(&http).map_err(|error| match error {
            ConnectionError::Url { url, why } => ConnectionError::Url { url: back(&url), why: back(&why) },
            other => other,
        })?;
        if read.path() != "/" && !read.path().is_empty() {
            return Err(wrong("an address of gRPC has no path".to_owned()));
        }
        if connection.ca_cert.is_some() || connection.insecure {
            return Err(wrong("gRPC is spoken without TLS here; leave out --ca-cert and --insecure".to_owned()));
        }
        if connection.proxy.is_some() {
            return Err(wrong("gRPC goes through no proxy; leave out --proxy".to_owned()));
        }
        let host = read.host_str().unwrap_or_default().to_owned();
        let port = port_of(&connection.url, &read);
        let http = format!("http://{host}:{port}");
        let endpoint = Endpoint::from_shared(http.clone()).map_err(|error| wrong(error.to_string()))?;
        Ok(Self(Arc::new(Inner {
            url: format!("{SCHEME}{host}:{port}"),
            http,
            host,
            port,
            endpoint: endpoint.connect_timeout(connection.connect_timeout),
            channel: OnceLock::new(),
            body_limit: connection.body_limit,
            redactor: connection.redactor(),
        })))
    }

    /// A client for the same server with a connection of its own.
    #[must_use]
    pub fn with_own_connections(&self) -> Self {
        let Inner { url, http, host, port, endpoint, channel: _, body_limit, redactor } = &*self.0;
        Self(Arc::new(Inner {
            url: url.clone(),
            http: http.clone(),
            host: host.clone(),
            port: *port,
            endpoint: endpoint.clone(),
            channel: OnceLock::new(),
            body_limit: *body_limit,
            redactor: redactor.clone(),
        }))
    }

    /// The address: `grpc://localhost:19530`.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// The address that the REST API of the same server would have.
    pub(super) fn http_url(&self) -> &str {
        &self.0.http
    }

    /// The name or address of the host.
    pub(super) fn host(&self) -> &str {
        &self.0.host
    }

    /// The port.
    pub(super) fn port(&self) -> u16 {
        self.0.port
    }

    /// Does what a request asks for. `timeout` is for all of it.
    ///
    /// # Errors
    /// See [`SendError`]; [`SendError::Unimplemented`] for what the server or this client lacks.
    pub async fn send(&self, request: &Request, timeout: Duration) -> Result<Response, SendError> {
        let calls = self.calls(request.header("Authorization"), timeout)?;
        let Some(operation) = request.path.strip_prefix(ROOT).filter(|_| request.method == "POST") else {
            let what = format!("{} {} is no operation over gRPC", request.method, request.path);
            return Err(SendError::Unimplemented(self.0.redactor.redact(&what).into_owned()));
        };
        // A body that is no object asks for nothing, which the server may refuse.
        let asked = Asked::new(serde_json::from_slice::<Map<String, Value>>(&request.body).unwrap_or_default());
        let done = perform(&calls, operation, &asked);
        match tokio::time::timeout(timeout, done).await {
            Ok(outcome) => response(outcome).map_err(|error| self.redacted(error)),
            Err(_) => Err(SendError::Timeout { after: timeout }),
        }
    }

    /// The version that the server tells of itself.
    pub(super) async fn version(&self, authorization: Option<&str>, timeout: Duration) -> Result<String, Unheard> {
        let calls = self.calls(authorization, timeout).map_err(Unheard::None)?;
        let told: Result<proto::GetVersionResponse, Stop> = calls.ask("GetVersion", proto::GetVersionRequest {}).await;
        match told {
            Ok(answer) => Ok(answer.version),
            Err(Stop::Failure { code, message }) => {
                Err(Unheard::Failure { code, message: self.0.redactor.redact(&message).into_owned() })
            }
            Err(Stop::None(error)) => Err(Unheard::None(self.redacted(error))),
        }
    }

    fn calls(&self, authorization: Option<&str>, timeout: Duration) -> Result<Calls, SendError> {
        let channel = self.0.channel.get_or_init(|| self.0.endpoint.connect_lazy()).clone();
        let authorization = authorization.map(metadata).transpose()?;
        Ok(Calls { channel, authorization, body_limit: self.0.body_limit, timeout })
    }

    fn redacted(&self, error: SendError) -> SendError {
        let clean = |text: String| self.0.redactor.redact(&text).into_owned();
        match error {
            SendError::Connect(text) => SendError::Connect(clean(text)),
            SendError::Broken(text) => SendError::Broken(clean(text)),
            SendError::Unimplemented(text) => SendError::Unimplemented(clean(text)),
            other => other,
        }
    }
}

/// Why a server did not tell its version.
#[derive(Debug)]
pub(super) enum Unheard {
    /// It refused.
    Failure {
        /// Its code.
        code: i64,
        /// Its words.
        message: String,
    },
    /// There is no answer, or it lacks the call.
    None(SendError),
}

/// The port that a URL names, or that of Milvus. Port 80 stands for none in a URL of HTTP, so the text is looked at.
fn port_of(written: &str, read: &Url) -> u16 {
    let named = written.trim_end_matches('/').rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    read.port().or(named).unwrap_or(PORT)
}

/// The token of a header as gRPC carries it: in base64.
fn metadata(header: &str) -> Result<MetadataValue<Ascii>, SendError> {
    let token = header.strip_prefix("Bearer ").unwrap_or(header);
    let value = base64::encode(token.as_bytes());
    MetadataValue::try_from(value).map_err(|_| SendError::Unsendable("the token cannot be sent".to_owned()))
}

/// Does one operation.
async fn perform(calls: &Calls, operation: &str, asked: &Asked) -> Result<Answer, Stop> {
    match operation {
        "aliases/alter" => aliases::alter(calls, asked).await,
        "aliases/create" => aliases::create(calls, asked).await,
        "aliases/describe" => aliases::describe(calls, asked).await,
        "aliases/drop" => aliases::drop_one(calls, asked).await,
        "aliases/list" => aliases::list(calls, asked).await,
        "collections/alter_properties" | "collections/drop_properties" => collections::alter(calls, asked).await,
        "collections/create" => collections::create(calls, asked).await,
        "collections/describe" => collections::describe(calls, asked).await,
        "collections/drop" => collections::drop_one(calls, asked).await,
        "collections/flush" => collections::flush(calls, asked).await,
        "collections/get_load_state" => collections::get_load_state(calls, asked).await,
        "collections/get_stats" => collections::get_stats(calls, asked).await,
        "collections/has" => collections::has(calls, asked).await,
        "collections/list" => collections::list(calls, asked).await,
        "collections/load" => collections::load(calls, asked, false).await,
        "collections/refresh_load" => collections::load(calls, asked, true).await,
        "collections/release" => collections::release(calls, asked).await,
        "collections/rename" => collections::rename(calls, asked).await,
        "databases/alter" | "databases/alter_properties" | "databases/drop_properties" => {
            databases::alter(calls, asked).await
        }
        "databases/create" => databases::create(calls, asked).await,
        "databases/describe" => databases::describe(calls, asked).await,
        "databases/drop" => databases::drop_one(calls, asked).await,
        "databases/list" => databases::list(calls).await,
        "entities/delete" => entities::delete(calls, asked).await,
        "entities/get" => entities::get(calls, asked).await,
        "entities/insert" => entities::insert(calls, asked).await,
        "entities/query" => entities::query(calls, asked).await,
        "entities/search" => entities::search(calls, asked).await,
        "entities/upsert" => entities::upsert(calls, asked).await,
        "indexes/alter_properties" | "indexes/drop_properties" => indexes::alter(calls, asked).await,
        "indexes/create" => indexes::create(calls, asked).await,
        "indexes/describe" => indexes::describe(calls, asked).await,
        "indexes/drop" => indexes::drop_one(calls, asked).await,
        "indexes/list" => indexes::list(calls, asked).await,
        "partitions/create" => partitions::create(calls, asked).await,
        "partitions/drop" => partitions::drop_one(calls, asked).await,
        "partitions/get_stats" => partitions::get_stats(calls, asked).await,
        "partitions/has" => partitions::has(calls, asked).await,
        "partitions/list" => partitions::list(calls, asked).await,
        "partitions/load" => partitions::load(calls, asked).await,
        "partitions/release" => partitions::release(calls, asked).await,
        other => Err(Stop::uncarried(format!("the gRPC driver does no {other}"))),
    }
}
