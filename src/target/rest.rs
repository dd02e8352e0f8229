//! The HTTP client.

use super::connection::{Connection, ConnectionError, bare, is_loopback, last_cause, read_proxy, read_url};
use super::secret::Redactor;
use super::send_error::SendError;
use crate::exchange::{Fields, Request, Response};
use bytes::{Bytes, BytesMut};
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, Client, ClientBuilder, Method, Url};
use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// A server reached over HTTP/1.1, with connections kept open between requests. Clones share them.
#[derive(Clone, Debug)]
pub struct Rest(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: Client,
    /// The URL as text, without a `/` at its end.
    url: String,
    base: Url,
    body_limit: usize,
    connect_timeout: Duration,
    proxied: bool,
    redactor: Redactor,
    connection: Connection,
    /// URLs of paths that were asked before. A run asks the same few dozen again and again.
    urls: RwLock<BTreeMap<String, Url>>,
    /// The headers sent last, as written and as read. Nearly all requests of a run carry the same.
    headers: RwLock<Option<(Fields, HeaderMap)>>,
    /// The headers received last, which most answers have alike but for the time.
    received: RwLock<Fields>,
}

/// Servers and balancers close idle connections without a word. A request that is written to one just then is lost, so
/// connections are given up well before any usual limit.
const IDLE: Duration = Duration::from_secs(15);

/// Generated paths are without end, but the memory for them is not.
const MOST_URLS: usize = 512;

/// A body of so many bytes is copied at most. Taken over, it would hold on to the buffer that its connection reads into, which
/// is larger, and the next answer would need a new one.
const MOST_COPIED: usize = 4 << 10;

/// What is reserved for a body at most, whatever length the server claims.
const MOST_RESERVED: usize = 1 << 20;

impl Rest {
    /// Prepares a client; nothing is sent yet.
    ///
    /// # Errors
    /// When the URL, the certificates or the proxy cannot be used.
    pub fn new(connection: &Connection) -> Result<Self, ConnectionError> {
        let base = read_url(&connection.url)?;
        let client = client(connection, &base)?;
        Ok(Self(Arc::new(Inner {
            client,
            url: bare(&base).to_owned(),
            base,
            body_limit: connection.body_limit,
            connect_timeout: connection.connect_timeout,
            proxied: connection.proxy.is_some(),
            redactor: connection.redactor(),
            connection: connection.clone(),
            urls: RwLock::default(),
            headers: RwLock::default(),
            received: RwLock::default(),
        })))
    }

    /// A client for the same server with connections of its own. A client that cannot be made a second time, because its
    /// certificate file is gone by now, shares those that there are.
    #[must_use]
    pub fn with_own_connections(&self) -> Self {
        Self::new(&self.0.connection).unwrap_or_else(|_| self.clone())
    }

    /// The URL of the server, without a `/` at its end.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// The name or address of the host; IPv6 addresses in brackets.
    pub fn host(&self) -> &str {
        self.0.base.host_str().unwrap_or_default()
    }

    /// The port, also when the URL does not name it.
    pub fn port(&self) -> u16 {
        self.0.base.port_or_known_default().unwrap_or_default()
    }

    /// Whether the connection is encrypted.
    pub fn is_tls(&self) -> bool {
        self.0.base.scheme() == "https"
    }

    /// A redactor for the secrets of the connection.
    pub fn redactor(&self) -> &Redactor {
        &self.0.redactor
    }

    /// Whether the user named a proxy.
    pub(super) fn is_proxied(&self) -> bool {
        self.0.proxied
    }

    /// Sends a request once and reads the whole answer. `timeout` is for all of it.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn send(&self, request: &Request, timeout: Duration) -> Result<Response, SendError> {
        let prepared = self.prepare(request)?;
        match tokio::time::timeout(timeout, self.exchange(prepared)).await {
            Ok(answered) => answered,
            Err(_) => Err(SendError::Timeout { after: timeout }),
        }
    }

    fn prepare(&self, request: &Request) -> Result<reqwest::Request, SendError> {
        let method = match request.method.as_str() {
            "POST" => Method::POST,
            "CONNECT" => return Err(unsendable("CONNECT is for proxies")),
            name => Method::from_bytes(name.as_bytes())
                .map_err(|_| unsendable(&format!("`{}` is not an HTTP method", name.escape_debug())))?,
        };
        let mut prepared = reqwest::Request::new(method, self.url_of(&request.path)?);
        *prepared.headers_mut() = self.headers_of(request)?;
        if !request.body.is_empty() {
            *prepared.body_mut() = Some(request.body.clone().into());
        }
        Ok(prepared)
    }

    fn url_of(&self, path: &str) -> Result<Url, SendError> {
        if let Some(url) = self.0.urls.read().unwrap_or_else(PoisonError::into_inner).get(path) {
            return Ok(url.clone());
        }
        let url = self.read_path(path)?;
        let mut urls = self.0.urls.write().unwrap_or_else(PoisonError::into_inner);
        if urls.len() < MOST_URLS {
            urls.insert(path.to_owned(), url.clone());
        }
        Ok(url)
    }

    /// The URL of a path, if that path is sent exactly as it stands.
    fn read_path(&self, path: &str) -> Result<Url, SendError> {
        let shown = || self.0.redactor.redact(path).escape_debug().to_string();
        if !path.starts_with('/') {
            return Err(unsendable(&format!("the path `{}` does not begin with `/`", shown())));
        }
        let whole = format!("{}{path}", self.0.url);
        let url = Url::parse(&whole).map_err(|error| unsendable(&format!("the path `{}`: {error}", shown())))?;
        if url.as_str() != whole || url.fragment().is_some() {
            let why =
                format!("the path `{}` is not in the form in which HTTP sends it; write it percent-encoded", shown());
            return Err(unsendable(&why));
        }
        Ok(url)
    }

    fn headers_of(&self, request: &Request) -> Result<HeaderMap, SendError> {
        let last = self.0.headers.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, read)) = last.as_ref().filter(|(written, _)| *written == request.headers) {
            return Ok(read.clone());
        }
        drop(last);
        let read = self.read_headers(request)?;
        // What depends on the body cannot be kept for another request.
        if !read.contains_key(CONTENT_LENGTH) {
            let mut last = self.0.headers.write().unwrap_or_else(PoisonError::into_inner);
            *last = Some((request.headers.clone(), read.clone()));
        }
        Ok(read)
    }

    fn read_headers(&self, request: &Request) -> Result<HeaderMap, SendError> {
        let mut headers = HeaderMap::with_capacity(request.headers.len() + 2);
        for (name, value) in &request.headers {
            let shown = || self.0.redactor.redact(name).escape_debug().to_string();
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| unsendable(&format!("`{}` is not the name of a header", shown())))?;
            let mut value = HeaderValue::from_bytes(value.as_bytes())
                .map_err(|_| unsendable(&format!("the value of the header `{name}` holds control characters")))?;
            if name == "transfer-encoding" || name == "content-length" && value != request.body.len().to_string() {
                return Err(unsendable(&format!("the header `{name}` does not fit the body; leave it out")));
            }
            value.set_sensitive(name == AUTHORIZATION);
            headers.append(name, value);
        }
        Ok(headers)
    }

    async fn exchange(&self, request: reqwest::Request) -> Result<Response, SendError> {
        let mut answer = self.0.client.execute(request).await.map_err(|error| self.failure(&error))?;
        let status = answer.status().as_u16();
        let headers = self.fields_of(answer.headers());
        let body = self.body(&mut answer).await?;
        Ok(Response { status, headers, body })
    }

    /// The header fields of an answer, shared with the answer before if that had the same.
    fn fields_of(&self, headers: &HeaderMap) -> Fields {
        let last = self.0.received.read().unwrap_or_else(PoisonError::into_inner);
        let same = |((name, value), (last_name, last_value)): ((&HeaderName, &HeaderValue), &(String, String))| {
            name.as_str() == last_name && value.as_bytes() == last_value.as_bytes()
        };
        if headers.len() == last.len() && headers.iter().zip(&*last).all(same) {
            return last.clone();
        }
        drop(last);
        let owned = |(name, value): (&HeaderName, &HeaderValue)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let fields: Fields = headers.iter().map(owned).collect();
        self.0.received.write().unwrap_or_else(PoisonError::into_inner).clone_from(&fields);
        fields
    }

    async fn body(&self, answer: &mut reqwest::Response) -> Result<Bytes, SendError> {
        let limit = self.0.body_limit;
        let claimed = answer.content_length().map_or(0, |length| usize::try_from(length).unwrap_or(usize::MAX));
        if claimed > limit {
            return Err(SendError::TooLarge { limit });
        }
        let mut next = async || answer.chunk().await.map_err(|error| self.failure(&error));
        // Nearly every body comes in one piece.
        let Some(first) = next().await? else { return Ok(Bytes::new()) };
        let Some(second) = next().await? else {
            within(limit, first.len())?;
            return Ok(if first.len() > MOST_COPIED { first } else { Bytes::copy_from_slice(&first) });
        };
        let mut body = BytesMut::with_capacity(claimed.min(MOST_RESERVED).max(first.len() + second.len()));
        let mut more = Some(second);
        within(limit, first.len())?;
        body.extend_from_slice(&first);
        while let Some(chunk) = more {
            within(limit, body.len() + chunk.len())?;
            body.extend_from_slice(&chunk);
            more = next().await?;
        }
        Ok(body.freeze())
    }

    fn failure(&self, error: &reqwest::Error) -> SendError {
        match self.classify(error) {
            SendError::Connect(text) => SendError::Connect(self.0.redactor.redact(&text).into_owned()),
            SendError::Broken(text) => SendError::Broken(self.0.redactor.redact(&text).into_owned()),
            SendError::Tls(text) => SendError::Tls(self.0.redactor.redact(&text).into_owned()),
            other => other,
        }
    }

    fn classify(&self, error: &reqwest::Error) -> SendError {
        let mut tls = None;
        let mut kind = None;
        let mut said = Vec::new();
        let mut next: Option<&(dyn Error + 'static)> = error.source();
        while let Some(cause) = next {
            tls = tls.or(cause.downcast_ref::<rustls::Error>());
            let io = cause.downcast_ref::<io::Error>();
            kind = io.map(io::Error::kind).or(kind);
            said.push(cause.to_string());
            // An I/O error hides the error it was made from, and names the cause of that one as its own.
            next = match io.and_then(io::Error::get_ref) {
                Some(inner) => Some(inner),
                None => cause.source(),
            };
        }
        said.dedup();
        let text = said.last().cloned().unwrap_or_else(|| error.to_string());
        if let Some(tls) = tls {
            return SendError::Tls(tls_text(tls));
        }
        if error.is_builder() {
            return SendError::Unsendable(text);
        }
        if error.is_connect() {
            let through = if self.0.proxied { " (through the proxy)" } else { "" };
            return match kind {
                _ if error.is_dns() => SendError::UnknownHost(format!("{through} ({text})")),
                Some(io::ErrorKind::ConnectionRefused) => SendError::Refused(through.to_owned()),
                _ if error.is_timeout() => {
                    let what = if self.is_tls() { "connection and TLS handshake took" } else { "it took" };
                    SendError::Connect(format!("{what} longer than {:?}{through}", self.0.connect_timeout))
                }
                Some(io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) if self.is_tls() => SendError::Tls(
                    "the server hung up during the handshake; perhaps the port does not speak TLS".into(),
                ),
                _ => SendError::Connect(format!("{text}{through}")),
            };
        }
        SendError::Broken(text)
    }
}

fn unsendable(why: &str) -> SendError {
    SendError::Unsendable(why.to_owned())
}

fn within(limit: usize, length: usize) -> Result<(), SendError> {
    if length > limit { Err(SendError::TooLarge { limit }) } else { Ok(()) }
}

fn tls_text(error: &rustls::Error) -> String {
    use rustls::{CertificateError, Error};
    let hint = match error {
        Error::InvalidMessage(_) => "the server does not speak TLS on this port; did you mean http://?",
        Error::InvalidCertificate(
            CertificateError::UnknownIssuer
            | CertificateError::BadSignature
            | CertificateError::ApplicationVerificationFailure,
        ) => "name the certificate of the authority that issued it with --ca-cert, or pass --insecure",
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "use the host name that the certificate was made for",
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "renew it, or see that the clock of this machine is right"
        }
        // The kinds of this library's own library have no names here.
        Error::InvalidCertificate(CertificateError::Other(other))
            if other.to_string().contains("CaUsedAsEndEntity") =>
        {
            return "the server shows the certificate of an authority (CA:TRUE) as its own; give it one that was issued for \
                    a server, or pass --insecure"
                .to_owned();
        }
        _ => return error.to_string(),
    };
    format!("{error}; {hint}")
}

fn client(connection: &Connection, base: &Url) -> Result<Client, ConnectionError> {
    // The HTTP library panics when no provider is installed. A provider that the embedding program chose stays.
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        drop(rustls::crypto::ring::default_provider().install_default());
    }
    let mut builder = ClientBuilder::new()
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(connection.connect_timeout)
        .pool_idle_timeout(IDLE)
        .tls_danger_accept_invalid_certs(connection.insecure);
    if let Some(path) = &connection.ca_cert {
        builder = builder.tls_certs_only(certificates(path)?);
    } else if base.scheme() == "http" && !connection.proxy.as_deref().is_some_and(|proxy| proxy.starts_with("https:")) {
        // Without TLS the certificates of the system are not needed: reading them takes time, and where there are none, as
        // in small containers, it fails.
        builder = builder.tls_certs_only([]);
    }
    if let Some(proxy) = &connection.proxy {
        builder = builder.proxy(read_proxy(proxy)?);
    } else if is_loopback(base) {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| {
        let cause = last_cause(&error);
        let hint = if cause.contains("No CA certificates") { "; name those to trust with --ca-cert" } else { "" };
        ConnectionError::Client(format!("{cause}{hint}"))
    })
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, ConnectionError> {
    let wrong = |why: String| ConnectionError::CaCert { path: path.to_owned(), why };
    let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let read = Certificate::from_pem_bundle(&pem).map_err(|error| wrong(last_cause(&error)))?;
    if read.is_empty() {
        return Err(wrong("it holds no PEM certificate (-----BEGIN CERTIFICATE-----)".to_owned()));
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest() -> Rest {
        let mut connection = Connection::new("http://127.0.0.1:1");
        connection.token = Some("root:hunter22".to_owned().into());
        Rest::new(&connection).unwrap()
    }

    fn request(path: &str, headers: &[(&str, &str)]) -> Request {
        let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        Request { method: "POST".to_owned(), path: path.to_owned(), headers, body: Bytes::from_static(b"{}") }
    }

    fn refusal(request: &Request) -> String {
        match rest().prepare(request) {
            Err(SendError::Unsendable(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn header_fields_are_shared_while_they_are_the_same() {
        let rest = rest();
        let read = |fields: &[(&'static str, &'static [u8])]| {
            let value = |value| HeaderValue::from_bytes(value).unwrap();
            let mut map = HeaderMap::new();
            for (name, text) in fields {
                map.append(*name, value(text));
            }
            rest.fields_of(&map)
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let first = read(&[("a", b"1"), ("a", b"2")]);
        assert_eq!(first[..], [pair("a", "1"), pair("a", "2")]);
        assert_eq!(first.as_ptr(), read(&[("a", b"1"), ("a", b"2")]).as_ptr());
        for other in [&[("a", &b"1"[..])][..], &[("a", b"1"), ("a", b"3")], &[("a", b"1"), ("b", b"2")], &[]] {
            let fields = read(other);
            let expected: Vec<_> =
                other.iter().map(|(name, value)| pair(name, &String::from_utf8_lossy(value))).collect();
            assert_eq!(fields[..], expected[..]);
        }
        assert_eq!(read(&[("a", b"\xff")])[..], [pair("a", "\u{fffd}")]);
    }

    #[test]
    fn paths_are_sent_as_they_stand_or_not_at_all() {
        for path in ["/", "/v2/vectordb/collections/list", "/v2//x/?a=%20b&c", "/a/b/", "/~x%2F;=@:"] {
            let prepared = rest().prepare(&request(path, &[])).unwrap();
            assert_eq!(prepared.url().as_str(), format!("http://127.0.0.1:1{path}"));
        }
        for path in ["", "v2", "/a b", "/a/../b", "/./a", "/é", "/a#b", "/a\nb", "/\"", "//h/../x"] {
            assert!(refusal(&request(path, &[])).contains("path"), "{path:?}");
        }
    }

    #[test]
    fn headers_that_are_no_http_are_refused_without_showing_their_value() {
        for (name, value) in
            [("a b", "x"), ("", "x"), ("x", "a\nb"), ("Authorization", "root:hunter22\r\n"), ("Transfer-Encoding", "x")]
        {
            let why = refusal(&request("/", &[(name, value)]));
            assert!(why.contains("header") && !why.contains("hunter22"), "{why}");
        }
        assert!(refusal(&request("/", &[("Content-Length", "7")])).contains("content-length"));
        assert!(rest().prepare(&request("/", &[("Content-Length", "2"), ("X", "é"), ("Empty", "")])).is_ok());
    }

    #[test]
    fn methods_that_are_no_http_are_refused() {
        for method in ["", "A B", "CONNECT", "P\u{e9}"] {
            let odd = Request { method: method.to_owned(), ..request("/", &[]) };
            assert!(rest().prepare(&odd).is_err(), "{method:?}");
        }
    }

    #[test]
    fn repeated_headers_stay_repeated_and_in_order() {
        let prepared = rest().prepare(&request("/", &[("A", "1"), ("B", "2"), ("A", "3")])).unwrap();
        let all: Vec<_> = prepared.headers().get_all("a").iter().map(HeaderValue::as_bytes).collect();
        assert_eq!(all, [b"1", b"3"]);
    }

    #[test]
    fn the_memory_for_paths_has_an_end() {
        let rest = rest();
        for number in 0..MOST_URLS + 10 {
            rest.prepare(&request(&format!("/{number}"), &[])).unwrap();
        }
        assert_eq!(rest.0.urls.read().unwrap().len(), MOST_URLS);
    }

    #[test]
    fn certificates_that_are_none_are_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.pem");
        let mut connection = Connection::new("https://127.0.0.1:1");
        connection.ca_cert = Some(path.clone());
        assert!(Rest::new(&connection).unwrap_err().to_string().contains("No such file"));
        std::fs::write(&path, "no certificate").unwrap();
        assert!(Rest::new(&connection).unwrap_err().to_string().contains("no PEM certificate"));
        std::fs::write(&path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        assert!(Rest::new(&connection).is_err());
    }
}
