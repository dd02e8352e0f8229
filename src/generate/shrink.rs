//! Smaller requests to try in the place of one that was answered wrongly.

use serde_json::{Map, Value};

/// Requests that are smaller than this one, the smallest first as far as that is easily said. Each is shorter when it is
/// written, so that trying on with one that still fails comes to an end.
pub fn smaller(value: &Value) -> Vec<Value> {
    let mut found = match value {
        Value::Object(map) => of_object(map),
        Value::Array(items) => of_list(items),
        Value::String(text) => smaller_texts(text).into_iter().map(Value::String).collect(),
        Value::Number(_) => vec![Value::from(0), Value::from(-1)],
        Value::Null | Value::Bool(_) => Vec::new(),
    };
    let length = value.to_string().len();
    found.retain(|one| one.to_string().len() < length);
    found
}

fn of_object(map: &Map<String, Value>) -> Vec<Value> {
    let keys: Vec<&String> = map.keys().collect();
    let keep = |kept: &[&String]| {
        Value::Object(kept.iter().filter_map(|key| Some(((*key).clone(), map.get(*key)?.clone()))).collect())
    };
    let mut found = vec![keep(&[])];
    if keys.len() > 1 {
        found.extend(keys.iter().map(|key| keep(&[key])));
        found.extend(keys.chunks(keys.len().div_ceil(2)).map(keep));
        found.extend(keys.iter().map(|left_out| {
            let kept: Vec<&String> = keys.iter().copied().filter(|key| key != left_out).collect();
            keep(&kept)
        }));
    }
    for (key, inner) in map {
        found.extend(smaller(inner).into_iter().map(|inner| {
            let mut map = map.clone();
            map.insert(key.clone(), inner);
            Value::Object(map)
        }));
    }
    found
}

fn of_list(items: &[Value]) -> Vec<Value> {
    const ONE_BY_ONE: usize = 8;
    let list = |items: &[Value]| Value::Array(items.to_vec());
    let mut found = vec![list(&[])];
    if items.len() > 1 {
        found.extend(items.chunks(items.len().div_ceil(2)).map(list));
    }
    if (3..=ONE_BY_ONE).contains(&items.len()) {
        found.extend((0..items.len()).map(|left_out| list(&[&items[..left_out], &items[left_out + 1..]].concat())));
    }
    for (at, inner) in items.iter().enumerate().take(ONE_BY_ONE) {
        found.extend(smaller(inner).into_iter().map(|inner| {
            let mut items = items.to_vec();
            items[at] = inner;
            Value::Array(items)
        }));
    }
    found
}

/// Texts that are shorter; templates are left whole.
pub fn smaller_texts(text: &str) -> Vec<String> {
    const ONE_BY_ONE: usize = 12;
    let parts = parts(text);
    let mut found = vec![String::new()];
    if parts.len() > 1 {
        let half = parts.len().div_ceil(2);
        found.extend(parts.chunks(half).map(<[&str]>::concat));
        let quarter = half.div_ceil(2);
        found.extend((0..parts.len()).step_by(quarter).map(|start| {
            let end = (start + quarter).min(parts.len());
            [&parts[..start], &parts[end..]].concat().concat()
        }));
    }
    if (2..=ONE_BY_ONE).contains(&parts.len()) {
        found.extend((0..parts.len()).map(|left_out| [&parts[..left_out], &parts[left_out + 1..]].concat().concat()));
    }
    found.retain(|shorter| shorter.len() < text.len());
    found
}

/// A text as letters and templates.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let template = rest.starts_with("${").then(|| rest.find('}')).flatten().map(|end| end + 1);
        let written = if rest.starts_with("$${") { Some(3) } else { template };
        let (part, after) = rest.split_at(written.unwrap_or(first.len_utf8()));
        parts.push(part);
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// The smallest request that still fails, as a run would find it.
    fn shrunk(start: &Value, fails: impl Fn(&Value) -> bool) -> Value {
        let mut best = start.clone();
        while let Some(next) = smaller(&best).into_iter().find(&fails) {
            best = next;
        }
        best
    }

    #[test]
    fn what_makes_no_difference_goes() {
        let request = json!({"collectionName": "${books}", "data": [[1.0, 2.0]], "limit": 3, "offset": -1});
        assert_eq!(shrunk(&request, |request| request["offset"] == json!(-1)), json!({"offset": -1}));
        assert_eq!(shrunk(&request, |request| request["data"][0].is_array()), json!({"data": [[]]}));
        let two = |request: &Value| !request["limit"].is_null() && !request["collectionName"].is_null();
        assert_eq!(shrunk(&request, two), json!({"collectionName": "", "limit": 3}));
        let text = json!({"filter": "a > 1 and ${repeat(x, 9)} < 3 \u{e9}"});
        let fails = |request: &Value| request["filter"].as_str().is_some_and(|text| text.contains("${repeat(x, 9)}"));
        assert_eq!(shrunk(&text, fails), json!({"filter": "${repeat(x, 9)}"}));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
            "[a-c]{0,3}\\$\\{name\\(a\\)\\}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[a-d]{1,3}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_candidate_is_shorter_so_that_shrinking_ends(value in any_json()) {
            let length = value.to_string().len();
            for one in smaller(&value) {
                prop_assert!(one.to_string().len() < length, "{one} of {value}");
            }
        }

        #[test]
        fn whatever_fails_always_is_shrunk_to_nothing(value in any_json()) {
            let least = shrunk(&value, |_| true);
            prop_assert!(least.to_string().len() <= 5, "{least}");
        }
    }
}
