//! A mistake in a file that a person wrote: where it is, what is wrong and what was probably meant.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// The text of a file together with the name under which it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceText {
    /// The path as the user knows it.
    pub file: Arc<str>,
    /// The whole text.
    pub text: Text,
}

/// The text of a file: part of the program, or shared by those who have read it.
#[derive(Clone, Debug)]
pub enum Text {
    /// It was built in.
    BuiltIn {
        /// The text itself.
        text: &'static str,
        /// What was read from it when the program was built, if it is YAML and without mistakes.
        yaml: &'static [u8],
    },
    /// It was read.
    Read(Arc<str>),
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Text::BuiltIn { text, .. } => text,
            Text::Read(text) => text,
        }
    }
}

impl<T: Into<Arc<str>>> From<T> for Text {
    fn from(text: T) -> Self {
        Text::Read(text.into())
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Text {}

impl SourceText {
    /// Joins a name and a text.
    pub fn new(file: impl Into<Arc<str>>, text: impl Into<Text>) -> Self {
        Self { file: file.into(), text: text.into() }
    }

    /// A diagnostic about a place in this text, given in bytes.
    pub fn diagnostic(&self, span: Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic { source: self.clone(), span: self.on_boundaries(span), message: message.into(), help: None }
    }

    /// The place of a key at the start of a line, as in `key:`; the start of the text when it is not there.
    pub fn key(&self, key: &str) -> Range<usize> {
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            let indent = line.len() - line.trim_start().len();
            let word = line.trim_start().trim_start_matches(['"', '\'']);
            let quote = line.len() - indent - word.len();
            if word.strip_prefix(key).is_some_and(|rest| rest.trim_start_matches(['"', '\'']).starts_with(':')) {
                return start + indent + quote..start + indent + quote + key.len();
            }
            start += line.len();
        }
        0..0
    }

    /// The place of the value that a JSON pointer names, found by looking for its keys one after the other.
    pub fn json_pointer(&self, pointer: &str) -> Range<usize> {
        let mut span = 0..0;
        for key in pointer.split('/').skip(1) {
            let quoted = format!("\"{}\"", key.replace("~1", "/").replace("~0", "~"));
            if let Some(at) = self.text[span.end..].find(&quoted) {
                span = span.end + at..span.end + at + quoted.len();
            }
        }
        span
    }

    /// Moves a span to character boundaries inside the text, so that slicing by it cannot fail.
    fn on_boundaries(&self, span: Range<usize>) -> Range<usize> {
        let down = |mut at: usize| {
            at = at.min(self.text.len());
            while !self.text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = down(span.start);
        start..down(span.end).max(start)
    }
}

/// A mistake at one place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file in which it is.
    pub source: SourceText,
    /// The place, in bytes.
    pub span: Range<usize>,
    /// What is wrong, in one clause.
    pub message: String,
    /// What to do, or what was probably meant.
    pub help: Option<String>,
}

impl Diagnostic {
    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds the likeliest of the known words, when one is close, and else the list of them when it is short.
    #[must_use]
    pub fn suggest<'a>(self, wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match suggestion(wrong, known) {
            Some(help) => self.help(help),
            None => self,
        }
    }

    /// Line of the place, counted from 1.
    pub fn line(&self) -> usize {
        self.source.text[..self.span.start].matches('\n').count() + 1
    }

    /// Column of the place in characters, counted from 1.
    pub fn column(&self) -> usize {
        let before = &self.source.text[..self.span.start];
        before[before.rfind('\n').map_or(0, |at| at + 1)..].chars().count() + 1
    }

    /// The diagnostic with its line and a caret under the place, for a terminal with or without colours.
    pub fn render(&self, coloured: bool) -> String {
        // An empty span has nothing to underline; the caret then stands under the next character.
        let next = self.source.text[self.span.start..].chars().next().map_or(0, char::len_utf8);
        let end = self.span.end.max(self.span.start + next);
        let snippet = Snippet::source(&*self.source.text)
            .path(&*self.source.file)
            .annotation(AnnotationKind::Primary.span(self.span.start..end));
        let mut report = vec![Level::ERROR.primary_title(&self.message).element(snippet)];
        if let Some(help) = &self.help {
            report.push(Group::with_title(Level::HELP.secondary_title(help)));
        }
        let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&report)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.source.file, self.line(), self.column(), self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Diagnostic {}

/// "did you mean …" for a word that is close to a known one; the list of known words when none is close and there are few.
pub fn suggestion<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    let wrong = wrong.to_lowercase();
    let likeness = |word: &str| {
        let word = word.to_lowercase();
        // A slip or two of the fingers counts as near however short the word is.
        let slips = strsim::damerau_levenshtein(&wrong, &word);
        let near = slips <= (wrong.len() / 4).max(1);
        strsim::jaro_winkler(&wrong, &word) + if near { 1.0 } else { 0.0 }
    };
    let best = known.iter().map(|word| (likeness(word), *word)).max_by(|left, right| left.0.total_cmp(&right.0));
    match best {
        Some((score, word)) if score > 0.8 => Some(format!("did you mean `{word}`?")),
        Some(_) if known.len() <= 20 => Some(format!("known are {}", listed(&known))),
        _ => None,
    }
}

/// Words in back quotes, with commas.
fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_counted_in_characters() {
        let source = SourceText::new("a.yaml", "first: 1\nzwölf: x\n");
        let at = source.text.find('x').unwrap();
        let diagnostic = source.diagnostic(at..at + 1, "not a number");
        assert_eq!(diagnostic.to_string(), "a.yaml:2:8: not a number");
    }

    #[test]
    fn a_span_inside_a_character_or_past_the_end_still_renders() {
        let source = SourceText::new("a.yaml", "ö");
        for span in [1..1, 1..2, 0..9, 5..9] {
            assert!(source.diagnostic(span, "odd").render(false).contains("a.yaml:1"));
        }
    }

    #[test]
    fn a_near_word_is_suggested_and_a_short_list_shown() {
        assert_eq!(suggestion("cal", ["call", "with"]), Some("did you mean `call`?".to_owned()));
        assert_eq!(suggestion("zzz", ["call", "with"]), Some("known are `call`, `with`".to_owned()));
    }
}
