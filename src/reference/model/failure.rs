//! The code and text of every refusal, by version: one constructor a failure.
//!
//! All of them were measured on Milvus 2.4 – 3.0 unless a comment says otherwise.

use crate::profile::Version;

/// A refusal: what the envelope of a failed call says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::reference) struct Failure {
    pub(in crate::reference) code: i32,
    pub(in crate::reference) message: String,
}

/// The first version that classifies nearly every refusal.
const CLASSIFYING: Version = Version(3, 0);

fn failure(code: i32, message: impl Into<String>) -> Failure {
    Failure { code, message: message.into() }
}

/// A refusal of a bad parameter that versions before 3.0 left unclassified.
pub(super) fn unclassified(version: Version, text: impl Into<String>) -> Failure {
    let text = text.into();
    if version < CLASSIFYING { failure(65535, text) } else { failure(1100, format!("{text}: invalid parameter")) }
}

/// A refusal of a missing parameter that versions before 3.0 left unclassified.
pub(super) fn unclassified_missing(version: Version, text: impl Into<String>) -> Failure {
    let text = text.into();
    if version < CLASSIFYING { failure(65535, text) } else { failure(1101, format!("{text}: missing parameter")) }
}

/// A bad parameter, classified in every version.
pub(super) fn invalid(text: impl AsRef<str>) -> Failure {
    failure(1100, format!("{}: invalid parameter", text.as_ref()))
}

/// A missing parameter, classified in every version.
pub(super) fn missing(text: impl AsRef<str>) -> Failure {
    failure(1101, format!("{}: missing parameter", text.as_ref()))
}

/// A bad parameter with what was expected and what was there.
pub(super) fn mismatched(text: &str, expected: &str, actual: &str) -> Failure {
    failure(1100, format!("{text}invalid parameter[expected={expected}][actual={actual}]"))
}

/// A bad parameter whose text does not end as the others do.
pub(super) fn plain_invalid(text: impl Into<String>) -> Failure {
    failure(1100, text)
}

pub(in crate::reference) fn bad_json(detail: &str) -> Failure {
    failure(1801, format!("can only accept json format request, {detail}"))
}

pub(in crate::reference) fn missing_keys(detail: &str) -> Failure {
    failure(1802, format!("missing required parameters, error: {detail}"))
}

pub(in crate::reference) fn bad_timeout_header(text: &str) -> Failure {
    invalid(format!("Request-Timeout parse failed, err: strconv.ParseInt: parsing {text:?}: invalid syntax"))
}

pub(super) fn database_missing(name: &str) -> Failure {
    failure(800, format!("database not found[database={name}]"))
}

/// A refusal in words that v1 alone has.
pub(in crate::reference) fn v1(code: i32, text: impl Into<String>) -> Failure {
    failure(code, text)
}

pub(super) fn v1_database_missing(name: &str) -> Failure {
    failure(800, format!("database not found, database: {name}"))
}

/// The words of 2.3 for a missing collection; later versions say the same in v1 and v2.
pub(super) fn v1_collection_missing(database: &str, name: &str) -> Failure {
    failure(100, format!("can't find collection collection not found[database={database}][collection={name}]"))
}

pub(super) fn v1_collection_to_drop_missing(database: &str, name: &str) -> Failure {
    failure(100, format!("collection not found, database: {database}, collection: {name}"))
}

/// A query vector of the wrong length, which v1 leaves to the node that searches. What later versions than 2.5 say in
/// v1 was not measured.
pub(super) fn v1_vector_length(version: Version, dimension: usize, given: usize) -> Failure {
    if version < Version(2, 4) {
        // The rest of what 2.3 says is a place in the source of the vector core.
        let node =
            "failed to search/query delegator 1 for channel by-dev-rootcoord-dml_0: fail to Search, QueryNode ID=1";
        return failure(65535, format!("{node}, reason=worker(1) query failed: vector dimension mismatch"));
    }
    let parser = if version < Version(2, 5) { "" } else { "parser searchRequest failed: " };
    let sizes = format!("expected vector size(byte) {}, actual {}", dimension * 4, given * 4);
    let text =
        format!("fail to search on QueryNode 1: worker(1) query failed: {parser}vector dimension mismatch, {sizes}.");
    failure(65535, text)
}

pub(super) fn database_to_alter_missing(version: Version, name: &str) -> Failure {
    if version < Version(2, 6) {
        return database_missing(name);
    }
    failure(800, format!("failed to get database by name: database not found[database={name}]"))
}

pub(super) fn database_exists(version: Version, name: &str) -> Failure {
    unclassified(version, format!("database already exist: {name}"))
}

/// Read from the source; so many databases were not measured.
pub(super) fn too_many_databases(most: usize) -> Failure {
    failure(801, format!("exceeded the limit number of database[limit={most}]"))
}

pub(super) fn database_not_empty(version: Version, name: &str) -> Failure {
    unclassified(version, format!("database:{name} not empty, must drop all collections before drop database"))
}

pub(super) fn default_database(version: Version) -> Failure {
    unclassified(version, "can not drop default database")
}

pub(super) fn database_nothing_to_alter(version: Version) -> Failure {
    if version < Version(2, 6) {
        let text = "alter database requires either properties or deletekeys to modify or delete keys, \
                    both cannot be empty";
        return failure(65535, text);
    }
    invalid("alter database with empty properties and delete keys, expected to set either properties or delete keys")
}

pub(super) fn database_name(reason: &str, name: &str) -> Failure {
    failure(802, format!("{reason}: invalid database name[database={name}]"))
}

/// How a call words that a collection is missing; the code is always 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MissingText {
    /// The wording of calls on the collection itself.
    Found,
    /// The wording of calls that need its schema first.
    Find,
    /// The wording that leaves out the database.
    Bare,
}

pub(super) fn collection_missing(text: MissingText, database: &str, name: &str) -> Failure {
    let message = match text {
        MissingText::Found => format!("collection not found[database={database}][collection={name}]"),
        MissingText::Find => format!("can't find collection[database={database}][collection={name}]"),
        MissingText::Bare => format!("collection not found[collection={name}]"),
    };
    failure(100, message)
}

/// The limiter resolves names before the call is made, and answers for whatever it cannot resolve.
pub(super) fn limiter(inner: &Failure) -> Failure {
    failure(1807, format!("request is rejected by limiter, error: {}", inner.message))
}

pub(super) fn rate_limited() -> Failure {
    let reason = "request is rejected by grpc RateLimiter middleware, please retry later: \
                  rate limit exceeded[rate=0.1]";
    limiter(&failure(8, reason))
}

pub(super) fn renamed_collection_missing(version: Version, database: &str, database_id: i64, name: &str) -> Failure {
    if version < Version(2, 6) {
        let text = format!("timestamp = {}: collection not found", super::FIRST_ID);
        return failure(100, format!("{text}[database={database_id}][collection={name}]"));
    }
    collection_missing(MissingText::Found, database, name)
}

pub(super) fn duplicate_collection(version: Version, name: &str) -> Failure {
    unclassified(version, format!("create duplicate collection with different parameters, collection: {name}"))
}

pub(super) fn collection_named_like_alias(version: Version, database: &str, name: &str) -> Failure {
    if version < CLASSIFYING {
        let text = format!("collection name [{name}] conflicts with an existing alias, please choose a unique name");
        return failure(65535, text);
    }
    let conflict = alias_conflict(database, name);
    failure(1601, format!("please choose a unique name: {}", conflict.message))
}

pub(super) fn drop_through_alias(version: Version, alias: &str) -> Failure {
    unclassified(version, format!("cannot drop the collection via alias = {alias}"))
}

pub(super) fn collection_has_aliases(version: Version, name: &str, aliases: &[&str]) -> Failure {
    let text = format!(
        "unable to drop the collection [{name}] because it has associated aliases [{}], \
         please remove all aliases before dropping the collection",
        aliases.join(", ")
    );
    unclassified(version, text)
}

pub(super) fn rename_through_alias(version: Version, alias: &str) -> Failure {
    unclassified(version, format!("unsupported use an alias to rename collection, alias:{alias}"))
}

pub(super) fn rename_to_itself() -> Failure {
    invalid("collection name or database name should be different")
}

pub(super) fn new_name_taken(version: Version, database: &str, name: &str) -> Failure {
    unclassified(
        version,
        format!("duplicated new collection name {database}:{name} with other collection name or alias"),
    )
}

pub(super) fn rename_onto_alias(version: Version, database: &str, alias: &str) -> Failure {
    if version < CLASSIFYING {
        return failure(65535, format!("cannot rename collection to an existing alias: {alias}"));
    }
    alias_conflict(database, alias)
}

pub(super) fn rename_target_unclassified(name: &str) -> Failure {
    failure(65535, format!("target database:{name} not found"))
}

pub(super) fn rename_target_missing(name: &str) -> Failure {
    failure(800, format!("target database {name} not found: database not found[database={name}]"))
}

pub(super) fn rename_origin_missing(name: &str) -> Failure {
    failure(800, format!("failed to get original database: database not found[database={name}]"))
}

/// Read from the source; moving a collection that has aliases was not measured.
pub(super) fn rename_moves_aliases(version: Version) -> Failure {
    unclassified(version, "must drop all aliases of this collection before rename collection to different database")
}

pub(super) fn index_missing_for_load(name: &str) -> Failure {
    failure(700, format!("index not found[collection={name}]"))
}

pub(super) fn vector_index_missing(version: Version, fields: &[&str]) -> Failure {
    let fields = fields.join(", ");
    unclassified(version, format!("there is no vector index on field: [{fields}], please create index firstly"))
}

pub(super) fn refresh_refused(version: Version, collection: i64, loading: bool) -> Failure {
    let partly = if loading { "collection not fully loaded: " } else { "" };
    let code = if version < CLASSIFYING { 65535 } else { 101 };
    let text = format!("call query coordinator LoadCollection: {partly}collection not loaded[collection={collection}]");
    failure(code, text)
}

pub(super) fn not_loaded(doing: &str, collection: i64) -> Failure {
    failure(101, format!("{doing}collection not loaded[collection={collection}]"))
}

/// The code is documented; the text around it follows that of a collection not loaded at all.
pub(super) fn not_fully_loaded(doing: &str, collection: i64) -> Failure {
    failure(103, format!("{doing}collection not fully loaded[collection={collection}]"))
}

pub(super) fn partition_not_loaded(version: Version, read: Read, partition: i64) -> Failure {
    let verb = if read == Read::Search { "search" } else { "Query" };
    let outer = if version < CLASSIFYING {
        String::new()
    } else {
        // The name of the channel is made up; a client has nothing to compare it with.
        format!("{}failed to search/query delegator 1 for channel by-dev-rootcoord-dml_0: ", read.doing())
    };
    let id = if version < Version(2, 5) { format!("[{partition}]") } else { partition.to_string() };
    failure(201, format!("{outer}fail to {verb} on QueryNode 1: partition not loaded[partition={id}]"))
}

/// What kind of read was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    Search,
    Query,
}

impl Read {
    /// What the refusal starts with when the collection is not loaded.
    pub(super) fn doing(self) -> &'static str {
        match self {
            Read::Search => "failed to search: ",
            Read::Query => "failed to query: ",
        }
    }
}

pub(super) fn loaded_collection(action: &str, name: &str) -> Failure {
    failure(104, format!("{action}: collection already loaded[collection={name}]"))
}

pub(super) fn nothing_to_alter(version: Version) -> Failure {
    if version < Version(2, 6) {
        let text = "The collection properties to alter and keys to delete must not be empty at the same time";
        return failure(65535, text);
    }
    invalid("no properties or delete keys provided")
}

/// Read from the source; so many partitions were not measured.
pub(super) fn too_many_partitions(version: Version, number: usize, most: usize, collection: &str) -> Failure {
    let text = format!("partition number ({number}) exceeds max configuration ({most}), collection: {collection}");
    unclassified(version, text)
}

pub(super) fn segment_missing(segment: &str) -> Failure {
    failure(600, format!("segment not found[segment={segment}]"))
}

pub(super) fn partition_missing(name: &str) -> Failure {
    failure(200, format!("partition not found[partition={name}]"))
}

pub(super) fn partition_loaded(version: Version) -> Failure {
    unclassified(version, "partition cannot be dropped, partition is loaded, please release it first")
}

pub(super) fn default_partition(version: Version) -> Failure {
    unclassified(version, "default partition cannot be deleted")
}

pub(super) fn partition_key_mode(version: Version, action: &str) -> Failure {
    unclassified(version, format!("disable {action} if partition key mode is used"))
}

pub(super) fn partition_named_with_key(version: Version) -> Failure {
    let text = "not support manually specifying the partition names if partition key mode is used";
    unclassified(version, text)
}

pub(super) fn no_partition_to_load(version: Version) -> Failure {
    unclassified(version, "failed to load partition, due to no partition specified")
}

pub(super) fn no_partition_to_release() -> Failure {
    mismatched("", "any partition", "empty partition list")
}

pub(super) fn resource_group_missing(name: &str) -> Failure {
    failure(300, format!("resource group not found[rg={name}]"))
}

pub(super) fn resource_group_differs(name: &str) -> Failure {
    failure(301, format!("resource group already exist, but create with different config[rg={name}]"))
}

/// Read from the source; no session makes this many.
pub(super) fn too_many_resource_groups(limit: usize) -> Failure {
    failure(302, format!("resource group num reach limit[limit={limit}]"))
}

/// The code is documented; the text was read from the source.
pub(super) fn resource_group_config(name: &str, reason: &str) -> Failure {
    failure(303, format!("resource group illegal config[rg={name}]: {reason}"))
}

pub(super) fn default_resource_group() -> Failure {
    let name = super::resource_group::DEFAULT;
    mismatched("default resource group is not deletable: ", "not default resource group", name)
}

pub(super) fn resource_group_in_use(name: &str) -> Failure {
    mismatched("resource group's limits node num is not 0: ", "not empty resource group", name)
}

/// Read from the source.
pub(super) fn same_resource_group(name: &str) -> Failure {
    let text = "source resource group and target resource group should not be the same: ";
    mismatched(text, "different resource groups", name)
}

/// Read from the source.
pub(super) fn too_few_replicas(asked: i64, there: i64) -> Failure {
    let text = "NumReplica not greater than the number of replica in source resource group: ";
    mismatched(text, &format!("at most {there}"), &asked.to_string())
}

pub(super) fn import(text: &str) -> Failure {
    failure(2100, format!("{text}: importing data failed"))
}

pub(super) fn import_job_missing(version: Version, id: i64) -> Failure {
    let text = format!("import job does not exist, jobID={id}");
    if version < CLASSIFYING {
        import(&text)
    } else {
        failure(2101, format!("{text}: importing data failed on server side"))
    }
}

pub(super) fn import_job_id(version: Version, id: &str) -> Failure {
    let reason = format!("strconv.ParseInt: parsing {id:?}: invalid syntax");
    match version {
        Version(3.., _) => invalid(format!("parse job id failed: {reason}")),
        Version(2, 6) => import(&format!("parse job id failed: {reason}")),
        _ => import(&format!("parse job id failed, err=%w{reason}")),
    }
}

pub(super) fn alias_missing(database: &str, alias: &str) -> Failure {
    failure(1600, format!("alias not found[database={database}][alias={alias}]"))
}

pub(super) fn alias_conflict(database: &str, alias: &str) -> Failure {
    failure(1601, format!("alias and collection name conflict[database={database}][alias={alias}]"))
}

pub(super) fn alias_taken(database: &str, alias: &str, owner: &str) -> Failure {
    let text = format!("{alias} is alias to another collection: {owner}: alias already exist");
    failure(1602, format!("{text}[database={database}][alias={alias}]"))
}

pub(super) fn index_missing(name: &str) -> Failure {
    failure(700, format!("index not found[indexName={name}]"))
}

pub(super) fn index_loaded() -> Failure {
    failure(65535, "index cannot be dropped, collection is loaded, please release it first")
}

pub(super) fn vector_index_loaded(collection: i64) -> Failure {
    invalid(format!("vector index cannot be dropped on loaded collection: {collection}"))
}

pub(super) fn other_index_on_field(version: Version) -> Failure {
    unclassified(version, "CreateIndex failed: creating multiple indexes on same field is not supported")
}

pub(super) fn distinct_index(version: Version) -> Failure {
    let text = "at most one distinct index is allowed per field";
    if version < CLASSIFYING { failure(65535, format!("CreateIndex failed: {text}")) } else { invalid(text) }
}

pub(super) fn index_field_missing(version: Version, field: &str) -> Failure {
    unclassified(version, format!("cannot create index on non-exist field: {field}"))
}

pub(super) fn json_index_untyped(version: Version) -> Failure {
    let text = "json index must specify cast type: missing parameter[missing_param=json_cast_type]";
    if version < CLASSIFYING { bad_index_params(text) } else { failure(1101, text) }
}

pub(super) fn bad_index_params(text: &str) -> Failure {
    mismatched(&format!("{text}: "), "valid index params", "invalid index params")
}

/// A refusal of what an index is asked to be built on or with.
pub(super) fn unbuildable_index(version: Version, text: &str) -> Failure {
    if version < CLASSIFYING { bad_index_params(text) } else { invalid(text) }
}

/// A refusal that repeats its kind where it is passed on.
pub(super) fn cast(version: Version, text: &str) -> Failure {
    if version < CLASSIFYING { bad_index_params(&format!("{text}: invalid parameter")) } else { invalid(text) }
}

pub(super) fn ngram_untyped(version: Version) -> Failure {
    gram(version, "JSON field with ngram index must specify json_cast_type")
}

pub(super) fn grams_missing(version: Version) -> Failure {
    gram(version, "Ngram index must specify both min_gram and max_gram")
}

fn gram(version: Version, text: &str) -> Failure {
    if version < CLASSIFYING { cast(version, text) } else { failure(1101, format!("{text}: missing parameter")) }
}

pub(super) fn json_path(version: Version, path: &str) -> Failure {
    let text = format!("cannot parse identifier: {path}");
    if version < CLASSIFYING { failure(65535, text) } else { failure(2201, format!("{text}: query plan failed")) }
}

pub(super) fn mapping(version: Version, value: &str) -> Failure {
    let reason = format!("invalid mmap.enabled value: {value}, expected: true, false");
    invalid(match version {
        Version(2, ..=4) => format!("invalid mmap type params%!(EXTRA string={reason})"),
        version if version < CLASSIFYING => format!("invalid mmap type params: {reason}"),
        _ => format!("invalid mmap type params: {reason}: invalid parameter"),
    })
}

/// An index that is built by itself has no way for this type.
pub(super) fn no_auto_index(data_type: &str) -> Failure {
    mismatched("", "supported field", &format!("create auto index on type:{data_type} is not supported"))
}

pub(super) fn index_property(version: Version, key: &str) -> Failure {
    let word = if version < Version(2, 6) { "proptery" } else { "property" };
    invalid(format!("{key} is not a configable index {word}"))
}

pub(super) fn field_name(text: &str, field: &str) -> Failure {
    failure(1701, format!("{text}: field name invalid[field={field}]"))
}

pub(super) fn system_field(version: Version, field: &str) -> Failure {
    if version >= CLASSIFYING {
        let text = format!("field name {field:?} is reserved for internal use and cannot be used in user schemas");
        return field_name(&text, field);
    }
    let namespace = if version < Version(2, 6) { "" } else { ", $namespace_id" };
    let text = format!("schema contains system field: RowID, Timestamp, $meta{namespace}: ");
    mismatched(&text, "schema don't contains system field", "contains")
}

pub(super) fn illegal_schema(text: &str, collection: &str) -> Failure {
    failure(105, format!("{text}: illegal collection schema[collection={collection}]"))
}

pub(super) fn vector_clustering(collection: &str) -> Failure {
    failure(107, format!("vector clustering key not allowed[collection={collection}]"))
}

pub(super) fn time_to_live(version: Version, text: &str) -> Failure {
    if version < CLASSIFYING {
        return invalid("collection TTL is not a valid positive integer");
    }
    let reason = format!("strconv.ParseInt: parsing {text:?}: invalid syntax");
    invalid(format!("collection ttl property value not valid, parse error: {reason}"))
}

/// A field that a function fills, among the fields of a row.
pub(super) fn function_output(version: Version, field: &str) -> Failure {
    if version < Version(2, 6) {
        let text = format!("not allowed to provide input data for function output field: {field}");
        return row_value_bare(&text);
    }
    unclassified(version, "attempt to insert bm25 function output field")
}

fn row_value_bare(actual: &str) -> Failure {
    row(&format!("invalid parameter[expected=][actual={actual}]"))
}

/// A field that a function fills, among those asked for.
pub(super) fn function_output_asked(version: Version, field: &str) -> Failure {
    unclassified(version, format!("not allowed to retrieve raw data of field {field}"))
}

/// This text stays unclassified in every version.
pub(super) fn dynamic_flag(text: &str) -> Failure {
    let reason = format!("strconv.ParseBool: parsing {text:?}: invalid syntax");
    failure(65535, format!("parse enableDynamicField fail, err:{reason}"))
}

/// An output field that is no name; later versions look for a key of this very name.
pub(super) fn output_name(field: &str) -> Failure {
    failure(65535, format!("parse output field name failed: {field}"))
}

pub(super) fn default_out_of_range(number: i64, low: i64, high: i64) -> Failure {
    let text = format!("default value out of range: invalid parameter[{number} out of range {low} <= value <= {high}]");
    plain_invalid(text)
}

pub(super) fn index_field_not_in_schema(field: &str) -> Failure {
    missing_keys(&format!("`{field}` hasn't defined in schema"))
}

pub(super) fn row(text: &str) -> Failure {
    failure(1804, format!("fail to deal the insert data, error: {text}"))
}

pub(super) fn row_value(text: &str, expected: &str, actual: &str) -> Failure {
    row(&format!("{text}: invalid parameter[expected={expected}][actual={actual}]"))
}

/// A field of a type that the version takes in schemas and not in rows.
pub(super) fn row_type(field: &str, data_type: &str) -> Failure {
    row_value(&format!("fieldName: {field}"), "", data_type)
}

/// A null for such a field.
pub(super) fn null_type(field: &str, data_type: &str) -> Failure {
    row(&format!("the type({data_type}) of field({field}) is not supported, use other sdk please"))
}

/// A text that is no point in time.
pub(super) fn time(text: &str) -> Failure {
    let zone = "invalid timezone name; must be a valid IANA Time Zone ID (e.g., 'Asia/Shanghai' or 'UTC')";
    invalid(format!("got invalid timestamptz string '{text}': {zone}"))
}

/// A text that is no shape.
pub(super) fn shape(version: Version, fault: &str) -> Failure {
    if version < CLASSIFYING {
        return failure(1001, format!("IO failed: {fault}"));
    }
    invalid(format!("invalid Geometry data, transform to wkb failed: {fault}"))
}

pub(super) fn key_cast(text: &str) -> Failure {
    let reason = format!("unable to cast {text:?} of type string to int64");
    let base = "please check the primary key and its' type can only in [int, string], error: ";
    failure(1806, format!("{base}{reason}"))
}

pub(super) fn nothing_to_search() -> Failure {
    let text = "either 'ids' (for primary key search) or 'data' (for vector search) must be provided";
    failure(1802, text)
}

/// The checks of a search add the ending once each as they pass the refusal on.
pub(super) fn search_range(version: Version, text: &str) -> Failure {
    if version < CLASSIFYING { failure(65535, text) } else { invalid(format!("{text}: invalid parameter")) }
}

pub(super) fn consistency(level: &str) -> Failure {
    let names = super::schema::CONSISTENCY_LEVELS.join(", ");
    invalid(format!(
        "consistencyLevel can only be [{names}], default: Bounded, \
         err:parameter:'{level}' is incorrect, please check it"
    ))
}

pub(super) fn metric_mismatch(version: Version, expected: &str, actual: &str) -> Failure {
    let text = "fail to search on QueryNode 1: worker(1) query failed: metric type not match: ";
    let ending = format!("invalid parameter[expected={expected}][actual={actual}]");
    if version < CLASSIFYING {
        return failure(65535, format!("{text}{ending}"));
    }
    failure(1100, format!("failed to search: {text}{ending}"))
}

pub(super) fn vector_field_unknown(version: Version, field: &str) -> Failure {
    let text = if version < CLASSIFYING {
        format!("error: cannot find a vector field named: {field}")
    } else {
        format!("error: cannot find a vector field: field not found[field={field}]")
    };
    bad_json(&text)
}

pub(super) fn grouping_field_missing(field: &str) -> Failure {
    failure(1700, format!("groupBy field not found in schema: field not found[field={field}]"))
}

/// Hits cannot be grouped by values of this type.
pub(super) fn grouping_type(version: Version, data_type: &str) -> Failure {
    if version < Version(2, 6) {
        if matches!(data_type, "JSON" | "Array") {
            let text = "get nil groupByVal from subSearchRes, wrong states, as milvus doesn't support nil value,\
                        there must be sth wrong on queryNode side";
            return failure(65535, text);
        }
        return failure(65535, format!("not supported field type from group_by value field: {data_type}"));
    }
    let text = "failed to construct group by field data builder";
    if version < CLASSIFYING {
        let reason = "this is abnormal as segcore should always set up a group by field, no matter data status, check \
                      code on qn";
        return failure(5, format!("not supported field type: {data_type}: service internal error: {text}, {reason}"));
    }
    invalid(format!("{text}: not supported field type: {data_type}"))
}

/// An infinite distance cannot be written as JSON. Servers then send an empty body, which is not imitated.
pub(super) fn unwritable_distance() -> Failure {
    failure(1805, "fail to parse search result, error: json: unsupported value: +Inf")
}

pub(super) fn output_field_missing(version: Version, field: &str) -> Failure {
    unclassified(version, format!("field {field} not exist"))
}

pub(super) fn count_with_fields(version: Version, field: &str) -> Failure {
    if version < CLASSIFYING {
        return failure(65535, "parse output field name failed: count(*)");
    }
    let rule = "when using aggregation functions (e.g., count(*)), output_fields can only contain aggregation \
                expressions, not regular columns";
    invalid(format!("output field '{field}' is not allowed: {rule}: invalid parameter"))
}

/// A template value that the front cannot pass on; it answers without a message.
pub(super) fn template_unreadable() -> Failure {
    failure(500, "")
}

/// Words by which 3.0 knows a fault of a filter as one of its parameters.
const PARAMETER_FAULTS: [&str; 32] = [
    "not op can only",
    "BitAnd is not",
    "BitOr is not",
    "BitXor is not",
    "shift is not",
    "unexpected op",
    "comparison operations cannot",
    "can only be used on non-const",
    "can only be used on single field",
    "cannot be a non-const",
    "power can only",
    "right-hand side of 'in'",
    "in list cannot be casted",
    "array element type must be",
    "like pattern should",
    "exists operations",
    "invalid identifier",
    "not supported accessed with",
    "operation are only supported",
    "does not enable match",
    "the sample factor",
    "\"float factor\"",
    "is not a timestamptz",
    "placeholder was not",
    "minimum_should_match should",
    "match query should",
    "\"slop\"",
    "invalid timestamp string",
    "distance parameter",
    "WKT string",
    "IsNull/IsNotNull",
    "regex pattern",
];

/// What 3.0 adds to the reason why a filter cannot be parsed, before the ending of every bad parameter.
fn filter_ending(reason: &str) -> &'static str {
    let plain = ["int64 overflow", "strconv.", "invalid syntax", "syntax error"];
    if reason.ends_with(": invalid parameter") || plain.iter().any(|start| reason.starts_with(start)) {
        ""
    } else if PARAMETER_FAULTS.iter().any(|words| reason.contains(words)) {
        ": invalid parameter"
    } else if reason.contains("cannot perform arithmetic") {
        ": query plan failed: invalid parameter"
    } else {
        ": query plan failed"
    }
}

/// A filter that cannot be carried out; `plan` is `query` or `delete`.
pub(super) fn filter(version: Version, plan: &str, text: &str, fault: &super::filter::Fault) -> Failure {
    use super::filter::Fault;
    let ending = match fault {
        Fault::UnknownField(_) => ": invalid parameter",
        _ => ": query plan failed",
    };
    let ending = match fault {
        Fault::Parse(message) => filter_ending(message),
        _ => ending,
    };
    let (joint, ending) = if version < CLASSIFYING { (", error: ", "") } else { (": ", ending) };
    let reason = match fault {
        Fault::NotUtf8 => return failure(65535, "string field contains invalid UTF-8"),
        Fault::Uncomputed(function) => {
            let text = format!("fail to Query on QueryNode 1: worker(1) query failed: function {function} not found");
            return unclassified(version, text);
        }
        Fault::NotBoolean { data_type } => {
            format!("predicate is not a boolean expression: {text}, data type: {data_type}")
        }
        Fault::UnknownField(field) => format!("cannot parse expression: {text}{joint}field {field} not exist"),
        Fault::Template(message) => message.clone(),
        Fault::Parse(message) => format!("cannot parse expression: {text}{joint}{message}"),
        Fault::Leftover => format!("cannot parse expression: {text}{joint}invalid expression: {text}"),
    };
    invalid(format!("failed to create {plan} plan: {reason}{ending}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_become_classified_in_3_0() {
        assert_eq!(partition_loaded(Version(2, 6)).code, 65535);
        let later = partition_loaded(Version(3, 0));
        assert_eq!(later.code, 1100);
        assert!(later.message.ends_with("release it first: invalid parameter"));
        assert_eq!(unclassified_missing(Version(3, 0), "x").code, 1101);
    }

    #[test]
    fn a_text_may_depend_on_the_version_alone() {
        assert_eq!(
            index_property(Version(2, 5), "k").message,
            "k is not a configable index proptery: invalid parameter"
        );
        assert!(partition_not_loaded(Version(2, 4), Read::Query, 7).message.ends_with("partition=[7]]"));
    }
}
