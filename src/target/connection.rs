//! Where a server is and how to get there, and what can be wrong with that.

use super::secret::{Redactor, Secret, userinfo};
use reqwest::Url;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How many bytes the body of an answer may have: 64 MiB.
pub const DEFAULT_BODY_LIMIT: usize = 64 << 20;

/// How long a connection may take to come about: 10 seconds.
pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where a server is and how to get there.
#[derive(Clone)]
pub struct Connection {
    /// Scheme, host and port, for example `http://localhost:19530`; behind a gateway also the path below which it serves.
    pub url: String,
    /// The token of the run, so that no message shows it. It is not sent: requests carry their own headers.
    pub token: Option<Secret>,
    /// A file of PEM certificates; these, and not those of the system, vouch for the server.
    pub ca_cert: Option<PathBuf>,
    /// Takes any TLS certificate for good.
    pub insecure: bool,
    /// The proxy to use: `http://`, `https://`, `socks5://` or `socks5h://`. Without it the variables `HTTP_PROXY`,
    /// `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say what to use, but never for loopback addresses.
    pub proxy: Option<String>,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How many bytes the body of an answer may have.
    pub body_limit: usize,
}

impl Connection {
    /// A direct connection with default limits.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            token: None,
            ca_cert: None,
            insecure: false,
            proxy: None,
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            body_limit: DEFAULT_BODY_LIMIT,
        }
    }

    /// A redactor for all secrets that the connection knows.
    pub fn redactor(&self) -> Redactor {
        Redactor::new(self.token.as_ref(), [Some(self.url.as_str()), self.proxy.as_deref()].into_iter().flatten())
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("url", &hide_userinfo(&self.url))
            .field("token", &self.token)
            .field("ca_cert", &self.ca_cert)
            .field("insecure", &self.insecure)
            .field("proxy", &self.proxy.as_deref().map(hide_userinfo))
            .field("connect_timeout", &self.connect_timeout)
            .field("body_limit", &self.body_limit)
            .finish()
    }
}

/// What is wrong with a [`Connection`]. All of these are mistakes in how the tool was called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionError {
    /// The URL is none, or none of a server.
    #[error("`{url}` is not the URL of a server: {why}")]
    Url {
        /// The URL as given, without user name and password.
        url: String,
        /// What is wrong with it and what was probably meant.
        why: String,
    },
    /// The file of certificates cannot be used.
    #[error("cannot use the certificates in {}: {why}", path.display())]
    CaCert {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The URL of the proxy is none.
    #[error("`{proxy}` is not the URL of a proxy: {why}")]
    Proxy {
        /// The URL as given, without user name and password.
        proxy: String,
        /// What is wrong with it and what was probably meant.
        why: String,
    },
    /// The HTTP client cannot be set up on this machine.
    #[error("cannot set up the HTTP client: {0}")]
    Client(String),
}

/// Reads the URL of a server. The result has neither user name, query nor fragment, and its path does not end in `/`
/// unless it is empty.
pub(super) fn read_url(text: &str) -> Result<Url, ConnectionError> {
    let wrong = |why: String| ConnectionError::Url { url: hide_userinfo(text), why };
    if text.is_empty() {
        return Err(wrong("it is empty; give one such as http://localhost:19530".to_owned()));
    }
    if text.contains(|char: char| char.is_whitespace() || char.is_control()) {
        let tidy: String = text.chars().filter(|char| !char.is_whitespace() && !char.is_control()).collect();
        return Err(wrong(format!("it contains blanks; did you mean `{}`?", hide_userinfo(&tidy))));
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        let rest = text.trim_start_matches("http:").trim_start_matches("https:").trim_start_matches('/');
        return Err(wrong(match rest {
            "" => "it names no host; give one such as http://localhost:19530".to_owned(),
            _ => format!("it has no scheme; did you mean `http://{}`?", hide_userinfo(rest)),
        }));
    };
    if !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) {
        let meant = hide_userinfo(rest);
        return Err(wrong(format!("the scheme is `{scheme}`, not http or https; did you mean `http://{meant}`?")));
    }
    if userinfo(text).is_some() {
        let why = "it carries a user name; leave that out and pass --token user:password or set MILVUS_TOKEN";
        return Err(wrong(why.to_owned()));
    }
    if rest.is_empty() || rest.starts_with(['/', ':', '?', '#']) {
        return Err(wrong("it names no host; give one such as http://localhost:19530".to_owned()));
    }
    let mut url = Url::parse(text).map_err(|error| wrong(error.to_string()))?;
    if url.port() == Some(0) {
        return Err(wrong("nothing can listen on port 0; Milvus listens on 19530".to_owned()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        url.set_query(None);
        url.set_fragment(None);
        return Err(wrong(format!("it has a query or a fragment; did you mean `{}`?", bare(&url))));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    if let Some(at) = path.find("/v2/vectordb").or_else(|| path.find("/v1/vector")).or_else(|| path.rfind("/v2")) {
        url.set_path(&path[..at]);
        return Err(wrong(format!("leave out the path of the API: `{}`", bare(&url))));
    }
    url.set_path(&path);
    Ok(url)
}

/// The text of a URL without the `/` that ends it.
pub(super) fn bare(url: &Url) -> &str {
    url.as_str().trim_end_matches('/')
}

/// Reads the URL of a proxy.
pub(super) fn read_proxy(text: &str) -> Result<reqwest::Proxy, ConnectionError> {
    let wrong = |why: String| ConnectionError::Proxy { proxy: hide_userinfo(text), why };
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(wrong(format!("it has no scheme; did you mean `http://{}`?", hide_userinfo(text))));
    };
    if !["http", "https", "socks4", "socks4a", "socks5", "socks5h"].contains(&scheme) {
        return Err(wrong(format!("`{scheme}` is not one of http, https, socks5 and socks5h")));
    }
    let host = rest.rsplit('@').next().unwrap_or_default();
    if host.is_empty() || host.starts_with(['/', ':']) {
        return Err(wrong("it names no host".to_owned()));
    }
    reqwest::Proxy::all(text).map_err(|error| wrong(last_cause(&error)))
}

/// Whether the URL leads to this machine, so that no proxy could be meant.
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let name = host.trim_end_matches('.');
    name == "localhost"
        || name.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

/// The innermost cause of an error, which says most.
pub(super) fn last_cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}

fn hide_userinfo(url: &str) -> String {
    match userinfo(url) {
        Some(userinfo) => url.replacen(&format!("{userinfo}@"), "***@", 1),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refusal(url: &str) -> String {
        read_url(url).expect_err(url).to_string()
    }

    #[test]
    fn urls_of_servers_are_read() {
        for (given, read) in [
            ("http://localhost:19530", "http://localhost:19530"),
            ("http://localhost:19530/", "http://localhost:19530"),
            ("HTTPS://Example.COM", "https://example.com"),
            ("http://[::1]:19530", "http://[::1]:19530"),
            ("https://gateway/milvus/", "https://gateway/milvus"),
        ] {
            assert_eq!(bare(&read_url(given).unwrap()), read);
        }
    }

    #[test]
    fn each_mistake_in_a_url_is_told_with_what_was_meant() {
        for (given, told) in [
            ("", "it is empty"),
            ("localhost:19530", "no scheme; did you mean `http://localhost:19530`?"),
            ("localhost", "did you mean `http://localhost`?"),
            ("http:localhost:19530", "did you mean `http://localhost:19530`?"),
            ("ftp://host:1", "the scheme is `ftp`, not http or https; did you mean `http://host:1`?"),
            ("grpc://host:19530", "did you mean `http://host:19530`?"),
            (" http://host", "it contains blanks; did you mean `http://host`?"),
            ("http://", "it names no host"),
            ("http:", "it names no host"),
            ("http://:19530", "it names no host"),
            ("http:///v2", "it names no host"),
            ("http://host:99999", "invalid port number"),
            ("http://host:0", "port 0"),
            ("http://host:19530/v2/vectordb", "leave out the path of the API: `http://host:19530`"),
            ("http://host/gw/v2/vectordb/collections/list", "leave out the path of the API: `http://host/gw`"),
            ("http://host/?a=b", "did you mean `http://host`?"),
        ] {
            let refused = refusal(given);
            assert!(refused.contains(told), "{given}: {refused}");
        }
    }

    #[test]
    fn a_password_in_a_url_is_refused_and_not_repeated() {
        for given in ["http://root:hunter22@host", "root:hunter22@host:19530", "http://a b:hunter22@host"] {
            let refused = refusal(given);
            assert!(!refused.contains("hunter22"), "{refused}");
        }
        assert!(refusal("http://root:hunter22@host").contains("--token user:password"));
        let mut connection = Connection::new("http://root:hunter22@host");
        connection.proxy = Some("http://me:hunter22@proxy".to_owned());
        connection.token = Some(Secret::new("root:hunter22"));
        assert!(!format!("{connection:?}").contains("hunter22"));
    }

    #[test]
    fn mistakes_in_a_proxy_are_told() {
        for (given, told) in [
            ("proxy:3128", "did you mean `http://proxy:3128`?"),
            ("ftp://proxy", "`ftp` is not one of"),
            ("http://me:hunter22@", "it names no host"),
        ] {
            let refused = read_proxy(given).expect_err(given).to_string();
            assert!(refused.contains(told) && !refused.contains("hunter22"), "{refused}");
        }
        assert!(read_proxy("socks5h://me:pass@proxy:1080").is_ok());
    }

    #[test]
    fn loopback_addresses_are_known_in_every_form() {
        for (url, expected) in [
            ("http://localhost:1", true),
            ("http://milvus.localhost", true),
            ("http://127.8.9.1", true),
            ("http://[::1]:1", true),
            ("http://[::ffff:127.0.0.1]", true),
            ("http://localhost.example.com", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,20}|(http|https)://\\PC{0,20}|[a-z:/@?#\\[\\]0-9]{0,20}") {
            if let Ok(url) = read_url(&text) {
                prop_assert!(url.has_host() && url.username().is_empty() && url.query().is_none());
            }
        }
    }
}
