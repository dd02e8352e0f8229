//! The look at a target that speaks gRPC: is it Milvus, may we use it, and which contract applies?

use super::grpc::{Grpc, Unheard};
use super::preflight::{Certainty, PreflightError, Recognition};
use super::send_error::SendError;
use super::sniff::{Speaks, sniff};
use super::{Redactor, Secret};
use crate::exchange::{Request, Response};
use crate::profile::{Profile, Version};
use bytes::Bytes;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Between two attempts to reach a server that is starting.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// How long a port is listened to for what it speaks.
const SNIFF: Duration = Duration::from_secs(2);

/// The code of a call without a valid token.
const UNAUTHENTICATED: i64 = 1800;

/// Codes by which a server says that it is starting.
const STARTING: [i64; 2] = [1, 2];

/// As over HTTP, but a server tells its version itself.
pub(super) async fn preflight(
    grpc: &Grpc,
    token: Option<&Secret>,
    requested: Option<Profile>,
    timeout: Duration,
) -> Result<Recognition, PreflightError> {
    let probe = Probe { grpc, timeout, redactor: Redactor::new(token, []) };
    let limited = probe.wait_until_ready(token).await?;
    // The target has just answered without a token, where there is none.
    let auth = token.is_some() && probe.list(None).await?.is_unauthenticated();
    let (profile, why, certainty) = match requested {
        Some(profile) => (profile, "named by the user".to_owned(), Certainty::Named),
        None => probe.recognise(token).await?,
    };
    Ok(Recognition { profile, why, certainty, candidates: vec![profile], auth, limited, over_grpc: true })
}

struct Probe<'a> {
    grpc: &'a Grpc,
    timeout: Duration,
    redactor: Redactor,
}

/// What came of listing the collections.
struct Listed {
    code: i64,
    message: String,
}

impl Listed {
    fn of(answer: &Response) -> Self {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let message = body["message"].as_str().unwrap_or_default().to_owned();
        Self { code: body["code"].as_i64().unwrap_or_default(), message }
    }

    fn is_unauthenticated(&self) -> bool {
        self.code == UNAUTHENTICATED
    }

    /// The user is known, but not allowed to do this.
    fn is_denied(&self) -> bool {
        let message = self.message.to_lowercase();
        message.contains("permissiondenied") || message.contains("permission deny")
    }
}

impl Probe<'_> {
    fn address(&self) -> String {
        self.grpc.url().to_owned()
    }

    async fn list(&self, token: Option<&Secret>) -> Result<Listed, PreflightError> {
        let request = Request {
            method: "POST".to_owned(),
            path: "/v2/vectordb/collections/list".to_owned(),
            headers: token.map(|token| ("Authorization".to_owned(), token.bearer())).into_iter().collect(),
            body: Bytes::from_static(b"{}"),
        };
        match self.grpc.send(&request, self.timeout).await {
            Ok(answer) => Ok(Listed::of(&answer)),
            Err(error) => Err(self.explain(error).await),
        }
    }

    /// Asks until the target is ready. Says whether the token is limited.
    async fn wait_until_ready(&self, token: Option<&Secret>) -> Result<bool, PreflightError> {
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let listed = self.list(token).await?;
            let seen = self.redactor.redact(&format!("code {}, `{}`", listed.code, listed.message)).into_owned();
            let address = self.address();
            if listed.is_unauthenticated() {
                return Err(match token {
                    Some(_) => PreflightError::TokenRefused { address, seen },
                    None => PreflightError::TokenMissing { address, seen },
                });
            }
            if !STARTING.contains(&listed.code) {
                return Ok(listed.is_denied());
            }
            if begun.elapsed() + pause > self.timeout {
                let detail = format!("it was not ready within {:?}; last it said {seen}", begun.elapsed());
                let hint = "Wait until the server is healthy, or allow more time; its logs say what it waits for.";
                return Err(PreflightError::NoGrpc { address, detail, hint: hint.to_owned() });
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn recognise(&self, token: Option<&Secret>) -> Result<(Profile, String, Certainty), PreflightError> {
        let told = match self.grpc.version(token.map(Secret::bearer).as_deref(), self.timeout).await {
            Ok(told) => told,
            Err(Unheard::None(SendError::Unimplemented(_))) => {
                let seen = "does not tell its version".to_owned();
                return Err(PreflightError::Unrecognised { address: self.address(), seen });
            }
            Err(Unheard::None(error)) => return Err(self.explain(error).await),
            Err(Unheard::Failure { code, message }) => {
                let seen = format!("tells no version, but code {code}, `{message}`");
                return Err(PreflightError::Unrecognised { address: self.address(), seen });
            }
        };
        let told = self.redactor.redact(&told).into_owned();
        profile_of(&told).ok_or_else(|| PreflightError::Unrecognised {
            address: self.address(),
            seen: format!("says its version is `{}`", told.escape_debug()),
        })
    }

    async fn explain(&self, error: SendError) -> PreflightError {
        let address = self.address();
        let detail = error.to_string();
        let other = |detail: String, hint: &str| PreflightError::NoGrpc {
            address: self.address(),
            detail,
            hint: hint.to_owned(),
        };
        let over_http = || format!("Did you mean {}?", self.grpc.http_url());
        match error {
            SendError::Refused(detail) => PreflightError::Refused { address, detail },
            SendError::UnknownHost(detail) => PreflightError::UnknownHost { address, detail },
            SendError::Unsendable(detail) => PreflightError::Unsendable { address, detail },
            SendError::Unimplemented(what) => other(
                format!("it speaks gRPC, but {what}"),
                "See that host and port are those of a Milvus server (19530 unless told otherwise).",
            ),
            _ => match sniff(self.grpc.host(), self.grpc.port(), SNIFF.min(self.timeout)).await {
                Speaks::Http => other("the port answers HTTP/1".to_owned(), &over_http()),
                Speaks::Tls => other(
                    "the port speaks TLS".to_owned(),
                    "gRPC is spoken without TLS here; reach the server by https:// instead.",
                ),
                Speaks::Http2 | Speaks::Other(_) | Speaks::Nothing => other(
                    detail,
                    "See that the server is healthy and that the port is that of Milvus (19530 unless told otherwise).",
                ),
            },
        }
    }
}

/// The profile of a version that a server tells. Versions before 2.4 have these operations over gRPC alone, and are
/// measured by the first contract that has them.
fn profile_of(told: &str) -> Option<(Profile, String, Certainty)> {
    let version: Version = told.parse().ok()?;
    let says = format!("says its version is {told}");
    let of_milvus = || Profile::ALL.into_iter().filter(|profile| *profile != Profile::ZillizCloud);
    let first = Profile::Milvus24;
    if version < first.version() {
        let why = format!("{says}, and {first} is the first contract with its operations");
        return Some((first, why, Certainty::Guessed));
    }
    let profile = of_milvus().filter(|profile| profile.version() <= version).max_by_key(|profile| profile.version())?;
    Some(if profile.version() == version {
        (profile, says, Certainty::Certain)
    } else {
        (profile, format!("{says}, and no contract is nearer"), Certainty::Guessed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_that_a_server_tells_names_its_profile() {
        for (told, profile, certainty) in [
            ("v2.6.18", Some(Profile::Milvus26), Certainty::Certain),
            ("2.5.4-gpu", Some(Profile::Milvus25), Certainty::Certain),
            ("v2.3.5-lite", Some(Profile::Milvus24), Certainty::Guessed),
            ("v2.9.0", Some(Profile::Milvus26), Certainty::Guessed),
            ("v4.0.0", Some(Profile::Milvus30), Certainty::Guessed),
            ("milvus_lite-3.2.2", None, Certainty::Guessed),
            ("", None, Certainty::Guessed),
        ] {
            let found = profile_of(told);
            assert_eq!(found.as_ref().map(|found| found.0), profile, "{told}");
            assert!(found.is_none_or(|found| found.2 == certainty && found.1.contains(told)), "{told}");
        }
    }
}
