//! A shell line that repeats a call.

use super::secret::Redactor;
use crate::exchange::Request;
use std::fmt::Write;

/// Longer bodies are shortened to half of this, so that a finding stays readable.
const LONGEST_BODY: usize = 2048;

/// One line for a POSIX shell that repeats a call with curl. `base` is the URL of the server without a `/` at its end.
///
/// The line holds no secret: the token stands in it as `$MILVUS_TOKEN`, which the shell fills in where it belongs to a
/// header; other secrets as `***`. A body of more than 2 KiB is shortened, and a remark at the end says so. A body that is
/// not one line of text comes from `printf` through a pipe.
pub fn curl(base: &str, request: &Request, redactor: &Redactor) -> String {
    let clean = redacted(&request.body, redactor);
    let shown = if clean.len() > LONGEST_BODY { shortened(&clean) } else { clean.as_slice() };
    let text = std::str::from_utf8(shown).ok().filter(|text| !text.contains(char::is_control));

    let mut line = String::new();
    if text.is_none() {
        let _ = write!(line, "printf {} | ", quoted(&printf_format(shown)));
    }
    line.push_str("curl -sS");
    if request.method == "HEAD" {
        line.push_str(" --head");
    } else {
        let _ = write!(
            line,
            " -X {}",
            if is_plain(&request.method) { request.method.clone() } else { quoted(&request.method) }
        );
    }
    let path = redactor.redact(&request.path);
    if path.contains(['[', ']', '{', '}']) {
        line.push_str(" --globoff");
    }
    let _ = write!(line, " {}", quoted(&format!("{}{path}", redactor.redact(base))));
    for (name, value) in &request.headers {
        let _ = write!(line, " {}", header(name, value, redactor));
    }
    if !shown.is_empty() && request.header("content-type").is_none() {
        // Left alone, curl would call the body a form.
        line.push_str(" -H 'Content-Type:'");
    }
    match text {
        Some("") => {}
        Some(text) => {
            let _ = write!(line, " --data-raw {}", quoted(text));
        }
        None => line.push_str(" --data-binary @-"),
    }
    if shown.len() < clean.len() {
        let _ = write!(line, " # the body is shortened: {} of {} bytes are shown", shown.len(), clean.len());
    }
    line
}

fn header(name: &str, value: &str, redactor: &Redactor) -> String {
    if value.is_empty() {
        // Written with a colon, curl would leave the header out.
        return format!("-H {}", quoted(&format!("{};", redactor.redact(name))));
    }
    let before =
        redactor.token().map(crate::target::Secret::expose).filter(|token| !token.is_empty()).and_then(|token| {
            let before = value.strip_suffix(token)?;
            (before.is_empty() || before.ends_with(' ')).then_some(before)
        });
    if let Some(before) = before {
        let before = redactor.redact(before);
        return if is_plain(name) && before.chars().all(|char| char == ' ' || char.is_ascii_alphanumeric()) {
            format!("-H \"{name}: {before}$MILVUS_TOKEN\"")
        } else {
            format!("-H {}\"$MILVUS_TOKEN\"", quoted(&format!("{}: {before}", redactor.redact(name))))
        };
    }
    if name.eq_ignore_ascii_case("authorization") && redactor.token().is_some_and(|token| token.basic() == value) {
        return "-u \"$MILVUS_TOKEN\"".to_owned();
    }
    format!("-H {}", quoted(&redactor.redact(&format!("{name}: {value}"))))
}

/// Secrets are text, so each lies within one stretch of text.
fn redacted(body: &[u8], redactor: &Redactor) -> Vec<u8> {
    let mut clean = Vec::with_capacity(body.len());
    for stretch in body.utf8_chunks() {
        clean.extend_from_slice(redactor.redact(stretch.valid()).as_bytes());
        clean.extend_from_slice(stretch.invalid());
    }
    clean
}

fn shortened(body: &[u8]) -> &[u8] {
    let mut end = LONGEST_BODY / 2;
    // A character of up to four bytes is not cut through.
    while end > LONGEST_BODY / 2 - 3 && body[end] & 0b1100_0000 == 0b1000_0000 {
        end -= 1;
    }
    &body[..end]
}

/// A format that makes `printf` write exactly these bytes.
fn printf_format(bytes: &[u8]) -> String {
    let mut format = String::with_capacity(bytes.len() * 2);
    let octal = |format: &mut String, bytes: &[u8]| {
        for byte in bytes {
            let _ = write!(format, "\\{byte:03o}");
        }
    };
    for stretch in bytes.utf8_chunks() {
        for char in stretch.valid().chars() {
            match char {
                '%' => format.push_str("%%"),
                '\\' => format.push_str("\\\\"),
                '\n' => format.push_str("\\n"),
                // At the beginning it would be taken for an option.
                '-' if format.is_empty() => octal(&mut format, b"-"),
                char if char.is_control() => octal(&mut format, char.encode_utf8(&mut [0; 4]).as_bytes()),
                char => format.push(char),
            }
        }
        octal(&mut format, stretch.invalid());
    }
    format
}

fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|char| char.is_ascii_alphanumeric() || char == '-')
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Secret;
    use bytes::Bytes;

    const BASE: &str = "http://localhost:19530";
    const TOKEN: &str = "root:hunter22";

    fn request(headers: &[(&str, &str)], body: &[u8]) -> Request {
        Request {
            method: "POST".to_owned(),
            path: "/v2/vectordb/partitions/drop".to_owned(),
            headers: headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
            body: Bytes::copy_from_slice(body),
        }
    }

    fn redactor() -> Redactor {
        Redactor::new(Some(&Secret::new(TOKEN)), [])
    }

    #[test]
    fn a_usual_call_reads_well() {
        let headers = [("Content-Type", "application/json"), ("Authorization", "Bearer root:hunter22")];
        assert_eq!(
            curl(BASE, &request(&headers, br#"{"collectionName":"a"}"#), &redactor()),
            "curl -sS -X POST 'http://localhost:19530/v2/vectordb/partitions/drop' \
             -H 'Content-Type: application/json' -H \"Authorization: Bearer $MILVUS_TOKEN\" \
             --data-raw '{\"collectionName\":\"a\"}'"
        );
    }

    #[test]
    fn the_token_is_filled_in_by_the_shell_in_every_form_of_the_header() {
        for (value, told) in [
            ("root:hunter22", "-H \"Authorization: $MILVUS_TOKEN\""),
            ("Basic cm9vdDpodW50ZXIyMg==", "-u \"$MILVUS_TOKEN\""),
            ("`x` root:hunter22", "-H 'Authorization: `x` '\"$MILVUS_TOKEN\""),
            ("Bearer root:wrong", "-H 'Authorization: Bearer root:wrong'"),
        ] {
            let line = curl(BASE, &request(&[("Authorization", value)], b""), &redactor());
            assert!(line.ends_with(told), "{line}");
        }
    }

    #[test]
    fn a_long_body_is_shortened_with_a_remark() {
        let line = curl(BASE, &request(&[], "é".repeat(2000).as_bytes()), &redactor());
        assert!(line.len() < 1300 && line.ends_with("# the body is shortened: 1024 of 4000 bytes are shown"), "{line}");
        let odd = format!("x{}", "é".repeat(2000));
        assert!(curl(BASE, &request(&[], odd.as_bytes()), &redactor()).contains("1023 of 4001"));
    }

    #[cfg(unix)]
    mod in_a_shell {
        use super::*;
        use proptest::prelude::*;
        use std::process::Command;

        /// What curl is given: its arguments, and what it reads when it is told to.
        fn run(line: &str) -> (Vec<String>, Vec<u8>) {
            let script = format!(
                "curl() {{ for word; do printf '%s\\0' \"$word\"; done; printf '\\0'; \
                 case \"$*\" in *@-) cat;; esac; }}\n{line}"
            );
            let ran = Command::new("sh").args(["-c", &script]).env("MILVUS_TOKEN", TOKEN).output().unwrap();
            assert!(ran.status.success() && ran.stderr.is_empty(), "{line}: {ran:?}");
            let end = ran.stdout.windows(2).position(|pair| pair == [0, 0]).unwrap();
            let words = ran.stdout[..end].split(|&byte| byte == 0);
            (words.map(|word| String::from_utf8(word.to_vec()).unwrap()).collect(), ran.stdout[end + 2..].to_vec())
        }

        proptest! {
            #![proptest_config(ProptestConfig::with_cases(64))]

            #[test]
            fn every_argument_comes_through(
                body in prop_oneof![
                    "[a$`'\"\\\\%\\n{}!# @-]{0,12}".prop_map(String::into_bytes),
                    prop::collection::vec(any::<u8>(), 1..12),
                    "\\PC{0,12}".prop_map(String::into_bytes),
                ],
                value in "[!-~]([ -~]{0,10}[!-~])?",
                scheme in "(Bearer |[ -~]{0,5} )?",
            ) {
                let auth = format!("{scheme}{TOKEN}");
                let request = request(&[("Content-Type", &value), ("Authorization", &auth), ("X", "")], &body);
                let line = curl(BASE, &request, &redactor());
                prop_assert!(!line.contains('\n') && !line.contains("hunter22"));
                let (words, piped) = run(&line);
                let url = format!("{BASE}{}", request.path);
                let expected = ["-sS", "-X", "POST", &url, "-H", &format!("Content-Type: {value}"), "-H",
                    &format!("Authorization: {auth}"), "-H", "X;"];
                prop_assert_eq!(&words[..10], &expected[..]);
                match &words[10..] {
                    [] => prop_assert!(body.is_empty()),
                    [option, text] if option == "--data-raw" => prop_assert_eq!(text.as_bytes(), &body),
                    rest => {
                        prop_assert_eq!(rest, &["--data-binary", "@-"][..]);
                        prop_assert_eq!(piped, body);
                    }
                }
            }
        }
    }
}
