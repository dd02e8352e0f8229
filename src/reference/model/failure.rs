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

/// An operation that the version has, by which servers are told apart, and that has no model yet. Code 10 is what Milvus
/// says of a service that it lacks.
pub(in crate::reference) fn not_modelled(operation: &str) -> Failure {
    failure(10, format!("service unimplemented: the reference target has no model of {operation}"))
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

pub(super) fn database_to_alter_missing(version: Version, name: &str) -> Failure {
    if version < Version(2, 6) {
        return database_missing(name);
    }
    failure(800, format!("failed to get database by name: database not found[database={name}]"))
}

pub(super) fn database_exists(version: Version, name: &str) -> Failure {
    unclassified(version, format!("database already exist: {name}"))
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

pub(super) fn index_param_out_of_range(version: Version, param: &str, value: &str, low: u32, high: u32) -> Failure {
    if version < Version(2, 5) {
        let low = if param == "M" { 1 } else { low };
        return bad_index_params(&format!("{param} out of range: [{low}, {high}]"));
    }
    let text = format!("Out of range in json: param '{param}' ({value}) should be in range [{low}, {high}]");
    unbuildable_index(version, &text)
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

/// A filter that cannot be carried out; `plan` is `query` or `delete`.
pub(super) fn filter(version: Version, plan: &str, text: &str, fault: &super::filter::Fault) -> Failure {
    use super::filter::Fault;
    let ending = match fault {
        Fault::UnknownField(_) => ": invalid parameter",
        _ => ": query plan failed",
    };
    let (joint, ending) = if version < CLASSIFYING { (", error: ", "") } else { (": ", ending) };
    let reason = match fault {
        Fault::NotBoolean { data_type } => {
            format!("predicate is not a boolean expression: {text}, data type: {data_type}")
        }
        Fault::UnknownField(field) => format!("cannot parse expression: {text}{joint}field {field} not exist"),
        Fault::Parse(message) => format!("cannot parse expression: {text}{joint}{message}"),
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
