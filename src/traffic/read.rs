//! Reading recorded traffic: JSON lines or HAR, told apart by how the file begins.

use super::{Call, har, lines};
use std::io::{self, BufRead};

/// A file that is no recorded traffic.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A line is no recorded call.
    #[error("line {line}: {why}")]
    Line {
        /// Counted from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// A HAR file is not what HAR 1.2 says.
    #[error("not HAR 1.2: {0}")]
    Har(String),
    /// There is not one call in it.
    #[error("there are no calls in it")]
    Empty,
}

/// Why the reading ended before the end of the file.
#[derive(Debug)]
pub(super) enum Ended<E> {
    /// The file is not what it should be.
    Unreadable(Unreadable),
    /// Whoever takes the calls wanted no more.
    Taken(E),
}

/// Hands over the calls of a file in their order, keeping none.
///
/// # Errors
/// When the file is not what it should be, or with the error of `take`, which ends the reading.
pub fn each<E: From<Unreadable>>(
    mut input: impl BufRead,
    mut take: impl FnMut(Call) -> Result<(), E>,
) -> Result<(), E> {
    let mut calls = 0;
    let counted = |call| {
        calls += 1;
        take(call)
    };
    let read = match is_har(&mut input) {
        Ok(true) => har::each(input, counted),
        Ok(false) => lines::each(input, counted),
        Err(error) => Err(Ended::Unreadable(error.into())),
    };
    match read {
        Ok(()) if calls == 0 => Err(Unreadable::Empty.into()),
        Ok(()) => Ok(()),
        Err(Ended::Unreadable(unreadable)) => Err(unreadable.into()),
        Err(Ended::Taken(error)) => Err(error),
    }
}

/// A HAR file is one object with the key `log`. Looks at what is in the buffer and takes nothing but the mark of the
/// encoding that some tools write in front.
fn is_har(input: &mut impl BufRead) -> io::Result<bool> {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    if input.fill_buf()?.starts_with(MARK) {
        input.consume(MARK.len());
    }
    let begin = input.fill_buf()?.trim_ascii_start();
    let inside = begin.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    Ok(inside.is_some_and(|inside| inside.starts_with(b"\"log\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Call>, Unreadable> {
        let mut calls = Vec::new();
        each(text.as_bytes(), |call| {
            calls.push(call);
            Ok::<(), Unreadable>(())
        })?;
        Ok(calls)
    }

    #[test]
    fn both_forms_are_told_apart() {
        let line = r#"{"method":"POST","path":"/v2/vectordb/collections/has","status":200,"body":{"code":0}}"#;
        assert_eq!(read(&format!("\u{feff}{line}\n\n{line}\n")).unwrap().len(), 2);
        let har = r#"{"log":{"version":"1.2","entries":[{"request":{"method":"GET","url":"http://a/v1/vector/collections",
            "headers":[]},"response":{"status":200,"headers":[],"content":{"text":"{}"}}}]}}"#;
        assert_eq!(read(har).unwrap()[0].request.path, "/v1/vector/collections");
        assert_eq!(read(&format!("\u{feff} \n{har}")).unwrap().len(), 1);
    }

    #[test]
    fn what_is_no_traffic_is_told() {
        let told = |text: &str| read(text).unwrap_err().to_string();
        assert_eq!(told(""), "there are no calls in it");
        assert!(told("{\"a\":1}\n").starts_with("line 1: "), "{}", told("{\"a\":1}\n"));
        assert!(told("<html>").starts_with("line 1: "));
        assert!(told("{\"log\":{\"entries\":3}}").starts_with("not HAR 1.2: "));
        assert!(told("{\"log\":{\"entries\":[{}]}}").starts_with("not HAR 1.2: "));
        assert_eq!(told("{\"log\":{\"entries\":[]}}"), "there are no calls in it");
    }

    #[test]
    fn whoever_has_enough_ends_the_reading() {
        let line = r#"{"method":"POST","path":"/x","status":200,"body":{}}"#;
        let mut taken = 0;
        let ended = each(format!("{line}\n{line}\nnot JSON\n").as_bytes(), |_| {
            taken += 1;
            Err(Unreadable::Empty)
        });
        assert!(matches!(ended, Err(Unreadable::Empty)));
        assert_eq!(taken, 1);
    }
}
