//! The HTTP client and the look before a run, against servers that misbehave.
//!
//! The servers are bare sockets on loopback ports that the system chooses, so that they can send what no HTTP library
//! would. Every test has to end within [`LIMIT`].

#![allow(clippy::unwrap_used)] // Helpers are test code, too, which clippy does not see.

use bytes::Bytes;
use milvus_conformance::contract::{Contract, Tree};
use milvus_conformance::exchange::{Request, Response};
use milvus_conformance::profile::Profile;
use milvus_conformance::target::{
    Connection, PreflightError, Recognition, Rest, Secret, SendError, Target, curl, preflight,
};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const LIMIT: Duration = Duration::from_secs(30);
const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(300);
const PATH: &str = "/v2/vectordb/collections/list";

async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, work).await.expect("the test ends in time")
}

/// Listens on a port of its own and does the same with every connection, until the test is over. Returns the port.
async fn listen<F, W>(serve: F) -> u16
where
    F: Fn(TcpStream) -> W + Send + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    port
}

/// Reads one request with its body; `None` when the client hung up.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some(end) = text.find("\r\n\r\n") {
            let lower = text.to_lowercase();
            let length = lower.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
            if read.len() >= end + 4 + length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text);
            }
        }
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
}

/// Answers every request of every connection with what the function makes of it.
async fn answering<F>(answer: F) -> u16
where
    F: Fn(&str) -> Vec<u8> + Send + Sync + 'static,
{
    let answer = Arc::new(answer);
    listen(move |mut stream| {
        let answer = Arc::clone(&answer);
        async move {
            while let Some(request) = read_request(&mut stream).await {
                if stream.write_all(&answer(&request)).await.is_err() {
                    return;
                }
            }
        }
    })
    .await
}

/// Reads one request, sends these bytes and hangs up.
async fn sending(bytes: &'static [u8]) -> u16 {
    listen(move |mut stream| async move {
        read_request(&mut stream).await;
        drop(stream.write_all(bytes).await);
        drop(stream.shutdown().await);
    })
    .await
}

fn http(status: &str, kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
}

fn json(body: &str) -> Vec<u8> {
    http("200 OK", "application/json; charset=utf-8", body)
}

async fn refused_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

fn connection(port: u16) -> Connection {
    Connection::new(format!("http://127.0.0.1:{port}"))
}

fn target(connection: &Connection) -> Target {
    Rest::new(connection).unwrap().into()
}

fn request(body: &'static str) -> Request {
    Request {
        method: "POST".to_owned(),
        path: PATH.to_owned(),
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())].into(),
        body: Bytes::from_static(body.as_bytes()),
    }
}

async fn send(port: u16, timeout: Duration) -> Result<Response, SendError> {
    within(target(&connection(port)).send(&request("{}"), timeout)).await.map(|(response, _)| response)
}

fn contract() -> Contract {
    let profile = |marks: &str| {
        format!("title: t\nsuccess-codes: {{reading: success-code, expected: 0}}\nrecognised: {{{marks}}}\n")
    };
    let files = [
        ("errors.yaml", "{}".to_owned()),
        ("readings.yaml", "{}".to_owned()),
        ("profiles/milvus-2.4.yaml", profile("absent: [collections/flush]")),
        ("profiles/milvus-2.5.yaml", profile("present: [collections/flush], absent: [collections/fields/add]")),
        ("profiles/milvus-2.6.yaml", profile("present: [collections/fields/add], absent: [jobs/x/describe]")),
        ("profiles/milvus-3.0.yaml", profile("present: [jobs/x/describe]")),
        ("profiles/zilliz-cloud.yaml", profile("hosts: [zillizcloud.com]")),
    ];
    Contract::load(&Tree::of(files.iter().map(|(path, text)| (*path, text.as_str())))).unwrap()
}

async fn look(url: &str, token: Option<&str>, timeout: Duration) -> Result<Recognition, PreflightError> {
    let token = token.map(Secret::new);
    let mut connection = Connection::new(url);
    connection.token.clone_from(&token);
    within(preflight(&target(&connection), &contract(), token.as_ref(), None, timeout)).await
}

async fn refusal(port: u16, timeout: Duration) -> PreflightError {
    look(&format!("http://127.0.0.1:{port}"), None, timeout).await.expect_err("the target is refused")
}

#[tokio::test]
async fn a_request_goes_over_the_wire_as_it_stands() {
    let port = answering(|request| json(&serde_json::json!({"code": 0, "message": request}).to_string())).await;
    let odd = Request {
        method: "PATCH".to_owned(),
        path: "/v2//x/?a=%20b".to_owned(),
        headers: [("X-One", "1"), ("Authorization", "Bearer a:b"), ("X-One", "2"), ("Empty", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec()
            .into(),
        body: Bytes::from_static(b"{\"a\": 1, }"),
    };
    let (response, took) = within(target(&connection(port)).send(&odd, LONG)).await.unwrap();
    assert!(took > Duration::ZERO);
    let seen: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
    let seen = seen["message"].as_str().unwrap().to_lowercase();
    let (head, body) = seen.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<&str> = head.split("\r\n").collect();
    assert_eq!(lines.remove(0), "patch /v2//x/?a=%20b http/1.1");
    lines.sort_unstable();
    let host = format!("host: 127.0.0.1:{port}");
    let expected =
        ["accept: */*", "authorization: bearer a:b", "content-length: 10", "empty: ", &host, "x-one: 1", "x-one: 2"];
    assert_eq!(lines, expected);
    assert_eq!(body, "{\"a\": 1, }");
}

#[tokio::test]
async fn connections_are_kept_and_every_answer_finds_its_request() {
    let opened = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&opened);
    let port = listen(move |mut stream| {
        counted.fetch_add(1, Ordering::Relaxed);
        async move {
            while let Some(request) = read_request(&mut stream).await {
                drop(stream.write_all(&json(request.split("\r\n\r\n").nth(1).unwrap())).await);
            }
        }
    })
    .await;
    let target = target(&connection(port));
    within(async {
        for _ in 0..100 {
            assert_eq!(target.send(&request("{}"), LONG).await.unwrap().0.body, "{}");
        }
        assert_eq!(opened.load(Ordering::Relaxed), 1);
        let many = (0..200).map(|number: usize| {
            let target = target.clone();
            tokio::spawn(async move {
                let mut mine = request("");
                mine.body = Bytes::from(format!("[{number}]"));
                let (response, _) = target.send(&mine, LONG).await.unwrap();
                assert_eq!(response.body, mine.body);
            })
        });
        for each in many.collect::<Vec<_>>() {
            each.await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_server_that_closes_every_connection_is_called_anew() {
    let port = sending(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}").await;
    let target = target(&connection(port));
    within(async {
        for _ in 0..20 {
            assert_eq!(target.send(&request("{}"), LONG).await.unwrap().0.body, "{}");
        }
    })
    .await;
}

#[tokio::test]
async fn unusual_but_correct_answers_are_read() {
    for (sent, status, body) in [
        (
            &b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n3;x=y\r\n ab\r\n0\r\nTrailer: 1\r\n\r\n"
                [..],
            200,
            &b"{} ab"[..],
        ),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, b"{}"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, b"until the end"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 12\r\n\r\n{\"code\":500}", 500, b"{\"code\":500}"),
        (b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\nX: \xff\r\n\r\n", 999, b""),
    ] {
        let response = send(sending(sent).await, LONG).await.unwrap();
        assert_eq!((response.status, &response.body[..]), (status, body), "{}", String::from_utf8_lossy(sent));
    }
}

#[tokio::test]
async fn redirects_and_compressed_bodies_are_handed_over_untouched() {
    let port = sending(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n").await;
    let response = send(port, LONG).await.unwrap();
    assert_eq!((response.status, response.header("Location")), (307, Some("/other")));

    let port = sending(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00").await;
    let response = send(port, LONG).await.unwrap();
    assert_eq!((&response.body[..], response.header("content-encoding")), (&b"\x1f\x8b\x08\x00"[..], Some("gzip")));
    assert_eq!(response.header("content-length"), Some("4"));
}

#[tokio::test]
async fn answers_that_break_off_are_told_from_answers() {
    for sent in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"code\":0}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Len",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x00\xff\xfe\x00garbage",
        b"HTTP/2 200\r\n\r\n",
        b"{\"code\":0,\"data\":[]}",
    ] {
        let error = send(sending(sent).await, LONG).await.expect_err(&String::from_utf8_lossy(sent));
        assert!(matches!(error, SendError::Broken(_)), "{}: {error:?}", String::from_utf8_lossy(sent));
    }
}

#[tokio::test]
async fn headers_without_end_are_not_read_without_end() {
    let port = listen(|mut stream| async move {
        read_request(&mut stream).await;
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\n").await);
        while stream.write_all(&b"X-Filler: 0123456789012345678901234567890123456789\r\n".repeat(100)).await.is_ok() {}
    })
    .await;
    assert!(matches!(send(port, LONG).await, Err(SendError::Broken(_))));
}

#[tokio::test]
async fn a_connection_that_is_reset_or_refused_is_told() {
    let port = listen(|stream| async move {
        // Closing with unread bytes makes the system reset the connection.
        drop(stream.readable().await);
        drop(stream);
    })
    .await;
    assert!(matches!(send(port, LONG).await, Err(SendError::Broken(_))));

    let error = send(refused_port().await, LONG).await.unwrap_err();
    assert_eq!(error.to_string(), "connection refused; see that the server runs and listens on this port");
}

#[tokio::test]
async fn the_timeout_is_for_headers_and_body_together() {
    let silent = listen(|mut stream| async move { while read_request(&mut stream).await.is_some() {} }).await;
    assert_eq!(send(silent, SHORT).await, Err(SendError::Timeout { after: SHORT }));

    let dripping = listen(|mut stream| async move {
        read_request(&mut stream).await;
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await);
        let mut beat = tokio::time::interval(Duration::from_millis(20));
        while stream.write_all(b" ").await.is_ok() {
            beat.tick().await;
        }
    })
    .await;
    assert_eq!(send(dripping, SHORT).await, Err(SendError::Timeout { after: SHORT }));
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_given_up_early() {
    const LIMIT: usize = 1 << 20;
    let written = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&written);
    let port = listen(move |mut stream| {
        let counted = Arc::clone(&counted);
        async move {
            read_request(&mut stream).await;
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await);
            let block = vec![b' '; 1 << 16];
            while counted.load(Ordering::Relaxed) < 200 << 20 && stream.write_all(&block).await.is_ok() {
                counted.fetch_add(block.len(), Ordering::Relaxed);
            }
        }
    })
    .await;
    let mut connection = connection(port);
    connection.body_limit = LIMIT;
    let answered = within(target(&connection).send(&request("{}"), LONG)).await;
    assert_eq!(answered.unwrap_err(), SendError::TooLarge { limit: LIMIT });
    // What lies in the buffers of the sockets was written, but never held.
    assert!(written.load(Ordering::Relaxed) < 64 << 20, "{written:?}");

    let claiming = sending(b"HTTP/1.1 200 OK\r\nContent-Length: 209715200\r\n\r\n").await;
    assert!(matches!(send(claiming, LONG).await, Err(SendError::TooLarge { .. })));
}

#[tokio::test]
async fn bodies_up_to_the_limit_are_read_whole() {
    for length in [0_usize, 1, 1000, 100_000] {
        let text: &'static str = "x".repeat(length).leak();
        let port = answering(move |_| json(text)).await;
        let mut connection = connection(port);
        connection.body_limit = length;
        let (response, _) = within(target(&connection).send(&request("{}"), LONG)).await.unwrap();
        assert_eq!(response.body, text);
        connection.body_limit = length.saturating_sub(1);
        let answered = within(target(&connection).send(&request("{}"), LONG)).await;
        assert_eq!(answered.is_err(), length > 0);
    }
}

#[tokio::test]
async fn unusable_names_and_proxies_are_told() {
    let mut there = Connection::new("http://no-such-host.invalid:19530");
    let answered = within(target(&there).send(&request("{}"), LONG)).await;
    assert!(matches!(answered, Err(SendError::UnknownHost(_))), "{answered:?}");

    there.proxy = Some(format!("http://me:hunter22@127.0.0.1:{}", refused_port().await));
    let answered = within(target(&there).send(&request("{}"), LONG)).await.unwrap_err();
    assert_eq!(answered, SendError::Refused(" (through the proxy)".to_owned()));

    let proxy = answering(|request| json(request.lines().next().unwrap())).await;
    there.proxy = Some(format!("http://me:hunter22@127.0.0.1:{proxy}"));
    let (response, _) = within(target(&there).send(&request("{}"), LONG)).await.unwrap();
    assert_eq!(response.body, format!("POST http://no-such-host.invalid:19530{PATH} HTTP/1.1"));
}

#[tokio::test]
async fn a_look_at_something_else_says_what_it_is() {
    let html = "<!DOCTYPE html>\n<html><title>It works</title></html>";
    for (status, body, kind, told) in [
        ("200 OK", html, "text/html", "HTTP 200 (text/html), `<!DOCTYPE html> <html><title>It works"),
        ("404 Not Found", html, "text/html", "Milvus 2.3 or later"),
        ("404 Not Found", "404 page not found", "text/plain", "HTTP 404 (text/plain), `404 page not found`"),
        ("200 OK", "{\"status\":\"ok\"}", "application/json", "is not a Milvus server"),
        ("200 OK", "[0]", "application/json", "is not a Milvus server"),
        ("200 OK", "", "application/json", "HTTP 200 without a body"),
        ("407 Proxy Authentication Required", "no", "text/plain", "credentials"),
    ] {
        let port = answering(move |_| http(status, kind, body)).await;
        let refused = refusal(port, LONG).await;
        assert!(matches!(refused, PreflightError::NotMilvus { .. }), "{refused:?}");
        assert!(refused.to_string().contains(told), "{refused}");
    }
    let port = sending(b"HTTP/1.1 308 Moved\r\nLocation: https://elsewhere/\r\nContent-Length: 0\r\n\r\n").await;
    let refused = refusal(port, LONG).await.to_string();
    assert!(refused.contains("to https://elsewhere/ (HTTP 308)"), "{refused}");
}

#[tokio::test]
async fn a_look_at_a_port_of_another_protocol_says_which() {
    let alert = sending(b"\x15\x03\x01\x00\x02\x02\x46").await;
    let refused = refusal(alert, LONG).await;
    assert!(matches!(refused, PreflightError::SpeaksTls { .. }), "{refused:?}");
    assert!(refused.to_string().ends_with(&format!("Did you mean https://127.0.0.1:{alert}?")), "{refused}");

    let go = sending(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n").await;
    assert!(matches!(refusal(go, LONG).await, PreflightError::SpeaksTls { .. }));

    // Some hang up on plain HTTP without a word, and answer nothing but a greeting in TLS.
    let shy = listen(|mut stream| async move {
        let mut first = Vec::new();
        if stream.read_buf(&mut first).await.is_ok() && first.first() == Some(&0x16) {
            drop(stream.write_all(b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76").await);
        }
    })
    .await;
    assert!(matches!(refusal(shy, LONG).await, PreflightError::SpeaksTls { .. }));

    let settings: &[u8] = b"\0\0\x06\x04\0\0\0\0\0\0\x05\0\0\x40\0";
    let greeting = listen(move |mut stream| async move {
        drop(stream.write_all(settings).await);
        read_request(&mut stream).await;
    })
    .await;
    let waiting = listen(move |mut stream| async move {
        let mut preface = [0; 24];
        if stream.read_exact(&mut preface).await.is_ok() && preface.starts_with(b"PRI * HTTP/2.0") {
            drop(stream.write_all(settings).await);
        }
    })
    .await;
    let polite = sending(b"HTTP/1.1 415 Unsupported Media Type\r\nContent-Length: 0\r\n\r\n").await;
    for port in [greeting, waiting, polite] {
        let refused = refusal(port, LONG).await;
        assert!(matches!(refused, PreflightError::GrpcOnly { .. }), "{refused:?}");
    }

    let ssh = sending(b"SSH-2.0-OpenSSH_9.6\r\n").await;
    let refused = refusal(ssh, LONG).await.to_string();
    assert!(refused.contains("what came begins `SSH-2.0-OpenSSH_9.6`"), "{refused}");
}

#[tokio::test]
async fn a_look_over_tls_at_a_port_without_it_says_so() {
    let plain = answering(|_| json("{}")).await;
    // A server that sorts protocols by their first bytes hangs up on those that it does not know.
    let sorting = listen(|mut stream| async move {
        let mut first = [0; 1];
        if stream.read_exact(&mut first).await.is_ok() && first[0].is_ascii_uppercase() {
            drop(stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await);
        }
    })
    .await;
    let shouting = listen(|mut stream| async move {
        drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await);
        drop(stream.read_buf(&mut Vec::new()).await);
    })
    .await;
    // The last one waits for the rest of what it takes for a request, and so does the client.
    for (port, timeout) in [(sorting, LONG), (shouting, LONG), (plain, SHORT)] {
        let refused = look(&format!("https://127.0.0.1:{port}"), None, timeout).await.unwrap_err();
        assert!(matches!(refused, PreflightError::SpeaksHttp { .. }), "{refused:?}");
        assert!(refused.to_string().ends_with(&format!("Did you mean http://127.0.0.1:{port}?")), "{refused}");
    }

    let alert = listen(|mut stream| async move {
        drop(stream.read_buf(&mut Vec::new()).await);
        drop(stream.write_all(b"\x15\x03\x03\x00\x02\x02\x28").await);
    })
    .await;
    let refused = look(&format!("https://127.0.0.1:{alert}"), None, LONG).await.unwrap_err();
    assert!(matches!(refused, PreflightError::Tls { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_look_at_a_port_that_does_not_answer_ends_in_time() {
    let refused = refusal(refused_port().await, LONG).await;
    assert!(refused.to_string().contains("Milvus listens on port 19530"), "{refused}");

    let closing = listen(|stream| async move { drop(stream) }).await;
    let refused = refusal(closing, LONG).await;
    assert!(matches!(refused, PreflightError::Broken { .. }), "{refused:?}");

    let silent = listen(|mut stream| async move { while read_request(&mut stream).await.is_some() {} }).await;
    assert!(matches!(refusal(silent, SHORT).await, PreflightError::Silent { after: SHORT, .. }));

    let unknown = look("http://no-such-host.invalid:19530", None, LONG).await.unwrap_err();
    assert!(matches!(unknown, PreflightError::UnknownHost { .. }), "{unknown:?}");
}

#[tokio::test]
async fn a_look_waits_for_a_server_that_is_starting() {
    let asked = Arc::new(AtomicUsize::new(0));
    let port = answering(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => http("503 Service Unavailable", "text/plain", "no healthy upstream"),
        1 => json(r#"{"code":1,"message":"service not ready[proxy=1]: Initializing"}"#),
        _ => json(r#"{"code":0,"data":[]}"#),
    })
    .await;
    let recognised = look(&format!("http://127.0.0.1:{port}"), None, LONG).await.unwrap();
    assert_eq!(recognised.profile, Profile::Milvus30);

    let port = answering(|_| json(r#"{"code":2,"message":"service unavailable"}"#)).await;
    let refused = refusal(port, SHORT).await;
    assert!(refused.to_string().contains("HTTP 200 with code 2, `service unavailable`"), "{refused}");
}

#[tokio::test]
async fn a_look_tells_wrong_tokens_from_missing_ones_and_shows_none() {
    let port = answering(|request| {
        let auth = request.lines().find(|line| line.to_lowercase().starts_with("authorization:")).unwrap_or_default();
        if auth.ends_with(" root:hunter22") {
            json(r#"{"code":0,"data":[]}"#)
        } else {
            let body = serde_json::json!({"code": 1800, "message": format!("user hasn't authenticated: {auth}")});
            http("401 Unauthorized", "application/json", &body.to_string())
        }
    })
    .await;
    let url = format!("http://127.0.0.1:{port}");
    let recognised = look(&url, Some("root:hunter22"), LONG).await.unwrap();
    assert!(recognised.auth && !recognised.limited);

    let refused = look(&url, None, LONG).await.unwrap_err();
    assert!(matches!(refused, PreflightError::TokenMissing { .. }), "{refused:?}");

    let refused = look(&url, Some("root:secret-and-wrong"), LONG).await.unwrap_err();
    assert!(matches!(refused, PreflightError::TokenRefused { .. }), "{refused:?}");
    assert!(!format!("{refused} {refused:?}").contains("secret-and-wrong"), "{refused}");

    let refused = look(&url, Some("root:line\nbreak"), LONG).await.unwrap_err();
    assert!(matches!(refused, PreflightError::Unsendable { .. }), "{refused:?}");
    assert!(!format!("{refused:?}").contains("break:"), "{refused}");
}

#[tokio::test]
async fn no_error_and_no_line_of_curl_shows_the_token() {
    let port = answering(|_| json("{}")).await;
    let mut connection = connection(port);
    connection.token = Some(Secret::new("root:hunter22"));
    let rest = Rest::new(&connection).unwrap();
    let mut secret = request("{\"password\":\"hunter22\"}");
    secret.headers.push(("Authorization".to_owned(), "Bearer root:hunter22".to_owned()));
    let line = curl(rest.url(), &secret, rest.redactor());
    assert!(line.contains("Bearer $MILVUS_TOKEN") && !line.contains("hunter22"), "{line}");
    secret.path = "/root:hunter22 ".to_owned();
    let refused = within(rest.send(&secret, LONG)).await.unwrap_err();
    assert!(!format!("{refused:?} {rest:?}").contains("hunter22"), "{refused:?}");
}
