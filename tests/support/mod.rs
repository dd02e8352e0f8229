//! What the tests of the command line share: the binary, servers as child processes, and a relay between the two.

#![allow(clippy::unwrap_used)] // Helpers are test code, too, which clippy does not see.
#![allow(dead_code, reason = "each test binary takes what it needs")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Nothing that is awaited here takes longer on a healthy machine, by far.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// The tool, in a folder of its own and without the surrounding environment.
pub(crate) fn tool(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_milvus-conformance"));
    command.current_dir(folder).env("COLUMNS", "80").stdin(Stdio::null());
    for name in
        ["MILVUS_URI", "MILVUS_TOKEN", "CI", "NO_COLOR", "CLICOLOR_FORCE", "HTTP_PROXY", "http_proxy", "ALL_PROXY"]
    {
        command.env_remove(name);
    }
    command
}

/// An empty folder.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Runs the tool in a folder.
pub(crate) fn tool_in(folder: &TempDir, arguments: &[&str]) -> Ended {
    run(tool(folder.path()).args(arguments))
}

/// What a process came to.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// Checks the exit code, and shows everything when it is another.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "another exit code\n--- stdout\n{}\n--- stderr\n{}", self.out, self.err);
        self
    }
}

/// A child process that does not outlive the test.
pub(crate) struct Running {
    child: Child,
    out: Option<JoinHandle<String>>,
    err: Option<JoinHandle<String>>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = Some(collect(child.stdout.take().unwrap()));
        let err = Some(collect(child.stderr.take().unwrap()));
        Self { child, out, err }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Sends a signal by name, such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Ended {
        let mut status = None;
        until("the process ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        let text = |handle: Option<JoinHandle<String>>| handle.unwrap().join().unwrap();
        Ended { code: status.unwrap().code(), out: text(self.out.take()), err: text(self.err.take()) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Ended {
    Running::start(command).end()
}

fn collect(mut stream: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Sends a signal to a process that the test has started.
pub(crate) fn signal(id: u32, name: &str) {
    let status = Command::new("kill").arg(format!("-{name}")).arg(id.to_string()).status().unwrap();
    assert!(status.success(), "kill -{name} {id}");
}

/// Asks until it is so; fails when it takes longer than anything here may take.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The reference target as a server of its own.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    token: String,
}

impl Server {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_milvus-conformance"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "`serve` said `{url}`");
        let token = arguments.iter().skip_while(|word| **word != "--token").nth(1).copied().unwrap_or_default();
        Self { child, url, token: token.to_owned() }
    }

    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for its end and answers with the exit code.
    pub(crate) fn end(mut self) -> Option<i32> {
        let mut status = None;
        until("the server ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap().code()
    }

    /// The names of everything on the server: collections and aliases of every database, and the databases.
    pub(crate) fn names(&self) -> Vec<String> {
        let listed = |path: &str, body: &str| {
            let answer = post(self.address(), &self.token, path, body);
            let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
            assert_eq!(answer["code"], 0, "{answer}");
            let names = answer["data"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned());
            names.collect::<Vec<_>>()
        };
        let databases = listed("/v2/vectordb/databases/list", "{}");
        let mut names = databases.clone();
        for database in &databases {
            let body = format!("{{\"dbName\":\"{database}\"}}");
            for group in ["collections", "aliases"] {
                names.extend(listed(&format!("/v2/vectordb/{group}/list"), &body));
            }
        }
        names
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Posts a body and answers with the body that comes back.
pub(crate) fn post(address: &str, token: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// What a relay does with a request.
pub(crate) enum Deed {
    /// Passes it on.
    Pass,
    /// Passes it on, and gives the client another body than the one that came back.
    Rewrite(Box<dyn Fn(&str) -> String>),
    /// Answers it itself, with 200 and this body.
    Answer(String),
    /// Closes the connection without an answer.
    BreakOff,
}

type Hook = dyn Fn(&str, &str) -> Deed + Send + Sync;

/// An HTTP server that passes requests on, and may meddle: the hook is given path and body.
pub(crate) struct Relay {
    pub(crate) url: String,
    connections: Arc<AtomicUsize>,
    paths: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    /// A relay to an address. Its threads end with the test's process.
    pub(crate) fn start(to: &str, hook: impl Fn(&str, &str) -> Deed + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (connections, paths) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (counter, seen) = (Arc::clone(&connections), Arc::clone(&paths));
        let (to, hook): (String, Arc<Hook>) = (to.to_owned(), Arc::new(hook));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counter.fetch_add(1, Ordering::SeqCst);
                let (to, hook, seen) = (to.clone(), Arc::clone(&hook), Arc::clone(&seen));
                // A client that breaks off ends its thread and nothing else.
                std::thread::spawn(move || drop(relay(stream, &to, &*hook, &seen)));
            }
        });
        Self { url, connections, paths }
    }

    /// A server that gives every request the same answer.
    pub(crate) fn answering(body: &str) -> Self {
        let body = body.to_owned();
        Self::start("127.0.0.1:1", move |_, _| Deed::Answer(body.clone()))
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// How many requests went to paths with this ending.
    pub(crate) fn count(&self, ending: &str) -> usize {
        self.paths.lock().unwrap().iter().filter(|path| path.ends_with(ending)).count()
    }
}

/// Sends a request on; what can be read is the answer.
fn passed_on(to: &str, head: &str, body: &[u8]) -> std::io::Result<TcpStream> {
    let mut upstream = TcpStream::connect(to)?;
    write!(upstream, "{head}Connection: close\r\n\r\n")?;
    upstream.write_all(body)?;
    Ok(upstream)
}

/// One request and its answer; then the connection is closed.
fn relay(stream: TcpStream, to: &str, hook: &Hook, seen: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    let (mut length, mut path) = (0, String::new());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if path.is_empty() {
            path.push_str(line.split(' ').nth(1).unwrap_or_default());
        }
        if line.trim().is_empty() {
            break;
        }
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    seen.lock().unwrap().push(path.clone());
    let mut stream = stream;
    match hook(&path, &String::from_utf8_lossy(&body)) {
        Deed::Answer(answer) => write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
            answer.len()
        ),
        Deed::BreakOff => Ok(()),
        Deed::Pass => std::io::copy(&mut passed_on(to, &head, &body)?, &mut stream).map(drop),
        Deed::Rewrite(rewrite) => {
            let mut answer = String::new();
            passed_on(to, &head, &body)?.read_to_string(&mut answer)?;
            let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
            let body = rewrite(body);
            for line in head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("content-length:")) {
                write!(stream, "{line}\r\n")?;
            }
            write!(stream, "Content-Length: {}\r\n\r\n{body}", body.len())
        }
    }
}
