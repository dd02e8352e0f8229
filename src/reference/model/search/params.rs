//! What a request says about the way of searching: window, bounds of the distance, settings.

use super::super::entity::WINDOW;
use super::super::failure::{self, Failure};
use super::super::{go_text, row};
use super::metric::Metric;
use crate::profile::Version;
use crate::reference::json::{Node, Value as Json};

const DEFAULT_LIMIT: i64 = 100;

/// The hits of each query that are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) offset: usize,
    pub(super) limit: usize,
}

impl Window {
    /// How many hits have to be found for it.
    pub(super) fn end(self) -> usize {
        self.offset + self.limit
    }

    /// The part of a list that the window shows.
    pub(super) fn of<T>(self, mut items: Vec<T>) -> Vec<T> {
        items.truncate(self.end());
        items.drain(..self.offset.min(items.len()));
        items
    }
}

/// The settings of a search.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Params {
    pub(super) range: Range,
    /// The metric that the request asks for, where the version heeds it.
    pub(super) metric: Option<String>,
    /// Another field than the one named at the top.
    pub(super) field: Option<String>,
    /// Whether rows are left out that were not flushed yet.
    pub(super) only_sealed: bool,
    /// How many decimals of a distance are kept.
    pub(super) decimals: Option<i32>,
    limit: Option<i64>,
    offset: Option<i64>,
}

impl Params {
    /// Reads the settings of a search.
    pub(super) fn read(params: Option<&Node<'_>>, version: Version) -> Result<Self, Failure> {
        let Some(params) = params else { return Ok(Self::default()) };
        let inner = params.get("params").filter(|inner| !inner.is_null());
        let flag = |key: &str| params.get(key).is_some_and(|node| node.value == Json::Bool(true));
        if version < Version(2, 5) {
            let range = Range::read(|key| inner?.get(key), version)?;
            return Ok(Self { range, only_sealed: flag("ignoreGrowing"), ..Self::default() });
        }
        check_inner(params, inner)?;
        let range = Range::read(|key| params.get(key).or_else(|| inner?.get(key)), version)?;
        let number = |key: &str| params.get(key).and_then(|node| row::plain_text(node).parse().ok());
        let text = |key: &str| params.get(key).map(row::plain_text).filter(|text| !text.is_empty());
        Ok(Self {
            range,
            metric: text("metric_type").filter(|_| version >= Version(2, 6)),
            field: text("anns_field"),
            only_sealed: flag("ignoreGrowing") || ignores_growing(params, version)?,
            // Only 2.5 does what it is told.
            decimals: decimals(params, version)?.filter(|_| version < Version(2, 6)),
            limit: number("topk"),
            offset: number("offset"),
        })
    }

    /// Reads the settings of one part of a hybrid search, which 2.4 does not heed.
    pub(super) fn of_part(part: &Node<'_>, version: Version) -> Result<Self, Failure> {
        if version < Version(2, 5) {
            return Ok(Self::default());
        }
        let params = part.get("params");
        let range = Range::read(|key| params?.get(key), version)?;
        Ok(Self { range, ..Self::default() })
    }

    /// The window that a request asks for, after the checks of its bounds.
    pub(super) fn window(&self, limit: Option<i64>, offset: Option<i64>, version: Version) -> Result<Window, Failure> {
        let limit = self.limit.or(limit).unwrap_or(DEFAULT_LIMIT);
        let offset = self.offset.or(offset).unwrap_or_default();
        let refuse = |what: &str, number: i64| {
            let text = format!("{what} [{number}] is invalid, it should be in range [1, {WINDOW}], but got {number}");
            Err(failure::search_range(version, &text))
        };
        if !(1..=WINDOW).contains(&limit) {
            return refuse("topk", limit);
        }
        if !(0..=WINDOW).contains(&offset) {
            return refuse("offset", offset);
        }
        if limit + offset > WINDOW {
            return refuse("offset+topk", limit + offset);
        }
        Ok(window(limit, offset))
    }
}

/// The window of a hybrid search, whose bounds are checked in the words of a query.
pub(super) fn hybrid_window(limit: Option<i64>, offset: Option<i64>, version: Version) -> Result<Window, Failure> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    let offset = offset.unwrap_or_default();
    let refuse = |what: &str| Err(failure::search_range(version, &format!("invalid max query result window, {what}")));
    if limit <= 0 {
        return refuse(&format!("limit [{limit}] is invalid, should be greater than 0"));
    }
    if offset < 0 {
        return refuse(&format!("offset [{offset}] is invalid, should be gte than 0"));
    }
    if limit + offset > WINDOW {
        return refuse(&format!("(offset+limit) should be in range [1, {WINDOW}], but got {}", limit + offset));
    }
    Ok(window(limit, offset))
}

fn window(limit: i64, offset: i64) -> Window {
    let size = |number: i64| usize::try_from(number).unwrap_or_default();
    Window { offset: size(offset), limit: size(limit) }
}

/// Refuses inner settings that are no object, and those that the outer ones contradict.
fn check_inner(params: &Node<'_>, inner: Option<&Node<'_>>) -> Result<(), Failure> {
    let Some(inner) = inner else { return Ok(()) };
    if !matches!(inner.value, Json::Object(_)) {
        return Err(failure::invalid("searchParams.params must be a dict"));
    }
    for (key, value) in inner.entries() {
        let Some(outer) = params.get(key) else { continue };
        let (outer, value) = (go_text(outer), go_text(value));
        if outer != value {
            let text = format!("ambiguous parameter: {key}, in search_param: {outer}, in search_param.params: {value}");
            return Err(failure::invalid(text));
        }
    }
    Ok(())
}

fn ignores_growing(params: &Node<'_>, version: Version) -> Result<bool, Failure> {
    let Some(node) = params.get("ignore_growing") else { return Ok(false) };
    row::go_bool(&row::plain_text(node))
        .ok_or_else(|| failure::unclassified(version, "parse ignore growing field failed"))
}

fn decimals(params: &Node<'_>, version: Version) -> Result<Option<i32>, Failure> {
    let Some(node) = params.get("round_decimal") else { return Ok(None) };
    let text = row::plain_text(node);
    match text.parse() {
        Ok(-1) => Ok(None),
        Ok(decimals @ 0..=6) => Ok(Some(decimals)),
        _ => {
            let rule = "is invalid, should be -1 or an integer in range [0, 6]";
            Err(failure::unclassified(version, format!("round_decimal [{text}] {rule}")))
        }
    }
}

/// The bounds of a range search; each side may be open.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Range {
    pub(super) radius: Option<f32>,
    filter: Option<f32>,
}

impl Range {
    fn read<'n, 'a: 'n>(get: impl Fn(&str) -> Option<&'n Node<'a>>, version: Version) -> Result<Self, Failure> {
        let number = |node: &Node<'_>| match node.value {
            Json::Number(text) => text.parse().ok(),
            _ => None,
        };
        // Before 2.6 whatever is no number stands for zero.
        let radius = match get("radius") {
            Some(node) if version < Version(2, 6) => Some(number(node).unwrap_or(0.0)),
            node => node.and_then(number),
        };
        let filter = get("range_filter");
        if radius.is_none() && filter.is_some() && version >= Version(3, 0) {
            let text = "range_filter requires radius to be set; range_filter alone is not a valid range search \
                        parameter: ";
            return Err(failure::mismatched(text, "range_filter", ""));
        }
        // Before 2.6 the inner bound counts beside the outer one only.
        let filter = filter.and_then(number).filter(|_| radius.is_some() || version >= Version(2, 6));
        Ok(Self { radius, filter })
    }

    /// Refuses bounds in the wrong order. Only the code is known: the text comes from the vector core.
    pub(super) fn check(self, metric: Metric, version: Version) -> Result<(), Failure> {
        let (Some(radius), Some(filter)) = (self.radius, self.filter) else { return Ok(()) };
        let reversed = if metric.is_similarity() { radius > filter } else { radius < filter };
        if !reversed {
            return Ok(());
        }
        let side = if metric.is_similarity() { "greater" } else { "less" };
        let text = format!("range_filter({filter}) must be {side} than radius({radius}) for this metric");
        Err(failure::unclassified(version, text))
    }

    pub(super) fn holds(self, metric: Metric, distance: f32) -> bool {
        if metric.is_similarity() {
            self.filter.is_none_or(|high| distance <= high) && self.radius.is_none_or(|low| distance > low)
        } else {
            self.filter.is_none_or(|low| distance >= low) && self.radius.is_none_or(|high| distance < high)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::json;

    const V25: Version = Version(2, 5);
    const V26: Version = Version(2, 6);

    fn read(text: &str, version: Version) -> Result<Params, Failure> {
        Params::read(Some(&json::parse(text).unwrap()), version)
    }

    #[test]
    fn settings_stand_outside_or_inside() {
        let inside = r#"{"params": {"radius": 5, "range_filter": 1}}"#;
        let outside = r#"{"radius": 5, "range_filter": 1}"#;
        let range = Range { radius: Some(5.0), filter: Some(1.0) };
        for version in [V25, V26] {
            assert_eq!(read(inside, version).unwrap().range, range);
            assert_eq!(read(outside, version).unwrap().range, range);
        }
        assert_eq!(read(outside, Version(2, 4)).unwrap().range, Range::default());
        assert_eq!(read(r#"{"ef": 64, "params": {"ef": 32}}"#, V25).unwrap_err().code, 1100);
        assert_eq!(read(r#"{"params": 5}"#, V25).unwrap_err().code, 1100);
    }

    #[test]
    fn one_bound_alone_depends_on_the_version() {
        let alone = r#"{"params": {"range_filter": 1}}"#;
        assert_eq!(read(alone, V25).unwrap().range, Range::default());
        assert_eq!(read(alone, V26).unwrap().range, Range { radius: None, filter: Some(1.0) });
        assert_eq!(read(alone, Version(3, 0)).unwrap_err().code, 1100);
    }

    #[test]
    fn bounds_are_read_by_the_metric() {
        let range = Range { radius: Some(2.0), filter: Some(1.0) };
        let held = |metric, range: Range| [0.5, 1.0, 1.5, 2.0, 2.5].map(|distance| range.holds(metric, distance));
        assert_eq!(held(Metric::L2, range), [false, true, true, false, false]);
        let range = Range { radius: Some(1.0), filter: Some(2.0) };
        assert_eq!(held(Metric::Ip, range), [false, false, true, true, false]);
        assert_eq!(range.check(Metric::L2, V26).unwrap_err().code, 65535);
        assert!(range.check(Metric::Cosine, V26).is_ok());
    }

    #[test]
    fn windows_keep_to_the_bound() {
        let params = Params::default();
        let window = |limit, offset| params.window(Some(limit), Some(offset), V26).map_err(|refusal| refusal.message);
        assert_eq!(window(16_384, 0), Ok(Window { offset: 0, limit: 16_384 }));
        assert!(window(16_384, 1).unwrap_err().starts_with("offset+topk [16385]"));
        assert!(window(0, 5).unwrap_err().starts_with("topk [0]"));
        assert_eq!(Window { offset: 1, limit: 2 }.of(vec![1, 2, 3, 4]), [2, 3]);
        assert_eq!(Window { offset: 9, limit: 2 }.of(vec![1]), [0; 0]);
    }
}
