//! Indexes.

use super::collection::{self, Collection};
use super::external_refresh;
use super::failure::{self, Failure, MissingText};
use super::index_params::{self, CAST, PATH};
use super::schema::{DataType, Field};
use super::{Answer, Arguments, Model, Outcome, names, properties, text};
use crate::profile::Version;
use crate::reference::json::Node;
use indexmap::IndexMap;
use serde_json::{Value, json};
use std::ops::RangeInclusive;

/// The type of an index whose request names none.
const AUTO: &str = "AUTOINDEX";

/// The properties of an index that may be altered.
const PROPERTIES: [&str; 3] = ["mmap.enabled", "indexoffsetcache.enabled", "warmup"];

/// An index type: in which versions it is known and can be built, and for which kinds of data.
struct Kind {
    name: &'static str,
    known: RangeInclusive<Version>,
    built_since: Version,
    families: &'static [Family],
}

const V23: Version = Version(2, 3);
const V24: Version = Version(2, 4);
const V25: Version = Version(2, 5);
const V26: Version = Version(2, 6);
const LAST: Version = Version(u16::MAX, u16::MAX);

const fn kind(
    name: &'static str,
    known: RangeInclusive<Version>,
    built_since: Version,
    families: &'static [Family],
) -> Kind {
    Kind { name, known, built_since, families }
}

const fn vector(name: &'static str, family: &'static [Family]) -> Kind {
    kind(name, V24..=LAST, V24, family)
}

const fn scalar(name: &'static str) -> Kind {
    kind(name, V24..=LAST, V24, &[Family::Scalar])
}

/// Every index type; names are case-sensitive, one of them is known in two spellings.
static KINDS: [Kind; 28] = [
    kind(AUTO, V23..=LAST, V23, &[Family::Dense, Family::Int8, Family::Binary, Family::Sparse, Family::Scalar]),
    vector("FLAT", &[Family::Dense]),
    vector("IVF_FLAT", &[Family::Dense]),
    vector("IVF_SQ8", &[Family::Dense]),
    vector("IVF_PQ", &[Family::Dense]),
    vector("SCANN", &[Family::Dense]),
    vector("DISKANN", &[Family::Dense]),
    vector("HNSW", &[Family::Dense, Family::Int8, Family::Binary]),
    kind("HNSW_SQ", V25..=LAST, V26, &[Family::Dense, Family::Int8]),
    kind("HNSW_PQ", V25..=LAST, V26, &[Family::Dense, Family::Int8]),
    kind("HNSW_PRQ", V25..=LAST, V26, &[Family::Dense, Family::Int8]),
    kind("IVF_RABITQ", V25..=LAST, V26, &[Family::Dense]),
    kind("GPU_CAGRA", V24..=V24, V24, &[Family::Dense]),
    kind("GPU_IVF_FLAT", V24..=V24, V24, &[Family::Dense]),
    kind("GPU_IVF_PQ", V24..=V24, V24, &[Family::Dense]),
    kind("GPU_BRUTE_FORCE", V24..=V24, V24, &[Family::Dense]),
    vector("BIN_FLAT", &[Family::Binary]),
    vector("BIN_IVF_FLAT", &[Family::Binary]),
    kind("MINHASH_LSH", V26..=LAST, V26, &[Family::Binary]),
    vector("SPARSE_INVERTED_INDEX", &[Family::Sparse]),
    vector("SPARSE_WAND", &[Family::Sparse]),
    scalar("STL_SORT"),
    scalar("Trie"),
    scalar("TRIE"),
    scalar("INVERTED"),
    scalar("BITMAP"),
    kind("RTREE", V26..=LAST, V26, &[Family::Scalar]),
    kind("NGRAM", V26..=LAST, V26, &[Family::Scalar]),
];

/// The kinds of data as indexes tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Dense,
    Int8,
    Binary,
    Sparse,
    Scalar,
}

impl Family {
    fn of(data_type: DataType) -> Self {
        match data_type {
            DataType::BinaryVector => Family::Binary,
            DataType::Int8Vector => Family::Int8,
            DataType::SparseFloatVector => Family::Sparse,
            vector if vector.is_vector() => Family::Dense,
            _ => Family::Scalar,
        }
    }

    fn default_metric(self) -> &'static str {
        match self {
            Family::Dense | Family::Int8 => "COSINE",
            Family::Binary => "HAMMING",
            Family::Sparse => "IP",
            Family::Scalar => "",
        }
    }

    fn metrics(self, version: Version) -> &'static [&'static str] {
        match self {
            Family::Dense | Family::Int8 => &["L2", "IP", "COSINE"],
            Family::Binary if version < V26 => &["HAMMING", "JACCARD", "SUBSTRUCTURE", "SUPERSTRUCTURE"],
            Family::Sparse if version < V25 => &["IP"],
            Family::Binary => &["HAMMING", "JACCARD", "SUBSTRUCTURE", "SUPERSTRUCTURE", "MHJACCARD"],
            Family::Sparse => &["IP", "BM25"],
            Family::Scalar => &[],
        }
    }

    fn bad_metric(self, metric: &str, version: Version) -> Failure {
        failure::bad_index_params(&match self {
            Family::Sparse if version < V25 => "only IP is the supported metric type for sparse index".to_owned(),
            Family::Sparse => "only IP&BM25 is the supported metric type for sparse index".to_owned(),
            Family::Binary => format!("binary vector index does not support metric type: {metric}"),
            Family::Int8 => format!("int vector index does not support metric type: {metric}"),
            Family::Dense | Family::Scalar => format!("float vector index does not support metric type: {metric}"),
        })
    }
}

/// An index of one field.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Index {
    pub(super) field: String,
    kind: String,
    pub(super) metric: String,
    params: IndexMap<String, String>,
    properties: IndexMap<String, String>,
}

impl Index {
    /// What the description of the collection says of it; an index without metric shows the default one.
    pub(super) fn brief(&self, name: &str) -> Value {
        let metric = if self.metric.is_empty() { Family::Dense.default_metric() } else { &self.metric };
        json!({"fieldName": self.field, "indexName": name, "metricType": metric})
    }

    fn describe(&self, name: &str, version: Version) -> Value {
        let mut entry = json!({
            "failReason": "",
            "fieldName": self.field,
            "indexName": name,
            "indexState": "Finished",
            "indexType": self.kind,
            "indexedRows": 0,
            "metricType": self.metric,
            "pendingRows": 0,
            "totalRows": 0,
        });
        if version >= Version(2, 5) {
            let property = |key: &str| self.properties.get(key).cloned().unwrap_or_default();
            entry["indexParams"] = self.all_params();
            entry["indexoffsetcache.enabled"] = property("indexoffsetcache.enabled").into();
            entry["maxIndexVersion"] = i32::MIN.into();
            entry["minIndexVersion"] = i32::MAX.into();
            entry["mmap.enabled"] = property("mmap.enabled").into();
            if version >= Version(2, 6) {
                entry["warmup"] = property("warmup").into();
            }
        }
        entry
    }

    fn all_params(&self) -> Value {
        let own = [("index_type", &self.kind), ("metric_type", &self.metric)];
        let own = own.into_iter().filter(|(_, value)| !value.is_empty());
        let given = self.params.iter().chain(&self.properties).map(|(key, value)| (key.as_str(), value));
        own.chain(given).map(|(key, value)| json!({"key": key, "value": value})).collect()
    }

    /// Whether the two are one index, whatever its properties are by now.
    fn same(&self, other: &Self) -> bool {
        Self { properties: IndexMap::new(), ..self.clone() } == Self { properties: IndexMap::new(), ..other.clone() }
    }
}

pub(in crate::reference) fn list(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let collection = model.collection(arguments, MissingText::Found)?;
    Ok(Answer::data(collection.indexes.keys().cloned().collect()))
}

pub(in crate::reference) fn describe(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let name = arguments.text("indexName");
    let collection = model.collection(arguments, MissingText::Found)?;
    let index = collection.indexes.get(name).ok_or_else(|| failure::index_missing(name))?;
    Ok(Answer::data(json!([index.describe(name, version)])))
}

pub(in crate::reference) fn create(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    for param in arguments.body.get("indexParams").map_or(&[][..], Node::items) {
        let collection = model.named_collection(arguments, MissingText::Found)?;
        create_one(collection, param, version)?;
    }
    Ok(Answer::done())
}

/// Makes the index of a quick setup.
pub(super) fn create_default(
    collection: &mut Collection,
    field: &str,
    name: &str,
    metric: &str,
    version: Version,
) -> Result<(), Failure> {
    add(collection, field, name, AUTO, metric, IndexMap::new(), version)
}

/// Makes the index that one entry of `indexParams` asks for.
pub(super) fn create_one(collection: &mut Collection, param: &Node<'_>, version: Version) -> Result<(), Failure> {
    let mut params = properties(param, "params");
    let given =
        |own: &str, inner: Option<String>| if own.is_empty() { inner.unwrap_or_default() } else { own.to_owned() };
    let index_type = given(text(param, "indexType"), params.shift_remove("index_type"));
    let metric = given(text(param, "metricType"), params.shift_remove("metric_type"));
    let field = text(param, "fieldName");
    let name = match text(param, "indexName").trim() {
        "" => field,
        name => name,
    };
    add(collection, field, name, &index_type, &metric, params, version)
}

fn add(
    collection: &mut Collection,
    field: &str,
    name: &str,
    index_type: &str,
    metric: &str,
    params: IndexMap<String, String>,
    version: Version,
) -> Result<(), Failure> {
    names::check_index(name, version)?;
    let described = collection.schema.field(field);
    let known = described.map(|known| known.data_type);
    // A typed index on an unknown field is one on a dynamic key.
    let key = (collection.schema.dynamic && params.contains_key(CAST)).then_some(DataType::Json);
    let Some(data_type) = known.or(key) else {
        return Err(if collection.schema.dynamic && version >= Version(2, 5) {
            failure::json_index_untyped(version)
        } else {
            failure::index_field_missing(version, field)
        });
    };
    let family = Family::of(data_type);
    let index_type = if index_type.is_empty() { AUTO } else { index_type };
    let metric = if metric.is_empty() && index_type == AUTO { family.default_metric() } else { metric };
    check_params(family, (data_type, described), index_type, metric, &params, version)?;
    let index = Index {
        field: field.to_owned(),
        kind: index_type.to_owned(),
        metric: if family == Family::Scalar { String::new() } else { metric.to_owned() },
        params,
        properties: IndexMap::new(),
    };
    match collection.indexes.get(name) {
        Some(present) if present.same(&index) => return Ok(()),
        Some(_) => return Err(failure::distinct_index(version)),
        None => {}
    }
    // A JSON value may have an index for each way into it.
    let elsewhere = |present: &Index| version >= Version(2, 6) && present.params.get(PATH) != index.params.get(PATH);
    if collection.indexes.values().any(|present| present.field == field && !elsewhere(present)) {
        return Err(failure::other_index_on_field(version));
    }
    collection.indexes.insert(name.to_owned(), index);
    Ok(())
}

/// The checks of type, metric and parameters, in the measured order.
fn check_params(
    family: Family,
    (data_type, field): (DataType, Option<&Field>),
    index_type: &str,
    metric: &str,
    params: &IndexMap<String, String>,
    version: Version,
) -> Result<(), Failure> {
    let Some(kind) = KINDS.iter().find(|kind| kind.name == index_type && kind.known.contains(&version)) else {
        return Err(failure::mismatched("", "valid index", &format!("invalid index type: {index_type}")));
    };
    let Some(field) = field.filter(|_| family != Family::Scalar) else {
        check_scalar(kind, data_type, field, version)?;
        return index_params::check_scalar(kind.name, data_type, field, params, version);
    };
    if metric.is_empty() {
        return Err(failure::bad_index_params("metric type not set for vector index"));
    }
    if !family.metrics(version).contains(&metric) {
        return Err(family.bad_metric(metric, version));
    }
    check_function(field, metric, version)?;
    if index_type == AUTO && !params.is_empty() {
        return Err(failure::unclassified(version, "only metric type can be passed when use AutoIndex"));
    }
    let gpu_only = index_type.starts_with("GPU_") && data_type != DataType::FloatVector;
    let binary_graph = index_type == "HNSW" && family == Family::Binary && version < V26;
    if !kind.families.contains(&family) || version < kind.built_since || gpu_only || binary_graph {
        let name = if version < V25 { data_type.number().to_string() } else { data_type.name().to_owned() };
        let text = format!("data type {name} can't build with this index {index_type}");
        return Err(failure::unbuildable_index(version, &text));
    }
    check_metric(index_type, family, metric, version)?;
    index_params::check_vector(index_type, field, params, version)
}

/// The metric BM25 and the output of the function of that name go together.
fn check_function(field: &Field, metric: &str, version: Version) -> Result<(), Failure> {
    match (field.function_output && field.data_type == DataType::SparseFloatVector, metric == "BM25") {
        (false, true) => {
            let text = "only BM25 Function output field support BM25 metric type";
            Err(failure::unbuildable_index(version, text))
        }
        (true, false) => {
            let text = format!("index metric type of BM25 function output field must be BM25, got {metric}");
            Err(failure::unclassified(version, text))
        }
        _ => Ok(()),
    }
}

/// Some types take fewer metrics than their kind of data has.
fn check_metric(index_type: &str, family: Family, metric: &str, version: Version) -> Result<(), Failure> {
    let named = |metrics: &str| format!("metric type {metric} not found or not supported, supported: {metrics}");
    let text = match (index_type, family, metric) {
        ("BIN_IVF_FLAT", _, "MHJACCARD")
        | ("BIN_IVF_FLAT" | AUTO, Family::Binary, "SUBSTRUCTURE" | "SUPERSTRUCTURE") => named("[HAMMING JACCARD]"),
        (gpu, _, "COSINE") if gpu.starts_with("GPU_") => {
            "metric type not found or not supported, supported: [L2 IP]".to_owned()
        }
        _ => return Ok(()),
    };
    Err(failure::unbuildable_index(version, &text))
}

/// The data that each index on scalars is for.
fn check_scalar(kind: &Kind, data_type: DataType, field: Option<&Field>, version: Version) -> Result<(), Failure> {
    let number = data_type.is_integer() || matches!(data_type, DataType::Float | DataType::Double);
    let json = data_type == DataType::Json && version >= V25;
    // In 3.0 these read what a JSON value is cast to.
    let casting = json && version >= Version(3, 0);
    let text = match kind.name {
        "STL_SORT" if version < V26 && !number => "STL_SORT are only supported on numeric field".to_owned(),
        "STL_SORT" if !number && !casting && !matches!(data_type, DataType::VarChar | DataType::Timestamptz) => {
            format!("STL_SORT are only supported on numeric, varchar or timestamptz field, got {}", data_type.name())
        }
        "Trie" | "TRIE" if data_type != DataType::VarChar => "TRIE are only supported on varchar field".to_owned(),
        "BITMAP" if !takes_bitmap(data_type) && !casting => {
            "bitmap index are only supported on bool, int, string and array field".to_owned()
        }
        "BITMAP" if version >= V25 && field.is_some_and(|field| field.primary) => {
            "create bitmap index on primary key not supported".to_owned()
        }
        "BITMAP" if field.and_then(|field| field.element).is_some_and(|element| !takes_bitmap(element)) => {
            "bitmap index are only supported on bool, int, string for array field".to_owned()
        }
        "RTREE" if data_type != DataType::Geometry => {
            format!("RTREE index can only be built on geometry field, got {}", data_type.name())
        }
        "NGRAM" if !matches!(data_type, DataType::VarChar | DataType::Json) => {
            "ngram index can only be created on VARCHAR or JSON field".to_owned()
        }
        "INVERTED"
            if matches!(data_type, DataType::Geometry | DataType::Timestamptz)
                || data_type == DataType::Json && !json =>
        {
            format!("INVERTED are not supported on {} field", data_type.name())
        }
        AUTO if data_type == DataType::Json && !json || data_type == DataType::Geometry && version < V26 => {
            return Err(failure::no_auto_index(data_type.name()));
        }
        "FLAT" if version < V25 => "data type should be FloatVector, Float16Vector or BFloat16Vector".to_owned(),
        name if !kind.families.contains(&Family::Scalar) && version < V25 => {
            format!("can't build {} in not vector type", name.to_lowercase())
        }
        name if !kind.families.contains(&Family::Scalar) => format!("index {name} only supports vector data type"),
        _ => return Ok(()),
    };
    Err(failure::unbuildable_index(version, &text))
}

fn takes_bitmap(data_type: DataType) -> bool {
    data_type.is_integer() || matches!(data_type, DataType::Bool | DataType::VarChar | DataType::Array)
}

pub(in crate::reference) fn drop(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let name = arguments.text("indexName");
    let collection = model.named_collection(arguments, MissingText::Found)?;
    external_refresh::check_managed(collection, "dropping an index")?;
    if collection.is_in_use() {
        if version < Version(2, 6) {
            return Err(failure::index_loaded());
        }
        let field = collection.indexes.get(name).map(|index| index.field.as_str());
        if field.is_some_and(|field| collection::is_vector(collection, field)) {
            return Err(failure::vector_index_loaded(collection.id));
        }
    }
    collection.indexes.shift_remove(name);
    Ok(Answer::done())
}

pub(in crate::reference) fn alter_properties(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let added = properties(&arguments.body, "properties");
    let keys: Vec<&str> = added.keys().map(String::as_str).collect();
    let index = alterable(model, arguments, &keys)?;
    index.properties.extend(added);
    Ok(Answer::done())
}

pub(in crate::reference) fn drop_properties(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let keys = arguments.texts("propertyKeys");
    let index = alterable(model, arguments, &keys)?;
    index.properties.retain(|key, _| !keys.contains(&key.as_str()));
    Ok(Answer::done())
}

fn alterable<'m>(model: &'m mut Model, arguments: &Arguments<'_>, keys: &[&str]) -> Result<&'m mut Index, Failure> {
    let version = model.version;
    let name = arguments.text("indexName");
    let collection = model.collection(arguments, MissingText::Found)?;
    if let Some(key) = keys.iter().find(|key| !PROPERTIES.contains(key)) {
        return Err(failure::index_property(version, key));
    }
    if collection.is_in_use() {
        let action = "can't alter index on loaded collection, please release the collection first";
        return Err(failure::loaded_collection(action, &collection.name));
    }
    collection.indexes.get_mut(name).ok_or_else(|| failure::index_missing(name))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{data, quick, refused};
    use super::*;
    use crate::profile::Profile;

    fn custom(profile: Profile) -> Model {
        let mut model = Model::new(profile, None);
        let fields = json!([
            {"fieldName": "id", "dataType": "Int64", "isPrimary": true},
            {"fieldName": "n", "dataType": "Int64"},
            {"fieldName": "v", "dataType": "FloatVector", "elementTypeParams": {"dim": 2}},
        ]);
        data(&mut model, "collections/create", &json!({"collectionName": "c", "schema": {"fields": fields}}));
        model
    }

    fn on(param: &Value) -> Value {
        json!({"collectionName": "c", "indexParams": [param], "indexName": param["indexName"]})
    }

    #[test]
    fn an_equal_index_is_repeated_and_another_is_refused() {
        let mut model = custom(Profile::Milvus26);
        let index = json!({"fieldName": "v", "indexName": "i", "metricType": "L2"});
        data(&mut model, "indexes/create", &on(&index));
        data(&mut model, "indexes/create", &on(&index));
        let metric = json!({"fieldName": "v", "indexName": "i", "metricType": "IP"});
        assert!(refused(&mut model, "indexes/create", &on(&metric)).1.contains("at most one distinct index"));
        let second = json!({"fieldName": "v", "indexName": "j", "metricType": "L2"});
        assert!(refused(&mut model, "indexes/create", &on(&second)).1.contains("creating multiple indexes"));
        assert_eq!(data(&mut model, "indexes/describe", &on(&index))[0]["indexType"], AUTO);
    }

    #[test]
    fn parameters_are_refused_in_the_words_of_the_version() {
        let index = json!({"fieldName": "v", "indexType": "HNSW", "metricType": "L2",
            "params": {"M": 5000, "efConstruction": 64}});
        let texts = [Profile::Milvus24, Profile::Milvus26, Profile::Milvus30]
            .map(|profile| refused(&mut custom(profile), "indexes/create", &on(&index)).1);
        assert!(texts[0].starts_with("M out of range: [1, 2048]: invalid parameter["));
        assert!(
            texts[1]
                .starts_with("Out of range in json: param 'M' (5000) should be in range [2, 2048]: invalid parameter[")
        );
        assert!(texts[2].ends_with("[2, 2048]: invalid parameter"));
        let typed = json!({"fieldName": "v", "indexType": "IVF_FLAT"});
        let (_, text) = refused(&mut custom(Profile::Milvus26), "indexes/create", &on(&typed));
        assert!(text.starts_with("metric type not set for vector index"));
    }

    #[test]
    fn an_index_in_use_is_kept() {
        let name = json!({"collectionName": "c", "indexName": "vector"});
        let missing = json!({"collectionName": "c", "indexName": "nope"});
        let mut old = quick(Profile::Milvus25);
        assert_eq!(refused(&mut old, "indexes/drop", &missing).0, 65535);
        let mut new = quick(Profile::Milvus26);
        data(&mut new, "indexes/drop", &missing);
        assert_eq!(refused(&mut new, "indexes/drop", &name).0, 1100);
        data(&mut new, "collections/release", &name);
        data(&mut new, "indexes/drop", &name);
        assert_eq!(data(&mut new, "indexes/list", &name), json!([]));
    }
}
