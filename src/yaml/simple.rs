//! A quick reader for the simple part of YAML, which nearly all files keep to.
//!
//! Reading the files is most of what a run does before its first call, and the true parser takes ten times as long. This one
//! knows lists and mappings in blocks, those in brackets over any number of lines, comments, and scalars on one line, plain
//! or in quotes. Whatever else stands in a text, a mistake above all, is not judged here: the text is left to the true parser
//! whole. What is read is what that one would read, with the same places, which the tests hold it to.

use super::tree::{DEEPEST, Entry, Kind, Node, Place, doubled, narrow};
use std::borrow::Cow;

/// YAML allows 1,024 characters for a key without a mark of its own. Longer ones are left to the true parser.
const LONGEST_KEY: usize = 1000;

/// What opens, closes or parts values in brackets.
const FLOW: &[u8] = b",[]{}";

/// Reads the only document of a text, if it is simple.
pub(super) fn parse(text: &str) -> Option<Node<'_>> {
    if !is_usual(text) {
        return None;
    }
    let bytes = text.as_bytes();
    let mut reader = Reader { text, bytes, at: 0, line: 0, items: Vec::new(), entries: Vec::new(), depth: 0 };
    reader.go_to_content();
    if reader.column() > 0 {
        return None;
    }
    let root = reader.block(None)?;
    reader.is_over().then_some(root)
}

/// Whether lines end with a line feed alone, and no character is a mark, a control, or one that YAML forbids.
fn is_usual(text: &str) -> bool {
    let control = |byte: u8| (byte < b' ' && byte != b'\n') || byte == 0x7f;
    let strange =
        |letter| matches!(letter, '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}'..='\u{ffff}');
    // Every byte is looked at, and none ends the search, so that many can be looked at in one instruction.
    let controls = text.bytes().fold(false, |found, byte| found | control(byte));
    !controls && (text.is_ascii() || !text.chars().any(strange))
}

/// A text that is being read. `None` from any of its functions leaves the text to the true parser.
struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    /// Where reading goes on.
    at: usize,
    /// Where the line begins in which that is.
    line: usize,
    /// Items of all open lists. A list is cut off in its exact size when it ends.
    items: Vec<Node<'t>>,
    /// Entries of all open mappings, likewise.
    entries: Vec<Entry<'t>>,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn is_over(&self) -> bool {
        self.at == self.bytes.len()
    }

    fn column(&self) -> usize {
        self.at - self.line
    }

    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The byte after the one where reading goes on.
    fn second(&self) -> Option<u8> {
        self.bytes.get(self.at + 1).copied()
    }

    /// Whether what stands here is a word by itself, with a gap behind it.
    fn stands_alone(&self) -> bool {
        matches!(self.second(), None | Some(b' ' | b'\n'))
    }

    fn after_space(&self) -> bool {
        self.at > 0 && self.bytes[self.at - 1] == b' '
    }

    fn at_item(&self) -> bool {
        self.byte() == Some(b'-') && self.stands_alone()
    }

    /// The place of a list or a mapping in a block: of what holds others, only the beginning is known.
    fn here(&self) -> Place {
        Place { start: narrow(self.at), length: 0 }
    }

    fn skip_spaces(&mut self) {
        while self.byte() == Some(b' ') {
            self.at += 1;
        }
    }

    fn skip_comment(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
    }

    /// From the beginning of a line to the first thing that is no comment.
    fn go_to_content(&mut self) {
        loop {
            self.line = self.at;
            self.skip_spaces();
            match self.byte() {
                Some(b'\n') => self.at += 1,
                Some(b'#') => self.skip_comment(),
                _ => return,
            }
        }
    }

    /// From the end of a value to what follows in another line.
    fn end_line(&mut self) -> Option<()> {
        self.skip_spaces();
        match self.byte() {
            None => return Some(()),
            Some(b'\n') => self.at += 1,
            Some(b'#') if self.after_space() => self.skip_comment(),
            Some(_) => return None,
        }
        self.go_to_content();
        Some(())
    }

    fn enter(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth <= DEEPEST).then_some(())
    }

    /// Reads a value that begins its line, and goes to what follows it. `key` is the column of the key whose value it is.
    fn block(&mut self, key: Option<usize>) -> Option<Node<'t>> {
        if self.at_item() {
            return self.list(key);
        }
        if matches!(self.byte(), Some(b'{' | b'[')) {
            let value = self.flow(self.column().checked_sub(1))?;
            self.end_line()?;
            return Some(value);
        }
        let place = self.here();
        let column = self.column();
        let key = self.key()?;
        self.map(place, column, key)
    }

    fn list(&mut self, key: Option<usize>) -> Option<Node<'t>> {
        self.enter()?;
        let column = self.column();
        let mut place = self.here();
        let first = self.items.len();
        loop {
            self.at += 1;
            self.skip_spaces();
            let nothing_beside = matches!(self.byte(), None | Some(b'\n' | b'#'));
            if key == Some(column) && self.items.len() == first {
                // A list that stands no deeper than its key begins behind the first `-` for the true parser.
                place = self.here();
                if nothing_beside {
                    return None;
                }
            }
            let item = if nothing_beside {
                self.end_line()?;
                if self.is_over() || self.column() <= column {
                    return None;
                }
                self.block(Some(column))?
            } else {
                self.item(column)?
            };
            self.items.push(item);
            if self.is_over() || self.column() < column || (self.column() == column && !self.at_item()) {
                break;
            }
            if self.column() > column {
                return None;
            }
        }
        self.depth -= 1;
        Some(Node { place, kind: Kind::List(self.items.drain(first..).collect()) })
    }

    /// Reads an item that begins beside its `-`.
    fn item(&mut self, list: usize) -> Option<Node<'t>> {
        if self.at_item() {
            return self.list(Some(list));
        }
        let (place, start, column) = (self.here(), self.at, self.column());
        if let Some(key) = self.key() {
            return self.map(place, column, key);
        }
        self.at = start;
        self.inline(column.checked_sub(1))
    }

    /// Reads a mapping whose first key is read already.
    fn map(&mut self, place: Place, column: usize, mut key: Node<'t>) -> Option<Node<'t>> {
        self.enter()?;
        let first = self.entries.len();
        loop {
            self.skip_spaces();
            let value = if matches!(self.byte(), None | Some(b'\n' | b'#')) {
                self.end_line()?;
                let belongs = self.column() > column || (self.column() == column && self.at_item());
                if self.is_over() || !belongs {
                    return None;
                }
                self.block(Some(column))?
            } else {
                self.inline(Some(column))?
            };
            self.entries.push((key, value));
            if self.is_over() || self.column() < column {
                break;
            }
            if self.column() > column || self.at_item() {
                return None;
            }
            key = self.key()?;
        }
        self.depth -= 1;
        self.mapping(place, first)
    }

    /// A mapping of the entries from the one with this number on.
    fn mapping(&mut self, place: Place, first: usize) -> Option<Node<'t>> {
        let entries = &self.entries[first..];
        if doubled(entries).is_some() || entries.iter().any(|(key, _)| key.plain() == Some("<<")) {
            return None;
        }
        Some(Node { place, kind: Kind::Map(self.entries.drain(first..).collect()) })
    }

    /// Reads a key in a block, and the colon behind it.
    fn key(&mut self) -> Option<Node<'t>> {
        let start = self.at;
        let key = match self.byte()? {
            b'"' | b'\'' => self.quoted()?,
            _ if self.begins_plain(false) => {
                let rest = &self.bytes[start..];
                self.at += rest.iter().position(|byte| matches!(byte, b':' | b'\n' | b'#'))?;
                self.plain(start)
            }
            _ => return None,
        };
        self.colon(&key)?;
        Some(key)
    }

    fn colon(&mut self, key: &Node<'t>) -> Option<()> {
        let ends = self.byte() == Some(b':') && self.stands_alone() && key.place.length as usize <= LONGEST_KEY;
        self.at += 1;
        ends.then_some(())
    }

    /// Reads a value that begins beside its key or its `-`, and goes to what follows it. If it is in brackets, the lines in
    /// which it goes on stand deeper than this column.
    fn inline(&mut self, outer: Option<usize>) -> Option<Node<'t>> {
        let value = match self.byte()? {
            b'{' | b'[' => self.flow(outer)?,
            b'"' | b'\'' => self.quoted()?,
            _ if self.begins_plain(false) => {
                let start = self.at;
                loop {
                    match self.byte() {
                        None | Some(b'\n') => break,
                        Some(b':') if self.stands_alone() => return None,
                        Some(b'#') if self.after_space() => break,
                        Some(_) => self.at += 1,
                    }
                }
                self.plain(start)
            }
            _ => return None,
        };
        self.end_line()?;
        Some(value)
    }

    /// Whether what begins here can be nothing but a plain scalar.
    fn begins_plain(&self, in_flow: bool) -> bool {
        let ends = |next: Option<u8>| {
            matches!(next, None | Some(b' ' | b'\n')) || (in_flow && next.is_some_and(|byte| FLOW.contains(&byte)))
        };
        match self.byte() {
            // At the beginning of a line, `---` and `...` part documents.
            Some(b'-' | b'?' | b':') => self.column() > 0 && !ends(self.second()),
            Some(b'.') => self.column() > 0,
            Some(byte) => !FLOW.contains(&byte) && !b"#&*!|>'\"%@`".contains(&byte),
            None => false,
        }
    }

    /// The plain scalar from there to where reading has come, without the spaces at its end.
    fn plain(&self, start: usize) -> Node<'t> {
        let text = self.text[start..self.at].trim_ascii_end();
        let place = Place { start: narrow(start), length: narrow(text.len()) };
        Node { place, kind: Kind::Scalar { text: Cow::Borrowed(text), plain: true } }
    }

    /// Reads a text in quotes that stands for itself: without escapes, and in one line.
    fn quoted(&mut self) -> Option<Node<'t>> {
        let start = self.at;
        let quote = self.byte()?;
        let inside = start + 1;
        let end =
            inside + self.bytes[inside..].iter().position(|byte| *byte == quote || matches!(byte, b'\\' | b'\n'))?;
        self.at = end + 1;
        // A quote that is doubled stands for one; what follows it is then nothing that can stand behind a value.
        if self.bytes[end] != quote {
            return None;
        }
        let place = Place { start: narrow(start), length: narrow(self.at - start) };
        Some(Node { place, kind: Kind::Scalar { text: Cow::Borrowed(&self.text[inside..end]), plain: false } })
    }

    /// Reads a list or a mapping in brackets.
    fn flow(&mut self, outer: Option<usize>) -> Option<Node<'t>> {
        self.enter()?;
        let place = Place { start: narrow(self.at), length: 1 };
        let close = if self.byte()? == b'[' { b']' } else { b'}' };
        let (items, entries) = (self.items.len(), self.entries.len());
        loop {
            // Over the bracket or the comma before.
            self.at += 1;
            self.go_to_token(outer)?;
            if self.byte()? == close {
                break;
            }
            if close == b']' {
                let item = self.flow_value(outer)?;
                self.items.push(item);
            } else {
                let key = self.flow_scalar()?;
                self.colon(&key)?;
                self.go_to_token(outer)?;
                let value = self.flow_value(outer)?;
                self.entries.push((key, value));
            }
            self.go_to_token(outer)?;
            match self.byte()? {
                b',' => {}
                byte if byte == close => break,
                _ => return None,
            }
        }
        self.at += 1;
        self.depth -= 1;
        if close == b'}' {
            return self.mapping(place, entries);
        }
        Some(Node { place, kind: Kind::List(self.items.drain(items..).collect()) })
    }

    fn flow_value(&mut self, outer: Option<usize>) -> Option<Node<'t>> {
        if matches!(self.byte()?, b'{' | b'[') { self.flow(outer) } else { self.flow_scalar() }
    }

    fn flow_scalar(&mut self) -> Option<Node<'t>> {
        if matches!(self.byte()?, b'"' | b'\'') {
            return self.quoted();
        }
        if !self.begins_plain(true) {
            return None;
        }
        let start = self.at;
        loop {
            match self.byte()? {
                b'\n' => break,
                byte if FLOW.contains(&byte) => break,
                b':' if self.stands_alone() => break,
                b':' if self.second().is_some_and(|next| FLOW.contains(&next)) => return None,
                b'#' if self.after_space() => return None,
                _ => self.at += 1,
            }
        }
        Some(self.plain(start))
    }

    /// To what comes next in brackets. It may stand in another line, if that is indented more than `outer`.
    fn go_to_token(&mut self, outer: Option<usize>) -> Option<()> {
        let line = self.line;
        self.skip_spaces();
        while self.byte() == Some(b'\n') {
            self.at += 1;
            self.line = self.at;
            self.skip_spaces();
        }
        (self.line == line || outer.is_none_or(|outer| self.column() > outer)).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;
    use crate::contract::Tree;
    use proptest::prelude::*;

    /// Whether a text is read here, and then as the true parser reads it.
    fn is_read(text: &str) -> bool {
        let Some(read) = parse(text) else { return false };
        match tree::parse(text) {
            Ok(truth) => assert_eq!(read, truth, "{text}"),
            Err(mistake) => panic!("this is no YAML, {mistake:?}: {text}"),
        }
        true
    }

    fn texts() -> Vec<String> {
        let tree = Tree::embedded();
        tree.files("", ".yaml").map(|(_, source)| (*source.text).to_owned()).collect()
    }

    #[test]
    fn nearly_all_files_are_simple_and_read_as_by_the_true_parser() {
        let texts = texts();
        let read = texts.iter().filter(|text| is_read(text)).count();
        assert!(texts.len() > 500 && read * 10 > texts.len() * 9, "{read} of {}", texts.len());
    }

    #[test]
    fn the_simple_part_is_read() {
        for text in [
            "a: b",
            "a: b # c\n# d\n\n  # e\nb: -1\n",
            "a:\n  b: c\n  'd e': \"f: g\"\nh: i#j\n",
            "a:\n- b\n- c: d\n  e: f\n",
            "a:\n  -\n    b: c\n  - - d\n    - e: f\n",
            "- {a: [b, 'c', {d: e}], f: {}, g: []}\n",
            "a: [b,\n  c,\n\n  d]\ne: {f:\n    g}\n",
            "{a: http://b/c, d: e:f}\n",
            "a: ünder …\nb: \"# c\"\n",
        ] {
            assert!(is_read(text), "{text}");
        }
    }

    #[test]
    fn whatever_else_is_left_to_the_true_parser() {
        for text in [
            "",
            "# a\n",
            "a",
            " a: b",
            "a: |\n  b\n",
            "a: b\n  c\n",
            "a: 'b\n  c'\n",
            "a: &b c\nd: *b\n",
            "<<: {a: b}\n",
            "a: {<<: {b: c}}\n",
            "a: !!str b\n",
            "? a\n: b\n",
            "a:\nb:\n",
            "a: [b: c]\n",
            "a: {b, c}\n",
            "a: {b: }\n",
            "a: [b # c\n  ]\n",
            "a: \"b\\n\"\n",
            "a: 'b''c'\n",
            "a: b\na: c\n",
            "--- a: b\n",
            "a: b\n---\nc: d\n",
            "a: b\n...\n",
            "a:\tb\n",
            "a: b\r\n",
            "\u{feff}a: b\n",
            "a: b\u{2028}c\n",
            "a: {b: ${c}}\n",
            "a: [b\n",
            "a: [b]c\n",
            "a: b: c\n",
            "a:\n  b: c\n d: e\n",
            "a:\n  - b\n c: d\n",
            "a: [b,\nc]\n",
            "- a\nb: c\n",
            "a: @b\n",
        ] {
            assert!(!is_read(text), "{text}");
        }
        assert!(!is_read(&format!("{}: a", "k".repeat(LONGEST_KEY + 1))));
        assert!(!is_read(&format!("a: {}{}", "[".repeat(DEEPEST + 1), "]".repeat(DEEPEST + 1))));
    }

    /// What may stand anywhere in YAML and mean something, or be wrong.
    const PIECES: [&str; 44] = [
        "\n", "\n  ", "\n    ", "- ", "-", ": ", ":", "{", "}", "[", "]", ", ", ",", "'", "\"", "#", " #", " ", "a",
        "${x}", "? ", "|", "> ", "&a ", "*a", "!!str ", "<<: ", "\\", "---", "...", "~", "é", "\u{2028}", "\u{feff}",
        "\t", "\r", "''", "key: ", "- - ", "{a: b}", "[a, b]", "a: b", "\n# c\n", " \n",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

        #[test]
        fn no_change_of_a_file_makes_it_read_otherwise(
            file in any::<prop::sample::Index>(),
            first in any::<prop::sample::Index>(),
            lines in 1..14_usize,
            changes in prop::collection::vec((any::<prop::sample::Index>(), 0..3_u8, prop::sample::select(&PIECES[..])), 0..4),
        ) {
            thread_local!(static TEXTS: Vec<String> = texts());
            let mut text = TEXTS.with(|texts| {
                let whole: Vec<&str> = file.get(texts).split_inclusive('\n').collect();
                whole.iter().skip(first.index(whole.len())).take(lines).copied().collect::<String>()
            });
            for (at, kind, piece) in changes {
                let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
                let Some(at) = (!places.is_empty()).then(|| *at.get(&places)) else { break };
                if kind > 0 {
                    text.remove(at);
                }
                if kind < 2 {
                    text.insert_str(at, piece);
                }
            }
            is_read(&text);
        }

        #[test]
        fn no_heap_of_pieces_is_read_otherwise(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..12)) {
            is_read(&pieces.concat());
        }
    }
}
