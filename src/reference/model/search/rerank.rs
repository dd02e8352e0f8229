//! Scores that are made from ranks and distances: reciprocal ranks, weights, decay and boost.

use super::super::failure::{self, Failure};
use super::super::filter::Filter;
use super::super::row::{self, Cell};
use super::super::schema::{DataType, Schema};
use super::super::{text, texts};
use super::metric::Metric;
use super::rank::{self, Hit};
use crate::profile::Version;
use crate::reference::json::{Node, Value as Json};
use std::collections::HashMap;
use std::f32::consts::{FRAC_2_PI, PI};

const DEFAULT_K: f32 = 60.0;
const MOST_K: f32 = 16_384.0;
const DEFAULT_DECAY: f64 = 0.5;
const SUPPORTED: &str = "[decay,model,rrf,weighted]";

/// How the scores of hits are made anew.
#[derive(Clone, Debug)]
pub(super) enum Reranker {
    /// By the ranks in the parts.
    Ranks { k: f32 },
    /// By the distances in the parts.
    Weights { weights: Vec<f32>, normalise: bool },
    /// By how far a number of the row is from an origin.
    Decay { field: String, curve: Curve, origin: f64, offset: f64, scale: f64, decay: f64 },
    /// By whether the row passes a filter.
    Boost { weight: f32, filter: Filter },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    Gauss,
    Exponential,
    Linear,
}

/// The hits of one part of a search for one query, best first.
pub(super) struct Part<'r> {
    pub(super) metric: Metric,
    pub(super) hits: Vec<Hit<'r>>,
    /// The rank before the first of these hits.
    pub(super) ranks_before: usize,
}

/// Hits with new scores, best first.
pub(super) struct Fused<'r> {
    pub(super) hits: Vec<Hit<'r>>,
}

/// Reads the ranker of a hybrid search from `rerank`.
pub(super) fn of_rerank(rerank: Option<&Node<'_>>, parts: usize, version: Version) -> Result<Reranker, Failure> {
    let strategy = rerank.map(|rerank| text(rerank, "strategy")).unwrap_or_default();
    let params = rerank.and_then(|rerank| rerank.get("params"));
    let known = if version >= Version(3, 0) { strategy.to_lowercase() } else { strategy.to_owned() };
    match known.as_str() {
        "rrf" => ranks(params, version),
        "weighted" => weights(params, parts, version),
        _ => Err(built(version, &format!("unsupported rank type {strategy}"))),
    }
}

/// A refusal of the part of 3.0 that builds rankers, or of what was there before.
fn built(version: Version, text: &str) -> Failure {
    if version < Version(3, 0) {
        return failure::unclassified(version, text);
    }
    failure::invalid(format!("rerank_builder: {text}: invalid parameter"))
}

fn present<'n, 'a>(params: Option<&'n Node<'a>>, key: &str) -> Option<&'n Node<'a>> {
    params.and_then(|params| params.get(key))
}

fn ranks(params: Option<&Node<'_>>, version: Version) -> Result<Reranker, Failure> {
    let the = if version < Version(2, 6) { "The" } else { "the" };
    let Some(k) = present(params, "k") else {
        if version < Version(2, 6) {
            return Err(failure::unclassified(version, "k not found in rank_params"));
        }
        return Ok(Reranker::Ranks { k: DEFAULT_K });
    };
    let Json::Number(number) = k.value else {
        return Err(built(version, &format!("{the} type of rank param k should be float")));
    };
    match number.parse::<f32>() {
        Ok(k) if k > 0.0 && k < MOST_K => Ok(Reranker::Ranks { k }),
        _ => {
            let the = if version == Version(2, 6) { "the" } else { "The" };
            Err(failure::unclassified(version, format!("{the} rank params k should be in range (0, 16384)")))
        }
    }
}

fn weights(params: Option<&Node<'_>>, parts: usize, version: Version) -> Result<Reranker, Failure> {
    let old = version < Version(2, 6);
    let missing = || match version {
        version if version < Version(2, 6) => failure::unclassified(version, "weights not found in rank_params"),
        version if version < Version(3, 0) => failure::unclassified(version, "weights not found"),
        _ => failure::invalid("rerank_builder: weighted reranker requires weights parameter"),
    };
    let list = present(params, "weights").filter(|list| old || !list.is_null());
    let Some(list) = list.filter(|list| old || !(matches!(list.value, Json::Array(_)) && list.items().is_empty()))
    else {
        return Err(missing());
    };
    let Json::Array(items) = &list.value else { return Err(bad_weights(list, None, version)) };
    let mut weights = Vec::with_capacity(items.len());
    for item in items {
        let weight = match item.value {
            Json::Number(number) => number.parse::<f32>().unwrap_or(f32::NAN),
            Json::Null if !old => 0.0,
            _ => return Err(bad_weights(list, Some(item), version)),
        };
        if !(0.0..=1.0).contains(&weight) {
            return Err(failure::unclassified(version, "rank param weight should be in range [0, 1]"));
        }
        weights.push(weight);
    }
    let normalise = normalise(params, version)?;
    if weights.len() != parts {
        let text = "the length of weights param mismatch with ann search requests: ";
        return Err(failure::mismatched(text, &parts.to_string(), &weights.len().to_string()));
    }
    Ok(Reranker::Weights { weights, normalise })
}

/// A refusal of weights that are no list of numbers; `null` in their place ends servers before 2.6.
fn bad_weights(list: &Node<'_>, item: Option<&Node<'_>>, version: Version) -> Failure {
    let text = match (version, item) {
        (Version(2, ..=5), None) => "The weights param should be an array".to_owned(),
        (Version(2, ..=5), Some(_)) => "The type of rank param weight should be float".to_owned(),
        (Version(2, _), _) => {
            format!("parse weights param failed, weight should be []float, bug got: {}", list.raw)
        }
        (_, item) => {
            let (kind, go_type) = item.map_or((list.kind(), "[]float64"), |item| (item.kind(), "float64"));
            format!("failed to parse weights: json: cannot unmarshal {kind} into Go value of type {go_type}")
        }
    };
    failure::unclassified(version, text)
}

/// Whether distances are brought to the range of 0 to 1. 2.4 always does so, 2.5 unless told otherwise, and from 2.6 on
/// they are not unless asked for.
fn normalise(params: Option<&Node<'_>>, version: Version) -> Result<bool, Failure> {
    if version < Version(2, 5) {
        return Ok(true);
    }
    match present(params, "norm_score").filter(|node| !node.is_null()) {
        None => Ok(version < Version(2, 6)),
        Some(node) => match (&node.value, version) {
            (Json::Bool(flag), _) => Ok(*flag),
            // This ends a server of 2.5.
            (_, Version(2, ..=5)) => Err(failure::unclassified(version, "The norm_score param should be a bool")),
            (_, Version(2, _)) => {
                let (value, kind) = (row::plain_text(node), node.kind());
                let rule = "weighted rerank err, norm_score should been bool type, but";
                Err(failure::unclassified(version, format!("{rule} [norm_score:{value}]'s type is {kind}")))
            }
            _ => Err(built(version, "the type of rank param norm_score should be bool")),
        },
    }
}

/// Reads the ranker from `functionScore`; there may be none in it.
pub(super) fn of_function_score(
    node: Option<&Node<'_>>,
    parts: usize,
    schema: &Schema,
    version: Version,
) -> Result<Option<Reranker>, Failure> {
    let functions = node.and_then(|node| node.get("functions")).map_or(&[][..], Node::items);
    let Some(function) = functions.first() else { return Ok(None) };
    let later = version >= Version(3, 0);
    for function in functions {
        let kind = text(function, "type");
        if !["Rerank", "BM25", "TextEmbedding", "MinHash"].contains(&kind) {
            return Err(failure::invalid(format!("Unsupported function type: {kind}")));
        }
    }
    if later && functions.len() > 1 {
        return Err(failure::invalid("rerank_builder: currently only supports one rerank function"));
    }
    let params = function.get("params");
    let name = present(params, "reranker").map(row::plain_text).unwrap_or_default().to_lowercase();
    let inputs = texts(function, "inputFieldNames");
    if name == "boost" {
        return boost(params, schema, version).map(Some);
    }
    if !later {
        let kind = text(function, "type");
        if kind != "Rerank" {
            return Err(failure::unclassified(version, format!("{kind} is not rerank function")));
        }
        let outputs = texts(function, "outputFieldNames").len();
        if outputs > 0 {
            let text = format!("rerank function should not have output field, but now is {outputs}");
            return Err(failure::unclassified(version, text));
        }
    } else if name.is_empty() {
        return Err(failure::missing("rerank_builder: reranker name not specified"));
    }
    match name.as_str() {
        "rrf" => ranks(params, version).map(Some),
        "weighted" => weights(params, parts, version).map(Some),
        "decay" => decay(params, &inputs, schema, version).map(Some),
        _ if later => Err(failure::invalid(format!("rerank_builder: unsupported reranker {name}"))),
        _ => {
            let text = format!("unsupported rerank function: [{name}] , list of supported {SUPPORTED}");
            Err(failure::unclassified(version, text))
        }
    }
}

fn boost(params: Option<&Node<'_>>, schema: &Schema, version: Version) -> Result<Reranker, Failure> {
    let filter = present(params, "filter").map(row::plain_text).unwrap_or_default();
    let filter = Filter::parse(&filter, schema, None, version)
        .map_err(|fault| failure::filter(version, "query", &filter, &fault))?;
    let weight = present(params, "weight").and_then(|node| row::plain_text(node).parse().ok());
    let Some(weight) = weight else {
        let ending = if version < Version(3, 0) { "" } else { ": query plan failed" };
        let text = format!("failed to create query plan: must set weight params for weight scorer{ending}");
        return Err(failure::invalid(text));
    };
    Ok(Reranker::Boost { weight, filter })
}

fn decay(params: Option<&Node<'_>>, inputs: &[&str], schema: &Schema, version: Version) -> Result<Reranker, Failure> {
    let later = version >= Version(3, 0);
    let [input] = inputs else {
        if later {
            let text = format!("rerank_builder: decay reranker requires exactly 1 input field, got {}", inputs.len());
            return Err(failure::invalid(text));
        }
        let text = format!("decay function only supports single input, but gets [[{}]] input", inputs.join(" "));
        return Err(failure::unclassified(version, text));
    };
    let Some(field) = schema.field(input) else {
        if later {
            return Err(failure::invalid(format!(
                "rerank_builder: input field {input} not found in collection schema"
            )));
        }
        return Err(failure::unclassified(version, format!("function input field not found: {input}")));
    };
    let kind = field.data_type;
    if !(kind.is_integer() || matches!(kind, DataType::Float | DataType::Double)) {
        let kind = kind.name();
        if later {
            return Err(failure::invalid(format!(
                "rerank_builder: decay input field {input} must be numeric, got {kind}"
            )));
        }
        let text = format!("decay rerank: unsupported input field type:{kind}, only support numeric field");
        return Err(failure::unclassified(version, text));
    }
    let curve = match present(params, "function").map(row::plain_text).unwrap_or_default().as_str() {
        "gauss" => Curve::Gauss,
        "exp" => Curve::Exponential,
        "linear" => Curve::Linear,
        other if later => {
            let text = format!("decay: invalid function {other:?}, must be one of [gauss, exp, linear]");
            return Err(built(version, &text));
        }
        _ => {
            let text = "invalid decay function: decay, only support [gauss,linear,exp]";
            return Err(failure::unclassified(version, text));
        }
    };
    let number = |key: &str| present(params, key).and_then(|node| row::plain_text(node).parse::<f64>().ok());
    let needed = |key: &str| {
        number(key).ok_or_else(|| {
            if later {
                return failure::missing(format!("decay {key} not specified"));
            }
            failure::unclassified(version, format!("decay function lost param: {key}"))
        })
    };
    let (origin, scale) = (needed("origin")?, needed("scale")?);
    let (offset, decay) = (number("offset").unwrap_or(0.0), number("decay").unwrap_or(DEFAULT_DECAY));
    let bad = |param: &str, now: &str, before: &str, number: f64| {
        if later {
            return built(version, &format!("decay: {param} must be {now}, got {number:.6}"));
        }
        failure::unclassified(version, format!("decay function param: {param} must {before}, but got {number:.6}"))
    };
    if scale <= 0.0 {
        return Err(bad("scale", "> 0", "> 0", scale));
    }
    if offset < 0.0 {
        return Err(bad("offset", ">= 0", ">= 0", offset));
    }
    if !(decay > 0.0 && decay < 1.0) {
        return Err(bad("decay", "0 < decay < 1", "0 < decay < 1", decay));
    }
    Ok(Reranker::Decay { field: (*input).to_owned(), curve, origin, offset, scale, decay })
}

impl Reranker {
    /// Makes one list of the hits of all parts for one query.
    pub(super) fn fuse<'r>(&self, parts: &[Part<'r>], schema: &Schema) -> Fused<'r> {
        let key = rank::key_position(schema);
        let order = self.order(parts);
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut hits: Vec<Hit<'r>> = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            for (index, hit) in part.hits.iter().enumerate() {
                let rank = part.ranks_before + index + 1;
                let score = self.score(number, part.metric, order, rank, hit, schema);
                let place = *places.entry(rank::key_text(hit.row, key)).or_insert(hits.len());
                match hits.get_mut(place) {
                    Some(known) => known.distance = self.joined(known.distance, score),
                    None => hits.push(Hit { row: hit.row, distance: score }),
                }
            }
        }
        hits.sort_by(|one, two| {
            let by_score = if order == Order::Falling {
                two.distance.total_cmp(&one.distance)
            } else {
                one.distance.total_cmp(&two.distance)
            };
            by_score.then_with(|| rank::compare(one.row, two.row, key))
        });
        Fused { hits }
    }

    /// Distances that are only weighted keep their order; everything else makes scores of which the greater is better.
    fn order(&self, parts: &[Part<'_>]) -> Order {
        let keeps = matches!(self, Reranker::Weights { normalise: false, .. } | Reranker::Boost { .. });
        let distances = parts.iter().all(|part| !part.metric.is_similarity());
        if keeps && distances && !parts.is_empty() { Order::Rising } else { Order::Falling }
    }

    fn joined(&self, one: f32, two: f32) -> f32 {
        match self {
            Reranker::Ranks { .. } | Reranker::Weights { .. } => one + two,
            Reranker::Decay { .. } | Reranker::Boost { .. } => one.max(two),
        }
    }

    fn score(&self, part: usize, metric: Metric, order: Order, rank: usize, hit: &Hit<'_>, schema: &Schema) -> f32 {
        match self {
            Reranker::Ranks { k } => {
                #[expect(clippy::cast_precision_loss, reason = "ranks are far below 2^24")]
                let rank = rank as f32;
                1.0 / (k + rank)
            }
            Reranker::Weights { weights, normalise } => {
                let score = match (normalise, order) {
                    (true, _) => normalised(metric, hit.distance),
                    (false, Order::Falling) if !metric.is_similarity() => normalised(metric, hit.distance),
                    (false, _) => hit.distance,
                };
                weights.get(part).copied().unwrap_or_default() * score
            }
            Reranker::Boost { weight, filter } => {
                if filter.matches(hit.row) {
                    hit.distance * weight
                } else {
                    hit.distance
                }
            }
            Reranker::Decay { field, curve, origin, offset, scale, decay } => {
                let number = match hit.row.cell(schema, field) {
                    #[expect(clippy::cast_precision_loss, reason = "the curve is no exact matter")]
                    Some(Cell::Int(number)) => *number as f64,
                    Some(Cell::Float(number)) => f64::from(*number),
                    Some(Cell::Double(number)) => *number,
                    _ => 0.0,
                };
                let away = ((number - origin).abs() - offset).max(0.0);
                let factor = match curve {
                    Curve::Gauss => (decay.ln() * (away / scale).powi(2)).exp(),
                    Curve::Exponential => (decay.ln() * away / scale).exp(),
                    Curve::Linear => (1.0 - away * (1.0 - decay) / scale).max(0.0),
                };
                let score = if metric.is_similarity() { hit.distance } else { normalised(metric, hit.distance) };
                #[expect(clippy::cast_possible_truncation, reason = "answers hold single precision")]
                let factor = factor as f32;
                score * factor
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Falling,
    Rising,
}

/// A distance as a score from 0 to 1, of which the greater is better.
fn normalised(metric: Metric, distance: f32) -> f32 {
    match metric {
        Metric::Cosine => f32::midpoint(1.0, distance),
        Metric::Ip => 0.5 + distance.atan() / PI,
        Metric::Bm25 => FRAC_2_PI * distance.atan(),
        _ => 1.0 - FRAC_2_PI * distance.atan(),
    }
}
