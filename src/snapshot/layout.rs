//! The form of normalised JSON: on one line where it fits, indented where it does not, long parts shortened.

/// Lines are broken when they would be longer than this many characters.
const WIDTH: usize = 116;

/// Texts of more characters are shortened to this many at the beginning and at the end.
const LONGEST_TEXT: usize = 200;
const TEXT_BEGINS: usize = 100;
const TEXT_ENDS: usize = 20;

/// Lists of more items, numbers or others, are shortened.
const LONGEST_VECTOR: usize = 8;
const LONGEST_LIST: usize = 16;

/// Normalised JSON. Members of objects are in the order in which they were sent.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// A scalar, as it is written.
    Leaf(String),
    /// A list.
    List(Vec<Node>),
    /// An object; its keys are written as JSON strings already.
    Object(Vec<(String, Node)>),
}

impl Node {
    /// A string that is written as JSON, shortened when it is long.
    pub(super) fn text(text: &str) -> Self {
        Node::Leaf(quoted(text))
    }

    /// A list, shortened in its middle when it is long.
    pub(super) fn list(mut items: Vec<Node>) -> Self {
        let numbers = items.iter().all(|item| matches!(item, Node::Leaf(text) if !text.starts_with('"')));
        let (longest, begins, ends) = if numbers { (LONGEST_VECTOR, 3, 1) } else { (LONGEST_LIST, 4, 2) };
        if items.len() <= longest {
            return Node::List(items);
        }
        let length = items.len();
        let whole: String = items.iter().map(|item| item.inline() + ",").collect();
        let gap = Node::Leaf(format!("…{length} items {}…", mark(&whole)));
        let tail = items.split_off(length - ends);
        items.truncate(begins);
        items.push(gap);
        items.extend(tail);
        Node::List(items)
    }

    /// The whole on one line.
    pub(super) fn inline(&self) -> String {
        match self {
            Node::Leaf(text) => text.clone(),
            Node::List(items) => {
                format!("[{}]", items.iter().map(Node::inline).collect::<Vec<_>>().join(", "))
            }
            Node::Object(members) => {
                let members = members.iter().map(|(key, value)| format!("{key}: {}", value.inline()));
                format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// The text behind a line's beginning of `used` characters.
    pub(super) fn lay_out(&self, used: usize) -> String {
        let mut text = String::new();
        self.write(&mut text, used, 0);
        text
    }

    fn write(&self, text: &mut String, used: usize, depth: usize) {
        let inline = self.inline();
        // One character is left for the comma that may follow.
        if used + inline.chars().count() < WIDTH {
            text.push_str(&inline);
            return;
        }
        let indent = "  ".repeat(depth + 1);
        let (open, close, members): (_, _, Vec<(Option<&String>, &Node)>) = match self {
            Node::Leaf(leaf) => return text.push_str(leaf),
            Node::List(items) => ('[', ']', items.iter().map(|item| (None, item)).collect()),
            Node::Object(members) => ('{', '}', members.iter().map(|(key, value)| (Some(key), value)).collect()),
        };
        text.push(open);
        for (index, (key, value)) in members.iter().enumerate() {
            let key = key.map(|key| format!("{key}: ")).unwrap_or_default();
            text.push_str(if index == 0 { "\n" } else { ",\n" });
            text.push_str(&indent);
            text.push_str(&key);
            value.write(text, indent.len() + key.chars().count(), depth + 1);
        }
        text.push('\n');
        text.push_str(&"  ".repeat(depth));
        text.push(close);
    }
}

/// A JSON string, shortened in its middle when it is long.
pub(super) fn quoted(text: &str) -> String {
    let length = text.chars().count();
    if length <= LONGEST_TEXT {
        return json(text);
    }
    let begin: String = text.chars().take(TEXT_BEGINS).collect();
    let end: String = text.chars().skip(length - TEXT_ENDS).collect();
    json(&format!("{begin}…{length} characters {}…{end}", mark(text)))
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A mark of what is left out, so that a change there does not go unseen: FNV-1a, since it is stored in files and has to
/// be the same everywhere and always.
fn mark(whole: &str) -> String {
    let hash = whole.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("#{hash:08x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize) -> Vec<Node> {
        (0..count).map(|number| Node::Leaf(number.to_string())).collect()
    }

    #[test]
    fn what_fits_is_on_one_line_and_what_does_not_is_indented() {
        let short = Node::Object(vec![("\"code\"".into(), Node::Leaf("0".into()))]);
        assert_eq!(short.lay_out(6), r#"{"code": 0}"#);
        let long = Node::Object(vec![
            ("\"message\"".into(), Node::text(&"a".repeat(100))),
            ("\"data\"".into(), Node::List(numbers(2))),
        ]);
        assert_eq!(long.lay_out(6), format!("{{\n  \"message\": \"{}\",\n  \"data\": [0, 1]\n}}", "a".repeat(100)));
    }

    #[test]
    fn long_parts_are_shortened_and_their_length_and_a_mark_are_kept() {
        assert_eq!(Node::list(numbers(8)).inline(), "[0, 1, 2, 3, 4, 5, 6, 7]");
        let vector = Node::list(numbers(768)).inline();
        assert!(vector.starts_with("[0, 1, 2, …768 items #") && vector.ends_with("…, 767]"), "{vector}");
        let mut other = numbers(768);
        other[400] = Node::Leaf("7".into());
        assert_ne!(Node::list(other).inline(), vector);
        let text = quoted(&"ä".repeat(256));
        assert!(text.contains("…256 characters #"), "{text}");
        assert_eq!(quoted(&"ä".repeat(200)).chars().count(), 202);
    }
}
