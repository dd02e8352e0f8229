//! Trees that were read when the program was built, as bytes: what is built in need not be parsed at every start.
//!
//! A node is its kind, the distance of its place from that of the node before it, the length of the place, and what it holds:
//! the number of its items or entries, which follow, or the place of its text. Numbers are written in groups of seven bits,
//! the lowest first. A text that does not stand in the file as it is, because of an escape or a folded line, follows itself.

use super::tree::{Kind, Node, Place};
use std::borrow::Cow;

const LIST: u8 = 0;
const MAP: u8 = 1;
/// A plain scalar that is its place in the file.
const PLAIN: u8 = 2;
/// A scalar in quotes that is what stands between them.
const QUOTED: u8 = 3;
/// Any other scalar, plain or not.
const OWN_PLAIN: u8 = 4;
const OWN: u8 = 5;

/// Writes a tree that was read from this text.
#[cfg_attr(not(test), allow(dead_code, reason = "the build script writes, and the program reads"))]
pub(super) fn write(node: &Node<'_>, text: &str, bytes: &mut Vec<u8>) {
    write_after(node, text, &mut 0, bytes);
}

fn write_after(node: &Node<'_>, file: &str, before: &mut u32, bytes: &mut Vec<u8>) {
    let Place { start, length } = node.place;
    let (plain_at, quoted_at) = (node.place.bytes(), start as usize + 1..(start + length.max(1)) as usize - 1);
    let kind = match &node.kind {
        Kind::List(_) => LIST,
        Kind::Map(_) => MAP,
        Kind::Scalar { text, plain: true } if file.get(plain_at) == Some(text) => PLAIN,
        Kind::Scalar { text, plain: false } if length > 1 && file.get(quoted_at) == Some(text) => QUOTED,
        Kind::Scalar { plain: true, .. } => OWN_PLAIN,
        Kind::Scalar { plain: false, .. } => OWN,
    };
    bytes.push(kind);
    // Places go forward but for aliases; zigzag keeps a step back short, too.
    let step = i64::from(start) - i64::from(*before);
    write_number(((step << 1) ^ (step >> 63)).cast_unsigned(), bytes);
    write_number(length.into(), bytes);
    *before = start;
    match &node.kind {
        Kind::List(items) => {
            write_number(items.len() as u64, bytes);
            items.iter().for_each(|item| write_after(item, file, before, bytes));
        }
        Kind::Map(entries) => {
            write_number(entries.len() as u64, bytes);
            for (key, value) in entries {
                write_after(key, file, before, bytes);
                write_after(value, file, before, bytes);
            }
        }
        Kind::Scalar { text, .. } if kind >= OWN_PLAIN => {
            write_number(text.len() as u64, bytes);
            bytes.extend_from_slice(text.as_bytes());
        }
        Kind::Scalar { .. } => {}
    }
}

fn write_number(mut number: u64, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// Reads what [`write`] wrote of this text; nothing when it was something else.
pub(super) fn read<'t>(bytes: &'t [u8], text: &'t str) -> Option<Node<'t>> {
    let mut reader = Reader { rest: bytes, file: text, before: 0 };
    let node = reader.node()?;
    reader.rest.is_empty().then_some(node)
}

struct Reader<'t> {
    rest: &'t [u8],
    file: &'t str,
    before: u32,
}

impl<'t> Reader<'t> {
    fn node(&mut self) -> Option<Node<'t>> {
        let (kind, rest) = self.rest.split_first()?;
        self.rest = rest;
        let step = self.number()?;
        let step = (step >> 1).cast_signed() ^ -(step & 1).cast_signed();
        let start = u32::try_from(i64::from(self.before) + step).ok()?;
        self.before = start;
        let place = Place { start, length: u32::try_from(self.number()?).ok()? };
        let scalar = |text: &'t str, plain: bool| Kind::Scalar { text: Cow::Borrowed(text), plain };
        let kind = match *kind {
            LIST => {
                let count = self.count()?;
                let mut items = Vec::with_capacity(count);
                for _ in 0..count {
                    items.push(self.node()?);
                }
                Kind::List(items)
            }
            MAP => {
                let count = self.count()?;
                let mut entries = Vec::with_capacity(count);
                for _ in 0..count {
                    entries.push((self.node()?, self.node()?));
                }
                Kind::Map(entries)
            }
            PLAIN => scalar(self.file.get(place.bytes())?, true),
            QUOTED => scalar(self.file.get(place.bytes())?.get(1..(place.length as usize).checked_sub(1)?)?, false),
            own @ (OWN_PLAIN | OWN) => {
                let length = usize::try_from(self.number()?).ok()?;
                let (text, rest) = self.rest.split_at_checked(length)?;
                self.rest = rest;
                scalar(std::str::from_utf8(text).ok()?, own == OWN_PLAIN)
            }
            _ => return None,
        };
        Some(Node { place, kind })
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A number of nodes to come, each of which takes a byte at least.
    fn count(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok().filter(|count| *count <= self.rest.len())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::parse;
    use super::*;
    use crate::contract::Tree;
    use crate::diagnostic::Text;
    use proptest::prelude::*;

    fn baked(text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&parse(text).unwrap(), text, &mut bytes);
        bytes
    }

    fn same(left: &Node<'_>, right: &Node<'_>) -> bool {
        format!("{left:?}") == format!("{right:?}")
    }

    #[test]
    fn what_is_built_in_is_what_the_files_say() {
        let tree = Tree::embedded();
        let mut files = 0;
        for (_, source) in tree.files("", ".yaml") {
            let Text::BuiltIn { text, yaml } = source.text else { panic!("{} was read", source.file) };
            let built_in = read(yaml, text).unwrap_or_else(|| panic!("{} was not read when it was built", source.file));
            assert!(same(&built_in, &parse(text).unwrap()), "{}", source.file);
            files += 1;
        }
        assert!(files > 500, "{files}");
    }

    #[test]
    fn every_kind_of_text_comes_back() {
        let text = "a: &x [1, \"q\", 'it''s', \"\\u00e4\\n\", ~, ü]\nb: |\n  two\n  lines\nc: >-\n  fol\n  ded\n\
            d: *x\n? 'e f'\n: {<<: {g: ''}, h: }\n";
        let bytes = baked(text);
        assert!(same(&read(&bytes, text).unwrap(), &parse(text).unwrap()));
        for end in 0..bytes.len() {
            assert!(read(&bytes[..end], text).is_none());
        }
        assert!(read(&bytes, "ü").is_none());
    }

    proptest! {
        #[test]
        fn any_tree_comes_back(text in "[\\-\\[\\]{}:,&*!|>'\"#~\n a-cä0.? ]{0,40}") {
            if let Ok(node) = parse(&text) {
                let mut bytes = Vec::new();
                write(&node, &text, &mut bytes);
                prop_assert!(same(&read(&bytes, &text).unwrap(), &node));
            }
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(0_u8..8, 0..60), text in "[a-cä ]{0,9}") {
            drop(read(&bytes, &text));
        }
    }
}
