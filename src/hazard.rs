//! Whether a request is like one that has ended a server's process.
//!
//! Keys are compared without regard to case, and of keys that stand twice each counts: servers disagree on both.

use crate::contract::{Contract, Hazard};
use crate::matcher::Pattern;
use crate::profile::Profile;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// The hazard that a request to an operation holds, with its id. Without an operation every hazard is looked for.
pub fn find<'c>(
    contract: &'c Contract,
    profile: Option<Profile>,
    operation: Option<&str>,
    body: &[u8],
) -> Option<(&'c str, &'c Hazard)> {
    let holds = |hazard: &Hazard| {
        profile.is_none_or(|profile| hazard.bounds().hold_for(profile))
            && operation.is_none_or(|name| {
                hazard.operations.is_empty() || hazard.operations.iter().any(|known| known.value == name)
            })
    };
    let mut named = contract.hazards.iter().filter(|(_, hazard)| holds(hazard)).peekable();
    named.peek()?;
    // What follows the first value is read by nobody, and what is cut off is refused before anything is done.
    let mut values = serde_json::Deserializer::from_slice(body).into_iter::<Node>();
    let body = values.next()?.ok()?;
    named.find(|(_, hazard)| body.holds(hazard)).map(|(id, hazard)| (id.as_str(), hazard))
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

/// A JSON value in which keys may stand twice.
enum Node {
    Object(Vec<(String, Node)>),
    List(Vec<Node>),
    Text(String),
    Null,
    Other,
}

impl Node {
    fn holds(&self, hazard: &Hazard) -> bool {
        if !hazard.same.is_empty() && !self.has_same(&hazard.same) {
            return false;
        }
        let of_objects = !hazard.holds.is_empty() || !hazard.nulls.is_empty() || !hazard.without.is_empty();
        let in_objects = !of_objects || self.some(hazard.within.as_deref(), hazard.within.is_none(), &|object| object.fits(hazard));
        let calls = hazard.calls_outside.is_empty() || self.some(None, true, &|object| object.calls(&hazard.calls_outside));
        in_objects && calls
    }

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

    fn members(&self) -> impl Iterator<Item = (&str, &Node)> {
        let members = if let Node::Object(members) = self { members.as_slice() } else { &[] };
        members.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Whether a key stands somewhere in here, with a value, each time that it does.
    fn has(&self, key: &str) -> bool {
        let mut found = Vec::new();
        self.under(key, &mut found);
        !found.is_empty() && !found.iter().any(|value| matches!(value, Node::Null))
    }

    /// All values under a key, however deep.
    fn under<'n>(&'n self, key: &str, found: &mut Vec<&'n Node>) {
        match self {
            Node::Object(members) => {
                for (name, inner) in members {
                    if name.eq_ignore_ascii_case(key) {
                        found.push(inner);
                    }
                    inner.under(key, found);
                }
            }
            Node::List(items) => items.iter().for_each(|item| item.under(key, found)),
            _ => {}
        }
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

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Node::Object(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Other)
    }
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
            ("entities/search", r#"{"filter":"st_within(nope, \"POINT (1 2)\")"}"#, r#"{"filter":"s == \"nofunc(nope)\""}"#),
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
        assert_eq!(id("entities/query", r#"{"filter":"id == -true"#), None, "it is cut off");
    }

    #[test]
    fn words_before_parentheses_are_calls_wherever_they_stand() {
        let filter = "not f (a) and (b or g( \"h(\", 'i\\'j(' )) + 5(k)";
        assert_eq!(called(filter), ["f", "and", "g"]);
    }
}
