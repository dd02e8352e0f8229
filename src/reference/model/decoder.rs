//! What the decoders of lists and vectors say of a text that does not fit.

use crate::reference::json::{self, Malformed, Node, Value as Json};

/// How much text around a fault is shown.
const WINDOW: usize = 16;

/// The list that a value is, or that the text in it holds, for elements that Go calls `go_type`.
pub(super) fn list<'n>(node: &'n Node<'_>, text: &'n str, go_type: &str) -> Result<Node<'n>, String> {
    let parsed = match &node.value {
        Json::String(_) => json::parse(text).map_err(|_| syntax_fault(text))?,
        _ => node.clone(),
    };
    match parsed.value {
        Json::Array(_) => Ok(parsed),
        _ => Err(element_fault(parsed.raw, &parsed, &format!("[]{go_type}"))),
    }
}

/// What is said of the element at this place in a text.
pub(super) fn element_fault(raw: &str, element: &Node<'_>, go_type: &str) -> String {
    let at = element.raw.as_ptr() as usize - raw.as_ptr() as usize;
    let place = format!("at index {at}: mismatched type with value{}", surroundings(raw, at));
    format!("Mismatch type {go_type} with value {} {place:?}", element.kind())
}

/// What is said of a number that its type cannot hold.
pub(super) fn range_fault(number: &str, go_type: &str) -> String {
    format!("json: cannot unmarshal {number} into Go value of type {go_type}")
}

/// What is said of a text that is no JSON. Where exactly the decoder stops is not followed.
pub(super) fn syntax_fault(text: &str) -> String {
    let place = if text.is_empty() {
        "Syntax error no sources available, the input json is empty: \
         errors.SyntaxError{Pos:0, Src:\"\", Code:0x1, Msg:\"\"}"
            .to_owned()
    } else {
        format!("Syntax error at index 1: invalid char{}", surroundings(text, 1))
    };
    format!("{place:?}")
}

/// What the plain decoder says of a text that is no JSON.
pub(super) fn plain_syntax_fault(fault: Malformed) -> String {
    match fault {
        Malformed::Nothing | Malformed::Truncated => "unexpected end of JSON input".to_owned(),
        Malformed::Syntax(text) => text,
    }
}

/// The surroundings of a place in a text, with a pointer to the place. The window is moved rather than cut where the
/// text begins or ends, and at the end of a text there are no dots.
fn surroundings(text: &str, at: usize) -> String {
    let size = text.len();
    if at >= size {
        return format!("\n\n\t{text}\n\t^\n");
    }
    let (mut from, mut to, mut left) = (at.saturating_sub(WINDOW), at + WINDOW, at.min(WINDOW));
    if at < WINDOW {
        to += WINDOW - at;
    }
    if to > size {
        let over = to - size;
        to = size;
        if from > over {
            from -= over;
            left += over;
        }
    }
    let right = (to - from).saturating_sub(left + 1);
    let window = String::from_utf8_lossy(&text.as_bytes()[from..to]);
    format!("\n\n\t{window}\n\t{}^{}\n", ".".repeat(left), ".".repeat(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_points_at_its_element() {
        let text = r#"["0.1","0.2","0.3","0.4"]"#;
        let node = json::parse(text).unwrap();
        assert_eq!(
            element_fault(node.raw, &node.items()[3], "float32"),
            r#"Mismatch type float32 with value string "at index 19: mismatched type with value\n\n\t.1\",\"0.2\",\"0.3\",\"0.4\"]\n\t................^.....\n""#
        );
        assert_eq!(surroundings("[1,2]", 1), "\n\n\t[1,2]\n\t.^...\n");
        assert_eq!(surroundings("x", 1), "\n\n\tx\n\t^\n");
    }
}
