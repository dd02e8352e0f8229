//! What is wrong in a YAML text, before it becomes a diagnostic.

use super::tree::Place;
use crate::diagnostic::{Diagnostic, SourceText};
use std::fmt;

/// A mistake with its place, once that is known.
#[derive(Debug)]
pub(super) struct Mistake(Box<Inner>);

#[derive(Debug)]
struct Inner {
    place: Option<Place>,
    wrong: Wrong,
}

#[derive(Debug)]
enum Wrong {
    UnknownKey(String, &'static [&'static str]),
    MissingKey(&'static str),
    UnknownWord(String, &'static [&'static str]),
    Doubled(String),
    /// A sentence; what stands behind the first semicolon is help.
    Said(String),
}

impl Mistake {
    #[cold]
    pub(super) fn new(place: Place, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { place: Some(place), wrong: Wrong::Said(message.into()) }))
    }

    #[cold]
    pub(super) fn doubled(place: Place, key: &str) -> Self {
        Self(Box::new(Inner { place: Some(place), wrong: Wrong::Doubled(key.to_owned()) }))
    }

    fn somewhere(wrong: Wrong) -> Self {
        Self(Box::new(Inner { place: None, wrong }))
    }

    /// The mistake at this place, unless it has one.
    #[cold]
    pub(super) fn at(mut self, place: Place) -> Self {
        self.0.place.get_or_insert(place);
        self
    }

    /// The mistake in a mapping: a key that is missing is missed behind the last one.
    #[cold]
    pub(super) fn in_map(self, map: Place, last_key: Option<Place>) -> Self {
        let place = last_key.filter(|_| matches!(self.0.wrong, Wrong::MissingKey(_)));
        self.at(place.unwrap_or(map))
    }

    pub(super) fn explain(self, source: &SourceText) -> Diagnostic {
        let span = self.0.place.unwrap_or_default().bytes();
        let suggest = |message: String, word: &str, known: &[&'static str]| {
            source.diagnostic(span.clone(), message).suggest(word, known.iter().copied())
        };
        match &self.0.wrong {
            Wrong::UnknownKey(key, known) => suggest(format!("unknown key `{key}`"), key, known),
            Wrong::UnknownWord(word, known) => suggest(format!("`{word}` is not known here"), word, known),
            Wrong::MissingKey(key) => source.diagnostic(span, format!("the key `{key}` is missing")),
            Wrong::Doubled(key) => {
                source.diagnostic(span, format!("`{key}` stands here twice")).help("keep one of them")
            }
            Wrong::Said(message) => match message.split_once("; ") {
                Some((message, help)) => source.diagnostic(span, message).help(help),
                None => source.diagnostic(span, message),
            },
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.wrong {
            Wrong::UnknownKey(key, _) => write!(f, "unknown key `{key}`"),
            Wrong::MissingKey(key) => write!(f, "the key `{key}` is missing"),
            Wrong::UnknownWord(word, _) => write!(f, "`{word}` is not known here"),
            Wrong::Doubled(key) => write!(f, "`{key}` stands here twice"),
            Wrong::Said(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Mistake {}

impl serde::de::Error for Mistake {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::somewhere(Wrong::Said(message.to_string()))
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self::somewhere(Wrong::UnknownKey(key.to_owned(), known))
    }

    fn missing_field(key: &'static str) -> Self {
        Self::somewhere(Wrong::MissingKey(key))
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        Self::somewhere(Wrong::UnknownWord(word.to_owned(), known))
    }
}
