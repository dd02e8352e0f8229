//! Transcripts read back: the calls, with bodies as values.

use serde_json::{Map, Value};

/// A call as a transcript tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchanged {
    /// The step, as in findings.
    pub step: String,
    /// The method.
    pub method: String,
    /// The operation, or the path when it is of none.
    pub operation: String,
    /// What was asked.
    pub request: Body,
    /// The header fields of the request that are told.
    pub request_headers: Vec<String>,
    /// The HTTP status.
    pub status: u16,
    /// What was answered.
    pub answer: Body,
    /// The header fields of the answer that are told.
    pub answer_headers: Vec<String>,
    /// The text of the block.
    pub text: String,
}

/// A body.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// There is none.
    None,
    /// JSON. What stands for a number without quotation marks is a text that begins with a mark of its own.
    Json(Value),
    /// Anything else.
    Text(String),
}

/// What a text begins with that stands for a number.
const BARE: char = '\0';

impl Body {
    /// The JSON, with tokens.
    pub fn json(&self) -> Option<&Value> {
        match self {
            Body::Json(value) => Some(value),
            Body::None | Body::Text(_) => None,
        }
    }

    /// A JSON value such as the server may have sent: with a number where the token of a number stands, and without the
    /// marks of what was left out. Good for asking of what types it is.
    pub fn typical(&self) -> Option<Value> {
        self.json().map(typical)
    }
}

/// A value of a body, for people: tokens of numbers are named as such.
pub fn shown(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix(BARE) {
            Some(token) => Value::String(format!("{token} (a number)")),
            None => value.clone(),
        },
        Value::Array(items) => items.iter().map(shown).collect(),
        Value::Object(members) => members.iter().map(|(key, member)| (key.clone(), shown(member))).collect(),
        other => other.clone(),
    }
}

fn typical(value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with(BARE) => Value::from(1),
        Value::String(text) if is_id(text) => Value::from("1"),
        Value::Array(items) => items.iter().filter(|item| !is_gap(item)).map(typical).collect(),
        Value::Object(members) => members.iter().map(|(key, member)| (key.clone(), typical(member))).collect(),
        other => other.clone(),
    }
}

/// Whether a text is the token of an id.
fn is_id(text: &str) -> bool {
    let inner = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    inner.and_then(|inner| inner.split_once(':')).is_some_and(|(word, _)| word == "id" || word.ends_with("-id"))
}

/// Whether a value is the mark of items that were left out.
fn is_gap(value: &Value) -> bool {
    value.as_str().and_then(|text| text.strip_prefix(BARE)).is_some_and(|text| text.starts_with('…'))
}

/// The calls of a transcript.
///
/// # Errors
/// The first line that is not as this tool writes it.
pub fn exchanges(transcript: &str) -> Result<Vec<Exchanged>, String> {
    let mut blocks: Vec<Vec<&str>> = Vec::new();
    for line in transcript.lines() {
        match blocks.last_mut() {
            _ if line.starts_with("## ") => blocks.push(vec![line]),
            Some(block) => block.push(line),
            None if line.is_empty() => {}
            None => return Err(format!("`{line}` stands before the first step")),
        }
    }
    blocks.iter().map(|block| exchange(block)).collect()
}

fn exchange(block: &[&str]) -> Result<Exchanged, String> {
    let step = block[0].trim_start_matches("## ");
    let step = step.strip_suffix(", awaited").unwrap_or(step);
    // A line that begins with neither sign goes on with the one before.
    let mut lines: Vec<String> = Vec::new();
    for line in block[1..].iter().filter(|line| !line.is_empty()) {
        if line.starts_with("> ") || line.starts_with("< ") {
            lines.push((*line).to_owned());
        } else if let Some(last) = lines.last_mut() {
            last.push('\n');
            last.push_str(line);
        } else {
            return Err(format!("`{line}` of step {step} belongs to no call"));
        }
    }
    let of = |sign: &'static str| lines.iter().filter_map(move |line| line.strip_prefix(sign));
    let (mut asked, mut answered) = (of("> "), of("< "));
    let missing = || format!("step {step} is no call with its answer");
    let (head, status) = (asked.next().ok_or_else(missing)?, answered.next().ok_or_else(missing)?);
    let mut words = head.splitn(3, [' ', '\n']);
    let (method, operation) = (words.next().unwrap_or_default(), words.next().ok_or_else(missing)?);
    let unreadable = |why: String| format!("step {step}: {why}");
    let request = body(words.next().unwrap_or_default()).map_err(unreadable)?;
    let (status, answer) = status.split_once(' ').unwrap_or((status, "(no body)"));
    Ok(Exchanged {
        step: step.to_owned(),
        method: method.to_owned(),
        operation: operation.to_owned(),
        request,
        request_headers: asked.map(str::to_owned).collect(),
        status: status.parse().map_err(|_| format!("`{status}` of step {step} is no status"))?,
        answer: body(answer).map_err(unreadable)?,
        answer_headers: answered.map(str::to_owned).collect(),
        text: block.join("\n").trim_end().to_owned() + "\n",
    })
}

fn body(text: &str) -> Result<Body, String> {
    if text.is_empty() || text == "(no body)" {
        return Ok(Body::None);
    }
    if let Some(quoted) = text.strip_prefix("text ") {
        return serde_json::from_str(quoted).map(Body::Text).map_err(|error| format!("a text cannot be read: {error}"));
    }
    let mut reader = Reader { rest: text };
    let value = reader.value().ok_or_else(|| format!("a body cannot be read from `{}` on", reader.rest))?;
    match reader.rest.trim() {
        "" => Ok(Body::Json(value)),
        rest => Err(format!("`{rest}` stands behind a body")),
    }
}

/// Reads JSON in which tokens stand for numbers.
struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn takes(&mut self, sign: char) -> bool {
        let found = self.rest.trim_start().strip_prefix(sign);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn value(&mut self) -> Option<Value> {
        if self.takes('[') {
            let mut items = Vec::new();
            while !self.takes(']') {
                if !items.is_empty() && !self.takes(',') {
                    return None;
                }
                items.push(self.value()?);
            }
            return Some(Value::Array(items));
        }
        if self.takes('{') {
            let mut members = Map::new();
            while !self.takes('}') {
                if !members.is_empty() && !self.takes(',') {
                    return None;
                }
                let key = self.text()?;
                if !self.takes(':') {
                    return None;
                }
                members.insert(key, self.value()?);
            }
            return Some(Value::Object(members));
        }
        self.rest = self.rest.trim_start();
        if self.rest.starts_with('"') {
            return self.text().map(Value::String);
        }
        let length = self.rest.find([',', ']', '}', '\n']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        let word = word.trim_end();
        if word.is_empty() {
            return None;
        }
        Some(serde_json::from_str(word).unwrap_or_else(|_| Value::String(format!("{BARE}{word}"))))
    }

    fn text(&mut self) -> Option<String> {
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<String>();
        let text = values.next()?.ok()?;
        self.rest = &self.rest[values.byte_offset()..];
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TRANSCRIPT: &str = "## books.1
> POST entities/insert {\"collectionName\": \"<books>\", \"data\": [0, 1, 2, …768 items #00000000…, 7]}
> Request-Timeout: 5
> no Authorization
< 200 {
  \"code\": 0,
  \"data\": {\"insertIds\": [<id:1>, \"<id:2>\"], \"a\": [], \"b\": {}, \"ok\": true}
}

## 2, awaited
> GET /nowhere (no body)
< 404 text \"404 page not found\"
< content-type: text/plain
";

    #[test]
    fn calls_are_read_back() {
        let calls = exchanges(TRANSCRIPT).unwrap();
        assert_eq!(calls.iter().map(|call| call.step.as_str()).collect::<Vec<_>>(), ["books.1", "2"]);
        assert_eq!((calls[0].method.as_str(), calls[0].operation.as_str()), ("POST", "entities/insert"));
        assert_eq!(calls[0].request_headers, ["Request-Timeout: 5", "no Authorization"]);
        assert_eq!(
            calls[0].answer.typical().unwrap(),
            json!({"code": 0, "data": {"insertIds": [1, "1"], "a": [], "b": {}, "ok": true}})
        );
        assert_eq!(calls[0].request.typical().unwrap()["data"], json!([0, 1, 2, 7]));
        let ids = &calls[0].answer.json().unwrap()["data"]["insertIds"];
        assert_eq!(shown(ids), json!(["<id:1> (a number)", "<id:2>"]));
        assert_eq!((calls[1].status, &calls[1].request), (404, &Body::None));
        assert_eq!(calls[1].answer, Body::Text("404 page not found".to_owned()));
        assert_eq!(calls[1].answer_headers, ["content-type: text/plain"]);
        assert!(calls[0].text.ends_with("\n}\n") && calls[0].text.starts_with("## books.1\n"));
    }

    #[test]
    fn what_is_no_transcript_is_told() {
        for text in
            ["> POST a {}", "## 1\n{}", "## 1\n> POST a {}", "## 1\n> POST a {]\n< 200 {}", "## 1\n> POST a\n< x"]
        {
            assert!(exchanges(text).is_err(), "{text}");
        }
    }
}
