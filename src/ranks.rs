//! Whether hits are the nearest rows: the matcher `ranks`, which ranks the inserted rows itself.
//!
//! Distances are computed in double precision from the rows that a scenario inserted, apart from the reference target. A
//! stated tolerance covers single precision, and a recall floor what an approximate index may miss.

use crate::diagnostic;
use crate::templated::{has_template, is_template};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashSet};
use std::fmt;

/// The keys of the matcher.
const KEYS: [&str; 13] = [
    "rows", "vector", "key", "queries", "metric", "limit", "offset", "within", "recall", "among", "at-least",
    "at-most", "shown",
];

/// How close a distance has to be when nothing is said.
const WITHIN: f64 = 1e-3;

/// What makes two vectors alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Metric {
    L2,
    Ip,
    Cosine,
    Hamming,
    Jaccard,
}

impl Metric {
    const ALL: [(&'static str, Metric); 5] = [
        ("L2", Metric::L2),
        ("IP", Metric::Ip),
        ("COSINE", Metric::Cosine),
        ("HAMMING", Metric::Hamming),
        ("JACCARD", Metric::Jaccard),
    ];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, each)| *each == self).map_or("", |(word, _)| word)
    }

    /// A number that is the smaller the better a hit is.
    fn badness(self, distance: f64) -> f64 {
        if matches!(self, Metric::Ip | Metric::Cosine) { -distance } else { distance }
    }

    /// The distance of two vectors; `None` when sparse ones have no place in common, which makes no hit.
    fn distance(self, one: &Places, two: &Places) -> Option<f64> {
        let places: HashSet<u64> = one.places.keys().chain(two.places.keys()).copied().collect();
        let at = |vector: &Places, place: &u64| vector.places.get(place).copied().unwrap_or_default();
        if one.sparse && !one.places.keys().any(|place| two.places.contains_key(place)) {
            return None;
        }
        let sum = |term: &dyn Fn(f64, f64) -> f64| -> f64 {
            places.iter().map(|place| term(at(one, place), at(two, place))).sum()
        };
        let bits = |of: fn(u64, u64) -> u64| sum(&|a, b| f64::from(of(byte(a), byte(b)).count_ones()));
        Some(match self {
            Metric::L2 => sum(&|a, b| (a - b) * (a - b)),
            Metric::Ip => sum(&|a, b| a * b),
            Metric::Cosine => {
                let norms = (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt();
                if norms == 0.0 { 0.0 } else { sum(&|a, b| a * b) / norms }
            }
            Metric::Hamming => bits(|a, b| a ^ b),
            Metric::Jaccard => {
                let all = bits(|a, b| a | b);
                if all == 0.0 { 0.0 } else { 1.0 - bits(|a, b| a & b) / all }
            }
        })
    }
}

/// The byte that a number stands for in a vector of bits.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes are whole numbers up to 255")]
fn byte(number: f64) -> u64 {
    number as u64
}

/// A vector by its places, sparse or not.
#[derive(Debug)]
struct Places {
    places: BTreeMap<u64, f64>,
    sparse: bool,
}

impl Places {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Array(items) => {
                let numbers = items.iter().map(Value::as_f64).collect::<Option<Vec<_>>>()?;
                Some(Self { places: (0..).zip(numbers).collect(), sparse: false })
            }
            Value::Object(entries) => {
                let entry = |(place, number): (&String, &Value)| Some((place.parse().ok()?, number.as_f64()?));
                Some(Self { places: entries.iter().map(entry).collect::<Option<_>>()?, sparse: true })
            }
            _ => None,
        }
    }
}

/// What the hits of a search have to be.
#[derive(Clone, Debug)]
pub struct Ranks {
    rows: Value,
    queries: Value,
    vector: String,
    key: String,
    /// The key of a hit that holds its primary key.
    shown: String,
    metric: Metric,
    limit: usize,
    offset: usize,
    within: f64,
    recall: f64,
    among: Option<Value>,
    at_least: Option<f64>,
    at_most: Option<f64>,
}

/// Why hits are not what they have to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Unranked {
    /// What would have been right.
    pub expected: String,
    /// JSON pointer to the hit at fault, from the list of hits.
    pub pointer: String,
}

impl Ranks {
    /// Reads the matcher from its written form.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn from_value(value: Value) -> Result<Self, String> {
        let Value::Object(mut map) = value else {
            return Err("`ranks` wants an object with `rows`, `queries`, `metric` and `limit`".to_owned());
        };
        if let Some(unknown) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let help = diagnostic::suggestion(unknown, KEYS).unwrap_or_default();
            return Err(format!("`{unknown}` is no part of `ranks`; {help}"));
        }
        let rows = list(&mut map, "rows")?.ok_or("`ranks` wants `rows`: the rows that were inserted")?;
        let queries = list(&mut map, "queries")?.ok_or("`ranks` wants `queries`: the vectors that are searched for")?;
        let among = list(&mut map, "among")?;
        let key = text(&mut map, "key")?.unwrap_or_else(|| "id".to_owned());
        let ranks = Self {
            rows,
            queries,
            among,
            vector: text(&mut map, "vector")?.unwrap_or_else(|| "vector".to_owned()),
            shown: text(&mut map, "shown")?.unwrap_or_else(|| key.clone()),
            key,
            metric: metric(&mut map)?,
            limit: count(&mut map, "limit")?.filter(|limit| *limit > 0).ok_or("`ranks` wants `limit`: 1 or more")?,
            offset: count(&mut map, "offset")?.unwrap_or_default(),
            within: number(&mut map, "within")?.unwrap_or(WITHIN),
            recall: number(&mut map, "recall")?.unwrap_or(1.0),
            at_least: number(&mut map, "at-least")?,
            at_most: number(&mut map, "at-most")?,
        };
        if !(ranks.recall > 0.0 && ranks.recall <= 1.0) {
            return Err("`recall` of `ranks` is a share of the hits: more than 0, at most 1".to_owned());
        }
        if ranks.within <= 0.0 {
            return Err("`within` of `ranks` is how close distances have to be: more than 0".to_owned());
        }
        // What holds templates is looked at when it is filled in.
        if !has_template(&ranks.rows) {
            ranks.vectors()?;
        }
        if !has_template(&ranks.queries) {
            ranks.query_vectors()?;
        }
        Ok(ranks)
    }

    /// The same with every value in it replaced.
    ///
    /// # Errors
    /// What `fill` answers.
    pub fn fill<E>(&self, fill: &mut dyn FnMut(&Value) -> Result<Value, E>) -> Result<Self, E> {
        let among = self.among.as_ref().map(&mut *fill).transpose()?;
        Ok(Self { rows: fill(&self.rows)?, queries: fill(&self.queries)?, among, ..self.clone() })
    }

    /// Whether any value in it holds a template.
    pub fn has_templates(&self) -> bool {
        let values = [Some(&self.rows), Some(&self.queries), self.among.as_ref()];
        values.into_iter().flatten().any(has_template)
    }

    /// Looks at a list of hits, or a list of such lists, one for each query.
    ///
    /// # Errors
    /// The first fault.
    pub fn check(&self, value: &Value) -> Result<(), Unranked> {
        let fault = |expected: String, pointer: String| Unranked { expected, pointer };
        let own = |reason: String| fault(format!("nothing that could be checked: {reason}"), String::new());
        let rows = self.vectors().map_err(own)?;
        let queries = self.query_vectors().map_err(own)?;
        let Some(items) = value.as_array() else { return Err(fault("a list of hits".to_owned(), String::new())) };
        let nested = items.iter().all(Value::is_array) && items.len() == queries.len();
        if !nested && items.len() % queries.len() != 0 {
            let expected = format!("as many hits for each of {} queries, here {} in all", queries.len(), items.len());
            return Err(fault(expected, String::new()));
        }
        let size = items.len() / queries.len();
        for (number, query) in queries.iter().enumerate() {
            let (hits, before, pointer) = match items.get(number).and_then(Value::as_array) {
                Some(hits) if nested => (hits.as_slice(), 0, format!("/{number}")),
                _ => (&items[number * size..(number + 1) * size], number * size, String::new()),
            };
            self.check_query(&rows, query, hits).map_err(|(expected, place)| {
                let place = place.map(|(place, key)| format!("/{}{key}", before + place)).unwrap_or_default();
                fault(expected, format!("{pointer}{place}"))
            })?;
        }
        Ok(())
    }

    /// Looks at the hits of one query; a fault comes with the place and the key of the hit, where there is one.
    fn check_query(&self, rows: &[(Value, Places)], query: &Places, hits: &[Value]) -> Result<(), Misplaced> {
        let mut found: Vec<(f64, &Value)> = Vec::new();
        for (key, vector) in rows {
            let Some(distance) = self.metric.distance(query, vector) else { continue };
            let low = self.at_least.is_none_or(|least| distance >= least);
            let high = self.at_most.is_none_or(|most| distance <= most);
            let wanted = self.among.as_ref().and_then(Value::as_array);
            if low && high && wanted.is_none_or(|keys| keys.iter().any(|known| same_key(known, key))) {
                found.push((distance, key));
            }
        }
        found.sort_by(|one, two| self.metric.badness(one.0).total_cmp(&self.metric.badness(two.0)));
        let window: Vec<f64> = found.iter().skip(self.offset).take(self.limit).map(|(distance, _)| *distance).collect();
        let least = self.floor(window.len());
        if hits.len() < least || hits.len() > window.len() {
            let number = if least == window.len() { least.to_string() } else { format!("{least} to {}", window.len()) };
            return Err((format!("{number} hits, here {}", hits.len()), None));
        }
        let mut seen = HashSet::new();
        let mut last = f64::NEG_INFINITY;
        let mut right = 0;
        for (place, hit) in hits.iter().enumerate() {
            let (key, said) =
                (hit.get(&self.shown).unwrap_or(&Value::Null), hit.get("distance").and_then(Value::as_f64));
            let Some((distance, _)) = found.iter().find(|(_, known)| same_key(known, key)) else {
                return Err((
                    "the key of a row that may be found".to_owned(),
                    Some((place, format!("/{}", self.shown))),
                ));
            };
            if !seen.insert(key.to_string()) {
                return Err(("every key once".to_owned(), Some((place, format!("/{}", self.shown)))));
            }
            let Some(said) = said.filter(|said| self.close(*said, *distance)) else {
                let expected = format!("{} distance {distance} ± {}", self.metric.word(), self.within);
                return Err((expected, Some((place, "/distance".to_owned()))));
            };
            let badness = self.metric.badness(said);
            if badness < last && !self.close(badness, last) {
                return Err(("the better hits first".to_owned(), Some((place, "/distance".to_owned()))));
            }
            last = last.max(badness);
            let ends = [window.first(), window.last()].map(|end| end.copied().unwrap_or_default());
            let badness = self.metric.badness(*distance);
            let after = badness >= self.metric.badness(ends[0]) || self.close(*distance, ends[0]);
            let before = badness <= self.metric.badness(ends[1]) || self.close(*distance, ends[1]);
            right += usize::from(after && before);
        }
        if right < least {
            let expected = format!("at least {least} of the {} nearest rows, here {right}", window.len());
            return Err((expected, None));
        }
        Ok(())
    }

    /// How many of so many hits have to be right.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a search has at most 16,384 hits"
    )]
    fn floor(&self, hits: usize) -> usize {
        (hits as f64 * self.recall).ceil() as usize
    }

    /// Close in relation to what is compared, but not closer than near one.
    fn close(&self, one: f64, two: f64) -> bool {
        (one - two).abs() <= self.within * two.abs().max(1.0)
    }

    fn vectors(&self) -> Result<Vec<(Value, Places)>, String> {
        let rows = self.rows.as_array().filter(|rows| !rows.is_empty());
        let rows = rows.ok_or("`rows` of `ranks` wants a list of at least one row")?;
        let vector = |row: &Value| {
            let vector = row.get(&self.vector).and_then(Places::of);
            let key = row.get(&self.key).cloned();
            key.zip(vector)
        };
        let without =
            || format!("each of the `rows` of `ranks` wants a key `{}` and a vector `{}`", self.key, self.vector);
        rows.iter().map(|row| vector(row).ok_or_else(without)).collect()
    }

    fn query_vectors(&self) -> Result<Vec<Places>, String> {
        let queries = self.queries.as_array().filter(|queries| !queries.is_empty());
        let queries = queries.ok_or("`queries` of `ranks` wants a list of at least one vector")?;
        let vector = |query| Places::of(query).ok_or_else(|| "each of the `queries` of `ranks` is a vector".to_owned());
        queries.iter().map(vector).collect()
    }
}

/// The form of the matcher, for editors.
pub(crate) fn schema() -> Value {
    let metrics: Vec<&str> = Metric::ALL.iter().map(|(word, _)| *word).collect();
    let list = json!({"type": ["array", "string"]});
    let number = json!({"type": "number"});
    let count = json!({"type": "integer", "minimum": 0});
    let name = json!({"type": "string"});
    json!({
        "type": "object",
        "description": "The hits of a search: the nearest of the rows that were inserted, best first.",
        "additionalProperties": false,
        "required": ["rows", "queries", "metric", "limit"],
        "properties": {
            "rows": list, "queries": list, "among": list, "vector": name, "key": name, "shown": name,
            "metric": {"enum": metrics}, "limit": {"type": "integer", "minimum": 1}, "offset": count,
            "within": {"type": "number", "exclusiveMinimum": 0},
            "recall": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
            "at-least": number, "at-most": number
        }
    })
}

/// What was expected of which hit, and of which of its keys.
type Misplaced = (String, Option<(usize, String)>);

/// Keys may be answered as text.
fn same_key(one: &Value, two: &Value) -> bool {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text(one) == text(two)
}

/// A list, or a text with a template that will be one.
fn list(map: &mut Map<String, Value>, key: &str) -> Result<Option<Value>, String> {
    match map.remove(key) {
        None => Ok(None),
        Some(Value::String(text)) if is_template(&text) => Ok(Some(Value::String(text))),
        Some(list @ Value::Array(_)) => Ok(Some(list)),
        Some(_) => Err(format!("`{key}` of `ranks` wants a list, or a template that becomes one")),
    }
}

fn text(map: &mut Map<String, Value>, key: &str) -> Result<Option<String>, String> {
    match map.remove(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("`{key}` of `ranks` wants the name of a key")),
    }
}

fn number(map: &mut Map<String, Value>, key: &str) -> Result<Option<f64>, String> {
    let wrong = || format!("`{key}` of `ranks` wants a number");
    map.remove(key).map(|value| value.as_f64().ok_or_else(wrong)).transpose()
}

fn count(map: &mut Map<String, Value>, key: &str) -> Result<Option<usize>, String> {
    let wrong = || format!("`{key}` of `ranks` wants a whole number");
    let whole = |value: Value| value.as_u64().and_then(|number| usize::try_from(number).ok()).ok_or_else(wrong);
    map.remove(key).map(whole).transpose()
}

fn metric(map: &mut Map<String, Value>) -> Result<Metric, String> {
    let words = || Metric::ALL.iter().map(|(word, _)| *word);
    let known = || words().collect::<Vec<_>>().join(", ");
    let Some(Value::String(name)) = map.remove("metric") else {
        return Err(format!("`ranks` wants `metric`: one of {}", known()));
    };
    Metric::ALL
        .iter()
        .find(|(word, _)| *word == name)
        .map(|(_, metric)| *metric)
        .ok_or_else(|| format!("`{name}` is no metric of `ranks`; known are {}", known()))
}

impl fmt::Display for Ranks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} nearest rows by {}, best first", self.limit, self.metric.word())?;
        if self.offset > 0 {
            write!(f, ", without the first {}", self.offset)?;
        }
        if self.recall < 1.0 { write!(f, ", of which {} % have to be right", self.recall * 100.0) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranks(extra: Value) -> Ranks {
        let mut written = json!({
            "rows": [{"id": 1, "vector": [0, 0]}, {"id": 2, "vector": [1, 0]}, {"id": 3, "vector": [0, 1]}, {"id": 4, "vector": [3, 0]}],
            "queries": [[0, 0]], "metric": "L2", "limit": 3
        });
        let extra: Map<String, Value> = serde_json::from_value(extra).unwrap();
        written.as_object_mut().unwrap().extend(extra);
        Ranks::from_value(written).unwrap()
    }

    fn hits(hits: &[(i64, f64)]) -> Value {
        hits.iter().map(|(id, distance)| json!({"id": id, "distance": distance})).collect()
    }

    fn fault(ranks: &Ranks, value: &Value) -> (String, String) {
        let Unranked { expected, pointer } = ranks.check(value).unwrap_err();
        (expected, pointer)
    }

    #[test]
    fn the_nearest_rows_in_order_are_right_and_ties_are_free() {
        for order in [[2, 3], [3, 2]] {
            assert_eq!(ranks(json!({})).check(&hits(&[(1, 0.0), (order[0], 1.0), (order[1], 1.000_01)])), Ok(()));
        }
        let text = json!([{"id": "1", "distance": 0}, {"id": "2", "distance": 1}, {"id": "3", "distance": 1}]);
        assert_eq!(ranks(json!({})).check(&text), Ok(()), "keys may be text");
        let nested = json!([[{"id": 1, "distance": 0}], [{"id": 4, "distance": 0}]]);
        let two = ranks(json!({"queries": [[0, 0], [3, 0]], "limit": 1}));
        assert_eq!(two.check(&nested), Ok(()));
        assert_eq!(two.check(&hits(&[(1, 0.0), (4, 0.0)])), Ok(()));
    }

    #[test]
    fn every_fault_is_found_at_its_place() {
        let ranks = ranks(json!({}));
        let place = |answer: &[(i64, f64)]| fault(&ranks, &hits(answer)).1;
        assert_eq!(place(&[(1, 0.0), (2, 1.0)]), "", "one too few");
        assert_eq!(place(&[(1, 0.0), (2, 1.0), (3, 1.0), (4, 9.0)]), "", "one too many");
        assert_eq!(place(&[(1, 0.0), (2, 1.0), (2, 1.0)]), "/2/id", "twice");
        assert_eq!(place(&[(1, 0.0), (2, 1.0), (9, 1.0)]), "/2/id", "unknown");
        assert_eq!(place(&[(1, 0.0), (2, 1.1), (3, 1.0)]), "/1/distance", "wrong distance");
        assert_eq!(place(&[(2, 1.0), (1, 0.0), (3, 1.0)]), "/1/distance", "wrong order");
        assert!(fault(&ranks, &hits(&[(1, 0.0), (2, 1.0), (4, 9.0)])).0.contains("at least 3 of the 3"), "a worse row");
        assert_eq!(fault(&ranks, &json!({})).0, "a list of hits");
    }

    #[test]
    fn an_approximate_index_may_miss_some() {
        let answer = hits(&[(1, 0.0), (2, 1.0), (4, 9.0)]);
        assert_eq!(ranks(json!({"recall": 0.6})).check(&answer), Ok(()));
        assert!(ranks(json!({"recall": 0.7})).check(&answer).is_err());
        assert_eq!(ranks(json!({"recall": 0.6})).check(&hits(&[(1, 0.0), (2, 1.0)])), Ok(()), "fewer");
    }

    #[test]
    fn windows_filters_and_ranges_leave_rows_out() {
        assert_eq!(ranks(json!({"offset": 3})).check(&hits(&[(4, 9.0)])), Ok(()));
        assert!(ranks(json!({"offset": 3})).check(&hits(&[(1, 0.0)])).is_err());
        assert_eq!(ranks(json!({"among": [2, 4]})).check(&hits(&[(2, 1.0), (4, 9.0)])), Ok(()));
        assert_eq!(ranks(json!({"at-least": 0.5, "at-most": 2})).check(&hits(&[(3, 1.0), (2, 1.0)])), Ok(()));
    }

    #[test]
    fn each_metric_ranks_its_way() {
        let rows = |one: Value, two: Value| json!([{"id": 1, "vector": one}, {"id": 2, "vector": two}]);
        let cases = [
            ("IP", rows(json!([1, 0]), json!([2, 0])), json!([1, 0]), [(2, 2.0), (1, 1.0)]),
            (
                "COSINE",
                rows(json!([1, 1]), json!([5, 0])),
                json!([1, 0]),
                [(2, 1.0), (1, std::f64::consts::FRAC_1_SQRT_2)],
            ),
            ("HAMMING", rows(json!([7, 0]), json!([1, 0])), json!([0, 0]), [(2, 1.0), (1, 3.0)]),
            ("JACCARD", rows(json!([3, 0]), json!([1, 0])), json!([1, 0]), [(2, 0.0), (1, 0.5)]),
            ("IP", rows(json!({"1": 0.5}), json!({"1": 2.0, "7": 9.0})), json!({"1": 1.0}), [(2, 2.0), (1, 0.5)]),
        ];
        for (metric, rows, query, answer) in cases {
            let ranks = ranks(json!({"rows": rows, "queries": [query], "metric": metric, "limit": 5}));
            assert_eq!(ranks.check(&hits(&answer)), Ok(()), "{metric}");
        }
        let apart =
            ranks(json!({"rows": rows(json!({"1": 1}), json!({"2": 1})), "queries": [{"1": 1.0}], "metric": "IP"}));
        assert_eq!(apart.check(&hits(&[(1, 1.0)])), Ok(()), "nothing in common is no hit");
    }
}
