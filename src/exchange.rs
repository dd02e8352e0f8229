//! One request with its response, as sent and received.
//!
//! The two halves are plain data: what sends them (`target/`), what answers them (`reference/`) and what judges them
//! (`judge/`) share these types and nothing else.

use bytes::Bytes;
use std::time::Duration;

/// An HTTP request as it goes over the wire, without the connection that carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The HTTP method in capitals.
    pub method: String,
    /// Path and query as in the request line, for example `/v2/vectordb/partitions/drop`.
    pub path: String,
    /// Header fields in the order in which they are sent.
    pub headers: Vec<(String, String)>,
    /// The body as sent; empty when there is none.
    pub body: Bytes,
}

/// An HTTP response as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Header fields, names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    /// The body as received.
    pub body: Bytes,
}

impl Response {
    /// The first header of this name; names are compared without regard to case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

impl Request {
    /// The first header of this name; names are compared without regard to case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// A request, its response and how long the response took from the first byte sent to the last received.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What was asked.
    pub request: Request,
    /// What was answered.
    pub response: Response,
    /// From the first byte sent to the last byte received.
    pub took: Duration,
}
