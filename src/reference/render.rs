//! Writes answers the way the server does: keys in alphabetical order, `<`, `>` and `&` escaped, numbers in Go's forms.

use serde_json::Value;
use std::fmt::Write as _;

/// The JSON text of a value.
pub(super) fn json(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value);
    text
}

/// A number as `f32` in its shortest digits; JSON knows no other kind than `f64`, hence the way through text.
pub(super) fn single(number: f32) -> Value {
    number.to_string().parse::<f64>().map_or(Value::Null, Value::from)
}

/// A double that JSON shows without a fraction where it has none.
pub(super) fn whole(number: f64) -> Value {
    // Up to here every whole double is an integer of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "the number is whole and within the exact range")]
    if number.fract() == 0.0 && number.abs() <= EXACT { (number as i64).into() } else { number.into() }
}

/// The text of a number as Go's default formatting prints it: plain from 1e-4 up to 1e6, else with an exponent.
pub(super) fn general(number: f64) -> String {
    if number == 0.0 || (1e-4..1e6).contains(&number.abs()) { number.to_string() } else { exponential(number) }
}

/// The text of a floating-point number: plain from 1e-6 up to 1e21, else with an exponent of at least two digits.
pub(super) fn float(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return number.to_string();
    }
    exponential(number)
}

/// With an exponent of at least two digits.
fn exponential(number: f64) -> String {
    let text = format!("{number:e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    match exponent.strip_prefix('-') {
        Some(power) => format!("{digits}e-{power:0>2}"),
        None => format!("{digits}e+{exponent:0>2}"),
    }
}

fn write(text: &mut String, value: &Value) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => match number.as_f64() {
            // In JSON a small negative exponent has one digit.
            Some(float_number) if number.is_f64() => text.push_str(&float(float_number).replace("e-0", "e-")),
            _ => text.push_str(&number.to_string()),
        },
        Value::String(string) => write_string(text, string),
        Value::Array(items) => write_list(text, ['[', ']'], items, write),
        Value::Object(entries) => {
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_unstable_by_key(|(key, _)| *key);
            write_list(text, ['{', '}'], sorted, |text, (key, value)| {
                write_string(text, key);
                text.push(':');
                write(text, value);
            });
        }
    }
}

fn write_list<T>(
    text: &mut String,
    [open, close]: [char; 2],
    items: impl IntoIterator<Item = T>,
    mut item: impl FnMut(&mut String, T),
) {
    text.push(open);
    for (index, each) in items.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        item(text, each);
    }
    text.push(close);
}

fn write_string(text: &mut String, string: &str) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\u{:04x}", u32::from(character));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_sorted_and_markup_is_escaped() {
        let value = json!({"message": "a < b & c", "code": 0, "data": {"z": [], "a": {}}});
        assert_eq!(super::json(&value), r#"{"code":0,"data":{"a":{},"z":[]},"message":"a \u003c b \u0026 c"}"#);
    }

    #[test]
    fn floats_have_the_forms_of_the_server() {
        let cases = [(0.0, "0"), (-0.0, "-0"), (1.0, "1"), (1e-7, "1e-07"), (1e21, "1e+21"), (5e-324, "5e-324")];
        for (number, text) in cases {
            assert_eq!(float(number), text);
        }
        assert_eq!(super::json(&single(0.045_400_005)), "0.045400005");
        assert_eq!(super::json(&single(f32::MAX)), "3.4028235e+38");
    }
}
