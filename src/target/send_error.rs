//! Why there is no answer.

use std::time::Duration;

/// Why a request got no answer. The texts are fragments for the end of a sentence; none holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The answer was not complete in time.
    #[error("no complete answer within {after:?}; allow more time or see what keeps the server busy")]
    Timeout {
        /// How long was waited.
        after: Duration,
    },
    /// Nothing listens at the address.
    #[error("connection refused{0}; see that the server runs and listens on this port")]
    Refused(String),
    /// The name of the host leads nowhere.
    #[error("the host name cannot be resolved{0}; see that it is spelled right and known to this machine")]
    UnknownHost(String),
    /// No connection came about for another reason.
    #[error("no connection: {0}")]
    Connect(String),
    /// The connection ended or turned to nonsense before the answer was complete.
    #[error("the exchange broke off: {0}")]
    Broken(String),
    /// The body of the answer is longer than allowed.
    #[error("the answer is longer than {limit} bytes; ask for less or raise the limit")]
    TooLarge {
        /// How many bytes are allowed.
        limit: usize,
    },
    /// No TLS connection came about.
    #[error("no TLS connection: {0}")]
    Tls(String),
    /// The request cannot be expressed in HTTP by this client; it was not sent.
    #[error("the request cannot be sent: {0}")]
    Unsendable(String),
    /// The target, or the way to it, lacks what was asked for; nothing was done.
    #[error("not supported: {0}")]
    Unimplemented(String),
}
