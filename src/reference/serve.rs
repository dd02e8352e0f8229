//! Serves the reference target over HTTP: axum requests in, axum responses out, nothing else.

use super::mutant::Broken;
use super::{Pace, Reference};
use crate::exchange::{self, Request};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Response, StatusCode, header};
use std::future::{Future, IntoFuture};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The longest body that is read, in bytes; a longer one is answered with 413.
const LONGEST_BODY: usize = 64 << 20;

/// What can be served.
pub trait Served: Send + Sync + 'static {
    /// The answer to a request.
    fn answer(&self, request: &Request) -> exchange::Response;
}

impl Served for Reference {
    fn answer(&self, request: &Request) -> exchange::Response {
        Reference::answer(self, request)
    }
}

impl Served for Broken {
    fn answer(&self, request: &Request) -> exchange::Response {
        Broken::answer(self, request)
    }
}

/// Serves until `shutdown` is over, and then ends at once: idle connections are closed, and whoever still waits for an
/// answer gets it without the caller waiting along. With a pace, answers take the time that a real server takes.
///
/// # Errors
///
/// Fails when the listener does.
pub async fn serve(
    listener: TcpListener,
    reference: Arc<impl Served>,
    pace: Option<Arc<Pace>>,
    shutdown: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let router = Router::new().fallback(move |request| answer(Arc::clone(&reference), pace.clone(), request));
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = axum::serve(listener, router).with_graceful_shutdown(async {
        // Nothing is ever sent: the sender is dropped, which ends the wait as well.
        let _ = stopped.await;
    });
    tokio::select! {
        served = serving.into_future() => served,
        () = shutdown => {
            drop(stop);
            Ok(())
        }
    }
}

async fn answer(
    reference: Arc<impl Served>,
    pace: Option<Arc<Pace>>,
    request: axum::extract::Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LONGEST_BODY).await else { return too_large() };
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let request =
        Request { method: parts.method.as_str().to_owned(), path: path.to_owned(), headers: headers.collect(), body };
    translate(match pace {
        Some(pace) => pace.answer(reference.as_ref(), &request).await,
        None => reference.answer(&request),
    })
}

fn too_large() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
    response
}

fn translate(answer: crate::exchange::Response) -> Response<Body> {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &answer.headers {
        let name = header::HeaderName::try_from(name);
        if let (Ok(name), Ok(value)) = (name, header::HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;
    use crate::reference::Config;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn an_idle_connection_does_not_hold_up_the_end() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let reference = Arc::new(Reference::new(Config { profile: Profile::Milvus26, token: None }));
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = tokio::spawn(serve(listener, reference, None, async {
            let _ = stopped.await;
        }));
        let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = "POST /v2/vectordb/databases/list HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut head = [0; 12];
        connection.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"HTTP/1.1 200");
        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
        let mut rest = Vec::new();
        connection.read_to_end(&mut rest).await.unwrap();
        assert!(rest.ends_with(br#"{"code":0,"data":["default"]}"#), "the connection was kept");
    }
}
