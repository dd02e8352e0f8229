//! One call over gRPC: sent, and its answer told as a success, a failure of the server, or none.

use super::proto;
use crate::target::SendError;
use http::uri::PathAndQuery;
use std::error::Error;
use std::io;
use std::time::Duration;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic::{Code, Request};
use tonic_prost::ProstCodec;

/// How calls of one request reach the server.
pub(super) struct Calls {
    pub(super) channel: Channel,
    /// The value of the metadata `authorization`.
    pub(super) authorization: Option<MetadataValue<Ascii>>,
    /// How long an answer may be, in bytes.
    pub(super) body_limit: usize,
    pub(super) timeout: Duration,
}

/// Why a call did not give what it was made for.
#[derive(Debug)]
pub(super) enum Stop {
    /// The server refused.
    Failure {
        /// Its code, as it would stand in an answer over HTTP.
        code: i64,
        /// Its words.
        message: String,
    },
    /// There is no answer, or the server lacks the call.
    None(SendError),
}

impl Stop {
    /// A failure told in words.
    pub(super) fn failure(code: i64, message: impl Into<String>) -> Self {
        Stop::Failure { code, message: message.into() }
    }

    /// What cannot be carried over gRPC by this driver.
    pub(super) fn uncarried(what: impl Into<String>) -> Self {
        Stop::None(SendError::Unimplemented(what.into()))
    }
}

/// The code of failures that have none of their own.
pub(super) const UNTYPED: i64 = 65535;

/// The code with which HTTP answers a call without a valid token.
const UNAUTHENTICATED: i64 = 1800;

/// The code of a missing collection, of now and of servers that know the older codes only.
pub(super) const COLLECTION_NOT_FOUND: i64 = 100;
const OLD_COLLECTION_NOT_FOUND: i32 = 4;

/// An answer that says whether the call succeeded.
pub(super) trait Stated {
    /// What it says; nothing means success.
    fn status(&self) -> Option<&proto::Status>;
}

impl Stated for proto::Status {
    fn status(&self) -> Option<&proto::Status> {
        Some(self)
    }
}

macro_rules! stated {
    ($($answer:ident),* $(,)?) => {$(
        impl Stated for proto::$answer {
            fn status(&self) -> Option<&proto::Status> {
                self.status.as_ref()
            }
        }
    )*};
}

stated!(
    BoolResponse,
    DescribeAliasResponse,
    DescribeCollectionResponse,
    DescribeDatabaseResponse,
    DescribeIndexResponse,
    FlushResponse,
    GetLoadStateResponse,
    GetLoadingProgressResponse,
    GetVersionResponse,
    ListAliasesResponse,
    ListDatabasesResponse,
    MutationResult,
    QueryResults,
    SearchResults,
    ShowCollectionsResponse,
    ShowPartitionsResponse,
    StatisticsResponse,
);

impl Calls {
    /// Makes a call and waits for its answer.
    pub(super) async fn ask<Q, A>(&self, rpc: &'static str, question: Q) -> Result<A, Stop>
    where
        Q: prost::Message + Send + Sync + 'static,
        A: prost::Message + Stated + Default + Send + Sync + 'static,
    {
        let mut client = tonic::client::Grpc::new(self.channel.clone()).max_decoding_message_size(self.body_limit);
        client.ready().await.map_err(|error| Stop::None(no_connection(&error)))?;
        let mut request = Request::new(question);
        if let Some(value) = &self.authorization {
            request.metadata_mut().insert("authorization", value.clone());
        }
        let path = format!("/milvus.proto.milvus.MilvusService/{rpc}");
        let path = PathAndQuery::try_from(path)
            .map_err(|error| Stop::None(SendError::Unsendable(format!("{rpc} is no name of a call: {error}"))))?;
        let codec = ProstCodec::<Q, A>::default();
        let answer = match tokio::time::timeout(self.timeout, client.unary(request, path, codec)).await {
            Ok(Ok(answer)) => answer.into_inner(),
            Ok(Err(status)) => return Err(self.refusal(rpc, &status)),
            Err(_) => return Err(Stop::None(SendError::Timeout { after: self.timeout })),
        };
        match answer.status().map(judged) {
            Some(Some(failure)) => Err(failure),
            Some(None) | None => Ok(answer),
        }
    }

    /// As [`Self::ask`], for calls whose answer is nothing but the word whether they succeeded.
    pub(super) async fn tell<Q>(&self, rpc: &'static str, question: Q) -> Result<(), Stop>
    where
        Q: prost::Message + Send + Sync + 'static,
    {
        self.ask::<Q, proto::Status>(rpc, question).await.map(drop)
    }

    /// What a status of gRPC itself means.
    fn refusal(&self, rpc: &str, status: &tonic::Status) -> Stop {
        if let Some(error) = status.source().and_then(|source| source.downcast_ref::<tonic::transport::Error>()) {
            return Stop::None(no_connection(error));
        }
        match status.code() {
            Code::Unimplemented => Stop::None(SendError::Unimplemented(format!("the server does not implement {rpc}"))),
            Code::Unauthenticated => Stop::failure(UNAUTHENTICATED, status.message()),
            Code::OutOfRange if status.message().contains("decoded message length too large") => {
                Stop::None(SendError::TooLarge { limit: self.body_limit })
            }
            Code::Unavailable | Code::Cancelled => Stop::None(SendError::Broken(status.message().to_owned())),
            code => Stop::failure(UNTYPED, format!("rpc error: code = {code:?} desc = {}", status.message())),
        }
    }
}

/// The failure that a status tells, if it tells one. Servers set the code of now, the older one, or either alone.
fn judged(status: &proto::Status) -> Option<Stop> {
    let code = match (status.code, status.error_code) {
        (0, 0) => return None,
        (0, OLD_COLLECTION_NOT_FOUND) => COLLECTION_NOT_FOUND,
        (0, _) => UNTYPED,
        (code, _) => i64::from(code),
    };
    Some(Stop::failure(code, status.reason.clone()))
}

/// Why no connection came about, or why one ended.
fn no_connection(error: &tonic::transport::Error) -> SendError {
    let mut said = Vec::new();
    let mut kind = None;
    let mut next: Option<&(dyn Error + 'static)> = error.source();
    while let Some(cause) = next {
        let io = cause.downcast_ref::<io::Error>();
        kind = io.map(io::Error::kind).or(kind);
        said.push(cause.to_string());
        next = match io.and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => cause.source(),
        };
    }
    let text = said.last().cloned().unwrap_or_else(|| error.to_string());
    if said.iter().any(|said| said.contains("dns error")) {
        return SendError::UnknownHost(format!(" ({text})"));
    }
    match kind {
        Some(io::ErrorKind::ConnectionRefused) => SendError::Refused(String::new()),
        _ if said.iter().any(|said| said.contains("deadline has elapsed") || said.contains("connect")) => {
            SendError::Connect(text)
        }
        _ => SendError::Broken(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_code_of_a_status_tells_a_failure() {
        for (code, error_code, told) in [
            (0, 0, None),
            (100, 4, Some(100)),
            // A server that writes one of the two only.
            (1, 0, Some(1)),
            (0, 4, Some(100)),
            (0, 1, Some(65535)),
        ] {
            let status = proto::Status { error_code, reason: "why".to_owned(), code };
            let judged = judged(&status).map(|stop| match stop {
                Stop::Failure { code, message } => (code, message),
                Stop::None(error) => panic!("{error}"),
            });
            assert_eq!(judged, told.map(|code| (code, "why".to_owned())), "{code} {error_code}");
        }
    }
}
