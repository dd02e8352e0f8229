//! The words of a filter.

use super::Fault;

/// A word of the expression with the byte it begins at.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) at: usize,
    pub(super) text: String,
    pub(super) kind: TokenKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    Name,
    Int(i64),
    Float(f64),
    Text(String),
    Symbol,
    /// A name in braces that a template value stands for.
    Template,
}

pub(super) const SYMBOLS: [&str; 22] = [
    "==", "!=", "<=", ">=", "&&", "||", "**", "<", ">", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",", "!", "~", "?",
];

pub(super) fn extraneous(token: &Token) -> Fault {
    Fault::Parse(format!("line 1:{} no viable alternative at input '{}'", token.at, token.text))
}

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = match first {
            blank if blank.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            letter if letter.is_ascii_alphabetic() || matches!(letter, '_' | '$') => {
                let end = rest.find(|each: char| !each.is_ascii_alphanumeric() && !matches!(each, '_' | '$'));
                let length = end.unwrap_or(rest.len());
                tokens.push(Token { at, text: rest[..length].to_owned(), kind: TokenKind::Name });
                length
            }
            digit
                if digit.is_ascii_digit()
                    || (digit == '.' && rest[1..].starts_with(|next: char| next.is_ascii_digit())) =>
            {
                let (length, kind) = number(rest).ok_or_else(|| unreadable(at, rest))?;
                tokens.push(Token { at, text: rest[..length].to_owned(), kind });
                length
            }
            '"' | '\'' => {
                let (length, value) = quoted(rest, first).ok_or_else(|| unreadable(at, rest))?;
                tokens.push(Token { at, text: rest[..length].to_owned(), kind: TokenKind::Text(value) });
                length
            }
            '{' => {
                let length = rest.find('}').ok_or_else(|| unreadable(at, rest))? + 1;
                let name = rest[1..length - 1].trim().to_owned();
                tokens.push(Token { at, text: name, kind: TokenKind::Template });
                length
            }
            _ => {
                let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
                let symbol = symbol.ok_or_else(|| unreadable(at, rest))?;
                tokens.push(Token { at, text: (*symbol).to_owned(), kind: TokenKind::Symbol });
                symbol.len()
            }
        };
        at += length;
    }
    Ok(tokens)
}

pub(super) fn unreadable(at: usize, rest: &str) -> Fault {
    let shown: String = rest.chars().take(1).collect();
    Fault::Parse(format!("line 1:{at} token recognition error at: '{shown}'"))
}

pub(super) fn number(text: &str) -> Option<(usize, TokenKind)> {
    let end = |text: &str| text.find(|each: char| !each.is_ascii_digit()).unwrap_or(text.len());
    let whole = end(text);
    let mut length = whole;
    if text[length..].starts_with('.') {
        length += 1 + end(&text[length + 1..]);
    }
    if text[length..].starts_with(['e', 'E']) {
        let sign = usize::from(text[length + 1..].starts_with(['+', '-']));
        let digits = end(&text[length + 1 + sign..]);
        length += 1 + sign + digits;
    }
    let kind = match text[..length].parse::<i64>() {
        Ok(number) => TokenKind::Int(number),
        Err(_) => TokenKind::Float(text[..length].parse().ok()?),
    };
    Some((length, kind))
}

/// Reads a text in quotes with its C escapes; gives its length with the quotes and its value.
pub(super) fn quoted(text: &str, quote: char) -> Option<(usize, String)> {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        if character == quote {
            return Some((at + 1, value));
        }
        if character != '\\' {
            value.push(character);
            continue;
        }
        match characters.next()?.1 {
            'n' => value.push('\n'),
            't' => value.push('\t'),
            'r' => value.push('\r'),
            escaped @ ('\\' | '"' | '\'') => value.push(escaped),
            'u' => {
                let digits: String = characters.by_ref().take(4).map(|(_, digit)| digit).collect();
                value.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
            }
            _ => return None,
        }
    }
    None
}
