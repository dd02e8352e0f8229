//! The selection language of `--filter`: `tag(x) & op(aliases/*) - id(…)`.

use crate::glob::glob;
use crate::verdict::Level;
use std::fmt;

/// What a filter is asked about.
#[derive(Clone, Debug, Default)]
pub struct Subject<'a> {
    /// The scenario's id.
    pub id: &'a str,
    /// Its tags.
    pub tags: &'a [String],
    /// The requirements that it covers.
    pub requirements: Vec<&'a str>,
    /// Their levels.
    pub levels: Vec<Level>,
    /// The operations that it calls.
    pub operations: Vec<&'a str>,
    /// The seed documents of its requirements.
    pub seeds: Vec<&'a str>,
}

/// A selection of scenarios.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// One property against a pattern in which `*` stands for anything.
    Term(Property, String),
    /// Both.
    And(Box<Filter>, Box<Filter>),
    /// Either.
    Or(Box<Filter>, Box<Filter>),
    /// Not.
    Not(Box<Filter>),
}

/// What a term looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    /// The scenario's id.
    Id,
    /// The first part of the id.
    Group,
    /// A tag.
    Tag,
    /// The level of a requirement that it covers.
    Level,
    /// An operation that it calls.
    Op,
    /// The id of a requirement that it covers.
    Requirement,
    /// A seed document of a requirement that it covers.
    Seed,
}

const PROPERTIES: [(&str, Property); 7] = [
    ("id", Property::Id),
    ("group", Property::Group),
    ("tag", Property::Tag),
    ("level", Property::Level),
    ("op", Property::Op),
    ("req", Property::Requirement),
    ("seed", Property::Seed),
];

/// A filter that cannot be read, with the place of the mistake in characters from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}\n  {text}\n  {}^", " ".repeat(*at))]
pub struct FilterError {
    /// What is wrong and what is known.
    pub message: String,
    /// The filter.
    pub text: String,
    /// Where.
    pub at: usize,
}

impl Filter {
    /// Reads a filter. A word without parentheses is an id pattern.
    ///
    /// # Errors
    /// Where it stops making sense.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut parser = Parser { text, characters: text.chars().collect(), at: 0 };
        let filter = parser.either()?;
        match parser.peek() {
            None => Ok(filter),
            Some(other) => Err(parser.error(format!("`{other}` was not expected here; terms are joined by & | and -"))),
        }
    }

    /// Whether a scenario is selected.
    pub fn selects(&self, subject: &Subject<'_>) -> bool {
        match self {
            Filter::And(left, right) => left.selects(subject) && right.selects(subject),
            Filter::Or(left, right) => left.selects(subject) || right.selects(subject),
            Filter::Not(inner) => !inner.selects(subject),
            Filter::Term(property, pattern) => match property {
                Property::Id => glob(pattern, subject.id),
                Property::Group => glob(pattern, subject.id.split('/').next().unwrap_or_default()),
                Property::Tag => subject.tags.iter().any(|tag| glob(pattern, tag)),
                Property::Level => subject.levels.iter().any(|level| glob(pattern, level.word())),
                Property::Op => subject.operations.iter().any(|name| glob(pattern, name)),
                Property::Requirement => subject.requirements.iter().any(|id| glob(pattern, id)),
                Property::Seed => subject.seeds.iter().any(|seed| glob(pattern, seed)),
            },
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Filter::And(left, right) => write!(f, "({left} & {right})"),
            Filter::Or(left, right) => write!(f, "({left} | {right})"),
            Filter::Not(inner) => write!(f, "!{inner}"),
            Filter::Term(property, pattern) => {
                let word = PROPERTIES.iter().find(|(_, each)| each == property).map_or("", |(word, _)| word);
                write!(f, "{word}({pattern})")
            }
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    characters: Vec<char>,
    at: usize,
}

impl Parser<'_> {
    fn error(&self, message: impl Into<String>) -> FilterError {
        FilterError { message: message.into(), text: self.text.to_owned(), at: self.at }
    }

    fn peek(&mut self) -> Option<char> {
        while self.characters.get(self.at).is_some_and(|character| character.is_whitespace()) {
            self.at += 1;
        }
        self.characters.get(self.at).copied()
    }

    fn takes(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn either(&mut self) -> Result<Filter, FilterError> {
        let mut left = self.both()?;
        while self.takes('|') {
            left = Filter::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Filter, FilterError> {
        let mut left = self.one()?;
        loop {
            if self.takes('&') {
                left = Filter::And(Box::new(left), Box::new(self.one()?));
            } else if self.takes('-') {
                let right = Filter::Not(Box::new(self.one()?));
                left = Filter::And(Box::new(left), Box::new(right));
            } else {
                return Ok(left);
            }
        }
    }

    fn one(&mut self) -> Result<Filter, FilterError> {
        if self.takes('!') {
            return Ok(Filter::Not(Box::new(self.one()?)));
        }
        if self.takes('(') {
            let inner = self.either()?;
            return if self.takes(')') { Ok(inner) } else { Err(self.error("a `)` is missing")) };
        }
        self.peek();
        let start = self.at;
        let word = self.word();
        if word.is_empty() {
            return Err(self.error("a term is missing, such as tag(flow) or op(partitions/*)"));
        }
        if !self.takes('(') {
            return Ok(Filter::Term(Property::Id, word));
        }
        let Some((_, property)) = PROPERTIES.iter().find(|(name, _)| *name == word) else {
            self.at = start;
            let help = crate::diagnostic::suggestion(&word, PROPERTIES.iter().map(|(name, _)| *name));
            return Err(self.error(format!("`{word}` is not something to filter by; {}", help.unwrap_or_default())));
        };
        self.peek();
        let pattern = self.word();
        if pattern.is_empty() || !self.takes(')') {
            return Err(self.error(format!("`{word}(` wants a pattern and a `)`")));
        }
        Ok(Filter::Term(*property, pattern))
    }

    fn word(&mut self) -> String {
        let start = self.at;
        let part = |character: char| character.is_alphanumeric() || "*_/.-".contains(character);
        while self.characters.get(self.at).is_some_and(|character| part(*character)) {
            self.at += 1;
        }
        self.characters[start..self.at].iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn selects(filter: &str) -> bool {
        let tags = ["flow".to_owned()];
        let subject = Subject {
            id: "partitions/drop-loaded",
            tags: &tags,
            requirements: vec!["partition.drop.needs-release"],
            levels: vec![Level::Must],
            operations: vec!["partitions/drop", "partitions/load"],
            seeds: vec!["002_0342455617010e64.txt"],
        };
        Filter::parse(filter).unwrap().selects(&subject)
    }

    #[test]
    fn terms_select_by_what_they_name() {
        for filter in [
            "partitions/drop-loaded",
            "partitions/*",
            "id(*loaded)",
            "group(partitions)",
            "tag(flow) & op(partitions/drop)",
            "level(must) - tag(slow)",
            "op(aliases/*) | seed(002*)",
            "!(group(aliases))",
            "req(partition.drop.*)",
        ] {
            assert!(selects(filter), "{filter}");
        }
        for filter in ["aliases/*", "partitions", "tag(flow) - op(partitions/load)", "level(observed)", "!level(must)"]
        {
            assert!(!selects(filter), "{filter}");
        }
    }

    #[test]
    fn a_mistake_is_pointed_at() {
        let error = Filter::parse("tag(a) & tga(b)").unwrap_err();
        assert_eq!(error.at, 9);
        assert!(error.to_string().contains("did you mean `tag`?"), "{error}");
        for broken in ["", "tag(", "tag()", "(a", "a b", "a &"] {
            assert!(Filter::parse(broken).is_err(), "{broken}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(text in "(tag|op|id)\\([a-z*]{1,4}\\)( [&|-] !?(tag|op|id)\\([a-z*]{1,4}\\)){0,3}") {
            let filter = Filter::parse(&text).unwrap();
            prop_assert_eq!(Filter::parse(&filter.to_string()).unwrap(), filter);
        }

        #[test]
        fn no_text_makes_it_panic(text in "[a-z()&|! *-]{0,20}") {
            let _ = Filter::parse(&text);
        }
    }
}
