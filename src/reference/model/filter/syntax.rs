//! What a filter says, before anything is known of the collection that it is asked of.

use super::token::{Contains, Spatial, quote};
use std::fmt;

/// The deepest nesting of forms. Parentheses and signs add nothing to it, nor does a chain of one connective.
pub(super) const DEEPEST: u16 = 256;

/// The integer that fits 64 bits only together with its sign.
pub(super) const EDGE: &str = "9223372036854775808";

/// A part of a filter with the words that it takes.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) form: Form,
    /// The first word and the one after the last; parentheses around it belong to it.
    pub(super) words: (usize, usize),
    /// The same without the parentheses around it.
    pub(super) bare: (usize, usize),
    pub(super) depth: u16,
}

impl Tree {
    /// The parts that have to be understood before this one.
    pub(super) fn children(&self) -> Vec<&Tree> {
        match &self.form {
            // The edge of the integers is none without its sign.
            Form::Signed(signs, inner) if signs.first() == Some(&Sign::Minus) && inner.is_edge() => Vec::new(),
            Form::Signed(_, inner) | Form::Exists(inner) | Form::Sample(inner) => vec![inner],
            Form::Arithmetic(_, left, right)
            | Form::Bits(_, left, right)
            | Form::Compare(_, left, right)
            | Form::Like(left, right)
            | Form::Regex(left, right)
            | Form::Contains(_, left, right)
            | Form::In { item: left, list: right, .. } => vec![left, right],
            Form::Range(range) => vec![&range.left, &range.right],
            Form::List(parts)
            | Form::All(parts)
            | Form::Any(parts)
            | Form::Spatial(_, _, parts)
            | Form::Call(_, parts) => parts.iter().collect(),
            Form::TextMatch { query, .. } => vec![query],
            Form::PhraseMatch { query, slop, .. } => {
                [Some(query), slop.as_ref()].into_iter().flatten().map(|part| &**part).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether it is the integer that fits 64 bits only together with its sign.
    pub(super) fn is_edge(&self) -> bool {
        matches!(&self.form, Form::Huge(text) if text == EDGE)
    }
}

/// Where a part stands does not matter for what it says.
impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        self.form == other.form
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    Bool(bool),
    Int(i64),
    /// An integer that is too large for 64 bits with its sign, with its text.
    Huge(String),
    Float(f64),
    HugeFloat(String),
    Text(String),
    /// A text with an escape that has no value.
    BadText,
    /// A text of bytes that are no text.
    NotUtf8,
    Column(Name),
    Template(String),
    List(Vec<Tree>),
    /// A run of signs, the innermost first.
    Signed(Vec<Sign>, Box<Tree>),
    Arithmetic(Arithmetic, Box<Tree>, Box<Tree>),
    Bits(Bits, Box<Tree>, Box<Tree>),
    Compare(Comparison, Box<Tree>, Box<Tree>),
    Range(Box<Range>),
    In {
        item: Box<Tree>,
        list: Box<Tree>,
        negated: bool,
    },
    Like(Box<Tree>, Box<Tree>),
    Regex(Box<Tree>, Box<Tree>),
    Null(Name, bool),
    Exists(Box<Tree>),
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Contains(Contains, Box<Tree>, Box<Tree>),
    Length(Name),
    TextMatch {
        column: Name,
        query: Box<Tree>,
        least: Option<i64>,
    },
    PhraseMatch {
        column: Name,
        query: Box<Tree>,
        slop: Option<Box<Tree>>,
    },
    Sample(Box<Tree>),
    Spatial(Spatial, Name, Vec<Tree>),
    Time(Box<Time>),
    Call(String, Vec<Tree>),
}

/// A field or dynamic key with the way into its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) name: String,
    pub(super) path: Vec<Step>,
}

/// One step into a JSON value or an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) key: String,
    /// The place that the step names, if it was written as a number.
    pub(super) index: Option<usize>,
}

/// `1 < column <= 5`, or the same from above.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Range {
    pub(super) left: Tree,
    pub(super) first: Comparison,
    pub(super) column: Name,
    pub(super) second: Comparison,
    pub(super) right: Tree,
}

/// A comparison of a column of instants, with or without a span added to it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Time {
    pub(super) column: Name,
    /// Whether the span is taken away, and its text.
    pub(super) span: Option<(bool, String)>,
    pub(super) comparison: Comparison,
    pub(super) instant: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Plus,
    Minus,
    Complement,
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
}

/// Operators that the grammar has and no server carries out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bits {
    ShiftLeft,
    ShiftRight,
    And,
    Xor,
    Or,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    pub(super) fn named(symbol: &str) -> Option<Self> {
        let all = [Self::Equal, Self::NotEqual, Self::Less, Self::LessOrEqual, Self::Greater, Self::GreaterOrEqual];
        all.into_iter().find(|each| each.symbol() == symbol)
    }

    pub(super) fn is_order(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }

    /// Whether it looks upwards: the left side is the smaller one.
    pub(super) fn is_rising(self) -> bool {
        matches!(self, Self::Less | Self::LessOrEqual)
    }

    /// The same comparison with its sides exchanged.
    pub(super) fn flipped(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }
}

impl Arithmetic {
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Power => "**",
        }
    }

    /// What the server's messages call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Subtract => "subtract",
            Self::Multiply => "multiply",
            Self::Divide => "divide",
            Self::Modulo => "modulo",
            Self::Power => "power",
        }
    }
}

impl Bits {
    fn symbol(self) -> &'static str {
        match self {
            Self::ShiftLeft => "<<",
            Self::ShiftRight => ">>",
            Self::And => "&",
            Self::Xor => "^",
            Self::Or => "|",
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)?;
        for step in &self.path {
            match step.index {
                Some(index) => write!(formatter, "[{index}]")?,
                None => write!(formatter, "[{}]", quote(&step.key))?,
            }
        }
        Ok(())
    }
}

/// Writes the tree so that it reads as the same tree again: every part that has parts stands in parentheses.
impl fmt::Display for Tree {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |formatter: &mut fmt::Formatter<'_>, parts: &[Tree], by: &str| {
            for (index, part) in parts.iter().enumerate() {
                let by = if index == 0 { "" } else { by };
                write!(formatter, "{by}{part}")?;
            }
            Ok(())
        };
        match &self.form {
            Form::Bool(flag) => write!(formatter, "{flag}"),
            Form::Int(number) => write!(formatter, "{number}"),
            Form::Float(number) => write!(formatter, "{number:?}"),
            Form::Huge(text) | Form::HugeFloat(text) => formatter.write_str(text),
            Form::Text(text) => formatter.write_str(&quote(text)),
            Form::BadText => formatter.write_str(r#""\?""#),
            Form::NotUtf8 => formatter.write_str(r#""\xff""#),
            Form::Column(name) => name.fmt(formatter),
            Form::Template(name) => write!(formatter, "{{{name}}}"),
            Form::List(items) => {
                formatter.write_str("[")?;
                joined(formatter, items, ", ")?;
                formatter.write_str("]")
            }
            Form::Signed(signs, inner) => {
                formatter.write_str("(")?;
                for sign in signs.iter().rev() {
                    formatter.write_str(match sign {
                        Sign::Plus => "+",
                        Sign::Minus => "-",
                        Sign::Complement => "~",
                        Sign::Not => "not ",
                    })?;
                }
                write!(formatter, "{inner})")
            }
            Form::Arithmetic(op, left, right) => write!(formatter, "({left} {} {right})", op.symbol()),
            Form::Bits(op, left, right) => write!(formatter, "({left} {} {right})", op.symbol()),
            Form::Compare(op, left, right) => write!(formatter, "({left} {} {right})", op.symbol()),
            Form::Range(range) => {
                let Range { left, first, column, second, right } = &**range;
                write!(formatter, "({left} {} {column} {} {right})", first.symbol(), second.symbol())
            }
            Form::In { item, list, negated } => {
                write!(formatter, "({item} {}in {list})", if *negated { "not " } else { "" })
            }
            Form::Like(item, pattern) => write!(formatter, "({item} like {pattern})"),
            Form::Regex(item, pattern) => write!(formatter, "({item} =~ {pattern})"),
            Form::Null(name, negated) => write!(formatter, "({name} is {}null)", if *negated { "not " } else { "" }),
            Form::Exists(inner) => write!(formatter, "(exists {inner})"),
            Form::All(parts) | Form::Any(parts) => {
                formatter.write_str("(")?;
                joined(formatter, parts, if matches!(self.form, Form::All(_)) { " and " } else { " or " })?;
                formatter.write_str(")")
            }
            Form::Contains(how, item, wanted) => {
                let name = match how {
                    Contains::One => "json_contains",
                    Contains::All => "json_contains_all",
                    Contains::Any => "json_contains_any",
                };
                write!(formatter, "{name}({item}, {wanted})")
            }
            Form::Length(name) => write!(formatter, "array_length({name})"),
            Form::TextMatch { column, query, least } => {
                write!(formatter, "text_match({column}, {query}")?;
                if let Some(least) = least {
                    write!(formatter, ", minimum_should_match={least}")?;
                }
                formatter.write_str(")")
            }
            Form::PhraseMatch { column, query, slop } => {
                write!(formatter, "phrase_match({column}, {query}")?;
                if let Some(slop) = slop {
                    write!(formatter, ", {slop}")?;
                }
                formatter.write_str(")")
            }
            Form::Sample(share) => write!(formatter, "random_sample({share})"),
            Form::Spatial(spatial, column, arguments) => {
                write!(formatter, "{}({column}", spatial.call)?;
                for argument in arguments {
                    write!(formatter, ", {argument}")?;
                }
                formatter.write_str(")")
            }
            Form::Time(time) => {
                let Time { column, span, comparison, instant } = &**time;
                write!(formatter, "({column}")?;
                if let Some((away, span)) = span {
                    write!(formatter, " {} interval {}", if *away { "-" } else { "+" }, quote(span))?;
                }
                write!(formatter, " {} iso {})", comparison.symbol(), quote(instant))
            }
            Form::Call(name, arguments) => {
                write!(formatter, "{name}(")?;
                joined(formatter, arguments, ", ")?;
                formatter.write_str(")")
            }
        }
    }
}
