//! Hybrid search: several searches whose hits are ranked together.

use super::super::collection::Collection;
use super::super::entity;
use super::super::failure::{self, Failure, MissingText, Read};
use super::super::schema::{DataType, Field};
use super::super::{Arguments, Model, Outcome, int, text, texts};
use super::params::{Params, Window, hybrid_window};
use super::rank::{self, Candidates, Hit, Ranking};
use super::rerank::{self, Part, Reranker};
use super::vector::Vector;
use super::{Found, answer, check_outputs, checked_filter, grouping, query, vector_field};
use crate::profile::Version;
use crate::reference::json::{self, Node};

const MOST_PARTS: usize = 1_024;

/// One of the searches, read and checked as far as the front does.
struct Sub<'n, 'a> {
    node: &'n Node<'a>,
    field: Field,
    vectors: Vec<Vector<'static>>,
    params: Params,
}

pub(in crate::reference) fn hybrid_search(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    entity::check_consistency(arguments)?;
    let collection = model.collection(arguments, MissingText::Find)?;
    let nodes = arguments.body.get("search").map_or(&[][..], Node::items);
    let subs = nodes.iter().map(|node| sub(node, collection, version)).collect::<Result<Vec<_>, _>>()?;
    if version < Version(2, 5) && nodes.iter().any(|node| !text(node, "groupingField").is_empty()) {
        let text = "not support search_group_by operation in the hybrid search";
        return Err(failure::unclassified(version, text));
    }
    check_partitions(collection, arguments, version)?;
    let fields = check_outputs(arguments, &collection.schema, version)?;
    if subs.len() > MOST_PARTS {
        let text = format!("maximum of ann search requests is {MOST_PARTS}");
        return Err(failure::unclassified(version, text));
    }
    let window = hybrid_window(arguments.int("limit"), arguments.int("offset"), version)?;
    // Single-precision numbers are no groups of a search, and are of a hybrid one.
    let by = |data_type| rank::groups_by(data_type) || data_type == DataType::Float;
    let grouping = if version < Version(2, 5) { None } else { grouping(collection, arguments, by, version)? };
    let reranker = reranker(collection, arguments, subs.len(), version)?;
    let mut windows = Vec::with_capacity(subs.len());
    for sub in &subs {
        windows.push(sub.params.window(Some(int(sub.node, "limit").unwrap_or_default()), None, version)?);
    }
    let queries = check_queries(&subs, version)?;
    let mut filters = Vec::with_capacity(subs.len());
    for sub in &subs {
        filters.push(checked_filter(collection, sub.node, version)?);
    }
    collection.check_readable(Read::Search)?;
    let collection: &Collection = collection;
    let schema = &collection.schema;
    let rows = rows(collection, arguments, version);
    let mut searches = Vec::with_capacity(subs.len());
    for ((sub, filter), window) in subs.iter().zip(&filters).zip(windows) {
        let metric = super::metric_of(collection, &sub.field, version)?;
        sub.params.range.check(metric, version)?;
        let ranking = Ranking { schema, metric, range: sub.params.range, groups: grouping };
        let candidates = Candidates::new(&rows, &sub.field, schema, |row| filter.matches(row));
        searches.push((ranking, candidates, &sub.vectors, window));
    }
    let mut found = Found::default();
    let mut ranks_before = 0;
    for query in 0..queries {
        let mut parts = Vec::with_capacity(searches.len());
        for (ranking, candidates, vectors, window) in &searches {
            let Some(vector) = vectors.get(query) else { continue };
            let mut hits = ranking.best(candidates, vector, *window);
            let key = rank::key_position(schema);
            hits.sort_by(|one, two| {
                let by_distance = ranking.metric.order(one.distance, two.distance);
                by_distance.then_with(|| rank::compare(one.row, two.row, key))
            });
            parts.push(Part { metric: ranking.metric, hits, ranks_before });
        }
        // Before 2.6 the ranks of one query go on where those of the query before it ended.
        if version < Version(2, 6) {
            ranks_before += parts.iter().map(|part| part.hits.len()).max().unwrap_or_default();
        }
        let fused = reranker.fuse(&parts, schema).hits;
        found.add(page(fused, grouping, collection, window));
    }
    let empty = found.hits.is_empty();
    let mut answer = answer(found, &fields, collection, arguments, version);
    // Here an answer without hits counts them all the same, except for one beyond the last hit in 3.0.
    if empty && (version < Version(3, 0) || window.offset == 0) {
        answer = answer.with("topks", vec![0; queries]);
    }
    Ok(answer)
}

fn page<'r>(
    hits: Vec<Hit<'r>>,
    grouping: Option<rank::Groups<'_>>,
    collection: &Collection,
    window: Window,
) -> Vec<Hit<'r>> {
    match grouping {
        Some(groups) => rank::grouped(hits, groups, &collection.schema, window),
        None => window.of(hits),
    }
}

fn sub<'n, 'a>(node: &'n Node<'a>, collection: &Collection, version: Version) -> Result<Sub<'n, 'a>, Failure> {
    let field = vector_field(collection, text(node, "annsField"), version)?.clone();
    let vectors = match node.get("data") {
        Some(data) => query::vectors(data, &field, version)?,
        // 2.4 counts no query, and ends when it has to rank them.
        None if version < Version(2, 5) => Vec::new(),
        None if json::parse(node.raw).is_ok_and(|sent| sent.get("data").is_some()) => Vec::new(),
        None => return Err(query::nothing(&field)),
    };
    let params = Params::of_part(node, version)?;
    Ok(Sub { node, field, vectors, params })
}

/// Up to 2.6 partitions that are not there are left out without a word.
fn check_partitions(collection: &Collection, arguments: &Arguments<'_>, version: Version) -> Result<(), Failure> {
    let names = arguments.texts("partitionNames");
    if !names.is_empty() && collection.schema.has_partition_key() {
        return Err(failure::partition_named_with_key(version));
    }
    match names.iter().find(|name| !collection.partitions.contains_key(**name)) {
        Some(missing) if version >= Version(3, 0) => {
            Err(failure::invalid(format!("partition name {missing} not found")))
        }
        _ => Ok(()),
    }
}

fn rows<'c>(collection: &'c Collection, arguments: &Arguments<'_>, version: Version) -> Vec<&'c super::Row> {
    let names = texts(&arguments.body, "partitionNames");
    let known = names.iter().any(|name| collection.partitions.contains_key(*name));
    let all = !known && version < Version(3, 0);
    let partitions = collection.partitions.iter();
    let partitions = partitions.filter(|(name, partition)| {
        if names.is_empty() || all { !partition.is_released() } else { names.contains(&name.as_str()) }
    });
    partitions.flat_map(|(_, partition)| &partition.rows).collect()
}

fn reranker(
    collection: &Collection,
    arguments: &Arguments<'_>,
    parts: usize,
    version: Version,
) -> Result<Reranker, Failure> {
    let score = arguments.body.get("functionScore");
    match rerank::of_function_score(score, parts, &collection.schema, version)? {
        Some(reranker) => Ok(reranker),
        // Without any part there is nothing that a ranker could fit.
        None => rerank::of_rerank(arguments.body.get("rerank"), parts, version),
    }
}

/// The number of query vectors, which is the same in every part.
fn check_queries(subs: &[Sub<'_, '_>], version: Version) -> Result<usize, Failure> {
    let queries = subs.first().map_or(0, |sub| sub.vectors.len());
    for sub in subs {
        super::check_count(sub.vectors.len(), version)?;
        if sub.vectors.len() != queries {
            let text = "sub search request nq should be the same: ";
            return Err(failure::mismatched(text, &queries.to_string(), &sub.vectors.len().to_string()));
        }
    }
    super::check_count(queries, version)?;
    Ok(queries)
}
