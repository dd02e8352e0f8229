//! Shapes in well-known text, as far as it takes to tell good ones from bad ones.

/// The kinds of shapes with how many lists deep their points lie, and the fewest points of a list.
const KINDS: [(&str, usize, usize); 7] = [
    ("POINT", 1, 1),
    ("LINESTRING", 1, 2),
    ("POLYGON", 2, 4),
    ("MULTIPOINT", 1, 1),
    ("MULTILINESTRING", 2, 2),
    ("MULTIPOLYGON", 3, 4),
    ("GEOMETRYCOLLECTION", 0, 0),
];

/// A shape that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    kind: &'static str,
}

impl Shape {
    pub(super) fn is_point(self) -> bool {
        self.kind == "POINT"
    }

    /// Reads a shape, or says in the server's words what is wrong.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let told = |reason: &str, at: usize| {
            let marker = " ".repeat("LINE 1: ".len() + at);
            format!("syntax error: {reason} at line 1, pos {at}\nLINE 1: {text}\n{marker}^")
        };
        let start = text.len() - text.trim_start().len();
        let word = text[start..].split(|each: char| !each.is_ascii_alphabetic()).next().unwrap_or_default();
        if text.trim().is_empty() {
            return Err(told("unexpected $end", text.len()));
        }
        let known = KINDS.iter().find(|(kind, _, _)| word.eq_ignore_ascii_case(kind));
        let Some(&(kind, depth, fewest)) = known else { return Err(told("invalid keyword", start)) };
        let shape = Self { kind };
        let body = text[start + word.len()..].trim();
        let body = body.trim_start_matches(['Z', 'M', 'z', 'm']).trim_start();
        if body.eq_ignore_ascii_case("EMPTY") || depth == 0 && body.starts_with('(') && body.ends_with(')') {
            return Ok(shape);
        }
        let mut open = 0;
        for (at, character) in body.char_indices() {
            open = match character {
                '(' => open + 1,
                ')' if open > 0 => open - 1,
                ')' => return Err(told("syntax error: unexpected ')'", start + word.len() + at)),
                _ => open,
            };
        }
        if open > 0 || !body.starts_with('(') {
            return Err(told("syntax error: unexpected $end", text.len()));
        }
        for list in body.split(['(', ')']).filter(|list| !list.trim_matches([',', ' ']).is_empty()) {
            let points: Vec<&str> = list.split(',').map(str::trim).filter(|point| !point.is_empty()).collect();
            let number = |each: &str| each.parse::<f64>().is_ok_and(f64::is_finite);
            let good = points.iter().all(|point| {
                let numbers: Vec<&str> = point.split_whitespace().collect();
                (2..=4).contains(&numbers.len()) && numbers.iter().all(|each| number(each))
            });
            if !good {
                return Err(told("syntax error: unexpected input", start + word.len()));
            }
            let end = text.find(list).map_or(0, |at| at + list.len());
            if points.len() < fewest {
                let hint = format!("HINT: minimum number of points is {fewest}");
                let ring =
                    if kind.ends_with("POLYGON") { "polygon ring doesn't have" } else { "non-empty linestring with" };
                return Err(format!("{}\n{hint}", told(&format!("{ring} enough points"), end)));
            }
            if kind.ends_with("POLYGON") && points.first() != points.last() {
                return Err(told("polygon ring is not closed", end));
            }
        }
        Ok(shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read_whatever_their_case() {
        for good in
            ["POINT (1 2)", "point(1.5 -2)", "POLYGON ((0 0, 9 0, 9 9, 0 0))", "LINESTRING EMPTY", "POINT Z (1 2 3)"]
        {
            assert!(Shape::read(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "x",
            "POINT",
            "POINT (1)",
            "POINT (1 x)",
            "POLYGON ((0 0, 1 0, 1 1))",
            "LINESTRING (0 0)",
            "POINT (1 2",
        ] {
            assert!(Shape::read(bad).is_err(), "{bad}");
        }
        assert!(Shape::read("POINT (1 2)").is_ok_and(Shape::is_point));
        assert!(Shape::read("LINESTRING (0 0, 1 1)").is_ok_and(|shape| !shape.is_point()));
    }

    #[test]
    fn faults_show_their_place() {
        assert_eq!(
            Shape::read("x").unwrap_err(),
            "syntax error: invalid keyword at line 1, pos 0\nLINE 1: x\n        ^"
        );
    }
}
