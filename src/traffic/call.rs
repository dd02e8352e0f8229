//! One recorded call, with what its recording shows of the answer.

use crate::exchange::Request;
use crate::profile::{Profile, Version};
use crate::replay::Trust;
use bytes::Bytes;
use std::fmt;

/// One recorded call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The line of the file or, of a HAR file, the number of the entry; counted from 1.
    pub place: u64,
    /// What the recording calls the server.
    pub server: Option<String>,
    /// What was sent, as far as it is shown; the path is empty where it is not.
    pub request: Request,
    /// The HTTP status, where it is shown.
    pub status: Option<u16>,
    /// Header fields of the answer; `None` where the recording does not say how the answer is declared.
    pub headers: Option<Vec<(String, String)>>,
    /// The body of the answer, where the whole of it is shown.
    pub body: Option<Bytes>,
    /// How far the answer is to be trusted.
    pub trust: Trust,
    /// Why nothing can be said of the call.
    pub left_out: Option<LeftOut>,
}

impl Call {
    /// The profile of the server that the recording names: `milvus-2.6`, `2.6.10` and `v2.6` are the same one.
    pub fn profile(&self) -> Option<Profile> {
        let server = self.server.as_deref()?;
        if let Ok(profile) = server.parse() {
            return Some(profile);
        }
        let version: Version = server.strip_prefix("milvus-").unwrap_or(server).parse().ok()?;
        let milvus = Profile::ALL.into_iter().filter(|profile| *profile != Profile::ZillizCloud);
        milvus.into_iter().find(|profile| profile.version() == version)
    }

    /// The path without its query, from where the API begins: a gateway may put something of its own in front.
    pub fn route(&self) -> &str {
        let path = self.request.path.split('?').next().unwrap_or_default();
        ROUTES.into_iter().find_map(|routes| path.find(routes)).map_or(path, |at| &path[at..])
    }

    /// Whether the path is one of the API.
    pub fn is_of_the_api(&self) -> bool {
        ROUTES.into_iter().any(|routes| self.route().starts_with(routes))
    }
}

/// What the paths of the API begin with.
const ROUTES: [&str; 2] = ["/v2/vectordb/", "/v1/vector/"];

/// Why nothing can be said of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// No answer came.
    NoAnswer,
    /// The path is not shown.
    NoPath,
    /// The body of the answer is not shown, or not to its end.
    NoBody,
    /// The recording says itself that the answer is not to be trusted.
    NotTrusted,
    /// The call is shown as bytes on the wire.
    Raw,
}

impl LeftOut {
    /// The words for people and for `--json`.
    pub const fn words(self) -> &'static str {
        match self {
            LeftOut::NoAnswer => "no answer came",
            LeftOut::NoPath => "the path is not shown",
            LeftOut::NoBody => "the body is not shown, or cut",
            LeftOut::NotTrusted => "marked as not to be trusted",
            LeftOut::Raw => "shown as bytes on the wire",
        }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Fields;

    fn call(server: &str, path: &str) -> Call {
        Call {
            place: 1,
            server: Some(server.to_owned()),
            request: Request {
                method: "POST".to_owned(),
                path: path.to_owned(),
                headers: Fields::default(),
                body: Bytes::new(),
            },
            status: Some(200),
            headers: None,
            body: None,
            trust: Trust::Full,
            left_out: None,
        }
    }

    #[test]
    fn a_server_is_known_by_profile_and_by_version() {
        for (server, profile) in [
            ("milvus-2.6", Some(Profile::Milvus26)),
            ("2.6.10", Some(Profile::Milvus26)),
            ("v2.5.4", Some(Profile::Milvus25)),
            ("milvus-3.0.0-beta", Some(Profile::Milvus30)),
            ("zilliz-cloud", Some(Profile::ZillizCloud)),
            ("9.9", None),
            ("production", None),
        ] {
            assert_eq!(call(server, "/").profile(), profile, "{server}");
        }
    }

    #[test]
    fn a_route_begins_where_the_api_does() {
        for (path, route) in [
            ("/v2/vectordb/collections/has?a=b", "/v2/vectordb/collections/has"),
            ("/gateway/x/v2/vectordb/jobs/import/list", "/v2/vectordb/jobs/import/list"),
            ("/v1/vector/collections", "/v1/vector/collections"),
            ("/metrics", "/metrics"),
        ] {
            assert_eq!(call("2.6", path).route(), route);
            assert_eq!(call("2.6", path).is_of_the_api(), route != "/metrics");
        }
    }
}
