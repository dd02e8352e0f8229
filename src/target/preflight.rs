//! Before a run: is this a Milvus server, may we use it, and which contract applies?

use super::send_error::SendError;
use super::sniff::{Speaks, sniff};
use super::{Redactor, Rest, Secret, Target};
use crate::contract::{Contract, Effect, Recognised, Telling};
use crate::exchange::{Request, Response};
use crate::profile::Profile;
use bytes::Bytes;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// What was found out about a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognition {
    /// The profile whose contract applies.
    pub profile: Profile,
    /// How that was decided: `has collections/fields/add, lacks jobs/external_collection/describe`.
    pub why: String,
    /// How sure that is.
    pub certainty: Certainty,
    /// Every profile that fits what was seen, the chosen one first.
    pub candidates: Vec<Profile>,
    /// Whether the target checks tokens.
    pub auth: bool,
    /// Whether the token was not allowed to list collections, though it is valid.
    pub limited: bool,
    /// Whether the target is reached over gRPC.
    pub over_grpc: bool,
}

/// How sure it is that a target has the profile that was recognised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// Other profiles fit as well.
    Guessed,
    /// No other profile fits, but what would show it for sure is not known or could not be asked.
    Likely,
    /// No other profile fits, and every call that tells profiles apart was answered as this one does; or the name of the
    /// host says so.
    Certain,
    /// The user said so, and nothing was asked.
    #[default]
    Named,
}

impl Certainty {
    /// The word shown to people.
    pub const fn word(self) -> &'static str {
        match self {
            Certainty::Guessed => "guessed",
            Certainty::Likely => "likely",
            Certainty::Certain => "certain",
            Certainty::Named => "named",
        }
    }
}

impl Recognition {
    /// What scenarios may need of the target: what its profile has; `auth` only when it checks tokens and there is one;
    /// `password` when that token is a user with a password; `grpc`
    /// when it is reached over gRPC.
    pub fn capabilities(&self, contract: &Contract, token: Option<&Secret>) -> BTreeSet<String> {
        let facts = contract.profiles.get(&self.profile);
        let mut capabilities: BTreeSet<String> =
            facts.into_iter().flat_map(|facts| facts.capabilities.clone()).collect();
        let token = token.filter(|_| self.auth && capabilities.contains("auth"));
        if token.is_none() {
            capabilities.remove("auth");
        }
        if token.is_some_and(|token| token.expose().contains(':')) {
            capabilities.insert("password".to_owned());
        }
        if self.over_grpc {
            capabilities.insert("grpc".to_owned());
        }
        capabilities
    }
}

/// Why a run cannot begin. Each text says what was tried, what was seen and what to do; none holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PreflightError {
    /// Nothing listens there.
    #[error(
        "{address} refused the connection{detail}. Is the server running? Milvus listens on port 19530 unless told \
         otherwise; the port of a container has to be published (`-p 19530:19530`)."
    )]
    Refused {
        /// The target.
        address: String,
        /// More about it, or nothing.
        detail: String,
    },
    /// The name of the host leads nowhere.
    #[error(
        "The host name in {address} cannot be resolved{detail}. See that it is spelled right; names of containers and \
         services are known inside their own network only."
    )]
    UnknownHost {
        /// The target.
        address: String,
        /// What the resolver said.
        detail: String,
    },
    /// No connection for another reason.
    #[error(
        "No connection to {address}: {detail}. See that the address is right, that no firewall is between, and that \
         HTTP_PROXY and NO_PROXY say what you mean."
    )]
    Unreachable {
        /// The target.
        address: String,
        /// What happened.
        detail: String,
    },
    /// It took the request and never answered.
    #[error(
        "{address} did not answer {CALL} within {after:?}. See that the server is healthy and that the port is the one \
         of its REST API (19530 unless told otherwise), or allow more time."
    )]
    Silent {
        /// The target.
        address: String,
        /// How long was waited.
        after: Duration,
    },
    /// `https://` to a port without TLS.
    #[error("{address} does not speak TLS: the port answers plain HTTP. Did you mean {meant}?")]
    SpeaksHttp {
        /// The target.
        address: String,
        /// The URL with the other scheme.
        meant: String,
    },
    /// `http://` to a port with TLS.
    #[error("{address} does not speak plain HTTP: the port answers with TLS ({seen}). Did you mean {meant}?")]
    SpeaksTls {
        /// The target.
        address: String,
        /// What showed it.
        seen: String,
        /// The URL with the other scheme.
        meant: String,
    },
    /// TLS is spoken, but no connection came about.
    #[error("No TLS connection to {address}: {detail}.")]
    Tls {
        /// The target.
        address: String,
        /// What happened, and what to do.
        detail: String,
    },
    /// A gRPC server.
    #[error(
        "{address} speaks gRPC only ({seen}). Give the address of the REST API: Milvus serves it on the same port unless \
         `proxy.http.port` names another; see also that `proxy.http.enabled` is true. Over gRPC, it is reached by \
         --target grpc://host:port."
    )]
    GrpcOnly {
        /// The target.
        address: String,
        /// What showed it.
        seen: String,
    },
    /// The exchange broke off.
    #[error(
        "{address} broke off {CALL}: {detail}. See that this is the port of the REST API of a Milvus server (19530 unless \
         told otherwise) and whether it needs https://."
    )]
    Broken {
        /// The target.
        address: String,
        /// What happened.
        detail: String,
    },
    /// An HTTP server, but not Milvus.
    #[error("{address} is not a Milvus server with the RESTful API: {CALL} was answered with {seen}. {hint}")]
    NotMilvus {
        /// The target.
        address: String,
        /// What was answered.
        seen: String,
        /// What to do.
        hint: String,
    },
    /// The answer leads elsewhere.
    #[error("{address} redirects {CALL} to {location} (HTTP {status}). Give that address if it is the one you mean.")]
    Redirected {
        /// The target.
        address: String,
        /// Where to.
        location: String,
        /// The HTTP status.
        status: u16,
    },
    /// The target asks for a token.
    #[error(
        "{address} asks for a token and none was given ({seen}). Pass --token user:password (or an API key), or set \
         MILVUS_TOKEN."
    )]
    TokenMissing {
        /// The target.
        address: String,
        /// What was answered.
        seen: String,
    },
    /// The target does not take the token.
    #[error(
        "{address} does not take the token ({seen}). See that --token or MILVUS_TOKEN is user:password of a user of this \
         server, or an API key of this cluster."
    )]
    TokenRefused {
        /// The target.
        address: String,
        /// What was answered.
        seen: String,
    },
    /// The server is there, but not ready.
    #[error(
        "{address} was not ready within {after:?}: {CALL} was last answered with {seen}. Wait until the server is healthy, \
         or allow more time; its logs say what it waits for."
    )]
    NotReady {
        /// The target.
        address: String,
        /// How long was waited.
        after: Duration,
        /// What was answered last.
        seen: String,
    },
    /// What is reached over gRPC does not answer as Milvus does.
    #[error("{address} does not answer as a Milvus server over gRPC: {detail}. {hint}")]
    NoGrpc {
        /// The target.
        address: String,
        /// What was seen.
        detail: String,
        /// What to do.
        hint: String,
    },
    /// A request could not be sent at all, for example because the token holds a line break.
    #[error(
        "{CALL} cannot be sent to {address}: {detail}. See that the token has no line break or other odd characters."
    )]
    Unsendable {
        /// The target.
        address: String,
        /// What is wrong.
        detail: String,
    },
    /// A Milvus server, but no profile fits.
    #[error(
        "Cannot tell which profile {address} has: it {seen}. That fits none. Name one with --profile: {}.",
        names()
    )]
    Unrecognised {
        /// The target.
        address: String,
        /// What was seen.
        seen: String,
    },
}

/// The first request, which every version with v2 knows and every user may send.
const CALL: &str = "POST /v2/vectordb/collections/list";

/// The operations that list the collections, in v2 and in v1: of these a target is asked whether it is there at all.
const FIRST: Call = ("POST", "/v2/vectordb/collections/list");
const FIRST_OF_V1: Call = ("GET", "/v1/vector/collections");

/// A method and a path.
type Call = (&'static str, &'static str);

/// Between two attempts to reach a server that is starting.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// How long a port is listened to for what it speaks.
const SNIFF: Duration = Duration::from_secs(2);

/// Codes by which a server says that the token is missing or wrong: Milvus, older Milvus, Zilliz Cloud.
const UNAUTHORISED: [i64; 5] = [1800, 1802, 21119, 80001, 80002];

/// Codes by which a server says that it is starting.
const STARTING: [i64; 2] = [1, 2];

/// The look at a target that speaks HTTP, or answers in this process as if it did.
pub(super) async fn preflight(
    target: &Target,
    contract: &Contract,
    token: Option<&Secret>,
    requested: Option<Profile>,
    timeout: Duration,
) -> Result<Recognition, PreflightError> {
    let probe = Probe { target, token, timeout, redactor: Redactor::new(token, []) };
    let (first, limited) = probe.wait_until_ready().await?;
    let auth = probe.asks_for_tokens(first).await?;
    let (candidates, why) = match requested {
        Some(profile) => (vec![profile], "named by the user".to_owned()),
        None => probe.recognise(contract).await?,
    };
    let (candidates, why, certainty) = match requested {
        Some(_) => (candidates, why, Certainty::Named),
        None => probe.weigh(contract, candidates, why).await?,
    };
    match candidates.first() {
        Some(&profile) => Ok(Recognition { profile, why, certainty, candidates, auth, limited, over_grpc: false }),
        None => Err(PreflightError::Unrecognised { address: probe.address(), seen: why }),
    }
}

struct Probe<'a> {
    target: &'a Target,
    token: Option<&'a Secret>,
    timeout: Duration,
    redactor: Redactor,
}

/// What an answer says before anyone looks at what was asked.
enum Heard {
    /// An envelope of the API with this code.
    Envelope { code: i64, message: String },
    /// Anything else.
    Other,
}

/// Whether the target has an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Presence {
    Has,
    Lacks,
    Unclear(String),
}

impl Probe<'_> {
    fn address(&self) -> String {
        self.target.address().to_owned()
    }

    async fn ask(&self, (method, path): (&str, &str), token: Option<&Secret>) -> Result<Response, PreflightError> {
        let mut headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        headers.extend(token.map(|token| ("Authorization".to_owned(), token.bearer())));
        let body = Bytes::from_static(if method == "GET" { b"" } else { b"{}" });
        let request = Request { method: method.to_owned(), path: path.to_owned(), headers: headers.into(), body };
        match self.target.send(&request, self.timeout).await {
            Ok((response, _)) => Ok(response),
            Err(error) => Err(self.explain(error).await),
        }
    }

    /// Asks until the target is ready. Says which call it answers, and whether the token is limited.
    async fn wait_until_ready(&self) -> Result<(Call, bool), PreflightError> {
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let (mut first, mut answer) = (FIRST, self.ask(FIRST, self.token).await?);
            if answer.status == 404 {
                // A server without v2 may have v1; what answers neither is judged by the answer of v2.
                let of_v1 = self.ask(FIRST_OF_V1, self.token).await?;
                if matches!(Heard::of(&of_v1), Heard::Envelope { .. }) {
                    (first, answer) = (FIRST_OF_V1, of_v1);
                }
            }
            let heard = Heard::of(&answer);
            if !heard.is_starting(answer.status) {
                return Ok((first, self.judge(&answer, &heard)?));
            }
            if begun.elapsed() + pause > self.timeout {
                let seen = self.describe(&answer);
                return Err(PreflightError::NotReady { address: self.address(), after: begun.elapsed(), seen });
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn judge(&self, answer: &Response, heard: &Heard) -> Result<bool, PreflightError> {
        let (address, seen) = (self.address(), self.describe(answer));
        if heard.is_unauthorised(answer.status) {
            return Err(match self.token {
                Some(_) => PreflightError::TokenRefused { address, seen },
                None => PreflightError::TokenMissing { address, seen },
            });
        }
        if let Heard::Envelope { .. } = heard {
            return Ok(heard.is_denied(answer.status));
        }
        let grpc = answer.header("content-type").is_some_and(|kind| kind.starts_with("application/grpc"));
        let text = String::from_utf8_lossy(&answer.body[..answer.body.len().min(4096)]).to_lowercase();
        Err(match (answer.status, answer.header("location")) {
            (status @ 300..=399, Some(location)) => {
                let location = self.redactor.redact(location).into_owned();
                PreflightError::Redirected { address, location, status }
            }
            (415, _) => PreflightError::GrpcOnly { address, seen },
            _ if grpc => PreflightError::GrpcOnly { address, seen },
            (400, _) if text.contains("https") => {
                PreflightError::SpeaksTls { meant: other_scheme(&address), address, seen }
            }
            (status, _) => PreflightError::NotMilvus { address, seen, hint: self.hint(status) },
        })
    }

    fn hint(&self, status: u16) -> String {
        let metrics = matches!(self.target, Target::Rest(rest) if rest.port() == 9091);
        match status {
            _ if metrics => "Port 9091 is for metrics and health; the API is on 19530.",
            407 => "The proxy asks for credentials: give them in the URL of the proxy.",
            404 => {
                "See that host and port are right (19530 unless told otherwise), and that it is Milvus 2.3 or later."
            }
            _ => "See that host and port are right, and whether a gateway or a proxy is between.",
        }
        .to_owned()
    }

    /// Whether a request without a token is turned away.
    async fn asks_for_tokens(&self, first: Call) -> Result<bool, PreflightError> {
        if self.token.is_none() {
            // The target has just answered without one.
            return Ok(false);
        }
        let answer = self.ask(first, None).await?;
        Ok(Heard::of(&answer).is_unauthorised(answer.status))
    }

    /// The profiles that fit, best first, with the reason.
    async fn recognise(&self, contract: &Contract) -> Result<(Vec<Profile>, String), PreflightError> {
        let profiles = || {
            let facts = |profile: Profile| contract.profiles.get(&profile).map(|facts| (profile, &facts.recognised));
            Profile::ALL.into_iter().rev().filter_map(facts)
        };
        if let Target::Rest(rest) = self.target
            && let Some((profile, end)) = profiles().find_map(|(profile, marks)| Some((profile, by_host(rest, marks)?)))
        {
            return Ok((vec![profile], format!("the host name ends in {end}")));
        }
        let mut seen: IndexMap<&str, Presence> = IndexMap::new();
        for name in profiles().flat_map(|(_, marks)| marks.present.iter().chain(&marks.absent)) {
            if !seen.contains_key(name.as_str()) {
                let presence = self.presence(contract, name).await?;
                seen.insert(name, presence);
            }
        }
        let fits = |marks: &Recognised| {
            let all = |names: &[String], presence: &Presence| {
                names.iter().all(|name| seen.get(name.as_str()) == Some(presence))
            };
            !(marks.present.is_empty() && marks.absent.is_empty())
                && all(&marks.present, &Presence::Has)
                && all(&marks.absent, &Presence::Lacks)
        };
        let fitting: Vec<_> = profiles().filter(|(_, marks)| fits(marks)).collect();
        let why = match fitting.first() {
            Some((_, marks)) => {
                in_words(&seen, |name| marks.present.iter().chain(&marks.absent).any(|marked| marked == name))
            }
            None => in_words(&seen, |_| true),
        };
        Ok((fitting.into_iter().map(|(profile, _)| profile).collect(), why))
    }

    /// Asks what tells the fitting profiles from all others, puts the one first that the answers speak for, and says how
    /// sure that is.
    async fn weigh(
        &self,
        contract: &Contract,
        candidates: Vec<Profile>,
        why: String,
    ) -> Result<(Vec<Profile>, String, Certainty), PreflightError> {
        let of_host = |profile: &Profile| {
            let Target::Rest(rest) = self.target else { return false };
            contract.profiles.get(profile).is_some_and(|facts| by_host(rest, &facts.recognised).is_some())
        };
        if candidates.first().is_some_and(of_host) {
            return Ok((candidates, why, Certainty::Certain));
        }
        let mut weighed = Vec::with_capacity(candidates.len());
        for profile in candidates {
            let tellings = contract.profiles.get(&profile).map(|facts| facts.recognised.answers.as_slice());
            let (mut fit, mut other, mut all) = (0, 0, 0);
            for telling in tellings.unwrap_or_default() {
                all += 1;
                match self.code_of(contract, telling).await? {
                    Some(code) if telling.codes.contains(&code) => fit += 1,
                    Some(_) => other += 1,
                    None => {}
                }
            }
            weighed.push((profile, fit, other, all));
        }
        // The order stays where no answer speaks against a profile.
        weighed.sort_by_key(|&(_, _, other, _)| other > 0);
        let Some(&(_, fit, other, all)) = weighed.first() else {
            return Ok((Vec::new(), why, Certainty::Guessed));
        };
        let certainty = match weighed.get(1) {
            None if all > 0 && fit == all => Certainty::Certain,
            None if other == 0 => Certainty::Likely,
            Some(next) if other == 0 && next.2 > 0 => Certainty::Likely,
            _ => Certainty::Guessed,
        };
        let why = if all > 0 { format!("{why}, {fit} of {all} answers that tell it from others") } else { why };
        Ok((weighed.into_iter().map(|(profile, ..)| profile).collect(), why, certainty))
    }

    /// The code with which a call is answered that only reads; nothing when that says nothing, such as a refusal for lack
    /// of rights.
    async fn code_of(&self, contract: &Contract, telling: &Telling) -> Result<Option<i64>, PreflightError> {
        let Some(operation) = contract.operations.get(&telling.call) else { return Ok(None) };
        if operation.file.effect != Effect::Read {
            return Ok(None);
        }
        let mut headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        headers.extend(self.token.map(|token| ("Authorization".to_owned(), token.bearer())));
        headers.extend(telling.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        let body = telling.with.iter().map(|(key, value)| (key.clone(), value.clone())).collect::<Map<_, _>>();
        let request = Request {
            method: operation.file.method.clone(),
            path: operation.file.path.clone(),
            headers: headers.into(),
            body: Bytes::from(Value::Object(body).to_string()),
        };
        let answer = match self.target.send(&request, self.timeout).await {
            Ok((answer, _)) => answer,
            Err(error) => return Err(self.explain(error).await),
        };
        Ok(match Heard::of(&answer) {
            heard if heard.is_denied(answer.status) => None,
            Heard::Envelope { code, .. } if answer.status == 200 => Some(code),
            _ => None,
        })
    }

    async fn presence(&self, contract: &Contract, name: &str) -> Result<Presence, PreflightError> {
        let made = format!("/v2/vectordb/{name}");
        let known = contract.operations.get(name).map(|operation| &operation.file);
        let call = known.map_or(("POST", made.as_str()), |file| (file.method.as_str(), file.path.as_str()));
        let answer = self.ask(call, self.token).await?;
        Ok(match (answer.status, Heard::of(&answer)) {
            (404, _) => Presence::Lacks,
            (_, Heard::Envelope { .. }) => Presence::Has,
            (_, Heard::Other) => Presence::Unclear(self.describe(&answer)),
        })
    }

    /// An answer in a few words: status, and code and message or the beginning of the body.
    fn describe(&self, answer: &Response) -> String {
        let status = answer.status;
        let words = match Heard::of(answer) {
            Heard::Envelope { code, message } if message.is_empty() => format!("HTTP {status} with code {code}"),
            Heard::Envelope { code, message } => format!("HTTP {status} with code {code}, `{}`", shortened(&message)),
            Heard::Other if answer.body.is_empty() => format!("HTTP {status} without a body"),
            Heard::Other => {
                let kind = answer.header("content-type").unwrap_or("no content type");
                let text = String::from_utf8_lossy(&answer.body[..answer.body.len().min(400)]);
                format!("HTTP {status} ({kind}), `{}`", shortened(&text))
            }
        };
        self.redactor.redact(&words).into_owned()
    }

    async fn explain(&self, error: SendError) -> PreflightError {
        let address = self.address();
        let meant = other_scheme(&address);
        let in_handshake = matches!(
            error,
            SendError::Tls(_) | SendError::Connect(_) | SendError::Broken(_) | SendError::Timeout { .. }
        );
        if in_handshake && address.starts_with("https://") && self.sniff().await == Speaks::Http {
            return PreflightError::SpeaksHttp { address, meant };
        }
        match error {
            SendError::Refused(detail) => PreflightError::Refused { address, detail },
            SendError::UnknownHost(detail) => PreflightError::UnknownHost { address, detail },
            SendError::Connect(detail) => PreflightError::Unreachable { address, detail },
            SendError::Timeout { after } => PreflightError::Silent { address, after },
            SendError::Unsendable(detail) | SendError::Unimplemented(detail) => {
                PreflightError::Unsendable { address, detail }
            }
            SendError::TooLarge { limit } => {
                PreflightError::NotMilvus { seen: format!("more than {limit} bytes"), hint: self.hint(200), address }
            }
            SendError::Tls(detail) => PreflightError::Tls { address, detail },
            SendError::Broken(detail) => match self.sniff().await {
                Speaks::Tls => PreflightError::SpeaksTls { address, seen: "a TLS record".to_owned(), meant },
                Speaks::Http2 => PreflightError::GrpcOnly { address, seen: "a frame of HTTP/2".to_owned() },
                Speaks::Other(bytes) => {
                    let begin = self.redactor.redact(&shortened(&String::from_utf8_lossy(&bytes))).into_owned();
                    PreflightError::Broken { address, detail: format!("{detail}; what came begins `{begin}`") }
                }
                Speaks::Http | Speaks::Nothing => PreflightError::Broken { address, detail },
            },
        }
    }

    /// What the port speaks. Only asked directly: behind a proxy, it would be the proxy that is asked.
    async fn sniff(&self) -> Speaks {
        match self.target {
            Target::Rest(rest) if !rest.is_proxied() => sniff(rest.host(), rest.port(), SNIFF.min(self.timeout)).await,
            _ => Speaks::Nothing,
        }
    }
}

impl Heard {
    fn of(answer: &Response) -> Self {
        let Ok(Value::Object(body)) = serde_json::from_slice::<Value>(&answer.body) else { return Heard::Other };
        let Some(code) = body.get("code").and_then(Value::as_i64) else { return Heard::Other };
        let message = body.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
        Heard::Envelope { code, message }
    }

    fn is_unauthorised(&self, status: u16) -> bool {
        status == 401 || matches!(self, Heard::Envelope { code, .. } if UNAUTHORISED.contains(code))
    }

    /// The user is known, but not allowed to do this.
    fn is_denied(&self, status: u16) -> bool {
        let Heard::Envelope { message, .. } = self else { return false };
        let message = message.to_lowercase();
        status == 403 || message.contains("permissiondenied") || message.contains("permission deny")
    }

    fn is_starting(&self, status: u16) -> bool {
        match self {
            Heard::Envelope { code, .. } => status == 408 || STARTING.contains(code),
            Heard::Other => matches!(status, 408 | 502 | 503 | 504),
        }
    }
}

/// The end of the host name by which a profile is known, if it is.
fn by_host<'m>(rest: &Rest, marks: &'m Recognised) -> Option<&'m str> {
    let host = rest.host().trim_end_matches('.');
    let is_end =
        |end: &&String| host.strip_suffix(end.as_str()).is_some_and(|left| left.is_empty() || left.ends_with('.'));
    marks.hosts.iter().find(is_end).map(String::as_str)
}

fn in_words(seen: &IndexMap<&str, Presence>, told: impl Fn(&str) -> bool) -> String {
    let list = |word: &str, kind: &Presence| {
        let told = seen.iter().filter(|&(name, presence)| presence == kind && told(name));
        let names: Vec<&str> = told.map(|(name, _)| *name).collect();
        (!names.is_empty()).then(|| format!("{word} {}", names.join(" and ")))
    };
    let mut words: Vec<String> =
        list("has", &Presence::Has).into_iter().chain(list("lacks", &Presence::Lacks)).collect();
    words.extend(seen.iter().filter_map(|(name, presence)| match presence {
        Presence::Unclear(answer) => Some(format!("answers {name} with {answer}")),
        Presence::Has | Presence::Lacks => None,
    }));
    if words.is_empty() { "was asked for nothing".to_owned() } else { words.join(", ") }
}

fn other_scheme(url: &str) -> String {
    match url.split_once("://") {
        Some(("https", rest)) => format!("http://{rest}"),
        Some((_, rest)) => format!("https://{rest}"),
        None => url.to_owned(),
    }
}

/// One line of at most 100 characters.
fn shortened(text: &str) -> String {
    let line: Vec<&str> =
        text.split(|char: char| char.is_whitespace() || char.is_control()).filter(|word| !word.is_empty()).collect();
    let line = line.join(" ");
    match line.char_indices().nth(100) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

fn names() -> String {
    Profile::ALL.map(Profile::name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Tree;
    use crate::exchange::Fields;
    use crate::target::{Answer, Connection};
    use std::sync::{Arc, Mutex};

    /// Answers with what a function makes of the operation and the token, and notes what it was asked.
    struct Fake<F> {
        answer: F,
        asked: Mutex<Vec<String>>,
    }

    impl<F: Fn(&str, Option<&str>) -> (u16, String) + Send + Sync> Answer for Fake<F> {
        fn answer(&self, request: &Request) -> Response {
            let of_v1 = request.path.starts_with("/v1/");
            let expected = if of_v1 { ("GET", &b""[..]) } else { ("POST", &b"{}"[..]) };
            assert_eq!((request.method.as_str(), &request.body[..]), expected);
            let name = request.path.strip_prefix("/v2/vectordb/").unwrap_or(&request.path);
            self.asked.lock().unwrap().push(name.to_owned());
            let (status, body) = (self.answer)(name, request.header("Authorization"));
            Response { status, headers: Fields::default(), body: body.into() }
        }
    }

    /// What a look at such a target gives, and what was asked for it.
    fn look<F>(token: Option<&str>, requested: Option<Profile>, answer: F) -> (Result<Recognition, String>, Vec<String>)
    where
        F: Fn(&str, Option<&str>) -> (u16, String) + Send + Sync + 'static,
    {
        let fake = Arc::new(Fake { answer, asked: Mutex::default() });
        let target = Target::InProcess(Arc::clone(&fake) as Arc<dyn Answer>);
        let token = token.map(Secret::new);
        let timeout = Duration::from_millis(50);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let result = runtime.block_on(preflight(&target, &contract(), token.as_ref(), requested, timeout));
        let asked = fake.asked.lock().unwrap().clone();
        (result.map_err(|error| error.to_string()), asked)
    }

    fn contract() -> Contract {
        let head = "title: t\nsuccess-codes: {reading: success-code, expected: 0}\nrecognised: ";
        let marks = [
            ("2.4", "{absent: [collections/flush]}"),
            ("2.5", "{present: [collections/flush], absent: [collections/fields/add]}"),
            ("2.6", "{present: [collections/fields/add], absent: [jobs/x/describe]}"),
            ("3.0", "{present: [jobs/x/describe]}"),
        ];
        let mut files: Vec<(String, String)> = marks
            .iter()
            .map(|(version, marks)| (format!("profiles/milvus-{version}.yaml"), format!("{head}{marks}\n")))
            .collect();
        files.push(("profiles/zilliz-cloud.yaml".to_owned(), format!("{head}{{hosts: [zillizcloud.com]}}\n")));
        files.extend(["errors.yaml", "readings.yaml"].map(|name| (name.to_owned(), "{}".to_owned())));
        Contract::load(&Tree::of(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))).unwrap()
    }

    fn fine() -> (u16, String) {
        (200, r#"{"code":0,"data":[]}"#.to_owned())
    }

    fn absent() -> (u16, String) {
        (404, "404 page not found".to_owned())
    }

    #[test]
    fn each_profile_is_recognised_by_what_it_has_and_lacks() {
        for (lacking, profile, why) in [
            (
                &["collections/flush", "collections/fields/add", "jobs/x/describe"][..],
                Profile::Milvus24,
                "lacks collections/flush",
            ),
            (
                &["collections/fields/add", "jobs/x/describe"],
                Profile::Milvus25,
                "has collections/flush, lacks collections/fields/add",
            ),
            (&["jobs/x/describe"], Profile::Milvus26, "has collections/fields/add, lacks jobs/x/describe"),
            (&[], Profile::Milvus30, "has jobs/x/describe"),
        ] {
            let (result, asked) = look(None, None, |name, _| if lacking.contains(&name) { absent() } else { fine() });
            let recognised = result.unwrap();
            assert_eq!((recognised.profile, recognised.why.as_str()), (profile, why));
            assert_eq!(recognised.candidates, [profile]);
            assert_eq!(asked.len(), 4, "each is asked once: {asked:?}");
        }
    }

    #[test]
    fn a_server_without_v2_is_asked_for_v1() {
        let (result, asked) = look(None, Some(Profile::Milvus23), |name, _| match name {
            "/v1/vector/collections" => (200, r#"{"code":200,"data":[]}"#.to_owned()),
            _ => absent(),
        });
        assert_eq!(result.unwrap().profile, Profile::Milvus23);
        assert_eq!(asked, ["collections/list", "/v1/vector/collections"]);
        let (result, _) = look(None, None, |_, _| absent());
        assert!(result.unwrap_err().contains("is not a Milvus server"));
    }

    #[test]
    fn every_profile_of_the_reference_target_but_the_cloud_is_recognised() {
        let contract = Contract::load(&Tree::embedded()).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        for profile in Profile::ALL.into_iter().filter(|profile| *profile != Profile::ZillizCloud) {
            for token in [None, Some("root:Milvus")] {
                let config = crate::reference::Config { profile, token: token.map(str::to_owned) };
                let target = Target::InProcess(Arc::new(crate::reference::Reference::new(config)));
                let secret = token.map(Secret::new);
                let found = preflight(&target, &contract, secret.as_ref(), None, Duration::from_secs(5));
                let found = runtime.block_on(found).unwrap();
                assert_eq!((found.profile, found.auth), (profile, token.is_some()), "{}", found.why);
            }
        }
    }

    #[test]
    fn the_highest_of_several_fitting_profiles_is_chosen() {
        let lacking = ["collections/flush", "collections/fields/add"];
        let (result, _) = look(None, None, move |name, _| if lacking.contains(&name) { absent() } else { fine() });
        assert_eq!(result.unwrap().candidates, [Profile::Milvus30, Profile::Milvus24]);
    }

    #[test]
    fn a_target_that_fits_no_profile_is_described() {
        let (result, _) = look(None, None, |name, _| match name {
            "collections/list" => fine(),
            "jobs/x/describe" => absent(),
            _ => (501, "not yet".to_owned()),
        });
        let refused = result.unwrap_err();
        assert!(refused.contains("lacks jobs/x/describe, answers collections/fields/add with HTTP 501"), "{refused}");
        assert!(refused.contains("--profile: milvus-2.3, "), "{refused}");
    }

    #[test]
    fn a_profile_that_the_user_names_is_taken() {
        let (result, asked) = look(None, Some(Profile::ZillizCloud), |_, _| fine());
        assert_eq!(result.unwrap().profile, Profile::ZillizCloud);
        assert_eq!(asked, ["collections/list"]);
    }

    #[test]
    fn whether_tokens_are_checked_is_found_out_without_one() {
        for (with, without, auth) in [
            (fine(), fine(), false),
            (fine(), (401, r#"{"code":1800,"message":"user hasn't authenticated"}"#.to_owned()), true),
            (fine(), (200, r#"{"code":80001,"message":"The token is illegal"}"#.to_owned()), true),
            (fine(), (401, "no".to_owned()), true),
        ] {
            let (result, _) = look(Some("root:Milvus"), Some(Profile::Milvus26), move |_, token| match token {
                Some("Bearer root:Milvus") => with.clone(),
                _ => without.clone(),
            });
            assert_eq!(result.unwrap().auth, auth);
        }
    }

    #[test]
    fn a_user_who_may_not_list_is_limited_and_not_refused() {
        let denied = r#"{"code":65535,"message":"rpc error: code = PermissionDenied desc = permission deny"}"#;
        for status in [200, 403] {
            let (result, _) = look(Some("a:b"), None, move |_, _| (status, denied.to_owned()));
            assert!(result.unwrap().limited);
        }
        // Any other failure is an answer of Milvus like any other.
        for body in [r#"{"code":500}"#, r#"{"code":100,"message":"database not found"}"#, r#"{"code":200,"data":[]}"#] {
            let (result, _) = look(None, None, move |_, _| (200, body.to_owned()));
            assert!(!result.unwrap().limited);
        }
    }

    #[test]
    fn a_target_that_never_gets_ready_is_given_up() {
        for (status, body) in [(200, r#"{"code":1}"#), (503, "busy"), (408, "timeout")] {
            let (result, _) = look(None, None, move |_, _| (status, body.to_owned()));
            let refused = result.unwrap_err();
            assert!(refused.contains("was not ready within") && refused.contains(&status.to_string()), "{refused}");
        }
    }

    #[test]
    fn zilliz_cloud_is_known_by_its_hosts() {
        for (url, known) in [
            ("https://in03-1.serverless.gcp-us-west1.vectordb.zillizcloud.com", true),
            ("https://ZILLIZCLOUD.com.:19530", true),
            ("https://notzillizcloud.com", false),
            ("https://zillizcloud.com.example.org", false),
        ] {
            let rest = Rest::new(&Connection::new(url)).unwrap();
            let marks = Recognised { hosts: vec!["zillizcloud.com".to_owned()], ..Recognised::default() };
            assert_eq!(by_host(&rest, &marks).is_some(), known, "{url}");
        }
    }

    #[test]
    fn long_and_odd_answers_are_told_in_one_short_line() {
        assert_eq!(shortened(" a\n\t b\u{0}c "), "a b c");
        let told = shortened(&"é".repeat(300));
        assert_eq!(told.chars().count(), 101);
        assert!(told.ends_with('…'));
    }
}
