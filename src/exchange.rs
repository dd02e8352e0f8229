//! One request with its response, as sent and received.
//!
//! The two halves are plain data: what sends them (`target/`), what answers them (`reference/`) and what judges them
//! (`judge/`) share these types and nothing else.

use bytes::Bytes;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

/// Header fields in their order, each a name and a value. Nearly all calls of a run have the same ones, which are shared until
/// somebody changes them.
#[derive(Clone, Debug, Default, Eq)]
pub struct Fields(Arc<Vec<(String, String)>>);

impl Fields {
    /// Adds a field behind the others.
    pub fn push(&mut self, field: (String, String)) {
        Arc::make_mut(&mut self.0).push(field);
    }

    /// Adds fields behind the others.
    pub fn extend(&mut self, fields: impl IntoIterator<Item = (String, String)>) {
        Arc::make_mut(&mut self.0).extend(fields);
    }

    /// Keeps only the fields that fit.
    pub fn retain(&mut self, fits: impl FnMut(&(String, String)) -> bool) {
        Arc::make_mut(&mut self.0).retain(fits);
    }
}

impl Deref for Fields {
    type Target = [(String, String)];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl From<Vec<(String, String)>> for Fields {
    fn from(fields: Vec<(String, String)>) -> Self {
        Self(Arc::new(fields))
    }
}

impl FromIterator<(String, String)> for Fields {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(fields: T) -> Self {
        Vec::from_iter(fields).into()
    }
}

impl<'a> IntoIterator for &'a Fields {
    type Item = &'a (String, String);
    type IntoIter = std::slice::Iter<'a, (String, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// An HTTP request as it goes over the wire, without the connection that carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The HTTP method in capitals.
    pub method: String,
    /// Path and query as in the request line, for example `/v2/vectordb/partitions/drop`.
    pub path: String,
    /// Header fields in the order in which they are sent.
    pub headers: Fields,
    /// The body as sent; empty when there is none.
    pub body: Bytes,
}

/// An HTTP response as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Header fields, names in lower case, in the order received.
    pub headers: Fields,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_fields_are_changed_for_one_alone() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let shared = Fields::from(vec![pair("a", "1"), pair("b", "2")]);
        let mut own = shared.clone();
        assert_eq!(own, shared);
        own.retain(|(name, _)| name != "a");
        own.push(pair("c", "3"));
        own.extend([pair("d", "4")]);
        assert_eq!(own[..], [pair("b", "2"), pair("c", "3"), pair("d", "4")]);
        assert_eq!(shared[..], [pair("a", "1"), pair("b", "2")]);
        assert_ne!(own, shared);
        assert_eq!(shared, shared.iter().cloned().collect::<Fields>());
    }
}
