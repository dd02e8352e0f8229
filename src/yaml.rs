//! Reading the project's YAML files: into types, with the place of every mistake.

use crate::diagnostic::{Diagnostic, SourceText};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_saphyr::{Error, Spanned};
use std::ops::{Deref, Range};

/// A value with its place in the file, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    start: u32,
    length: u32,
}

impl<T> At<T> {
    /// A value without a place, for scenarios made in code.
    pub fn nowhere(value: T) -> Self {
        Self { value, start: 0, length: 0 }
    }

    /// Another value at the same place.
    pub fn with_value<U>(&self, value: U) -> At<U> {
        At { value, start: self.start, length: self.length }
    }

    /// Where the value stands, in bytes. Of a list or an object only the first character is known.
    pub fn span(&self) -> Range<usize> {
        let start = self.start as usize;
        start..start + self.length as usize
    }
}

impl<T> Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<T>::deserialize(deserializer)?;
        let span = spanned.referenced.span();
        let narrow = |number: Option<u64>| number.and_then(|number| u32::try_from(number).ok()).unwrap_or_default();
        Ok(Self { start: narrow(span.byte_offset()), length: narrow(span.byte_len()), value: spanned.value })
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<T>()
    }
}

/// Reads one document.
///
/// # Errors
/// The first mistake: text that is not YAML, a key that is not known, missing or doubled, a value of the wrong type.
pub fn read<T: DeserializeOwned>(source: &SourceText) -> Result<T, Diagnostic> {
    let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
    serde_saphyr::from_str_with_options(&source.text, options).map_err(|error| explain(source, &error))
}

fn explain(source: &SourceText, error: &Error) -> Diagnostic {
    let error = error.without_snippet();
    let narrow = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let span = error.location().map_or(0..0, |location| match location.span().byte_offset() {
        Some(start) => {
            let length = location.span().byte_len().unwrap_or_default();
            narrow(start)..narrow(start.saturating_add(length))
        }
        // The scanner counts lines and characters only.
        None => at_line(&source.text, narrow(location.line()), narrow(location.column())),
    });
    match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            source.diagnostic(span, format!("unknown key `{field}`")).suggest(field, expected.iter().copied())
        }
        Error::SerdeMissingField { field, .. } => source.diagnostic(span, format!("the key `{field}` is missing")),
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            source.diagnostic(span, format!("`{variant}` is not known here")).suggest(variant, expected.iter().copied())
        }
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or("this key");
            source.diagnostic(span, format!("`{key}` stands here twice")).help("keep one of them")
        }
        Error::Message { msg, .. } => with_help(source, span, msg),
        other => {
            let message = other.to_string();
            // The scanner names the beginning of what the tab is in.
            let tab = source.text[span.start..].find('\t').filter(|_| message.contains("found a tab"));
            let span = tab.map_or(span.clone(), |at| span.start + at..span.start + at + 1);
            with_help(source, span, plain(message.split(" at line ").next().unwrap_or(&message)))
        }
    }
}

/// What stands behind the first semicolon of a message is help.
fn with_help(source: &SourceText, span: Range<usize>, message: &str) -> Diagnostic {
    match message.split_once("; ") {
        Some((message, help)) => source.diagnostic(span, message).help(help),
        None => source.diagnostic(span, message),
    }
}

/// The place of a character that is given by line and column, both counted from 1.
fn at_line(text: &str, line: usize, column: usize) -> Range<usize> {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = &text[before..];
    let at = rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at);
    before + at..before + at
}

/// The parser's sentences that speak of parsers, in words for people who write files.
fn plain(message: &str) -> &str {
    const PLAIN: [(&str, &str); 15] = [
        ("expected sequence start", "a list is wanted here; write [a, b], or a line with `- ` for each"),
        ("expected mapping start", "keys with their values are wanted here; write {key: value}, or a line for each"),
        ("expected string scalar", "a text is wanted here"),
        ("invalid boolean", "true or false is wanted here"),
        ("invalid u16", "a whole number from 0 to 65535 is wanted here"),
        ("invalid i64", "a whole number is wanted here"),
        ("unexpected end of input", "the file is empty; docs/scenarios.md and docs/specs.md show what stands in it"),
        ("multiple YAML documents", "a second document begins here; a file holds one"),
        ("illegal placement of ':'", "a key stands where none can; a bracket or a quote before it may be open"),
        ("mapping values are not allowed", "`: ` cannot stand here; put a text that holds it in quotes"),
        ("while parsing a block collection", "this line is indented otherwise than those before it"),
        ("while parsing a flow mapping", "`,` or `}` is wanted here; put a text that holds `${…}` in quotes"),
        ("while parsing a flow sequence", "`,` or `]` is wanted here"),
        ("while scanning a plain scalar, found a tab", "a tab stands here; YAML is indented with spaces"),
        (
            "alias references unknown anchor",
            "`*` stands for an anchor, and there is none of this name; put the text in quotes",
        ),
    ];
    PLAIN.iter().find(|(theirs, _)| message.starts_with(theirs)).map_or(message, |(_, ours)| ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Entry {
        name: At<String>,
        #[serde(default)]
        open: bool,
    }

    fn mistake(text: &str) -> String {
        read::<Entry>(&SourceText::new("entry.yaml", text)).unwrap_err().to_string()
    }

    #[test]
    fn a_value_knows_its_place() {
        let source = SourceText::new("entry.yaml", "# ä\nname: ünder\nopen: true\n");
        let entry: Entry = read(&source).unwrap();
        assert_eq!(&source.text[entry.name.span()], "ünder");
        assert!(entry.open);
    }

    #[test]
    fn every_mistake_is_placed_and_said_in_plain_words() {
        insta::assert_snapshot!(
            [
                mistake("nam: x\n"),
                mistake("open: true\n"),
                mistake("name: x\nname: y\n"),
                mistake("name: [x\n"),
                mistake("name: x\nopen: maybe\n"),
                mistake("name: x\nopen: yes\n"),
                mistake(""),
            ]
            .join("\n"),
            @r"
        entry.yaml:1:1: unknown key `nam` (did you mean `name`?)
        entry.yaml:1:1: the key `name` is missing
        entry.yaml:2:1: `name` stands here twice (keep one of them)
        entry.yaml:1:7: a text is wanted here
        entry.yaml:2:7: true or false is wanted here
        entry.yaml:2:7: true or false is wanted here
        entry.yaml:1:1: the file is empty (docs/scenarios.md and docs/specs.md show what stands in it)
        ");
    }
}
