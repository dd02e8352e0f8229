//! How a call reaches an implementation: over HTTP, or straight into one that lives in the same process.
//!
//! Nothing here knows what an answer means, but for [`preflight()`], which has to tell a Milvus server from anything else
//! before a run begins.

mod connection;
mod curl;
#[cfg(feature = "grpc")]
mod grpc;
mod preflight;
#[cfg(feature = "grpc")]
mod preflight_over_grpc;
mod rest;
mod secret;
mod send_error;
mod sniff;

pub use connection::{Connection, ConnectionError, DEFAULT_BODY_LIMIT, DEFAULT_CONNECT_TIMEOUT};
pub use curl::curl;
#[cfg(feature = "grpc")]
pub use grpc::Grpc;
pub use preflight::{Certainty, PreflightError, Recognition};
pub use rest::Rest;
pub use secret::{Redactor, Secret};
pub use send_error::SendError;

use crate::contract::Contract;
use crate::exchange::{Request, Response};
use crate::profile::Profile;
use crate::reference::Reference;
use crate::reference::mutant::Broken;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The scheme of the URLs of servers that are reached over gRPC.
const GRPC_SCHEME: &str = "grpc://";

/// Finds out, before any case runs, whether the target is a Milvus server that takes the token, and which profile it has.
///
/// A server that says it is starting is asked again with growing pauses until `timeout` is over; each single request may
/// take that long, too. With `requested`, the profile is taken as named. Nothing on the target is changed.
///
/// # Errors
/// See [`PreflightError`].
pub async fn preflight(
    target: &Target,
    contract: &Contract,
    token: Option<&Secret>,
    requested: Option<Profile>,
    timeout: Duration,
) -> Result<Recognition, PreflightError> {
    #[cfg(feature = "grpc")]
    if let Target::Grpc(grpc) = target {
        return preflight_over_grpc::preflight(grpc, token, requested, timeout).await;
    }
    preflight::preflight(target, contract, token, requested, timeout).await
}

/// An implementation in the same process, called without HTTP between.
pub trait Answer: Send + Sync {
    /// The answer to a request; what a server would send.
    fn answer(&self, request: &Request) -> Response;
}

impl Answer for Reference {
    fn answer(&self, request: &Request) -> Response {
        Reference::answer(self, request)
    }
}

impl Answer for Broken {
    fn answer(&self, request: &Request) -> Response {
        Broken::answer(self, request)
    }
}

/// What a run talks to. Clones share their connections.
#[derive(Clone)]
pub enum Target {
    /// A server, reached over HTTP.
    Rest(Rest),
    /// A server, reached over gRPC.
    #[cfg(feature = "grpc")]
    Grpc(Grpc),
    /// An implementation in the same process.
    InProcess(Arc<dyn Answer>),
}

impl Target {
    /// The client for a server, by the scheme of its URL. Nothing is sent yet.
    ///
    /// # Errors
    /// When the URL, the certificates or the proxy cannot be used.
    pub fn connect(connection: &Connection) -> Result<Self, ConnectionError> {
        if !connection.url.starts_with(GRPC_SCHEME) {
            return Rest::new(connection).map(Target::Rest);
        }
        #[cfg(feature = "grpc")]
        return Grpc::new(connection).map(Target::Grpc);
        #[cfg(not(feature = "grpc"))]
        return Err(ConnectionError::Client(
            "this build speaks no gRPC; it was made without the feature `grpc`".to_owned(),
        ));
    }

    /// Whether the target is reached over gRPC, so that what HTTP itself checks cannot be tried.
    pub fn is_over_grpc(&self) -> bool {
        match self {
            #[cfg(feature = "grpc")]
            Target::Grpc(_) => true,
            Target::Rest(_) | Target::InProcess(_) => false,
        }
    }

    /// Sends a request and waits for the whole answer. Also says how long that took, from before the first byte was sent
    /// (connecting included, when a new connection was needed) to the last byte of the body.
    ///
    /// A request is sent once: nothing that might have reached the server is ever repeated. `timeout` is for the exchange
    /// as a whole; an implementation in the same process is not interrupted.
    ///
    /// # Errors
    /// See [`SendError`]. An answer with any HTTP status is not an error.
    pub async fn send(&self, request: &Request, timeout: Duration) -> Result<(Response, Duration), SendError> {
        let begun = Instant::now();
        let response = match self {
            Target::Rest(rest) => rest.send(request, timeout).await?,
            #[cfg(feature = "grpc")]
            Target::Grpc(grpc) => grpc.send(request, timeout).await?,
            Target::InProcess(implementation) => implementation.answer(request),
        };
        Ok((response, begun.elapsed()))
    }

    /// The same target over connections that are shared with no clone made before, for a thread of its own.
    #[must_use]
    pub fn with_own_connections(&self) -> Self {
        match self {
            Target::Rest(rest) => Target::Rest(rest.with_own_connections()),
            #[cfg(feature = "grpc")]
            Target::Grpc(grpc) => Target::Grpc(grpc.with_own_connections()),
            Target::InProcess(implementation) => Target::InProcess(Arc::clone(implementation)),
        }
    }

    /// The address for a command that repeats a call: `serve` listens there unless told otherwise.
    pub fn address_for_commands(&self) -> &str {
        match self {
            Target::Rest(rest) => rest.url(),
            #[cfg(feature = "grpc")]
            Target::Grpc(grpc) => grpc.http_url(),
            Target::InProcess(_) => "http://127.0.0.1:19530",
        }
    }

    /// The target for people: `http://localhost:19530`, or `the embedded reference target`.
    pub fn address(&self) -> &str {
        match self {
            Target::Rest(rest) => rest.url(),
            #[cfg(feature = "grpc")]
            Target::Grpc(grpc) => grpc.url(),
            Target::InProcess(_) => "the embedded reference target",
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Target").field(&self.address()).finish()
    }
}

impl From<Rest> for Target {
    fn from(rest: Rest) -> Self {
        Target::Rest(rest)
    }
}
