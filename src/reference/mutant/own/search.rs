//! Ranking: search and hybrid search.

use super::super::{is_success, parsed, success};
use super::Deed::{Accepts, Answers, Asks, Does, Ignores, Refuses};
use super::{Broken, Call, Own, items, own};
use crate::exchange::Response;
use serde_json::{Value, json};

const SEARCH: &[&str] = &["entities/search"];
const HYBRID: &[&str] = &["entities/hybrid_search"];

/// Puts another number in the place of each distance.
fn distances(body: &mut Value, change: impl Fn(f64) -> f64) {
    for hit in items(body, "/data") {
        if let Some(distance) = hit.get("distance").and_then(Value::as_f64) {
            hit["distance"] = json!(change(distance));
        }
    }
}

fn hits(body: &mut Value) -> Option<&mut Vec<Value>> {
    body.pointer_mut("/data").and_then(Value::as_array_mut)
}

fn queries(call: &Call<'_>) -> usize {
    call.body["data"].as_array().map_or(0, Vec::len)
}

/// Takes a key away from every part of a hybrid search.
fn without(body: &mut Value, key: &str) {
    for part in items(body, "/search").iter_mut().filter_map(Value::as_object_mut) {
        part.remove(key);
    }
}

/// Makes collections with another metric than the one asked for.
fn metric_instead(body: &mut Value, one: &str, other: &str) {
    if body.get("metricType") == Some(&json!(one)) {
        body["metricType"] = json!(other);
    }
    for index in items(body, "/indexParams") {
        if index.get("metricType") == Some(&json!(one)) {
            index["metricType"] = json!(other);
        }
    }
}

/// Answers the first hit twice, and leaves the last out.
fn first_twice(body: &mut Value) {
    if let Some(hits) = hits(body).filter(|hits| hits.len() > 1) {
        let first = hits[0].clone();
        hits.pop();
        hits.insert(0, first);
    }
}

/// What the model answers, but an empty success where it refuses with one of these texts.
fn accepts(broken: &Broken, call: &Call<'_>, texts: &[&str]) -> Option<Response> {
    let body = parsed(&broken.honest(call));
    let refused = !is_success(&body);
    let meant = body["message"].as_str().is_some_and(|message| texts.iter().any(|text| message.contains(text)));
    (refused && meant).then(|| success(&json!([])))
}

pub(super) const TABLE: &[Own] = &[
    own(
        "search-worst-first",
        "Hits come in the wrong order.",
        SEARCH,
        &["search.nearest", "search.sparse", "search.binary", "search.half"],
        Answers(|_, _, body| items(body, "/data").reverse()),
    ),
    own(
        "search-roots",
        "Distances are the roots of what they should be.",
        SEARCH,
        &["search.nearest", "search.binary", "search.half"],
        Answers(|_, _, body| distances(body, f64::sqrt)),
    ),
    own(
        "search-squares",
        "Distances are the squares of what they should be.",
        SEARCH,
        &["search.nearest", "search.sparse", "search.binary"],
        Answers(|_, _, body| distances(body, |distance| distance * distance)),
    ),
    own(
        "search-ip-for-cosine",
        "Collections of metric COSINE are ranked by inner product.",
        &["collections/create"],
        &["search.nearest"],
        Asks(|_, _, body| metric_instead(body, "COSINE", "IP")),
    ),
    own(
        "search-cosine-for-ip",
        "Collections of metric IP are ranked by angle.",
        &["collections/create"],
        &["search.nearest"],
        Asks(|_, _, body| metric_instead(body, "IP", "COSINE")),
    ),
    own(
        "search-hamming-for-jaccard",
        "Collections of metric JACCARD are ranked by differing bits.",
        &["collections/create"],
        &["search.binary"],
        Asks(|_, _, body| metric_instead(body, "JACCARD", "HAMMING")),
    ),
    own(
        "search-one-hit-less",
        "The last hit of every search is missing.",
        SEARCH,
        &["search.nearest", "search.sparse", "search.binary", "search.text"],
        Answers(|_, call, body| {
            if let Some(hits) = hits(body).filter(|hits| queries(call) == 1 && hits.len() < 10) {
                hits.pop();
            } else if let Some(hits) = hits(body) {
                hits.truncate(hits.len() / 4 * 3);
            }
        }),
    ),
    own(
        "search-a-hit-twice",
        "The best hit comes twice.",
        SEARCH,
        &["search.nearest"],
        Answers(|_, _, body| first_twice(body)),
    ),
    own(
        "search-far-rows",
        "Of the nearest rows every third is passed over.",
        SEARCH,
        &["search.nearest"],
        Does(|broken, call| {
            let mut body = call.body.clone();
            let limit = body["limit"].as_u64().filter(|limit| *limit >= 5 && queries(call) == 1)?;
            body["limit"] = json!(limit * 3 / 2 + 1);
            let mut answer = parsed(&broken.with_body(call, &body));
            let mut place = 0;
            hits(&mut answer)?.retain(|_| {
                place += 1;
                place % 3 != 0
            });
            hits(&mut answer)?.truncate(usize::try_from(limit).ok()?);
            Some(success(&answer["data"]))
        }),
    ),
    own(
        "search-pages-are-the-first",
        "offset is ignored by a search.",
        SEARCH,
        &["search.pages"],
        Ignores(&["offset"]),
    ),
    own(
        "search-pages-off-by-three",
        "offset skips fewer hits than it says.",
        SEARCH,
        &["search.pages"],
        Asks(|_, _, body| {
            if let Some(offset) = body["offset"].as_i64() {
                body["offset"] = json!((offset - 3).max(0));
            }
        }),
    ),
    own(
        "search-second-vector-lost",
        "Of several query vectors the last is not searched.",
        SEARCH,
        &["search.nearest"],
        Asks(|_, call, body| {
            if let Some(vectors) = hits(body).filter(|_| queries(call) > 1) {
                vectors.pop();
            }
        }),
    ),
    own(
        "search-no-topks",
        "topks is missing.",
        SEARCH,
        &["search.topks"],
        Answers(|_, _, body| {
            if let Some(body) = body.as_object_mut() {
                body.remove("topks");
            }
        }),
    ),
    own(
        "search-any-number-of-vectors",
        "A search takes any number of query vectors.",
        SEARCH,
        &["search.query-count"],
        Accepts("nq ["),
    ),
    own(
        "search-few-vectors",
        "A search takes a hundred query vectors.",
        SEARCH,
        &["search.query-count"],
        Refuses(|_, call| queries(call) > 100, 65535, "nq [101] is invalid"),
    ),
    own(
        "search-no-text",
        "A search by text finds nothing.",
        SEARCH,
        &["search.text"],
        Does(|_, call| call.body["data"][0].is_string().then(|| success(&json!([])))),
    ),
    own(
        "search-texts-by-any-word",
        "A search by text finds every row.",
        SEARCH,
        &["search.text"],
        Asks(|_, call, body| {
            if call.body["data"][0].is_string() {
                body["data"] = json!(["the a in whale winter"]);
            }
        }),
    ),
    own(
        "search-without-bounds",
        "The bounds of a range search are ignored.",
        SEARCH,
        &["search.range"],
        Ignores(&["searchParams"]),
    ),
    own(
        "search-without-inner-bound",
        "The inner bound of a range search is ignored.",
        SEARCH,
        &["search.range"],
        Asks(|_, _, body| {
            if let Some(params) = body.pointer_mut("/searchParams/params").and_then(Value::as_object_mut) {
                params.remove("range_filter");
            }
        }),
    ),
    own(
        "search-in-all-partitions",
        "partitionNames is ignored by a search.",
        SEARCH,
        &["search.partitions"],
        Ignores(&["partitionNames"]),
    ),
    own(
        "search-no-vector-in-hits",
        "An asterisk leaves vectors out of the hits.",
        SEARCH,
        &["search.all-fields"],
        Answers(|_, _, body| {
            for hit in items(body, "/data").iter_mut().filter_map(Value::as_object_mut) {
                hit.remove("vector");
            }
        }),
    ),
    own(
        "search-counts",
        "A search counts.",
        SEARCH,
        &["search.count"],
        Does(|_, call| {
            let counts = call.body["outputFields"].as_array()?.contains(&json!("count(*)"));
            counts.then(|| success(&json!([{"count(*)": 6, "distance": 0.0}])))
        }),
    ),
    own(
        "search-ungrouped",
        "groupingField is ignored.",
        SEARCH,
        &["search.grouping"],
        Ignores(&["groupingField", "groupSize", "strictGroupSize"]),
    ),
    own("search-one-of-a-group", "groupSize is ignored.", SEARCH, &["search.group-size"], Ignores(&["groupSize"])),
    own("search-any-group-size", "Groups may have any size.", SEARCH, &["search.largest-group"], Accepts("group size")),
    own(
        "search-any-grouping-field",
        "A search may be grouped by a field that is not there.",
        SEARCH,
        &["search.grouping-field"],
        Accepts("groupBy field not found"),
    ),
    own(
        "search-ids-find-nothing",
        "A search by keys finds nothing.",
        SEARCH,
        &["search.by-ids"],
        Does(|_, call| {
            let found = call.body.get("ids").is_some() && call.body.get("data").is_none();
            found.then(|| success(&json!([])))
        }),
    ),
    own(
        "search-ids-and-data",
        "Beside query vectors keys are ignored.",
        SEARCH,
        &["search.ids-or-data"],
        Asks(|_, call, body| {
            if let Some(body) = body.as_object_mut().filter(|_| call.body.get("data").is_some()) {
                body.remove("ids");
            }
        }),
    ),
    own(
        "search-missing-ids",
        "Keys of rows that are not there are left out of a search.",
        SEARCH,
        &["search.ids-missing"],
        Accepts("do not exist"),
    ),
    own(
        "search-never-sees-a-write",
        "A search of another level than Strong answers rows of before the last insert.",
        SEARCH,
        &["search.levels"],
        Answers(|_, call, body| {
            if !["", "Strong"].contains(&call.text("consistencyLevel"))
                && let Some(hits) = hits(body)
            {
                hits.retain(|hit| hit["id"] != json!(7));
            }
        }),
    ),
    own(
        "hybrid-first-search-only",
        "Of the searches of a hybrid search only the first counts.",
        HYBRID,
        &["hybrid.rrf"],
        Asks(|_, _, body| {
            let weighted = body.pointer("/rerank/strategy") == Some(&json!("weighted"));
            if let Some(parts) = body.pointer_mut("/search").and_then(Value::as_array_mut).filter(|_| !weighted) {
                parts.truncate(1);
            }
        }),
    ),
    own(
        "hybrid-k-of-sixty",
        "The k of the rrf ranker is always sixty.",
        HYBRID,
        &["hybrid.rrf", "hybrid.k"],
        Asks(|_, _, body| {
            if let Some(k) = body.pointer_mut("/rerank/params/k") {
                *k = json!(60);
            }
        }),
    ),
    own(
        "hybrid-k-to-sixty",
        "The k of the rrf ranker is refused from 61 on.",
        HYBRID,
        &["hybrid.k"],
        Refuses(
            |_, call| call.body.pointer("/rerank/params/k").and_then(Value::as_i64).is_some_and(|k| k > 60),
            65535,
            "The rank params k should be in range (0, 61)",
        ),
    ),
    own(
        "hybrid-equal-weights",
        "Weights are ignored.",
        HYBRID,
        &["hybrid.weighted", "hybrid.weights"],
        Asks(|_, _, body| {
            if let Some(weights) = body.pointer_mut("/rerank/params/weights").and_then(Value::as_array_mut) {
                weights.fill(json!(0.5));
            }
        }),
    ),
    own(
        "hybrid-swapped-weights",
        "Each weight counts for another search.",
        HYBRID,
        &["hybrid.weighted"],
        Asks(|_, _, body| items(body, "/rerank/params/weights").reverse()),
    ),
    own(
        "hybrid-any-number-of-weights",
        "The number of weights is not looked at.",
        HYBRID,
        &["hybrid.weight-for-each"],
        Accepts("length of weights"),
    ),
    own("hybrid-any-weight", "Weights may have any size.", HYBRID, &["hybrid.weights"], Accepts("range [0, 1]")),
    own(
        "hybrid-any-ranker",
        "A ranker that does not exist is taken for rrf.",
        HYBRID,
        &["hybrid.ranker"],
        Accepts("unsupported rank type"),
    ),
    own("hybrid-unlimited", "limit is ignored by a hybrid search.", HYBRID, &["hybrid.limit"], Ignores(&["limit"])),
    own(
        "hybrid-one-hit-less",
        "A hybrid search answers one hit less than it should.",
        HYBRID,
        &["hybrid.limit", "hybrid.rrf"],
        Answers(|_, _, body| {
            if let Some(hits) = hits(body) {
                hits.pop();
            }
        }),
    ),
    own(
        "hybrid-any-window",
        "A hybrid search may ask for any number of hits.",
        HYBRID,
        &["hybrid.window"],
        Accepts("max query result window"),
    ),
    own(
        "hybrid-for-nothing",
        "A hybrid search for no hits finds none.",
        HYBRID,
        &["hybrid.limit-positive"],
        Does(|_, call| (call.body["limit"].as_i64()? <= 0).then(|| success(&json!([])))),
    ),
    own("hybrid-no-offset", "offset is ignored by a hybrid search.", HYBRID, &["hybrid.offset"], Ignores(&["offset"])),
    own(
        "hybrid-unfiltered",
        "The filters of a hybrid search are ignored.",
        HYBRID,
        &["hybrid.filter"],
        Asks(|_, _, body| without(body, "filter")),
    ),
    own(
        "hybrid-no-output-fields",
        "outputFields is ignored by a hybrid search.",
        HYBRID,
        &["hybrid.output-fields"],
        Ignores(&["outputFields"]),
    ),
    own(
        "hybrid-any-sub-limit",
        "A search of a hybrid search may ask for no hits.",
        HYBRID,
        &["hybrid.sub-limit"],
        Accepts("topk"),
    ),
    own(
        "hybrid-different-queries",
        "The searches of a hybrid search may have different numbers of query vectors.",
        HYBRID,
        &["hybrid.same-queries"],
        Accepts("nq should be the same"),
    ),
    own(
        "hybrid-without-searches",
        "A hybrid search without any search finds nothing.",
        HYBRID,
        &["hybrid.some-search"],
        Accepts("nq [0]"),
    ),
    own(
        "hybrid-unloaded",
        "A hybrid search in a released collection finds nothing.",
        HYBRID,
        &["hybrid.needs-load"],
        Does(|broken, call| accepts(broken, call, &["not loaded", "not fully loaded"])),
    ),
    own(
        "hybrid-unknown-collection",
        "A hybrid search in a collection that does not exist finds nothing.",
        HYBRID,
        &["hybrid.unknown-collection"],
        Accepts("can't find collection"),
    ),
];
