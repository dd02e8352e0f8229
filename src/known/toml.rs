//! Reading TOML with the place of every value.

use crate::diagnostic::{Diagnostic, SourceText};
use std::ops::Range;
use toml_edit::{Document, Item, Key, Table, TomlError, Value};

/// Parses a file.
///
/// # Errors
/// Where it is no TOML.
pub(super) fn parse(source: &SourceText) -> Result<Document<String>, Diagnostic> {
    Document::parse(source.text.to_string()).map_err(|error| mistake(source, &error))
}

fn mistake(source: &SourceText, error: &TomlError) -> Diagnostic {
    let mut lines = error.message().lines();
    let first = lines.next().unwrap_or("not TOML").to_owned();
    let diagnostic = source.diagnostic(error.span().unwrap_or(0..0), first);
    match lines.collect::<Vec<_>>().join("; ") {
        help if help.is_empty() => diagnostic,
        help => diagnostic.help(help),
    }
}

/// One table of a file, and the mistakes found in it.
pub(super) struct Reader<'a> {
    source: &'a SourceText,
    table: &'a Table,
    place: Range<usize>,
    mistakes: &'a mut Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a SourceText, table: &'a Table, mistakes: &'a mut Vec<Diagnostic>) -> Self {
        let place = table.span().unwrap_or(0..0);
        Self { source, table, place, mistakes }
    }

    /// The place of the table's heading.
    pub(super) fn place(&self) -> Range<usize> {
        self.place.clone()
    }

    pub(super) fn wrong(&mut self, place: Range<usize>, message: impl Into<String>) {
        self.mistakes.push(self.source.diagnostic(place, message));
    }

    /// Adds a mistake that is made already.
    pub(super) fn mistake(&mut self, mistake: Diagnostic) {
        self.mistakes.push(mistake);
    }

    /// Tells keys that are none of these.
    pub(super) fn only(&mut self, known: &[&'static str]) {
        for (name, item) in self.table {
            if !known.contains(&name) {
                let place = self.table.key(name).and_then(Key::span).or_else(|| item.span()).unwrap_or(0..0);
                let wrong = self.source.diagnostic(place, format!("unknown key `{name}`"));
                self.mistakes.push(wrong.suggest(name, known.iter().copied()));
            }
        }
    }

    /// The text under a key, with its place.
    pub(super) fn text(&mut self, key: &str) -> Option<(String, Range<usize>)> {
        let item = self.table.get(key)?;
        let place = item.span().unwrap_or(0..0);
        match item.as_str() {
            Some(text) if text.trim().is_empty() => self.wrong(place, format!("`{key}` is empty")),
            Some(text) => return Some((text.to_owned(), place)),
            None => self.wrong(place, format!("`{key}` is a text")),
        }
        None
    }

    /// The texts under a key: one, or a list of them.
    pub(super) fn texts(&mut self, key: &str) -> Vec<(String, Range<usize>)> {
        let Some(item) = self.table.get(key) else { return Vec::new() };
        let Some(list) = item.as_array() else { return self.text(key).into_iter().collect() };
        if list.is_empty() {
            self.wrong(item.span().unwrap_or(0..0), format!("`{key}` is an empty list"));
        }
        let mut texts = Vec::with_capacity(list.len());
        for value in list {
            let place = value.span().unwrap_or(0..0);
            match value.as_str() {
                Some(text) if !text.trim().is_empty() => texts.push((text.to_owned(), place)),
                _ => self.wrong(place, format!("`{key}` is a text or a list of texts, none of them empty")),
            }
        }
        texts
    }

    /// The day under a key, which may be a date or a text.
    pub(super) fn day(&mut self, key: &str) -> Option<jiff::civil::Date> {
        let item = self.table.get(key)?;
        let place = item.span().unwrap_or(0..0);
        let text = match item {
            Item::Value(Value::Datetime(date)) => date.value().to_string(),
            other => other.as_str().unwrap_or_default().to_owned(),
        };
        let day = text.parse().ok();
        if day.is_none() {
            self.wrong(place, format!("`{key}` is a day, such as 2027-01-31"));
        }
        day
    }
}
