//! What a port speaks that does not answer as a REST server does.

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a port speaks, judged by the first bytes that come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Speaks {
    /// TLS.
    Tls,
    /// HTTP/1 without TLS.
    Http,
    /// HTTP/2 alone, as gRPC servers do.
    Http2,
    /// Something else, beginning with these bytes.
    Other(Vec<u8>),
    /// Nothing: no connection, no bytes, or not in time.
    Nothing,
}

const HTTP1: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// The words that open an HTTP/2 connection, with an empty SETTINGS frame.
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A frame of HTTP/2 begins with nine bytes, and no other protocol is told from fewer.
const ENOUGH: usize = 9;

/// Greets a port in HTTP/1, then in HTTP/2, then in TLS, until one of them is answered. Takes no longer than three times
/// `limit`.
pub(super) async fn sniff(host: &str, port: u16, limit: Duration) -> Speaks {
    for greeting in [HTTP1.to_vec(), HTTP2.to_vec(), tls_hello().unwrap_or_default()] {
        let mut heard = Vec::new();
        // What was heard before time was up or the connection broke counts as much as a complete answer.
        drop(tokio::time::timeout(limit, listen(host, port, &greeting, &mut heard)).await);
        if !heard.is_empty() {
            return judge(heard);
        }
    }
    Speaks::Nothing
}

/// The first message of a TLS client. Who answers it is not checked, since nothing else is ever sent.
fn tls_hello() -> Option<Vec<u8>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
    let config = config.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    let name = ServerName::try_from("localhost").ok()?;
    let mut hello = Vec::new();
    ClientConnection::new(Arc::new(config), name).ok()?.write_tls(&mut hello).ok()?;
    Some(hello)
}

async fn listen(host: &str, port: u16, greeting: &[u8], heard: &mut Vec<u8>) -> std::io::Result<()> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let mut stream = TcpStream::connect((host, port)).await?;
    stream.write_all(greeting).await?;
    while heard.len() < ENOUGH && stream.read_buf(heard).await? > 0 {}
    Ok(())
}

fn judge(heard: Vec<u8>) -> Speaks {
    match heard.as_slice() {
        [0x15 | 0x16, 3, ..] => Speaks::Tls,
        // SETTINGS or GOAWAY, which are for the connection as a whole and so for stream 0.
        [_, _, _, 4 | 7, _, 0, 0, 0, 0, ..] => Speaks::Http2,
        heard if heard.starts_with(b"HTTP/") => Speaks::Http,
        _ => Speaks::Other(heard),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_in_tls_is_one() {
        assert_eq!(judge(tls_hello().unwrap()), Speaks::Tls);
    }

    #[test]
    fn the_first_bytes_tell_protocols_apart() {
        assert_eq!(judge(b"\x15\x03\x01\x00\x02\x02\x46".to_vec()), Speaks::Tls);
        assert_eq!(judge(b"\0\0\x06\x04\0\0\0\0\0\0\x05".to_vec()), Speaks::Http2);
        assert_eq!(judge(b"\0\0\x08\x07\0\0\0\0\0".to_vec()), Speaks::Http2);
        assert_eq!(judge(b"HTTP/1.1 400".to_vec()), Speaks::Http);
        assert_eq!(judge(b"SSH-2.0-x".to_vec()), Speaks::Other(b"SSH-2.0-x".to_vec()));
    }
}
