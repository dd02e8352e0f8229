//! Whether a request is like one that has ended a server's process.
//!
//! Keys are compared without regard to case, and of keys that stand twice each counts: servers disagree on both.

use crate::contract::{Contract, Hazard};
use crate::matcher::Pattern;
use crate::node::Node;
use crate::profile::Profile;
use serde_json::{Map, Value};

/// The hazard that a request to an operation holds, with its id. Without an operation every hazard is looked for.
pub fn find<'c>(
    contract: &'c Contract,
    profile: Option<Profile>,
    operation: Option<&str>,
    body: &[u8],
) -> Option<(&'c str, &'c Hazard)> {
    let holds = |hazard: &Hazard| {
        operation.is_none_or(|name| {
            hazard.operations.is_empty() || hazard.operations.iter().any(|known| known.value == name)
        }) && profile.is_none_or(|profile| hazard.bounds().hold_for(profile))
    };
    // Most requests hold none of the keys by which hazards are known, and need not be read. An escape may hide a key.
    let escaped = || body.windows(2).any(|two| two == b"\\u");
    let named = |key: &str| body.windows(key.len()).any(|part| part.eq_ignore_ascii_case(key.as_bytes()));
    let may = |hazard: &Hazard| hazard.keys().any(named) || escaped();
    let mut named = contract.hazards.iter().filter(|(_, hazard)| holds(hazard) && may(hazard)).peekable();
    named.peek()?;
    let body = Node::read(body);
    named.find(|(_, hazard)| holds_hazard(&body, hazard)).map(|(id, hazard)| (id.as_str(), hazard))
}

/// The hazard that a step of a scenario holds, in whichever profile.
pub(crate) fn of_step<'c>(contract: &'c Contract, operation: &str, step: &Map<String, Value>) -> Option<&'c str> {
    let body = match (step.get("body"), step.get("with")) {
        (Some(Value::String(text)), _) => text.clone(),
        (_, Some(with)) => with.to_string(),
        _ => return None,
    };
    find(contract, None, Some(operation), body.as_bytes()).map(|(id, _)| id)
}

fn holds_hazard(body: &Node, hazard: &Hazard) -> bool {
    if !hazard.same.is_empty() && !body.has_same(&hazard.same) {
        return false;
    }
    let of_objects = !hazard.holds.is_empty() || !hazard.nulls.is_empty() || !hazard.without.is_empty();
    let within = hazard.within.as_deref();
    let in_objects = !of_objects || body.some(within, within.is_none(), &|object| object.fits(hazard));
    let calls = hazard.calls_outside.is_empty() || body.some(None, true, &|object| object.calls(&hazard.calls_outside));
    in_objects && calls
}

impl Node {
    /// Whether an object in here, itself among them, is one that fits; with a key, only those under it.
    fn some(&self, within: Option<&str>, counts: bool, fits: &dyn Fn(&Node) -> bool) -> bool {
        match self {
            Node::Object(members) => {
                counts && fits(self)
                    || members.iter().any(|(key, inner)| {
                        let counts = within.is_none_or(|within| key.eq_ignore_ascii_case(within));
                        inner.some(within, counts, fits)
                    })
            }
            Node::List(items) => items.iter().any(|item| item.some(within, counts, fits)),
            _ => false,
        }
    }

    fn fits(&self, hazard: &Hazard) -> bool {
        let any = |key: &str, fits: &dyn Fn(&Node) -> bool| {
            self.members().any(|(name, value)| name.eq_ignore_ascii_case(key) && fits(value))
        };
        let found = |pattern: &Pattern, value: &Node| matches!(value, Node::Text(text) if pattern.finds(text));
        hazard.holds.iter().all(|(key, pattern)| any(key, &|value| found(pattern, value)))
            && hazard.nulls.iter().all(|key| any(key, &|value| matches!(value, Node::Null)))
            && hazard.without.iter().all(|key| !self.has(key))
    }

    /// Whether a key stands somewhere in here, with a value, each time that it does.
    fn has(&self, key: &str) -> bool {
        let mut found = Vec::new();
        self.under(key, &mut found);
        !found.is_empty() && !found.iter().any(|value| matches!(value, Node::Null))
    }

    /// Whether one text stands under each of these keys.
    fn has_same(&self, keys: &[String]) -> bool {
        let texts = |key: &String| {
            let mut found = Vec::new();
            self.under(key, &mut found);
            let text = |node: &Node| if let Node::Text(text) = node { Some(text.clone()) } else { None };
            found.into_iter().filter_map(text).collect::<Vec<_>>()
        };
        let Some((first, others)) = keys.split_first() else { return false };
        let others: Vec<Vec<String>> = others.iter().map(texts).collect();
        texts(first).iter().any(|text| others.iter().all(|other| other.contains(text)))
    }

    /// Whether a filter here calls a function of another name.
    fn calls(&self, known: &[String]) -> bool {
        self.members().filter(|(key, _)| key.eq_ignore_ascii_case("filter")).any(|(_, value)| {
            let Node::Text(filter) = value else { return false };
            called(filter).iter().any(|name| !known.iter().any(|known| known.eq_ignore_ascii_case(name)))
        })
    }
}

/// The words that stand before an opening parenthesis, outside of texts.
fn called(filter: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut word, mut ended, mut quote) = (String::new(), false, None);
    let mut letters = filter.chars();
    while let Some(letter) = letters.next() {
        match quote {
            Some(_) if letter == '\\' => drop(letters.next()),
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if letter == '"' || letter == '\'' => (quote, word) = (Some(letter), String::new()),
            None if letter.is_alphanumeric() || letter == '_' => {
                if ended {
                    word.clear();
                }
                word.push(letter);
                ended = false;
            }
            None if letter == '(' && word.starts_with(|first: char| !first.is_ascii_digit()) => {
                names.push(std::mem::take(&mut word));
            }
            None if letter.is_whitespace() => ended = true,
            None => word.clear(),
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Tree;

    fn id(operation: &str, body: &str) -> Option<String> {
        let contract = Contract::load(&Tree::embedded()).unwrap();
        find(&contract, None, Some(operation), body.as_bytes()).map(|(id, _)| id.to_owned())
    }

    #[test]
    fn every_recorded_form_is_known_and_its_harmless_neighbour_is_not() {
        for (operation, harmful, harmless) in [
            (
                "collections/create",
                r#"{"schema":{"fields":[{"fieldName":"f","dataType":"Text"},{"dataType":"VarChar","elementTypeParams":{"max_length":5}}]}}"#,
                r#"{"schema":{"fields":[{"fieldName":"f","dataType":"Text","elementTypeParams":{"max_length":5}}]}}"#,
            ),
            ("entities/query", r#"{"filter":"id == \"a\" + \"b\""}"#, r#"{"filter":"s == \"a + b\""}"#),
            ("entities/query", r#"{"filter":"id == -true"}"#, r#"{"filter":"id == -1"}"#),
            ("entities/delete", r#"{"Filter":"not -5 < s > \"z\" or id > 1"}"#, r#"{"filter":"not (s > \"z\")"}"#),
            ("entities/query", r#"{"filter":"nofunc(nope)"}"#, r#"{"filter":"json_contains (j, 1) and id in [1]"}"#),
            (
                "entities/search",
                r#"{"filter":"st_within(nope, \"POINT (1 2)\")"}"#,
                r#"{"filter":"s == \"nofunc(nope)\""}"#,
            ),
            (
                "entities/hybrid_search",
                r#"{"search":[{"data":[]}],"rerank":{"params":{"weights":null}}}"#,
                r#"{"search":[{"data":[]}],"rerank":{"params":{"weights":[1]}}}"#,
            ),
            (
                "entities/hybrid_search",
                r#"{"search":[{"data":[]}],"rerank":{"params":{"norm_score":"x"}}}"#,
                r#"{"search":[{"data":[]}],"rerank":{"params":{"norm_score":true}}}"#,
            ),
            ("entities/hybrid_search", r#"{"search":[{"ids":[1]},{"data":[[1]]}]}"#, r#"{"search":[{"data":[[1]]}]}"#),
            (
                "entities/search",
                r#"{"annsField":"l2","groupingField":"l2"}"#,
                r#"{"annsField":"l2","groupingField":"id"}"#,
            ),
            ("entities/search", r#"{"groupingField":"vector"}"#, r#"{"groupingField":"vectors_of"}"#),
        ] {
            assert!(id(operation, harmful).is_some(), "{harmful}");
            assert_eq!(id(operation, harmless), None, "{harmless}");
        }
    }

    #[test]
    fn neither_a_doubled_key_nor_its_case_nor_what_follows_hides_anything() {
        for body in [
            r#"{"filter":"id == -true","filter":"id > 0"}"#,
            r#"{"filter":"id > 0","filter":"id == -true"}"#,
            r#"{"FILTER":"id == - True"} and more"#,
            r#"{"search":[{"data":[[1]],"data":null}]}"#,
        ] {
            assert!(id("entities/hybrid_search", body).is_some(), "{body}");
        }
        for body in [
            r#"{"filter":"id == -true","x":1e400}"#.to_owned(),
            r#"{"\u0066ilter":"id == -true","x":"\ud800"}"#.to_owned(),
            format!(r#"{{"x":{}{},"filter":"id == -true"}}"#, "[".repeat(5000), "]".repeat(5000)),
            r#"{"filter":"id == -true"#.to_owned(),
        ] {
            assert!(id("entities/query", &body).is_some(), "whatever else is odd: {body}");
        }
    }

    #[test]
    fn words_before_parentheses_are_calls_wherever_they_stand() {
        let filter = "not f (a) and (b or g( \"h(\", 'i\\'j(' )) + 5(k)";
        assert_eq!(called(filter), ["f", "and", "g"]);
    }
}
