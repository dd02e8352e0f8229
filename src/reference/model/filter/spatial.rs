//! Relations between shapes: points, lines and polygons with holes. Heights and measures are not looked at.
//!
//! Which side of a line a point lies on is told by a product in double precision, which is exact for coordinates of a few digits.
//! Shapes of several parts and empty ones are not compared.

type Point = (f64, f64);
type Segment = (Point, Point);

/// How one shape can lie to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Equals,
    Contains,
    Within,
    Intersects,
}

impl Relation {
    /// The relation that this function of filters asks for, if it can be told here.
    pub(super) fn named(call: &str) -> Option<Self> {
        Some(match call {
            "st_equals" => Relation::Equals,
            "st_contains" => Relation::Contains,
            "st_within" => Relation::Within,
            "st_intersects" => Relation::Intersects,
            _ => return None,
        })
    }

    /// Whether the first shape lies so to the second.
    pub(super) fn holds(self, one: &Figure, two: &Figure) -> bool {
        match self {
            Relation::Equals => one.is_part_of(two) && two.is_part_of(one),
            Relation::Contains => two.lies_within(one),
            Relation::Within => one.lies_within(two),
            Relation::Intersects => one.meets(two),
        }
    }
}

/// Where a point lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Inside,
    Border,
    Outside,
}

/// A shape by its points.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Figure {
    Point(Point),
    Line(Vec<Point>),
    /// Closed rings, the outer one first.
    Polygon(Vec<Vec<Point>>),
}

impl Figure {
    /// Reads a shape in well-known text, if it is of one part and not empty.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_uppercase();
        let open = text.find('(')?;
        let name = text[..open].trim().trim_end_matches(['Z', 'M', ' ']);
        let body = text[open..].trim().strip_prefix('(')?.strip_suffix(')')?;
        match name {
            "POINT" => Some(Figure::Point(*points(body)?.first()?)),
            "LINESTRING" => Some(Figure::Line(points(body)?)),
            "POLYGON" => {
                let rings = body.split(')').map(|ring| ring.trim_start_matches([',', ' ']).trim());
                let rings = rings.filter(|ring| !ring.is_empty());
                let rings: Vec<Vec<Point>> =
                    rings.map(|ring| points(ring.strip_prefix('(')?)).collect::<Option<_>>()?;
                (!rings.is_empty()).then_some(Figure::Polygon(rings))
            }
            _ => None,
        }
    }

    fn segments(&self) -> impl Iterator<Item = Segment> {
        let lists = match self {
            Figure::Point(_) => &[][..],
            Figure::Line(line) => std::slice::from_ref(line),
            Figure::Polygon(rings) => rings,
        };
        lists.iter().flat_map(|list| list.windows(2).map(|pair| (pair[0], pair[1])))
    }

    /// Where a point lies; the ends of an open line are its border.
    fn place(&self, point: Point) -> Place {
        match self {
            Figure::Point(own) if *own == point => Place::Inside,
            Figure::Point(_) => Place::Outside,
            Figure::Line(line) => {
                let ends = [line.first(), line.last()];
                if !self.segments().any(|segment| is_on(point, segment)) {
                    Place::Outside
                } else if ends[0] != ends[1] && ends.contains(&Some(&point)) {
                    Place::Border
                } else {
                    Place::Inside
                }
            }
            Figure::Polygon(rings) => {
                if self.segments().any(|segment| is_on(point, segment)) {
                    Place::Border
                } else if rings.iter().filter(|ring| winds_around(ring, point)).count() % 2 == 1 {
                    Place::Inside
                } else {
                    Place::Outside
                }
            }
        }
    }

    fn meets(&self, other: &Figure) -> bool {
        let touches = |one: &Figure, two: &Figure| match one {
            Figure::Point(point) => two.place(*point) != Place::Outside,
            _ => one.segments().any(|(from, _)| two.place(from) != Place::Outside),
        };
        touches(self, other)
            || touches(other, self)
            || self.segments().any(|one| other.segments().any(|two| !crossings(one, two).is_empty()))
    }

    /// Whether no point of this shape lies outside of the other.
    fn is_part_of(&self, other: &Figure) -> bool {
        let inside = |point| other.place(point) != Place::Outside;
        match self {
            Figure::Point(point) => inside(*point),
            Figure::Line(_) => self.pieces(other).all(inside),
            Figure::Polygon(rings) => {
                let Figure::Polygon(others) = other else { return false };
                // Where the borders are covered, only a hole inside of this shape can still be missing from the other.
                let holes = others[1..].iter().filter_map(|hole| inner_point(hole));
                rings[0].iter().all(|point| inside(*point))
                    && self.pieces(other).all(inside)
                    && !holes.into_iter().any(|point| self.place(point) == Place::Inside)
            }
        }
    }

    /// Whether this shape is part of the other, and not of its border only.
    fn lies_within(&self, other: &Figure) -> bool {
        self.is_part_of(other)
            && match self {
                Figure::Point(point) => other.place(*point) == Place::Inside,
                Figure::Line(_) => self.pieces(other).any(|point| other.place(point) == Place::Inside),
                Figure::Polygon(_) => true,
            }
    }

    /// The middle of every piece into which the border of the other shape cuts the lines of this one.
    fn pieces(&self, other: &Figure) -> impl Iterator<Item = Point> {
        self.segments().flat_map(|segment| {
            let mut cuts = vec![0.0, 1.0];
            cuts.extend(other.segments().flat_map(|edge| crossings(segment, edge)));
            cuts.sort_by(f64::total_cmp);
            cuts.dedup();
            let middles: Vec<Point> =
                cuts.windows(2).map(|pair| along(segment, f64::midpoint(pair[0], pair[1]))).collect();
            middles
        })
    }
}

fn points(list: &str) -> Option<Vec<Point>> {
    let point = |text: &str| {
        let mut numbers = text.trim_matches(['(', ')', ' ']).split_whitespace().map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    };
    list.split(',').map(point).collect()
}

/// Twice the area of the triangle, positive where it turns left.
fn turn(one: Point, two: Point, three: Point) -> f64 {
    (two.0 - one.0) * (three.1 - one.1) - (two.1 - one.1) * (three.0 - one.0)
}

fn along((from, to): Segment, share: f64) -> Point {
    (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share)
}

fn is_on(point: Point, (from, to): Segment) -> bool {
    // A point that was calculated misses its line by what a product of doubles loses.
    let size = [from, to, point].iter().fold(1.0_f64, |size, (x, y)| size.max(x.abs()).max(y.abs()));
    turn(from, to, point).abs() <= size * size * 1e-14
        && (from.0.min(to.0)..=from.0.max(to.0)).contains(&point.0)
        && (from.1.min(to.1)..=from.1.max(to.1)).contains(&point.1)
}

/// Whether a ray from the point to the right crosses the ring an odd number of times.
fn winds_around(ring: &[Point], point: Point) -> bool {
    let crossed = ring.windows(2).filter(|pair| {
        let (from, to) = (pair[0], pair[1]);
        (from.1 > point.1) != (to.1 > point.1) && (turn(from, to, point) > 0.0) == (to.1 > from.1)
    });
    crossed.count() % 2 == 1
}

/// The places on the first segment, as shares of its length, where it meets the second.
fn crossings(one: Segment, two: Segment) -> Vec<f64> {
    let share = |point: Point| {
        let ((from, to), length) = (one, |number: f64| number.abs());
        if length(to.0 - from.0) >= length(to.1 - from.1) {
            #[expect(clippy::float_cmp, reason = "only exactly nothing cannot be divided by")]
            if to.0 == from.0 { 0.0 } else { (point.0 - from.0) / (to.0 - from.0) }
        } else {
            (point.1 - from.1) / (to.1 - from.1)
        }
    };
    let (start, end) = (turn(two.0, two.1, one.0), turn(two.0, two.1, one.1));
    let mut places = Vec::new();
    if is_on(one.0, two) {
        places.push(0.0);
    }
    if is_on(one.1, two) {
        places.push(1.0);
    }
    for point in [two.0, two.1] {
        if is_on(point, one) {
            places.push(share(point));
        }
    }
    let apart = |left: f64, right: f64| left > 0.0 && right < 0.0 || left < 0.0 && right > 0.0;
    if apart(start, end) && apart(turn(one.0, one.1, two.0), turn(one.0, one.1, two.1)) {
        places.push(start / (start - end));
    }
    places
}

/// A point inside of a ring: in the triangle at its lowest corner, or between that corner and what else is in the triangle.
fn inner_point(ring: &[Point]) -> Option<Point> {
    let corners = &ring[..ring.len().checked_sub(1)?];
    let lowest = |one: &usize, two: &usize| {
        let (one, two) = (corners[*one], corners[*two]);
        one.1.total_cmp(&two.1).then(one.0.total_cmp(&two.0))
    };
    let at = (0..corners.len()).min_by(lowest)?;
    let corner = corners[at];
    let (before, after) = (corners[(at + corners.len() - 1) % corners.len()], corners[(at + 1) % corners.len()]);
    let direction = turn(before, corner, after).signum();
    let inside = |point: &&Point| {
        let sides = [(before, corner), (corner, after), (after, before)];
        sides.iter().all(|(from, to)| turn(*from, *to, **point) * direction > 0.0)
    };
    let deepest = corners.iter().filter(inside).max_by(|one, two| {
        let depth = |point: &Point| turn(after, before, *point).abs();
        depth(one).total_cmp(&depth(two))
    });
    Some(match deepest {
        Some(other) => (f64::midpoint(corner.0, other.0), f64::midpoint(corner.1, other.1)),
        None => ((before.0 + corner.0 + after.0) / 3.0, (before.1 + corner.1 + after.1) / 3.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: &str = "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0))";
    const FRAME: &str = "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (4 4, 6 4, 6 6, 4 6, 4 4))";
    /// A square with a slit from above, deep into its middle.
    const SLIT: &str = "POLYGON ((0 0, 10 0, 10 10, 5 1, 0 10, 0 0))";

    fn holds(relation: Relation, one: &str, two: &str) -> bool {
        relation.holds(&Figure::read(one).unwrap(), &Figure::read(two).unwrap())
    }

    #[test]
    fn what_lies_within_is_contained_and_meets() {
        let cases = [
            ("POINT (1 1)", SQUARE, true),
            ("POINT (0 5)", SQUARE, false),
            ("POINT (11 5)", SQUARE, false),
            ("POINT Z (1 1 9)", SQUARE, true),
            ("POINT (5 5)", FRAME, false),
            ("POINT (5 5)", SLIT, false),
            ("POINT (5 5)", "POINT (5 5)", true),
            ("POINT (1 1)", "LINESTRING (0 0, 2 2)", true),
            ("POINT (2 2)", "LINESTRING (0 0, 2 2)", false),
            ("LINESTRING (0 0, 10 10)", SQUARE, true),
            ("LINESTRING (0 0, 10 0)", SQUARE, false),
            ("LINESTRING (1 5, 9 5)", SLIT, false),
            ("LINESTRING (1 5, 9 5)", FRAME, false),
            ("LINESTRING (1 4, 9 4)", FRAME, true),
            ("LINESTRING (1 1, 2 2)", "LINESTRING (0 0, 1 1, 3 3)", true),
            ("LINESTRING (1 1, 2 3)", "LINESTRING (0 0, 1 1, 3 3)", false),
            (SQUARE, SQUARE, true),
            (FRAME, SQUARE, true),
            (SQUARE, FRAME, false),
            (SLIT, SQUARE, true),
            (SQUARE, SLIT, false),
            ("POLYGON ((1 1, 3 1, 3 3, 1 1))", FRAME, true),
            ("POLYGON ((4 4, 6 4, 6 6, 4 6, 4 4))", FRAME, false),
            ("POLYGON ((8 8, 12 8, 12 12, 8 8))", SQUARE, false),
            (SQUARE, "LINESTRING (0 0, 10 10)", false),
        ];
        for (one, two, expected) in cases {
            assert_eq!(holds(Relation::Within, one, two), expected, "{one} within {two}");
            assert_eq!(holds(Relation::Contains, two, one), expected, "{two} contains {one}");
            assert!(!expected || holds(Relation::Intersects, one, two), "{one} meets {two}");
        }
    }

    #[test]
    fn shapes_meet_where_they_share_a_point() {
        let cases = [
            ("POINT (0 5)", SQUARE, true),
            ("POINT (5 5)", FRAME, false),
            ("LINESTRING (-1 5, 11 5)", SQUARE, true),
            ("LINESTRING (-1 -1, 11 -1)", SQUARE, false),
            ("LINESTRING (0 0, 2 2)", "LINESTRING (0 2, 2 0)", true),
            ("LINESTRING (0 0, 2 0)", "LINESTRING (0 1, 2 1)", false),
            ("LINESTRING (4.5 5, 5.5 5)", FRAME, false),
            ("POLYGON ((10 10, 12 10, 12 12, 10 10))", SQUARE, true),
            ("POLYGON ((4.5 4.5, 5.5 4.5, 5 5.5, 4.5 4.5))", FRAME, false),
            ("POLYGON ((-5 -5, 20 -5, 20 20, -5 20, -5 -5))", SQUARE, true),
        ];
        for (one, two, expected) in cases {
            assert_eq!(holds(Relation::Intersects, one, two), expected, "{one} meets {two}");
            assert_eq!(holds(Relation::Intersects, two, one), expected, "{two} meets {one}");
        }
    }

    #[test]
    fn equal_shapes_may_be_written_differently() {
        let cases = [
            ("POINT (1 1)", "POINT (1.0 1)", true),
            ("LINESTRING (1 5, 9 5)", "LINESTRING (9 5, 4 5, 1 5)", true),
            (SQUARE, "POLYGON ((10 10, 0 10, 0 0, 10 0, 10 10))", true),
            (SQUARE, FRAME, false),
            (SQUARE, "LINESTRING (0 0, 10 0, 10 10, 0 10, 0 0)", false),
        ];
        for (one, two, expected) in cases {
            assert_eq!(holds(Relation::Equals, one, two), expected, "{one} equals {two}");
        }
    }

    #[test]
    fn shapes_of_several_parts_are_not_read() {
        for text in ["MULTIPOINT (0 0, 1 1)", "POINT EMPTY", "GEOMETRYCOLLECTION (POINT (1 2))"] {
            assert_eq!(Figure::read(text), None, "{text}");
        }
    }
}
