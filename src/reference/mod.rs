//! The reference target: an implementation of the contract, as a pure state machine behind an HTTP front.
//!
//! The harness runs against it in the same process ([`Reference::answer`]) or over HTTP ([`serve`]). What it answers was
//! measured on Milvus 2.4 – 3.0; where only a document speaks, the place says so. It knows no clock, no randomness and
//! no waiting: a load advances with the calls that look at it.

mod binding;
mod http;
mod json;
mod model;
pub mod mutant;
mod objects;
mod operations;
mod pace;
mod render;
mod serve;
mod v1;

pub use model::{PRODUCTIONS, Productions, productions};
pub use objects::{Object, Objects};
pub use pace::{NoTimes, Pace};
pub use serve::serve;

use crate::exchange::{Request, Response};
use crate::profile::Profile;

/// How a reference target behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The product and version to be like. Zilliz Cloud is like Milvus 2.6.
    pub profile: Profile,
    /// The only accepted credentials, as `user:password`; without them every call is accepted.
    pub token: Option<String>,
}

/// An implementation of the contract in memory. It may be used from any number of threads.
#[derive(Debug)]
pub struct Reference {
    front: http::Front,
}

impl Reference {
    /// An empty target.
    pub fn new(config: Config) -> Self {
        Self { front: http::Front::new(config) }
    }

    /// The target with these files in its object storage.
    #[must_use]
    pub fn with_objects(self, objects: Objects) -> Self {
        self.front.keep(objects);
        self
    }

    /// Answers one request. Every request has an answer; a refusal is one too.
    pub fn answer(&self, request: &Request) -> Response {
        self.front.answer(request)
    }

    /// The accepted credentials.
    fn token(&self) -> Option<&str> {
        self.front.token()
    }

    /// A target of its own with the same state as this one has now.
    fn copy(&self) -> Self {
        Self { front: self.front.copy() }
    }
}
