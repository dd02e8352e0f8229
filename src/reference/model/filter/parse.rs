//! From words to a tree.
//!
//! The parser climbs by precedence and keeps what is open in a list of its own instead of on the stack, so that
//! thousands of parentheses, terms or signs are read in constant depth. It is written by hand, since it has to stop at the
//! same word as the server's generated parser and to tell faults in its terms.

use super::Fault;
use super::syntax::{Arithmetic, Bits, Comparison, DEEPEST, Form, Name, Range, Sign, Step, Time, Tree};
use super::token::{Contains, Function, Kind, Spatial, Token, Unquotable, Words, unquote};
use crate::profile::Version;

/// How tightly operators bind.
mod power {
    pub(super) const LOOSEST: u8 = 0;
    pub(super) const OR: u8 = 1;
    pub(super) const AND: u8 = 2;
    pub(super) const BIT_OR: u8 = 3;
    pub(super) const BIT_XOR: u8 = 4;
    pub(super) const BIT_AND: u8 = 5;
    pub(super) const EQUALITY: u8 = 6;
    pub(super) const ORDER: u8 = 7;
    pub(super) const RANGE: u8 = 8;
    pub(super) const IN: u8 = 9;
    pub(super) const SHIFT: u8 = 10;
    pub(super) const SUM: u8 = 11;
    pub(super) const PRODUCT: u8 = 12;
    pub(super) const SIGN: u8 = 13;
    pub(super) const POWER: u8 = 14;
    pub(super) const LIKE: u8 = 15;
    pub(super) const EXISTS: u8 = 16;
}

pub(super) struct Parser<'t> {
    words: &'t Words<'t>,
    version: Version,
    text: &'t str,
    at: usize,
}

/// Something that has begun and not ended: the whole, a parenthesis, a list, the arguments of a call.
struct Frame {
    kind: Opened,
    start: usize,
    /// The items or arguments that are complete.
    done: Vec<Tree>,
    operands: Vec<Tree>,
    operators: Vec<Operator>,
}

enum Opened {
    Whole,
    Parenthesis,
    List,
    Contains(Contains),
    Call(String),
    TextMatch(Name, Option<i64>),
    PhraseMatch(Name),
    Sample,
    Spatial(Spatial, Name),
}

struct Operator {
    power: u8,
    start: usize,
    kind: Pending,
}

enum Pending {
    Sign(Sign),
    Exists,
    Arithmetic(Arithmetic),
    Bits(Bits),
    Compare(Comparison),
    Range(Comparison, Name, Comparison),
    In { negated: bool },
    Like,
    Regex,
    And,
    Or,
}

impl<'t> Parser<'t> {
    pub(super) fn new(words: &'t Words<'t>, text: &'t str, version: Version) -> Self {
        Self { words, version, text, at: 0 }
    }

    /// Reads the whole filter.
    pub(super) fn whole(mut self) -> Result<Tree, Fault> {
        let read = self.read();
        // A fault among the words is told even where the rest makes sense, and the last of all faults is the one told.
        let seen = self.at + 1;
        let among = self.words.faults.iter().rev().find(|(before, _)| *before <= seen);
        match (read, among) {
            (Ok(_) | Err(Fault::Leftover), Some((_, text))) => Err(Fault::Parse(text.clone())),
            (Err(Fault::Leftover), None) => Err(Fault::Parse(format!("invalid expression: {}", self.text))),
            (Err(_), Some((at, text))) if *at > self.at => Err(Fault::Parse(text.clone())),
            (read, _) => read,
        }
    }

    fn read(&mut self) -> Result<Tree, Fault> {
        let mut frames = vec![Frame::new(Opened::Whole, 0)];
        loop {
            let Some(tree) = self.operand(&mut frames)? else { continue };
            let Some(frame) = frames.last_mut() else { return Ok(tree) };
            frame.operands.push(tree);
            loop {
                let Some(frame) = frames.last_mut() else { return Err(Fault::Leftover) };
                if let Some(operator) = self.operator()? {
                    frame.reduce(operator.power)?;
                    frame.operators.push(operator);
                    break;
                }
                frame.reduce(power::LOOSEST)?;
                let Some(tree) = frame.operands.pop() else { return Err(self.unexpected_operand()) };
                if matches!(frame.kind, Opened::Whole) {
                    return if self.at == self.words.tokens.len() { Ok(tree) } else { Err(Fault::Leftover) };
                }
                frame.done.push(tree);
                if self.goes_on(frame)? {
                    break;
                }
                let Some(frame) = frames.pop() else { return Err(Fault::Leftover) };
                let closed = frame.close(self.at)?;
                match frames.last_mut() {
                    Some(outer) => outer.operands.push(closed),
                    None => return Ok(closed),
                }
            }
        }
    }

    fn peek(&self) -> Option<&'t Token<'t>> {
        self.words.tokens.get(self.at)
    }

    fn kind(&self, ahead: usize) -> Option<Kind> {
        self.words.tokens.get(self.at + ahead).map(|token| token.kind)
    }

    fn takes(&mut self, symbol: &'static str) -> bool {
        let there = self.kind(0) == Some(Kind::Symbol(symbol));
        self.at += usize::from(there);
        there
    }

    fn place(&self) -> (usize, usize, &'t str) {
        let (line, column) = self.words.end;
        self.peek().map_or((line, column, "<EOF>"), |token| (token.line, token.column, token.text))
    }

    fn mismatched(&self, expected: &str) -> Fault {
        let (line, column, text) = self.place();
        Fault::Parse(format!("line {line}:{column} mismatched input '{text}' expecting {expected}"))
    }

    /// Something else stands where a value has to.
    fn unexpected_operand(&self) -> Fault {
        let (line, column, text) = self.place();
        // After these words the server's parser weighs several ways on, and names what it has seen of them.
        let before = self.at.checked_sub(1).and_then(|before| self.words.tokens.get(before));
        if let Some(Token { kind: Kind::Symbol(symbol @ ("<" | "<=" | ">" | ">=" | ",")), .. }) = before {
            let text = self.peek().map_or("", |token| token.text);
            return Fault::Parse(format!("line {line}:{column} no viable alternative at input '{symbol}{text}'"));
        }
        let starts = self.words.tokens.get(self.at + 1).is_some_and(|next| starts_operand(next.kind));
        let word = if self.peek().is_some() && starts { "extraneous" } else { "mismatched" };
        let starters = starters(self.version);
        Fault::Parse(format!("line {line}:{column} {word} input '{text}' expecting {{{starters}}}"))
    }

    fn demand(&mut self, symbol: &'static str) -> Result<(), Fault> {
        if self.takes(symbol) {
            return Ok(());
        }
        if self.peek().is_none() && symbol == ")" {
            let (line, column, text) = self.place();
            return Err(Fault::Parse(format!("line {line}:{column} missing ')' at '{text}'")));
        }
        Err(self.mismatched(&format!("'{symbol}'")))
    }

    fn leaf(&mut self, form: Form, from: usize) -> Tree {
        Tree { form, words: (from, self.at), bare: (from, self.at), depth: 1 }
    }

    /// Reads a value, or opens something in which one follows.
    fn operand(&mut self, frames: &mut Vec<Frame>) -> Result<Option<Tree>, Fault> {
        let from = self.at;
        let Some(token) = self.peek() else { return Err(self.unexpected_operand()) };
        if let Some(time) = self.time()? {
            return Ok(Some(self.leaf(Form::Time(Box::new(time)), from)));
        }
        let sign = match token.kind {
            Kind::Symbol("+") => Some(Sign::Plus),
            Kind::Symbol("-") => Some(Sign::Minus),
            Kind::Symbol("~") => Some(Sign::Complement),
            Kind::Not => Some(Sign::Not),
            _ => None,
        };
        let pending = match sign {
            Some(sign) => Some((power::SIGN, Pending::Sign(sign))),
            None if token.kind == Kind::Exists && self.version < Version(2, 5) => {
                Some((power::LOOSEST, Pending::Exists))
            }
            None if token.kind == Kind::Exists => Some((power::EXISTS, Pending::Exists)),
            None => None,
        };
        if let (Some((power, kind)), Some(frame)) = (pending, frames.last_mut()) {
            self.at += 1;
            frame.operators.push(Operator { power, start: from, kind });
            return Ok(None);
        }
        let opened = match token.kind {
            Kind::Symbol("(") => Some(Opened::Parenthesis),
            Kind::Symbol("[") => Some(Opened::List),
            Kind::Function(Function::ArrayLength) => {
                self.at += 1;
                self.demand("(")?;
                let column = self.column("{Identifier, JSONIdentifier}")?;
                self.demand(")")?;
                return Ok(Some(self.leaf(Form::Length(column), from)));
            }
            Kind::Function(function) => {
                self.at += 1;
                self.demand("(")?;
                let opened = self.call(function)?;
                if let Opened::Spatial(spatial, column) = &opened
                    && spatial.further == 0
                {
                    let form = Form::Spatial(*spatial, column.clone(), Vec::new());
                    self.demand(")")?;
                    return Ok(Some(self.leaf(form, from)));
                }
                frames.push(Frame::new(opened, from));
                return Ok(None);
            }
            Kind::Identifier if self.kind(1) == Some(Kind::Symbol("(")) && self.version >= Version(2, 5) => {
                self.at += 1;
                if self.kind(1) == Some(Kind::Symbol(")")) {
                    self.at += 2;
                    return Ok(Some(self.leaf(Form::Call(token.text.to_owned(), Vec::new()), from)));
                }
                Some(Opened::Call(token.text.to_owned()))
            }
            _ => None,
        };
        self.at += 1;
        if let Some(opened) = opened {
            frames.push(Frame::new(opened, from));
            return Ok(None);
        }
        let form = match token.kind {
            Kind::Bool => Form::Bool(token.text.eq_ignore_ascii_case("true")),
            Kind::Int => whole(token.text),
            Kind::Float => float(token.text),
            Kind::Text => match unquote(token.text) {
                Ok(text) => Form::Text(text),
                Err(Unquotable::Escape) => Form::BadText,
                Err(Unquotable::NotUtf8) => Form::NotUtf8,
            },
            Kind::EmptyList => Form::List(Vec::new()),
            Kind::Identifier | Kind::Path => {
                let name = name(token)?;
                let null = match self.kind(0) {
                    Some(Kind::IsNull) => Some(false),
                    Some(Kind::IsNotNull) => Some(true),
                    _ => None,
                };
                self.at += usize::from(null.is_some());
                null.map_or_else(|| Form::Column(name.clone()), |negated| Form::Null(name.clone(), negated))
            }
            Kind::Meta => Form::Column(name(token)?),
            Kind::Symbol("{") => {
                let inner = self.peek().filter(|inner| inner.kind == Kind::Identifier);
                let Some(inner) = inner else {
                    let (line, column, text) = self.place();
                    if self.kind(0) == Some(Kind::Symbol("}")) {
                        return Err(Fault::Parse(format!("line {line}:{column} missing Identifier at '{text}'")));
                    }
                    return Err(self.mismatched("Identifier"));
                };
                self.at += 1;
                if !self.takes("}") {
                    let (line, column, text) = self.place();
                    let word = if self.kind(1) == Some(Kind::Symbol("}")) { "extraneous" } else { "mismatched" };
                    return Err(Fault::Parse(format!("line {line}:{column} {word} input '{text}' expecting '}}'")));
                }
                Form::Template(inner.text.to_owned())
            }
            _ => {
                self.at -= 1;
                return Err(self.unexpected_operand());
            }
        };
        Ok(Some(self.leaf(form, from)))
    }

    /// Reads what a function has before its first value.
    fn call(&mut self, function: Function) -> Result<Opened, Fault> {
        Ok(match function {
            Function::Contains(how) => Opened::Contains(how),
            Function::RandomSample => Opened::Sample,
            Function::TextMatch | Function::PhraseMatch | Function::Spatial(_) | Function::ArrayLength => {
                if self.kind(0) != Some(Kind::Identifier) {
                    return Err(self.mismatched("Identifier"));
                }
                let column = self.column("Identifier")?;
                match function {
                    Function::Spatial(spatial) if spatial.further == 0 => Opened::Spatial(spatial, column),
                    Function::Spatial(spatial) => {
                        self.demand(",")?;
                        Opened::Spatial(spatial, column)
                    }
                    Function::PhraseMatch => {
                        self.demand(",")?;
                        Opened::PhraseMatch(column)
                    }
                    _ => {
                        self.demand(",")?;
                        Opened::TextMatch(column, None)
                    }
                }
            }
        })
    }

    fn column(&mut self, expected: &str) -> Result<Name, Fault> {
        match self.peek() {
            Some(token) if matches!(token.kind, Kind::Identifier | Kind::Path) => {
                self.at += 1;
                name(token)
            }
            _ => Err(self.mismatched(expected)),
        }
    }

    /// Whether another item or argument follows the one just read; if not, the end of the frame has been read.
    fn goes_on(&mut self, frame: &mut Frame) -> Result<bool, Fault> {
        let more = |room: bool, parser: &mut Self| -> Result<bool, Fault> {
            if room {
                parser.demand(",")?;
                return Ok(true);
            }
            parser.demand(")")?;
            Ok(false)
        };
        match &mut frame.kind {
            Opened::Whole => Ok(false),
            Opened::Parenthesis | Opened::Sample => more(false, self),
            Opened::Contains(_) => more(frame.done.len() < 2, self),
            Opened::Spatial(spatial, _) => more(frame.done.len() < spatial.further, self),
            Opened::PhraseMatch(_) => {
                let further = frame.done.len() < 2 && self.kind(0) == Some(Kind::Symbol(","));
                more(further, self)
            }
            Opened::TextMatch(_, least) => {
                if self.version >= Version(2, 6) && self.takes(",") {
                    if self.kind(0) != Some(Kind::MinimumShouldMatch) {
                        return Err(self.mismatched("MINIMUM_SHOULD_MATCH"));
                    }
                    self.at += 1;
                    self.demand("=")?;
                    let Some(Token { kind: Kind::Int, text, .. }) = self.peek() else {
                        return Err(self.mismatched("IntegerConstant"));
                    };
                    *least = Some(match whole(text) {
                        Form::Int(number) => number,
                        _ => i64::MAX,
                    });
                    self.at += 1;
                }
                more(false, self)
            }
            items @ (Opened::List | Opened::Call(_)) => {
                let end = if matches!(items, Opened::List) { "]" } else { ")" };
                if self.takes(end) {
                    return Ok(false);
                }
                if !self.takes(",") {
                    return Err(self.mismatched(&format!("{{',', '{end}'}}")));
                }
                Ok(!self.takes(end))
            }
        }
    }

    /// Reads what joins the value before it with the one after it.
    fn operator(&mut self) -> Result<Option<Operator>, Fault> {
        let Some(token) = self.peek() else { return Ok(None) };
        let from = self.at;
        let (power, kind) = match token.kind {
            Kind::And => (power::AND, Pending::And),
            Kind::Or => (power::OR, Pending::Or),
            Kind::In => (power::IN, Pending::In { negated: false }),
            Kind::Not => {
                self.at += 1;
                if self.kind(0) != Some(Kind::In) {
                    return Err(self.mismatched("IN"));
                }
                (power::IN, Pending::In { negated: true })
            }
            Kind::Like => (power::LIKE, Pending::Like),
            Kind::Symbol("=~") => (power::LIKE, Pending::Regex),
            Kind::Symbol("**") => (power::POWER, Pending::Arithmetic(Arithmetic::Power)),
            Kind::Symbol("*") => (power::PRODUCT, Pending::Arithmetic(Arithmetic::Multiply)),
            Kind::Symbol("/") => (power::PRODUCT, Pending::Arithmetic(Arithmetic::Divide)),
            Kind::Symbol("%") => (power::PRODUCT, Pending::Arithmetic(Arithmetic::Modulo)),
            Kind::Symbol("+") => (power::SUM, Pending::Arithmetic(Arithmetic::Add)),
            Kind::Symbol("-") => (power::SUM, Pending::Arithmetic(Arithmetic::Subtract)),
            Kind::Symbol("<<") => (power::SHIFT, Pending::Bits(Bits::ShiftLeft)),
            Kind::Symbol(">>") => (power::SHIFT, Pending::Bits(Bits::ShiftRight)),
            Kind::Symbol("&") => (power::BIT_AND, Pending::Bits(Bits::And)),
            Kind::Symbol("^") => (power::BIT_XOR, Pending::Bits(Bits::Xor)),
            Kind::Symbol("|") => (power::BIT_OR, Pending::Bits(Bits::Or)),
            Kind::Symbol(symbol) => match Comparison::named(symbol) {
                None => return Ok(None),
                Some(first) if first.is_order() => match self.range(first)? {
                    Some(range) => {
                        self.at += 2;
                        (power::RANGE, range)
                    }
                    None => (power::ORDER, Pending::Compare(first)),
                },
                Some(first) => (power::EQUALITY, Pending::Compare(first)),
            },
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(Operator { power, start: from, kind }))
    }

    /// A comparison followed by a bare column and another comparison in the same direction is one operator.
    fn range(&self, first: Comparison) -> Result<Option<Pending>, Fault> {
        let (Some(column), Some(Kind::Symbol(symbol))) = (self.words.tokens.get(self.at + 1), self.kind(2)) else {
            return Ok(None);
        };
        let second = Comparison::named(symbol).filter(|second| second.is_order());
        match second {
            Some(second)
                if matches!(column.kind, Kind::Identifier | Kind::Path) && first.is_rising() == second.is_rising() =>
            {
                Ok(Some(Pending::Range(first, name(column)?, second)))
            }
            _ => Ok(None),
        }
    }

    /// Reads a comparison with an instant, which the grammar has in one piece.
    fn time(&mut self) -> Result<Option<Time>, Fault> {
        let instant = |parser: &mut Self| -> Result<String, Fault> {
            if parser.kind(0) != Some(Kind::Iso) {
                return Err(parser.mismatched("ISO"));
            }
            parser.at += 1;
            parser.literal()
        };
        let comparison = |parser: &mut Self| -> Result<Comparison, Fault> {
            let Some(Kind::Symbol(symbol)) = parser.kind(0) else {
                return Err(parser.mismatched("{'<', '<=', '>', '>=', '==', '!='}"));
            };
            let comparison =
                Comparison::named(symbol).ok_or_else(|| parser.mismatched("{'<', '<=', '>', '>=', '==', '!='}"))?;
            parser.at += 1;
            Ok(comparison)
        };
        let span = |parser: &mut Self| -> Result<Option<(bool, String)>, Fault> {
            let away = match (parser.kind(0), parser.kind(1)) {
                (Some(Kind::Symbol("+")), Some(Kind::Interval)) => false,
                (Some(Kind::Symbol("-")), Some(Kind::Interval)) => true,
                _ => return Ok(None),
            };
            parser.at += 2;
            Ok(Some((away, parser.literal()?)))
        };
        if self.kind(0) == Some(Kind::Iso) {
            let instant = instant(self)?;
            let comparison = comparison(self)?.flipped();
            if self.kind(0) != Some(Kind::Identifier) {
                return Err(self.mismatched("Identifier"));
            }
            let column = self.column("Identifier")?;
            let span = span(self)?;
            return Ok(Some(Time { column, span, comparison, instant }));
        }
        let compares =
            |at: usize| matches!(self.kind(at), Some(Kind::Symbol(symbol)) if Comparison::named(symbol).is_some());
        let begins = self.kind(0) == Some(Kind::Identifier)
            && (self.kind(2) == Some(Kind::Interval) || compares(1) && self.kind(2) == Some(Kind::Iso));
        if !begins {
            return Ok(None);
        }
        let column = self.column("Identifier")?;
        let span = span(self)?;
        let comparison = comparison(self)?;
        let instant = instant(self)?;
        Ok(Some(Time { column, span, comparison, instant }))
    }

    fn literal(&mut self) -> Result<String, Fault> {
        match self.peek() {
            Some(token) if token.kind == Kind::Text => {
                self.at += 1;
                unquote(token.text).map_err(|_| Fault::Parse("invalid syntax".to_owned()))
            }
            _ => Err(self.mismatched("StringLiteral")),
        }
    }
}

impl Frame {
    fn new(kind: Opened, start: usize) -> Self {
        Self { kind, start, done: Vec::new(), operands: Vec::new(), operators: Vec::new() }
    }

    /// Carries out the operators that bind at least this tightly.
    fn reduce(&mut self, power: u8) -> Result<(), Fault> {
        while let Some(operator) = self.operators.pop_if(|last| last.power >= power) {
            let right = self.operands.pop().ok_or(Fault::Leftover)?;
            let tree = match operator.kind {
                Pending::Sign(sign) => signed(sign, right, operator.start),
                Pending::Exists => {
                    let words = (operator.start, right.words.1);
                    let depth = right.depth + 1;
                    Tree { form: Form::Exists(Box::new(right)), words, bare: words, depth }
                }
                joined => join(joined, self.operands.pop().ok_or(Fault::Leftover)?, right),
            };
            if tree.depth > DEEPEST {
                return Err(Fault::Parse("the expression is nested too deeply".to_owned()));
            }
            self.operands.push(tree);
        }
        Ok(())
    }

    fn close(mut self, end: usize) -> Result<Tree, Fault> {
        let words = (self.start, end);
        if matches!(self.kind, Opened::Parenthesis) {
            let inner = self.done.pop().ok_or(Fault::Leftover)?;
            return Ok(Tree { words, ..inner });
        }
        let depth = self.done.iter().map(|part| part.depth).max().unwrap_or_default() + 1;
        if depth > DEEPEST {
            return Err(Fault::Parse("the expression is nested too deeply".to_owned()));
        }
        let mut parts = self.done.into_iter();
        let mut next = || parts.next().map(Box::new).ok_or(Fault::Leftover);
        let form = match self.kind {
            Opened::Whole | Opened::Parenthesis => return Err(Fault::Leftover),
            Opened::List => Form::List(parts.collect()),
            Opened::Call(name) => Form::Call(name, parts.collect()),
            Opened::Contains(how) => Form::Contains(how, next()?, next()?),
            Opened::Sample => Form::Sample(next()?),
            Opened::TextMatch(column, least) => Form::TextMatch { column, query: next()?, least },
            Opened::PhraseMatch(column) => Form::PhraseMatch { column, query: next()?, slop: next().ok() },
            Opened::Spatial(spatial, column) => Form::Spatial(spatial, column, parts.collect()),
        };
        Ok(Tree { form, words, bare: words, depth })
    }
}

fn signed(sign: Sign, inner: Tree, start: usize) -> Tree {
    let words = (start, inner.words.1);
    let (form, depth) = match inner.form {
        // A run of signs is one form, however long it is.
        Form::Signed(mut signs, innermost) => {
            signs.push(sign);
            (Form::Signed(signs, innermost), inner.depth)
        }
        _ => {
            let depth = inner.depth + 1;
            (Form::Signed(vec![sign], Box::new(inner)), depth)
        }
    };
    Tree { form, words, bare: words, depth }
}

fn join(kind: Pending, left: Tree, right: Tree) -> Tree {
    let words = (left.words.0, right.words.1);
    let mut depth = left.depth.max(right.depth) + 1;
    let mut chain = |left: Tree, right: Tree, all: bool| {
        let chained = left.depth.max(right.depth + 1);
        let mut parts = match (left.form, all) {
            (Form::All(parts), true) | (Form::Any(parts), false) => {
                depth = chained;
                parts
            }
            (form, _) => vec![Tree { form, ..left }],
        };
        parts.push(right);
        if all { Form::All(parts) } else { Form::Any(parts) }
    };
    let form = match kind {
        Pending::And => chain(left, right, true),
        Pending::Or => chain(left, right, false),
        Pending::Arithmetic(op) => Form::Arithmetic(op, Box::new(left), Box::new(right)),
        Pending::Bits(op) => Form::Bits(op, Box::new(left), Box::new(right)),
        Pending::Compare(op) => Form::Compare(op, Box::new(left), Box::new(right)),
        Pending::Range(first, column, second) => Form::Range(Box::new(Range { left, first, column, second, right })),
        Pending::In { negated } => Form::In { item: Box::new(left), list: Box::new(right), negated },
        Pending::Like => Form::Like(Box::new(left), Box::new(right)),
        Pending::Regex => Form::Regex(Box::new(left), Box::new(right)),
        Pending::Sign(_) | Pending::Exists => right.form,
    };
    Tree { form, words, bare: words, depth }
}

/// Reads a name with its way, which the lexer has found to be well-formed.
fn name(token: &Token<'_>) -> Result<Name, Fault> {
    let text = token.text;
    let bracket = text.find('[').unwrap_or(text.len());
    let mut path = Vec::new();
    let mut rest = &text[bracket..];
    while let Some(inner) = rest.strip_prefix('[') {
        let quote = inner.chars().next().filter(|first| matches!(first, '"' | '\''));
        let length = match quote {
            Some(quote) => closing(inner, quote),
            None => inner.find(']').unwrap_or(inner.len()),
        };
        let step = &inner[..length];
        let key = if quote.is_some() {
            unquote(step).map_err(|_| Fault::Parse("invalid syntax".to_owned()))?
        } else {
            step.to_owned()
        };
        if key.is_empty() {
            return Err(Fault::Parse(format!("invalid identifier: {text}")));
        }
        let index = if quote.is_none() { step.parse().ok() } else { None };
        path.push(Step { key, index });
        rest = inner.get(length + 1..).unwrap_or_default();
    }
    Ok(Name { name: text[..bracket].to_owned(), path })
}

/// Where a text in quotes ends.
fn closing(text: &str, quote: char) -> usize {
    let mut escaped = true;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            end if end == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn whole(text: &str) -> Form {
    let lower = text.to_ascii_lowercase();
    let parsed = if let Some(digits) = lower.strip_prefix("0x") {
        i64::from_str_radix(digits, 16)
    } else if let Some(digits) = lower.strip_prefix("0b") {
        i64::from_str_radix(digits, 2)
    } else if lower.len() > 1 && lower.starts_with('0') {
        i64::from_str_radix(&lower, 8)
    } else {
        lower.parse()
    };
    parsed.map_or_else(|_| Form::Huge(text.to_owned()), Form::Int)
}

fn float(text: &str) -> Form {
    let lower = text.to_ascii_lowercase();
    let parsed = match lower.strip_prefix("0x") {
        Some(digits) => hexadecimal(digits),
        None => lower.parse().ok(),
    };
    parsed.filter(|number: &f64| number.is_finite()).map_or_else(|| Form::HugeFloat(text.to_owned()), Form::Float)
}

/// Reads `1.8p-2`: hexadecimal digits times a power of two.
fn hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once('p')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = whole.chars().chain(fraction.chars());
    let value = digits.fold(0.0, |value, digit| value * 16.0 + f64::from(digit.to_digit(16).unwrap_or_default()));
    let exponent: i32 = exponent.parse().ok()?;
    let shift = i32::try_from(fraction.len()).ok()?.checked_mul(4)?;
    Some(value * 2f64.powi(exponent.checked_sub(shift)?))
}

fn starts_operand(kind: Kind) -> bool {
    match kind {
        Kind::Symbol(symbol) => matches!(symbol, "(" | "[" | "{" | "+" | "-" | "~"),
        Kind::And
        | Kind::Or
        | Kind::In
        | Kind::Like
        | Kind::IsNull
        | Kind::IsNotNull
        | Kind::Interval
        | Kind::MinimumShouldMatch => false,
        _ => true,
    }
}

/// What the grammar of the version lets a value begin with, as its messages list it.
fn starters(version: Version) -> String {
    let since = |least: Version, names: &'static str| if version >= least { names } else { "" };
    [
        "'(', '[', '{', EXISTS, ",
        since(Version(2, 5), "TEXTMATCH, "),
        since(Version(2, 6), "PHRASEMATCH, RANDOMSAMPLE, "),
        since(Version(3, 0), "MATCH_ALL, MATCH_ANY, MATCH_LEAST, MATCH_MOST, MATCH_EXACT, "),
        since(Version(2, 6), "ISO, "),
        "'+', '-', '~', NOT, EmptyArray, JSONContains, JSONContainsAll, JSONContainsAny, ",
        "ArrayContains, ArrayContainsAll, ArrayContainsAny, ArrayLength, ",
        since(Version(3, 0), "ElementFilter, "),
        since(
            Version(2, 6),
            "STEuqals, STTouches, STOverlaps, STCrosses, STContains, STIntersects, STWithin, STDWithin, ",
        ),
        since(Version(3, 0), "STIsValid, "),
        "BooleanConstant, IntegerConstant, FloatingConstant, Identifier, '$meta', StringLiteral, JSONIdentifier",
        since(Version(3, 0), ", StructIndexFieldIdentifier, StructFieldIdentifier, StructSubFieldIdentifier"),
    ]
    .concat()
}
