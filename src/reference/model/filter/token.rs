//! The words of a filter, cut as the generated lexer of the server cuts them.
//!
//! A character that begins no word does not end the reading: it is noted as a fault and skipped together with what was
//! tried of it, and the last fault is the one that the server tells.

use crate::profile::Version;

/// A word with its place; the column counts characters from the beginning of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    pub(super) text: &'t str,
    pub(super) line: usize,
    pub(super) column: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Identifier,
    /// `$meta`, by which the dynamic keys as a whole are named.
    Meta,
    /// A name with its way into a JSON value or array, without blanks: `j["a"][0]`.
    Path,
    Int,
    Float,
    Bool,
    Text,
    EmptyList,
    IsNull,
    IsNotNull,
    And,
    Or,
    Not,
    In,
    Like,
    Exists,
    Iso,
    Interval,
    MinimumShouldMatch,
    Function(Function),
    Symbol(&'static str),
}

/// Functions that have a rule of their own in the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Contains(Contains),
    ArrayLength,
    TextMatch,
    PhraseMatch,
    RandomSample,
    Spatial(Spatial),
}

/// How much of what is wanted a list has to contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contains {
    One,
    All,
    Any,
}

/// A relation between two shapes, with the name that the server's messages have for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spatial {
    pub(super) name: &'static str,
    pub(super) call: &'static str,
    /// How many arguments follow the column.
    pub(super) further: usize,
}

const LATER: Version = Version(2, 6);

/// Every function with a rule of its own and the first version that knows it.
const FUNCTIONS: [(&str, Function, Version); 19] = {
    const fn spatial(name: &'static str, call: &'static str, further: usize) -> Function {
        Function::Spatial(Spatial { name, call, further })
    }
    const FIRST: Version = Version(2, 3);
    [
        ("json_contains", Function::Contains(Contains::One), FIRST),
        ("json_contains_all", Function::Contains(Contains::All), FIRST),
        ("json_contains_any", Function::Contains(Contains::Any), FIRST),
        ("array_contains", Function::Contains(Contains::One), FIRST),
        ("array_contains_all", Function::Contains(Contains::All), FIRST),
        ("array_contains_any", Function::Contains(Contains::Any), FIRST),
        ("array_length", Function::ArrayLength, FIRST),
        ("text_match", Function::TextMatch, Version(2, 5)),
        ("phrase_match", Function::PhraseMatch, LATER),
        ("random_sample", Function::RandomSample, LATER),
        // The server itself misspells this one.
        ("st_equals", spatial("STEuqals", "st_equals", 1), LATER),
        ("st_touches", spatial("STTouches", "st_touches", 1), LATER),
        ("st_overlaps", spatial("STOverlaps", "st_overlaps", 1), LATER),
        ("st_crosses", spatial("STCrosses", "st_crosses", 1), LATER),
        ("st_contains", spatial("STContains", "st_contains", 1), LATER),
        ("st_intersects", spatial("STIntersects", "st_intersects", 1), LATER),
        ("st_within", spatial("STWithin", "st_within", 1), LATER),
        ("st_dwithin", spatial("STDWithin", "st_dwithin", 2), LATER),
        ("st_isvalid", spatial("STIsValid", "st_isvalid", 0), Version(3, 0)),
    ]
};

/// Symbols, longer ones before those that they begin with, and the first version that knows each.
const SYMBOLS: [(&str, Kind, Version); 31] = {
    const FIRST: Version = Version(2, 3);
    const fn symbol(text: &'static str) -> (&'static str, Kind, Version) {
        (text, Kind::Symbol(text), FIRST)
    }
    [
        ("=~", Kind::Symbol("=~"), Version(3, 0)),
        symbol("=="),
        symbol("!="),
        symbol("<="),
        symbol(">="),
        symbol("<<"),
        symbol(">>"),
        symbol("**"),
        ("&&", Kind::And, FIRST),
        ("||", Kind::Or, FIRST),
        ("!", Kind::Not, FIRST),
        ("=", Kind::Symbol("="), LATER),
        symbol("<"),
        symbol(">"),
        symbol("+"),
        symbol("-"),
        symbol("*"),
        symbol("/"),
        symbol("%"),
        symbol("("),
        symbol(")"),
        symbol("["),
        symbol("]"),
        symbol("{"),
        symbol("}"),
        symbol(","),
        symbol("&"),
        symbol("|"),
        symbol("^"),
        symbol("~"),
        ("$meta", Kind::Meta, FIRST),
    ]
};

/// The words of a text, and the faults among them with the number of the word before which each stands.
#[derive(Debug)]
pub(super) struct Words<'t> {
    pub(super) tokens: Vec<Token<'t>>,
    pub(super) faults: Vec<(usize, String)>,
    /// Where the text ends.
    pub(super) end: (usize, usize),
}

pub(super) fn words(text: &str, version: Version) -> Words<'_> {
    let mut words = Words { tokens: Vec::new(), faults: Vec::new(), end: (1, 0) };
    let (mut at, mut line, mut column) = (0, 1, 0);
    while at < text.len() {
        let rest = &text[at..];
        let length = match rest.as_bytes()[0] {
            b' ' | b'\t' | b'\r' | b'\n' => 1,
            _ => match word(rest, version) {
                Ok((kind, length)) => {
                    words.tokens.push(Token { kind, text: &rest[..length], line, column });
                    length
                }
                Err(tried) => {
                    let tried = &rest[..tried];
                    words.faults.push((
                        words.tokens.len(),
                        format!("line {line}:{column} token recognition error at: '{}'", tried.escape_lines()),
                    ));
                    tried.len()
                }
            },
        };
        for character in rest[..length].chars() {
            (line, column) = if character == '\n' { (line + 1, 0) } else { (line, column + 1) };
        }
        at += length;
    }
    words.end = (line, column);
    words
}

trait EscapeLines {
    fn escape_lines(&self) -> String;
}

impl EscapeLines for str {
    fn escape_lines(&self) -> String {
        self.replace('\n', "\\n").replace('\t', "\\t").replace('\r', "\\r")
    }
}

/// The longest word that the text begins with, or how many bytes were tried of one that is none.
fn word(text: &str, version: Version) -> Result<(Kind, usize), usize> {
    let first = text.as_bytes()[0];
    if let Some((kind, length)) = number(text) {
        return Ok((kind, length));
    }
    let quote = ["", "u8", "u", "U", "L"].iter().find_map(|prefix| {
        let quoted = text.strip_prefix(prefix)?;
        quoted.starts_with(['"', '\'']).then_some(prefix.len())
    });
    let string = quote.map(|at| string(&text[at..]).map(|length| at + length).map_err(|tried| at + tried));
    match string {
        Some(Ok(length)) => return Ok((Kind::Text, length)),
        Some(Err(tried)) if first == b'"' || first == b'\'' => return Err(tried),
        _ => {}
    }
    if first.is_ascii_alphabetic() || first == b'_' {
        let name = identifier(text);
        return Ok(named(text, name, version));
    }
    let symbol = SYMBOLS.iter().find(|(symbol, _, since)| text.starts_with(symbol) && version >= *since);
    match symbol {
        Some((name, Kind::Meta, _)) => {
            Ok(path(text, name.len()).map_or((Kind::Meta, name.len()), |end| (Kind::Path, end)))
        }
        Some((_, Kind::Symbol("["), _)) => {
            let inner = text[1..].trim_start_matches([' ', '\t', '\r', '\n']);
            let empty = inner.starts_with(']').then(|| text.len() - inner.len() + 1);
            Ok(empty.map_or((Kind::Symbol("["), 1), |length| (Kind::EmptyList, length)))
        }
        Some((symbol, kind, _)) => Ok((*kind, symbol.len())),
        None => {
            let begun = SYMBOLS.iter().map(|(symbol, _, _)| *symbol).chain([".0"]);
            let shared = begun.map(|symbol| common(symbol, text)).max().unwrap_or_default();
            let next = text[shared..].chars().next().map_or(0, char::len_utf8);
            Err(shared + next)
        }
    }
}

/// How many bytes two texts begin alike with.
fn common(one: &str, two: &str) -> usize {
    one.bytes().zip(two.bytes()).take_while(|(one, two)| one == two).count()
}

fn identifier(text: &str) -> usize {
    text.find(|each: char| !each.is_ascii_alphanumeric() && each != '_').unwrap_or(text.len())
}

/// What a name stands for.
fn named(text: &str, length: usize, version: Version) -> (Kind, usize) {
    let name = &text[..length];
    if let Some(end) = path(text, length) {
        return (Kind::Path, end);
    }
    if matches!(name, "is" | "IS") && version >= Version(2, 5) {
        // These words are one, with exactly one blank between its parts.
        for (words, kind) in [
            ("is null", Kind::IsNull),
            ("IS NULL", Kind::IsNull),
            ("is not null", Kind::IsNotNull),
            ("IS NOT NULL", Kind::IsNotNull),
        ] {
            if text.starts_with(words) {
                return (kind, words.len());
            }
        }
    }
    let kind = match name {
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Kind::Bool,
        "and" | "AND" => Kind::And,
        "or" | "OR" => Kind::Or,
        "not" | "NOT" => Kind::Not,
        "in" | "IN" => Kind::In,
        "like" | "LIKE" => Kind::Like,
        "exists" | "EXISTS" => Kind::Exists,
        "iso" | "ISO" if version >= LATER => Kind::Iso,
        "interval" | "INTERVAL" if version >= LATER => Kind::Interval,
        "minimum_should_match" | "MINIMUM_SHOULD_MATCH" if version >= LATER => Kind::MinimumShouldMatch,
        _ => {
            let one_case = !name.bytes().any(|byte| byte.is_ascii_uppercase())
                || !name.bytes().any(|byte| byte.is_ascii_lowercase());
            let function = FUNCTIONS
                .iter()
                .find(|(known, _, since)| one_case && version >= *since && known.eq_ignore_ascii_case(name));
            function.map_or(Kind::Identifier, |(_, function, _)| Kind::Function(*function))
        }
    };
    (kind, length)
}

/// Where a way into a value ends that begins after a name of this length, if there is one.
fn path(text: &str, name: usize) -> Option<usize> {
    let mut end = name;
    while let Some(rest) = text[end..].strip_prefix('[') {
        let step = if rest.starts_with(['"', '\'']) {
            string(rest).ok()
        } else {
            let digits = rest.find(|each: char| !each.is_ascii_digit()).unwrap_or(rest.len());
            (digits == 1 || digits > 1 && !rest.starts_with('0')).then_some(digits)
        };
        match step.filter(|step| rest[*step..].starts_with(']')) {
            Some(step) => end += step + 2,
            None => break,
        }
    }
    (end > name).then_some(end)
}

/// The length of a number: decimal, octal, hexadecimal or binary, with a fraction or without.
fn number(text: &str) -> Option<(Kind, usize)> {
    let bytes = text.as_bytes();
    let run = |from: usize, fits: fn(&u8) -> bool| {
        bytes[from.min(bytes.len())..].iter().take_while(|byte| fits(byte)).count()
    };
    let is = |at: usize, wanted: &[u8]| bytes.get(at).is_some_and(|byte| wanted.contains(byte));
    let exponent = |at: usize, letters: &[u8]| {
        let sign = usize::from(is(at + 1, b"+-"));
        let digits = run(at + 1 + sign, u8::is_ascii_digit);
        (is(at, letters) && digits > 0).then_some(1 + sign + digits)
    };
    if is(0, b"0") && is(1, b"xX") {
        let whole = run(2, u8::is_ascii_hexdigit);
        let point = usize::from(is(2 + whole, b"."));
        let fraction = if point == 1 { run(3 + whole, u8::is_ascii_hexdigit) } else { 0 };
        let mantissa = 2 + whole + point + fraction;
        if whole + fraction > 0
            && let Some(exponent) = exponent(mantissa, b"pP")
        {
            return Some((Kind::Float, mantissa + exponent));
        }
        if whole > 0 {
            return Some((Kind::Int, 2 + whole));
        }
    }
    if is(0, b"0") && is(1, b"bB") {
        let digits = run(2, |byte| matches!(byte, b'0' | b'1'));
        if digits > 0 {
            return Some((Kind::Int, 2 + digits));
        }
    }
    let whole = run(0, u8::is_ascii_digit);
    let point = usize::from(is(whole, b"."));
    let fraction = if point == 1 { run(whole + 1, u8::is_ascii_digit) } else { 0 };
    if whole + fraction == 0 {
        return None;
    }
    let mantissa = whole + point + fraction;
    let exponent = exponent(mantissa, b"eE").unwrap_or_default();
    if point + exponent > 0 {
        return Some((Kind::Float, mantissa + exponent));
    }
    let octal = 1 + run(1, |byte| matches!(byte, b'0'..=b'7'));
    Some((Kind::Int, if is(0, b"0") { octal } else { whole }))
}

/// The length of a text in quotes, or how many bytes were tried of one that never ends.
fn string(text: &str) -> Result<usize, usize> {
    let bytes = text.as_bytes();
    let quote = bytes[0];
    let mut at = 1;
    let tried = |at: usize| at + text[at..].chars().next().map_or(0, char::len_utf8);
    loop {
        match bytes.get(at) {
            None => return Err(at),
            Some(byte) if *byte == quote => return Ok(at + 1),
            Some(b'\n' | b'\r') => return Err(at + 1),
            Some(b'\\') => {
                let after = at + 2;
                let hex = |count: usize| {
                    let digits = bytes[after..].iter().take(count).take_while(|byte| byte.is_ascii_hexdigit()).count();
                    if digits == count { Ok(after + count) } else { Err(tried(after + digits)) }
                };
                at = match bytes.get(at + 1) {
                    None => return Err(at + 1),
                    Some(b'\'' | b'"' | b'?' | b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'\\' | b'\n') => after,
                    Some(b'0'..=b'7') => {
                        let further = bytes[after..].iter().take(2).take_while(|byte| matches!(byte, b'0'..=b'7'));
                        after + further.count()
                    }
                    Some(b'x') => {
                        let first = hex(1)?;
                        first + bytes[first..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count()
                    }
                    Some(b'u') => hex(4)?,
                    Some(b'U') => hex(8)?,
                    Some(_) => return Err(tried(at + 1)),
                };
            }
            Some(_) => at += 1,
        }
    }
}

/// Why a text in quotes has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unquotable {
    /// An escape that the lexer takes and the server then cannot read.
    Escape,
    NotUtf8,
}

/// The value of a text in quotes. A letter before the quotes is taken for the quote, as the server does.
pub(super) fn unquote(literal: &str) -> Result<String, Unquotable> {
    let mut bytes = Vec::with_capacity(literal.len());
    let mut rest = &literal[1..literal.len() - 1];
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let kind = rest.as_bytes()[at + 1];
        let after = &rest[at + 2..];
        let number = |from: &str, digits: usize, radix: u32| {
            let digits = from.get(..digits).ok_or(Unquotable::Escape)?;
            u32::from_str_radix(digits, radix).map_err(|_| Unquotable::Escape)
        };
        let simple = match kind {
            b'a' => Some(7),
            b'b' => Some(8),
            b'f' => Some(12),
            b'n' => Some(b'\n'),
            b'r' => Some(b'\r'),
            b't' => Some(b'\t'),
            b'v' => Some(11),
            b'\\' | b'\'' | b'"' => Some(kind),
            _ => None,
        };
        let taken = match (simple, kind) {
            (Some(byte), _) => {
                bytes.push(byte);
                0
            }
            (None, b'x') => {
                bytes.push(u8::try_from(number(after, 2, 16)?).map_err(|_| Unquotable::Escape)?);
                2
            }
            (None, b'0'..=b'7') => {
                bytes.push(u8::try_from(number(&rest[at + 1..], 3, 8)?).map_err(|_| Unquotable::Escape)?);
                2
            }
            (None, b'u' | b'U') => {
                let digits = if kind == b'u' { 4 } else { 8 };
                let character = char::from_u32(number(after, digits, 16)?).ok_or(Unquotable::Escape)?;
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                digits
            }
            _ => return Err(Unquotable::Escape),
        };
        rest = &after[taken..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).map_err(|_| Unquotable::NotUtf8)
}

/// A text in quotes that reads as this value again.
pub(super) fn quote(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for character in value.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
