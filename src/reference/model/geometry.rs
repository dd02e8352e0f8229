//! Shapes: a reader of well-known text that writes a shape back in its normal form.

use super::failure::{self, Failure};
use crate::profile::Version;

/// The kinds of shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Point,
    LineString,
    Polygon,
    MultiPoint,
    MultiLineString,
    MultiPolygon,
    Collection,
}

const KINDS: [(&str, Kind); 7] = [
    ("POINT", Kind::Point),
    ("LINESTRING", Kind::LineString),
    ("POLYGON", Kind::Polygon),
    ("MULTIPOINT", Kind::MultiPoint),
    ("MULTILINESTRING", Kind::MultiLineString),
    ("MULTIPOLYGON", Kind::MultiPolygon),
    ("GEOMETRYCOLLECTION", Kind::Collection),
];

/// How much of a text a fault shows.
const SHOWN: usize = 30;

/// What is wrong with a text, and where.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    problem: &'static str,
    at: usize,
    hint: &'static str,
}

type Read<T> = Result<T, Fault>;

/// The shape in its normal form.
pub(super) fn normal(text: &str, version: Version) -> Result<String, Failure> {
    let mut reader = Reader { text, at: 0, layout: None };
    let shape = reader.shape().and_then(|shape| reader.end().map(|()| shape));
    shape.map_err(|Fault { problem, at, hint }| {
        let start = text.get(..SHOWN).filter(|_| text.len() > SHOWN);
        let line = start.map_or_else(|| text.to_owned(), |start| format!("{start}..."));
        let pointer = " ".repeat("LINE 1: ".len() + at);
        let hint = if hint.is_empty() { String::new() } else { format!("\nHINT: {hint}") };
        failure::shape(
            version,
            &format!("syntax error: {problem} at line 1, pos {at}\nLINE 1: {line}\n{pointer}^{hint}"),
        )
    })
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// How many numbers a point has, and the letters for that; the first point decides where no letters do.
    layout: Option<(usize, &'static str)>,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn fault<T>(&self, problem: &'static str, hint: &'static str) -> Read<T> {
        Err(Fault { problem, at: self.at, hint })
    }

    /// What is said of whatever comes next, when it may not.
    fn unexpected<T>(&mut self) -> Read<T> {
        self.skip_blanks();
        match self.rest().chars().next() {
            None => self.fault("unexpected $end", ""),
            Some(letter) if letter.is_ascii_alphabetic() => {
                let word = self.peek_word().to_ascii_uppercase();
                let known =
                    KINDS.iter().any(|(name, _)| *name == word) || matches!(word.as_str(), "EMPTY" | "Z" | "M" | "ZM");
                self.fault(if known { "unexpected keyword" } else { "invalid keyword" }, "")
            }
            Some(digit) if digit.is_ascii_digit() || matches!(digit, '-' | '.') => {
                let end = self.number_end();
                let finite = self.rest()[..end].parse::<f64>().is_ok_and(f64::is_finite);
                self.fault(if finite { "unexpected NUM" } else { "invalid number" }, "")
            }
            Some('(') => self.fault("unexpected '('", ""),
            Some(')') => self.fault("unexpected ')'", ""),
            Some(',') => self.fault("unexpected ','", ""),
            Some(_) => self.fault("invalid character", ""),
        }
    }

    fn peek_word(&self) -> &'t str {
        let rest = self.rest();
        &rest[..rest.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(rest.len())]
    }

    fn number_end(&self) -> usize {
        let rest = self.rest();
        rest.find(|letter: char| !letter.is_ascii_digit() && !matches!(letter, '-' | '+' | '.' | 'e' | 'E'))
            .unwrap_or(rest.len())
    }

    fn word(&mut self, word: &str) -> bool {
        self.skip_blanks();
        let found = self.peek_word().eq_ignore_ascii_case(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn sign(&mut self, sign: char) -> bool {
        self.skip_blanks();
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len_utf8();
        }
        found
    }

    fn expect(&mut self, sign: char) -> Read<()> {
        if self.sign(sign) { Ok(()) } else { self.unexpected() }
    }

    fn end(&mut self) -> Read<()> {
        self.skip_blanks();
        if self.rest().is_empty() { Ok(()) } else { self.unexpected() }
    }

    fn shape(&mut self) -> Read<String> {
        self.skip_blanks();
        let word = self.peek_word().to_ascii_uppercase();
        // Letters for the layout may follow the name without a blank.
        let split = ["ZM", "Z", "M"].into_iter().find_map(|letters| {
            let stem = word.strip_suffix(letters)?;
            KINDS.iter().find(|(name, _)| *name == stem).map(|(name, kind)| (*name, *kind, letters))
        });
        let known = KINDS.iter().find(|(name, _)| *name == word).map(|(name, kind)| (*name, *kind, ""));
        let Some((name, kind, mut letters)) = known.or(split) else { return self.unexpected() };
        self.at += word.len();
        if letters.is_empty() {
            letters = ["ZM", "Z", "M"].into_iter().find(|letters| self.word(letters)).unwrap_or_default();
        }
        self.layout = match letters {
            "" => None,
            "ZM" => Some((4, letters)),
            _ => Some((3, letters)),
        };
        let body = self.body(kind)?;
        let letters = self.layout.map_or("", |(_, letters)| letters);
        let blank = if letters.is_empty() { "" } else { " " };
        Ok(format!("{name}{blank}{letters} {body}"))
    }

    fn body(&mut self, kind: Kind) -> Read<String> {
        if self.word("EMPTY") {
            return Ok("EMPTY".to_owned());
        }
        match kind {
            Kind::Point => {
                self.expect('(')?;
                let point = self.point()?;
                self.expect(')')?;
                Ok(format!("({point})"))
            }
            Kind::LineString => self.line(),
            Kind::Polygon => self.list(Self::ring),
            Kind::MultiPoint => self.list(|reader| {
                if reader.word("EMPTY") {
                    return Ok("EMPTY".to_owned());
                }
                let wrapped = reader.sign('(');
                let point = reader.point()?;
                if wrapped {
                    reader.expect(')')?;
                }
                Ok(point)
            }),
            Kind::MultiLineString => self.list(|reader| reader.body(Kind::LineString)),
            Kind::MultiPolygon => self.list(|reader| reader.body(Kind::Polygon)),
            Kind::Collection => self.list(Self::shape),
        }
    }

    fn list(&mut self, mut item: impl FnMut(&mut Self) -> Read<String>) -> Read<String> {
        self.expect('(')?;
        let mut items = vec![item(self)?];
        while self.sign(',') {
            items.push(item(self)?);
        }
        self.expect(')')?;
        Ok(format!("({})", items.join(", ")))
    }

    fn points(&mut self) -> Read<(Vec<String>, usize)> {
        self.expect('(')?;
        let mut points = vec![self.point()?];
        while self.sign(',') {
            points.push(self.point()?);
        }
        self.skip_blanks();
        let end = self.at;
        self.expect(')')?;
        Ok((points, end))
    }

    fn line(&mut self) -> Read<String> {
        let (points, at) = self.points()?;
        if points.len() < 2 {
            let problem = "non-empty linestring with only one point";
            return Err(Fault { problem, at, hint: "minimum number of points is 2" });
        }
        Ok(format!("({})", points.join(", ")))
    }

    fn ring(&mut self) -> Read<String> {
        let (points, at) = self.points()?;
        if points.len() < 4 {
            let problem = "polygon ring doesn't have enough points";
            return Err(Fault { problem, at, hint: "minimum number of points is 4" });
        }
        if points.first() != points.last() {
            let problem = "polygon ring not closed";
            return Err(Fault { problem, at, hint: "ensure first and last point are the same" });
        }
        Ok(format!("({})", points.join(", ")))
    }

    fn point(&mut self) -> Read<String> {
        let mut numbers = Vec::new();
        loop {
            self.skip_blanks();
            let start = self.rest().starts_with(|digit: char| digit.is_ascii_digit() || matches!(digit, '-' | '.'));
            if !start {
                break;
            }
            let end = self.number_end();
            match self.rest()[..end].parse::<f64>() {
                Ok(number) if number.is_finite() => numbers.push(number.to_string()),
                _ => return self.fault("invalid number", ""),
            }
            self.at += end;
        }
        match (numbers.len(), self.layout) {
            (0, _) => return self.unexpected(),
            (1, _) => return self.fault("not enough coordinates", "each point needs at least 2 coords"),
            (2, None) => self.layout = Some((2, "")),
            (3, None) => self.layout = Some((3, "Z")),
            (4, None) => self.layout = Some((4, "ZM")),
            (count, Some((wanted, _))) if count == wanted => {}
            (5.., _) => return self.fault("too many coordinates", "each point can have at most 4 coords"),
            _ => return self.fault("mixed dimensionality", ""),
        }
        Ok(numbers.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        normal(text, Version(2, 6)).map_err(|failure| failure.message)
    }

    #[test]
    fn shapes_are_written_back_in_normal_form() {
        let cases = [
            ("point(1.50 -2.250)", "POINT (1.5 -2.25)"),
            ("POINT (1 2 3)", "POINT Z (1 2 3)"),
            ("POINT ZM (1 2 3 4)", "POINT ZM (1 2 3 4)"),
            ("POINT EMPTY", "POINT EMPTY"),
            ("MULTIPOINT ((0 0), (1 1))", "MULTIPOINT (0 0, 1 1)"),
            (
                "POLYGON ((0 0, 9 0, 9 9, 0 0),(1 1, 2 1, 2 2, 1 1))",
                "POLYGON ((0 0, 9 0, 9 9, 0 0), (1 1, 2 1, 2 2, 1 1))",
            ),
            (
                "GEOMETRYCOLLECTION(POINT(1 2),LINESTRING (0 0, 1 1))",
                "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1))",
            ),
        ];
        for (text, written) in cases {
            assert_eq!(read(text).unwrap(), written);
        }
    }

    #[test]
    fn faults_are_told_with_their_place() {
        let cases = [
            (
                "POINT (1)",
                "not enough coordinates at line 1, pos 8\nLINE 1: POINT (1)\n                ^\nHINT: each point",
            ),
            ("", "unexpected $end at line 1, pos 0\nLINE 1: \n        ^"),
            ("5", "unexpected NUM at line 1, pos 0"),
            ("[1,2]", "invalid character at line 1, pos 0"),
            ("POINT (NaN 2)", "invalid keyword at line 1, pos 7"),
            ("POINT (1e400 2)", "invalid number at line 1, pos 7"),
            ("POINT (1 2) x", "invalid keyword at line 1, pos 12"),
            ("POLYGON ((0 0, 1 0, 1 1))", "polygon ring doesn't have enough points at line 1, pos 23"),
            ("POLYGON ((0 0, 1 0, 1 1, 0 1))", "polygon ring not closed"),
            ("LINESTRING (0 0)", "non-empty linestring with only one point at line 1, pos 15"),
        ];
        for (text, fault) in cases {
            assert!(read(text).unwrap_err().contains(fault), "{text}: {:?}", read(text));
        }
    }
}
