//! Paths into bodies, in the part of `JSONPath` that rules need.

use super::json::Json;

/// Places in a body: `$.data[*].distance`, `$..shardsNum`, `$['odd key'][0]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JsonPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// The member of this name.
    Key(String),
    /// The item at this position; counted from the end when negative.
    Item(i64),
    /// Every member or item.
    All,
    /// The value itself and everything in it.
    Anywhere,
}

impl JsonPath {
    /// Reads a path.
    ///
    /// # Errors
    /// What is wrong, and at which byte.
    pub(super) fn parse(text: &str) -> Result<Self, (usize, &'static str)> {
        let mut steps = Vec::new();
        let mut rest = text.strip_prefix('$').ok_or((0, "a path begins with `$`, the whole body"))?;
        while !rest.is_empty() {
            let at = text.len() - rest.len();
            if let Some(after) = rest.strip_prefix("..") {
                steps.push(Step::Anywhere);
                rest = after;
                if !rest.starts_with('[') {
                    rest = word(rest, &mut steps).ok_or((at + 2, "a name, `*` or `[` follows `..`"))?;
                }
            } else if let Some(after) = rest.strip_prefix('.') {
                rest = word(after, &mut steps).ok_or((at + 1, "a name or `*` follows `.`"))?;
            } else if let Some(after) = rest.strip_prefix('[') {
                rest = bracket(after, &mut steps).ok_or((at, "write `[*]`, `[0]` or `['name']`"))?;
            } else {
                return Err((at, "a step begins with `.` or `[`"));
            }
        }
        Ok(Self(steps))
    }

    /// Hands every value at the path to a function.
    pub(super) fn visit(&self, body: &mut Json, act: &mut dyn FnMut(&mut Json)) {
        visit(&self.0, body, act);
    }
}

fn word<'t>(text: &'t str, steps: &mut Vec<Step>) -> Option<&'t str> {
    if let Some(rest) = text.strip_prefix('*') {
        steps.push(Step::All);
        return Some(rest);
    }
    let part = |next: char| next.is_alphanumeric() || "_-$".contains(next);
    let length = text.find(|next: char| !part(next)).unwrap_or(text.len());
    steps.push(Step::Key(text[..length].to_owned()));
    (length > 0).then(|| &text[length..])
}

fn bracket<'t>(text: &'t str, steps: &mut Vec<Step>) -> Option<&'t str> {
    for quote in ['\'', '"'] {
        if let Some(text) = text.strip_prefix(quote) {
            let (name, rest) = text.split_once(quote)?;
            steps.push(Step::Key(name.to_owned()));
            return rest.strip_prefix(']');
        }
    }
    let (inner, rest) = text.split_once(']')?;
    steps.push(if inner == "*" { Step::All } else { Step::Item(inner.parse().ok()?) });
    Some(rest)
}

fn visit(steps: &[Step], value: &mut Json, act: &mut dyn FnMut(&mut Json)) {
    let Some((step, rest)) = steps.split_first() else { return act(value) };
    match step {
        Step::Key(name) => {
            if let Json::Object(members) = value {
                members.iter_mut().filter(|(key, _)| key == name).for_each(|(_, member)| visit(rest, member, act));
            }
        }
        Step::Item(position) => {
            if let Json::List(items) = value {
                let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let position = if *position < 0 { position + length } else { *position };
                let item = usize::try_from(position).ok().and_then(|position| items.get_mut(position));
                item.into_iter().for_each(|item| visit(rest, item, act));
            }
        }
        Step::All => inside(value, &mut |inner| visit(rest, inner, act)),
        Step::Anywhere => {
            // From within to without, since what is done here may take away what is inside.
            inside(value, &mut |inner| visit(steps, inner, act));
            visit(rest, value, act);
        }
    }
}

/// Hands every member or item to a function.
pub(super) fn inside(value: &mut Json, act: &mut dyn FnMut(&mut Json)) {
    match value {
        Json::List(items) => items.iter_mut().for_each(act),
        Json::Object(members) => members.iter_mut().for_each(|(_, member)| act(member)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) | Json::Token(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marked(path: &str, body: &str) -> String {
        let mut body = Json::read(body.as_bytes()).unwrap();
        JsonPath::parse(path).unwrap().visit(&mut body, &mut |value| *value = Json::Bool(true));
        body.to_string()
    }

    #[test]
    fn a_path_leads_to_all_that_it_names_and_to_nothing_else() {
        let body = r#"{"data":[{"a":1,"b":{"a":2}},{"a":3}],"a":4}"#;
        for (path, changed) in [
            ("$.a", r#"{"data":[{"a":1,"b":{"a":2}},{"a":3}],"a":true}"#),
            ("$.data[*].a", r#"{"data":[{"a":true,"b":{"a":2}},{"a":true}],"a":4}"#),
            ("$..a", r#"{"data":[{"a":true,"b":{"a":true}},{"a":true}],"a":true}"#),
            ("$.data[-1]", r#"{"data":[{"a":1,"b":{"a":2}},true],"a":4}"#),
            ("$['data'][0].*", r#"{"data":[{"a":true,"b":true},{"a":3}],"a":4}"#),
            ("$..[1]", r#"{"data":[{"a":1,"b":{"a":2}},true],"a":4}"#),
            ("$.nowhere[7].a", body),
            ("$", "true"),
        ] {
            assert_eq!(marked(path, body), changed, "{path}");
        }
    }

    #[test]
    fn what_is_no_path_is_pointed_at() {
        for (path, at) in [("data", 0), ("$data", 1), ("$.", 2), ("$.a[", 3), ("$[x]", 1), ("$.a..", 5), ("$['a]", 1)] {
            assert_eq!(JsonPath::parse(path).unwrap_err().0, at, "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[$a.*'0\\[\\]ä-]{0,12}") {
            let _ = JsonPath::parse(&text);
        }
    }
}
