//! How a call reaches an implementation: over HTTP, or straight into one that lives in the same process.
//!
//! Nothing here knows what an answer means, but for [`preflight()`], which has to tell a Milvus server from anything else
//! before a run begins.

mod connection;
mod curl;
mod preflight;
mod rest;
mod secret;
mod send_error;
mod sniff;

pub use connection::{Connection, ConnectionError, DEFAULT_BODY_LIMIT, DEFAULT_CONNECT_TIMEOUT};
pub use curl::curl;
pub use preflight::{Certainty, PreflightError, Recognition, preflight};
pub use rest::Rest;
pub use secret::{Redactor, Secret};
pub use send_error::SendError;

use crate::exchange::{Request, Response};
use crate::reference::Reference;
use crate::reference::mutant::Broken;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

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
    /// An implementation in the same process.
    InProcess(Arc<dyn Answer>),
}

impl Target {
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
            Target::InProcess(implementation) => implementation.answer(request),
        };
        Ok((response, begun.elapsed()))
    }

    /// The same target over connections that are shared with no clone made before, for a thread of its own.
    #[must_use]
    pub fn with_own_connections(&self) -> Self {
        match self {
            Target::Rest(rest) => Target::Rest(rest.with_own_connections()),
            Target::InProcess(implementation) => Target::InProcess(Arc::clone(implementation)),
        }
    }

    /// The address for a command that repeats a call: `serve` listens there unless told otherwise.
    pub fn address_for_commands(&self) -> &str {
        match self {
            Target::Rest(rest) => rest.url(),
            Target::InProcess(_) => "http://127.0.0.1:19530",
        }
    }

    /// The target for people: `http://localhost:19530`, or `the embedded reference target`.
    pub fn address(&self) -> &str {
        match self {
            Target::Rest(rest) => rest.url(),
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
