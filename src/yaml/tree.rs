//! A YAML text as a tree that borrows from it: anchors, aliases and merge keys are resolved, types are not.

use super::mistake::Mistake;
use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// How deep lists and mappings may stand inside one another.
pub(super) const DEEPEST: usize = 64;

/// How many values aliases may stand for in all, so that a small file cannot grow without bounds.
const COPIES: usize = 100_000;

/// Up to so many entries, comparing each key with those before it is cheaper than hashing.
const FEW: usize = 16;

/// Where something stands in the text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) start: u32,
    pub(super) length: u32,
}

impl Place {
    fn of(span: &Span) -> Self {
        let bytes = span.byte_range().unwrap_or_default();
        Self { start: narrow(bytes.start), length: narrow(bytes.end.saturating_sub(bytes.start)) }
    }

    /// The same place as a range.
    pub(super) fn bytes(self) -> Range<usize> {
        let start = self.start as usize;
        start..start + self.length as usize
    }
}

pub(super) fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node<'t> {
    pub(super) place: Place,
    pub(super) kind: Kind<'t>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind<'t> {
    /// Text; when it is plain it may mean a number, a boolean or null.
    Scalar {
        text: Cow<'t, str>,
        plain: bool,
    },
    List(Vec<Node<'t>>),
    Map(Vec<Entry<'t>>),
}

/// A key with its value.
pub(super) type Entry<'t> = (Node<'t>, Node<'t>);

impl Node<'_> {
    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The text of a scalar that may mean something else than text.
    pub(super) fn plain(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, plain: true } => Some(text),
            _ => None,
        }
    }

    /// Whether nothing stands here: no text at all, `~` or `null`.
    pub(super) fn is_null(&self) -> bool {
        self.plain().is_some_and(|text| text.is_empty() || text == "~" || text.eq_ignore_ascii_case("null"))
    }
}

/// Reads the only document of a text.
pub(super) fn parse(text: &str) -> Result<Node<'_>, Mistake> {
    let options = granit_parser::options! { emit_comments: false };
    let mut builder = Builder {
        text,
        parser: Parser::new_from_str_with_options(text, options),
        items: Vec::new(),
        entries: Vec::new(),
        anchors: HashMap::new(),
        copies: COPIES,
        depth: 0,
    };
    let node = builder.document()?;
    builder.end()?;
    Ok(node)
}

struct Builder<'t> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    /// Items of all open lists. A list is cut off in its exact size when it ends.
    items: Vec<Node<'t>>,
    /// Entries of all open mappings, likewise.
    entries: Vec<Entry<'t>>,
    anchors: HashMap<usize, Node<'t>>,
    /// How many values aliases may still stand for.
    copies: usize,
    depth: usize,
}

impl<'t> Builder<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span), Mistake> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(self.no_yaml(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    #[cold]
    fn no_yaml(&self, error: &ScanError) -> Mistake {
        let message = error.info();
        let at = error.marker();
        let start = at.byte_offset().unwrap_or_else(|| at_line(self.text, at.line(), at.col()));
        // The scanner names the beginning of what the tab is in.
        let rest = self.text.get(start..).filter(|_| message.contains("found a tab"));
        let place = match rest.and_then(|rest| rest.find('\t')) {
            Some(tab) => Place { start: narrow(start + tab), length: 1 },
            None => Place { start: narrow(start), length: 0 },
        };
        Mistake::new(place, plain(&message))
    }

    fn document(&mut self) -> Result<Node<'t>, Mistake> {
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd, _) => {}
                (Event::StreamEnd, span) => {
                    let empty = "the file is empty; docs/scenarios.md and docs/specs.md show what stands in it";
                    return Err(Mistake::new(Place::of(&span), empty));
                }
                (event, span) => return self.node(event, &span),
            }
        }
    }

    fn end(&mut self) -> Result<(), Mistake> {
        loop {
            match self.next()? {
                (Event::DocumentEnd | Event::DocumentStart(..), _) => {}
                (Event::StreamEnd, _) => return Ok(()),
                (_, span) => {
                    let second = "a second document begins here; a file holds one";
                    return Err(Mistake::new(Place::of(&span), second));
                }
            }
        }
    }

    fn node(&mut self, event: Event<'t>, span: &Span) -> Result<Node<'t>, Mistake> {
        let place = Place::of(span);
        let (kind, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = match tag {
                    None => style == ScalarStyle::Plain,
                    Some(tag) => tagged_plain(&tag, place)?,
                };
                (Kind::Scalar { text, plain }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => (Kind::List(self.deeper(place, Self::list)?), anchor),
            Event::MappingStart(_, anchor, _) => (Kind::Map(self.deeper(place, Self::map)?), anchor),
            Event::Alias(anchor) => return self.alias(anchor, place),
            _ => return Err(Mistake::new(place, "a value is wanted here")),
        };
        let node = Node { place, kind };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn deeper<T>(&mut self, place: Place, read: fn(&mut Self) -> Result<T, Mistake>) -> Result<T, Mistake> {
        if self.depth == DEEPEST {
            return Err(too_deep(place));
        }
        self.depth += 1;
        let inner = read(self)?;
        self.depth -= 1;
        Ok(inner)
    }

    fn list(&mut self) -> Result<Vec<Node<'t>>, Mistake> {
        let first = self.items.len();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(self.items.drain(first..).collect()),
                (event, span) => {
                    let item = self.node(event, &span)?;
                    self.items.push(item);
                }
            }
        }
    }

    fn map(&mut self) -> Result<Vec<Entry<'t>>, Mistake> {
        let first = self.entries.len();
        let mut merged = Vec::new();
        loop {
            let key = match self.next()? {
                (Event::MappingEnd, _) => break,
                (event, span) => self.node(event, &span)?,
            };
            let (event, span) = self.next()?;
            let value = self.node(event, &span)?;
            if key.plain() == Some("<<") {
                merge(value, &mut merged)?;
            } else {
                self.entries.push((key, value));
            }
        }
        if let Some((key, name)) = doubled(&self.entries[first..]) {
            return Err(Mistake::doubled(key.place, name));
        }
        let mut entries: Vec<_> = self.entries.drain(first..).collect();
        if !merged.is_empty() {
            add_missing(&mut entries, merged);
        }
        Ok(entries)
    }

    /// What an alias stands for, at the alias's own place.
    fn alias(&mut self, anchor: usize, place: Place) -> Result<Node<'t>, Mistake> {
        let inside = || Mistake::new(place, "`*` cannot stand inside what it names");
        let node = self.anchors.get(&anchor).ok_or_else(inside)?;
        copy(node, place, self.depth, &mut self.copies)
    }
}

fn copy<'t>(node: &Node<'t>, place: Place, depth: usize, left: &mut usize) -> Result<Node<'t>, Mistake> {
    *left = left.checked_sub(1).ok_or_else(|| {
        Mistake::new(place, format!("aliases stand for more than {COPIES} values here; write fewer of them"))
    })?;
    if depth == DEEPEST && !matches!(node.kind, Kind::Scalar { .. }) {
        return Err(too_deep(place));
    }
    let kind = match &node.kind {
        Kind::Scalar { text, plain } => Kind::Scalar { text: text.clone(), plain: *plain },
        Kind::List(items) => {
            Kind::List(items.iter().map(|item| copy(item, place, depth + 1, left)).collect::<Result<_, _>>()?)
        }
        Kind::Map(entries) => {
            let mut entry = |(key, value): &Entry<'t>| {
                Ok((copy(key, place, depth + 1, left)?, copy(value, place, depth + 1, left)?))
            };
            Kind::Map(entries.iter().map(&mut entry).collect::<Result<_, Mistake>>()?)
        }
    };
    Ok(Node { place, kind })
}

fn too_deep(place: Place) -> Mistake {
    Mistake::new(place, format!("lists and mappings stand more than {DEEPEST} deep inside one another here"))
}

/// Whether a tag leaves the text to be understood, or makes it text.
#[cold]
fn tagged_plain(tag: &Tag, place: Place) -> Result<bool, Mistake> {
    match tag.core_suffix() {
        Some("str") => Ok(false),
        Some("null" | "bool" | "int" | "float") => Ok(true),
        _ if tag.original() == "!" => Ok(false),
        _ => Err(Mistake::new(place, format!("the tag `{}` is not known; put a text in quotes", tag.original()))),
    }
}

/// The first key that stands in the mapping before, and its text.
pub(super) fn doubled<'n>(entries: &'n [Entry<'_>]) -> Option<(&'n Node<'n>, &'n str)> {
    let mut keys = entries.iter().filter_map(|(key, _)| Some((key, key.text()?)));
    if entries.len() > FEW {
        let mut seen = HashSet::with_capacity(entries.len());
        return keys.find(|(_, text)| !seen.insert(*text));
    }
    let mut before = 0;
    keys.find(|(key, text)| {
        while !std::ptr::eq(&raw const entries[before].0, *key) {
            before += 1;
        }
        entries[..before].iter().any(|(other, _)| other.text() == Some(text))
    })
}

/// Collects what the value of `<<` brings: a mapping, or several in a list, the first of which goes before the others.
fn merge<'t>(value: Node<'t>, merged: &mut Vec<Entry<'t>>) -> Result<(), Mistake> {
    let place = value.place;
    match value.kind {
        Kind::Map(entries) => merged.extend(entries),
        Kind::List(items) => return items.into_iter().try_for_each(|item| merge(item, merged)),
        Kind::Scalar { .. } if value.is_null() => {}
        Kind::Scalar { .. } => {
            return Err(Mistake::new(place, "`<<` wants a mapping, or a list of mappings"));
        }
    }
    Ok(())
}

/// Adds entries to those that are written out, which win.
fn add_missing<'t>(entries: &mut Vec<Entry<'t>>, merged: Vec<Entry<'t>>) {
    let mut known: HashSet<String> = entries.iter().filter_map(|(key, _)| key.text().map(str::to_owned)).collect();
    entries.extend(merged.into_iter().filter(|(key, _)| key.text().is_none_or(|text| known.insert(text.to_owned()))));
}

/// The byte at a line, counted from 1, and a column in characters, counted from 0.
fn at_line(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = &text[before..];
    before + rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at)
}

/// The parser's sentences that speak of parsers, in words for people who write files.
fn plain(message: &str) -> &str {
    const PLAIN: [(&str, &str); 8] = [
        ("illegal placement of ':'", "a key stands where none can; a bracket or a quote before it may be open"),
        ("mapping values are not allowed", "`: ` cannot stand here; put a text that holds it in quotes"),
        ("while parsing a block collection", "this line is indented otherwise than those before it"),
        ("while parsing a flow mapping", "`,` or `}` is wanted here; put a text that holds `${…}` in quotes"),
        ("while parsing a flow sequence", "`,` or `]` is wanted here"),
        ("while scanning a plain scalar, found a tab", "a tab stands here; YAML is indented with spaces"),
        ("recursion limit exceeded", "lists and mappings stand too deep inside one another here"),
        (
            "while parsing node, found unknown anchor",
            "`*` stands for an anchor, and there is none of this name; put the text in quotes",
        ),
    ];
    PLAIN.iter().find(|(theirs, _)| message.starts_with(theirs)).map_or(message, |(_, ours)| ours)
}
