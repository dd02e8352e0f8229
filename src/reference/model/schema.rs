//! The schema of a collection: data types, fields, functions and the rules they keep.

mod change;

pub(super) use change::{field_params, moves_data};

use super::failure::{self, Failure};
use super::function::{self, Function};
use super::row::Cell;
use super::{Arguments, flag, names, text};
use crate::profile::Version;
use crate::reference::json::{Node, Value as Json};
use serde_json::{Value, json};
use std::ops::RangeInclusive;

/// The consistency levels, spelt as requests must spell them.
pub(super) const CONSISTENCY_LEVELS: [&str; 5] = ["Strong", "Session", "Bounded", "Eventually", "Customized"];

/// The name of the hidden field that keeps the dynamic keys.
pub(super) const DYNAMIC_FIELD: &str = "$meta";

const MOST_FIELDS: usize = 64;
const FIRST_FIELD_ID: i64 = 100;
const DIMENSIONS: RangeInclusive<i64> = 2..=32_768;
const BINARY_DIMENSIONS: RangeInclusive<i64> = 2..=262_144;
const LENGTHS: RangeInclusive<i64> = 1..=65_535;
const CAPACITIES: RangeInclusive<i64> = 1..=4_096;

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DataType {
    Bool,
    Int8,
    Int16,
    Int32,
    Int64,
    Float,
    Double,
    VarChar,
    String,
    Text,
    Json,
    Array,
    Geometry,
    Timestamptz,
    BinaryVector,
    FloatVector,
    Float16Vector,
    BFloat16Vector,
    SparseFloatVector,
    Int8Vector,
}

/// Every type with its name and the first version that knows it.
const DATA_TYPES: [(DataType, &str, Version); 20] = {
    const FIRST: Version = Version(2, 4);
    const LATER: Version = Version(2, 6);
    [
        (DataType::Bool, "Bool", FIRST),
        (DataType::Int8, "Int8", FIRST),
        (DataType::Int16, "Int16", FIRST),
        (DataType::Int32, "Int32", FIRST),
        (DataType::Int64, "Int64", FIRST),
        (DataType::Float, "Float", FIRST),
        (DataType::Double, "Double", FIRST),
        (DataType::VarChar, "VarChar", FIRST),
        (DataType::String, "String", FIRST),
        (DataType::Text, "Text", LATER),
        (DataType::Json, "JSON", FIRST),
        (DataType::Array, "Array", FIRST),
        // In 2.5 a schema may have it, while no row may hold one.
        (DataType::Geometry, "Geometry", Version(2, 5)),
        (DataType::Timestamptz, "Timestamptz", LATER),
        (DataType::BinaryVector, "BinaryVector", FIRST),
        (DataType::FloatVector, "FloatVector", FIRST),
        (DataType::Float16Vector, "Float16Vector", FIRST),
        (DataType::BFloat16Vector, "BFloat16Vector", FIRST),
        (DataType::SparseFloatVector, "SparseFloatVector", FIRST),
        (DataType::Int8Vector, "Int8Vector", LATER),
    ]
};

impl DataType {
    fn named(name: &str, version: Version) -> Option<Self> {
        let known = DATA_TYPES.iter().find(|(_, known, since)| *known == name && *since <= version);
        known.map(|(data_type, _, _)| *data_type)
    }

    pub(super) fn name(self) -> &'static str {
        DATA_TYPES.iter().find(|(data_type, _, _)| *data_type == self).map_or("", |(_, name, _)| name)
    }

    /// The number by which 2.4 calls a vector type in some texts.
    pub(super) fn number(self) -> u8 {
        match self {
            Self::BinaryVector => 100,
            Self::FloatVector => 101,
            Self::Float16Vector => 102,
            Self::BFloat16Vector => 103,
            Self::SparseFloatVector => 104,
            _ => 0,
        }
    }

    /// The values that an integer type holds.
    pub(super) fn integers(self) -> RangeInclusive<i64> {
        match self {
            Self::Int8 => i64::from(i8::MIN)..=i64::from(i8::MAX),
            Self::Int16 => i64::from(i16::MIN)..=i64::from(i16::MAX),
            Self::Int32 => i64::from(i32::MIN)..=i64::from(i32::MAX),
            _ => i64::MIN..=i64::MAX,
        }
    }

    pub(super) fn is_vector(self) -> bool {
        matches!(
            self,
            Self::BinaryVector
                | Self::FloatVector
                | Self::Float16Vector
                | Self::BFloat16Vector
                | Self::SparseFloatVector
                | Self::Int8Vector
        )
    }

    pub(super) fn is_integer(self) -> bool {
        matches!(self, Self::Int8 | Self::Int16 | Self::Int32 | Self::Int64)
    }

    /// Whether the type holds text of a limited length.
    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::VarChar | Self::Text)
    }

    fn may_be_key(self) -> bool {
        matches!(self, Self::Int64 | Self::VarChar)
    }

    fn may_be_element(self) -> bool {
        self.is_integer() || matches!(self, Self::Bool | Self::Float | Self::Double | Self::VarChar)
    }
}

/// What a field does to the place of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Spread {
    partition_key: bool,
    clustering_key: bool,
}

/// A field of a schema.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    id: i64,
    pub(super) name: String,
    pub(super) data_type: DataType,
    pub(super) element: Option<DataType>,
    pub(super) primary: bool,
    spread: Spread,
    /// The column outside that its values come from.
    external: String,
    pub(super) nullable: bool,
    pub(super) default: Option<Cell>,
    params: Vec<(String, String)>,
    pub(super) function_output: bool,
}

impl Field {
    fn new(name: &str, data_type: DataType) -> Self {
        Self {
            id: 0,
            name: name.to_owned(),
            data_type,
            element: None,
            primary: false,
            spread: Spread::default(),
            nullable: false,
            default: None,
            params: Vec::new(),
            function_output: false,
            external: String::new(),
        }
    }

    pub(super) fn param(&self, key: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    fn number(&self, key: &str) -> Option<usize> {
        self.param(key)?.parse().ok()
    }

    /// The dimension of a vector, 0 where there is none.
    pub(super) fn dimension(&self) -> usize {
        self.number("dim").unwrap_or_default()
    }

    /// The longest text in bytes.
    pub(super) fn max_length(&self) -> usize {
        self.number("max_length").unwrap_or(usize::MAX)
    }

    /// The longest array.
    pub(super) fn max_capacity(&self) -> usize {
        self.number("max_capacity").unwrap_or(usize::MAX)
    }

    /// How its text is taken apart.
    pub(super) fn analyzer_params(&self) -> Option<&str> {
        self.param("analyzer_params")
    }

    fn describe(&self, auto_id: bool, version: Version) -> Value {
        let mut entry = json!({
            "autoId": self.primary && auto_id,
            "clusteringKey": self.spread.clustering_key,
            "description": "",
            "id": self.id,
            "name": self.name,
            "partitionKey": self.spread.partition_key,
            "primaryKey": self.primary,
            "type": self.data_type.name(),
        });
        if version >= Version(2, 5) {
            entry["nullable"] = self.nullable.into();
            if let Some(default) = &self.default {
                entry["defaultValue"] = default.wrapped();
            }
        }
        if !self.params.is_empty() {
            entry["params"] = self.params.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
        }
        if let Some(element) = self.element {
            entry["elementType"] = element.name().into();
        }
        if !self.external.is_empty() {
            entry["externalField"] = self.external.as_str().into();
        }
        if self.function_output {
            entry["isFunctionOutput"] = true.into();
        }
        entry
    }
}

/// The schema of a collection.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Schema {
    pub(super) fields: Vec<Field>,
    functions: Vec<Function>,
    pub(super) dynamic: bool,
    pub(super) auto_id: bool,
}

impl Schema {
    /// The schema of a quick setup: a key, a float vector, the dynamic field.
    pub(super) fn quick(arguments: &Arguments<'_>, version: Version) -> Result<Self, Failure> {
        let dimension = arguments.int("dimension").unwrap_or_default();
        if dimension == 0 {
            let text = "dimension is required for quickly create collection(default metric type: COSINE): ";
            return Err(failure::mismatched(text, "collectionName & dimension", "collectionName"));
        }
        let functions = arguments.body.get("schema").and_then(|schema| schema.get("functions"));
        if version >= Version(2, 5) && functions.is_some_and(|functions| !functions.items().is_empty()) {
            let text = "functions are not supported for quickly create collection: ";
            return Err(failure::mismatched(text, "schema", "functions"));
        }
        let params = arguments.body.get("params");
        let or = |key: &str, default: &'static str| match arguments.text(key) {
            "" => default.to_owned(),
            name => name.to_owned(),
        };
        let key_type = match arguments.text("idType") {
            "" | "Int64" | "int64" => DataType::Int64,
            "VarChar" | "Varchar" => DataType::VarChar,
            other => {
                let text = "idType can only be [Int64, VarChar], default: Int64: ";
                return Err(failure::mismatched(text, "Int64, Varchar", other));
            }
        };
        let mut key = Field { primary: true, ..Field::new(&or("primaryFieldName", "id"), key_type) };
        if key_type == DataType::VarChar {
            let length = params.and_then(|params| params.get("max_length")).map_or("<nil>".to_owned(), super::go_text);
            key.params.push(("max_length".to_owned(), length));
        }
        let mut vector = Field::new(&or("vectorFieldName", "vector"), DataType::FloatVector);
        vector.params.push(("dim".to_owned(), dimension.to_string()));
        let dynamic = match params.and_then(|params| params.get("enableDynamicField")).map(super::go_text) {
            None => true,
            Some(text) => super::row::go_bool(&text).ok_or_else(|| failure::dynamic_flag(&text))?,
        };
        let auto_id = arguments.flag("autoID");
        Ok(Self { fields: vec![key, vector], functions: Vec::new(), dynamic, auto_id }.numbered())
    }

    /// The schema that a request spells out.
    pub(super) fn custom(schema: &Node<'_>, version: Version) -> Result<Self, Failure> {
        let functions = schema.get("functions").map_or(&[][..], Node::items);
        let functions = if version < Version(2, 5) { &[][..] } else { functions };
        let functions = functions.iter().map(|node| Function::read(node, version)).collect::<Result<Vec<_>, _>>()?;
        let fields = schema.get("fields").map_or(&[][..], Node::items);
        let mut fields = fields.iter().map(|node| field(node, version)).collect::<Result<Vec<_>, _>>()?;
        for field in &mut fields {
            field.function_output = functions.iter().any(|function| function.outputs.contains(&field.name));
        }
        let (dynamic, auto_id) = (flag(schema, "enableDynamicField"), flag(schema, "autoID"));
        Ok(Self { fields, functions, dynamic, auto_id }.numbered())
    }

    fn numbered(mut self) -> Self {
        for (field, id) in self.fields.iter_mut().zip(FIRST_FIELD_ID..) {
            field.id = id;
        }
        self
    }

    /// The primary key field; every stored schema has one.
    pub(super) fn primary(&self) -> &Field {
        self.fields.iter().find(|field| field.primary).unwrap_or(&self.fields[0])
    }

    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The names of the fields that a writer gives values to.
    pub(super) fn sent_fields(&self) -> Vec<String> {
        let is_made = |field: &&Field| field.primary && self.auto_id || self.function_inputs(&field.name).is_some();
        self.fields.iter().filter(|field| !is_made(field)).map(|field| field.name.clone()).collect()
    }

    pub(super) fn vectors(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.data_type.is_vector())
    }

    /// The fields from whose text a function fills this one.
    pub(super) fn function_inputs(&self, output: &str) -> Option<&[String]> {
        let function = self.functions.iter().find(|function| function.outputs.iter().any(|name| name == output));
        function.map(|function| function.inputs.as_slice())
    }

    /// Whether rows are spread over partitions by a field.
    pub(super) fn has_partition_key(&self) -> bool {
        self.fields.iter().any(|field| field.spread.partition_key)
    }

    /// The highest field id, that of the hidden dynamic field included.
    pub(super) fn last_field_id(&self) -> i64 {
        let count = self.fields.len() + usize::from(self.dynamic);
        FIRST_FIELD_ID - 1 + i64::try_from(count).unwrap_or_default()
    }

    pub(super) fn describe_fields(&self, version: Version) -> Value {
        self.fields.iter().map(|field| field.describe(self.auto_id, version)).collect()
    }

    pub(super) fn describe_functions(&self) -> Value {
        self.functions.iter().zip(FIRST_FIELD_ID..).map(|(function, id)| function.describe(id)).collect()
    }

    /// The checks that come before that of the collection's name: counts and the presence of a vector.
    pub(super) fn check_counts(&self, version: Version) -> Result<(), Failure> {
        if self.fields.len() > MOST_FIELDS {
            let text = format!("maximum field's number should be limited to {MOST_FIELDS}");
            return Err(failure::unclassified(version, text));
        }
        let most_vectors = if version < Version(2, 6) { 4 } else { 10 };
        match self.vectors().count() {
            0 => Err(failure::invalid("schema does not contain vector field")),
            count if count > most_vectors => {
                let text = format!("maximum vector field's number should be limited to {most_vectors}");
                Err(failure::unclassified(version, text))
            }
            _ => Ok(()),
        }
    }

    /// The checks that come after that of the collection's name.
    pub(super) fn check_fields(&self, collection: &str, version: Version) -> Result<(), Failure> {
        self.check_keys(version)?;
        for field in &self.fields {
            names::check_field(&field.name, version)?;
            if matches!(field.name.as_str(), "RowID" | "Timestamp") {
                return Err(failure::system_field(version, &field.name));
            }
            check_default(field)?;
            check_nullable(field, version)?;
            check_params(field, collection, version)?;
            function::check_match(field, version)?;
        }
        for (index, field) in self.fields.iter().enumerate() {
            if self.fields[..index].iter().any(|earlier| earlier.name == field.name) {
                let name = if version < Version(2, 5) { String::new() } else { format!(" {} found", field.name) };
                return Err(failure::unclassified(version, format!("duplicated field name{name}")));
            }
        }
        self.check_clustering(collection, version)?;
        function::check(&self.functions, &self.fields, version)
    }

    fn check_clustering(&self, collection: &str, version: Version) -> Result<(), Failure> {
        let keys: Vec<_> = self.fields.iter().filter(|field| field.spread.clustering_key).collect();
        if let [first, second, ..] = keys[..] {
            let text = format!("there are more than one clustering key, field name = {}, {}", first.name, second.name);
            return Err(failure::illegal_schema(&text, collection));
        }
        let Some(key) = keys.first() else { return Ok(()) };
        if key.data_type.is_vector() && (version < Version(2, 6) || key.data_type == DataType::FloatVector) {
            return Err(failure::vector_clustering(collection));
        }
        let numbers = key.data_type.is_integer() || matches!(key.data_type, DataType::Float | DataType::Double);
        if version >= Version(2, 6) && !numbers && !key.data_type.is_text() {
            let (name, kind) = (&key.name, key.data_type.name());
            let text = format!("clustering key field {name} has unsupported data type {kind}");
            return Err(failure::illegal_schema(&text, collection));
        }
        Ok(())
    }

    /// Partition keys may be kept apart only where there is one, and not at all in 2.4.
    pub(super) fn check_isolation(&self, asked: &str, collection: &str, version: Version) -> Result<(), Failure> {
        let Some(asked) = super::row::go_bool(asked) else {
            let text = format!("strconv.ParseBool: parsing {asked:?}: invalid syntax");
            let doing = if version < Version(3, 0) { "" } else { "failed to parse partition key isolation: " };
            return Err(failure::unclassified(version, format!("{doing}{text}")));
        };
        let text = if !asked {
            return Ok(());
        } else if !self.has_partition_key() {
            "partition key isolation mode is enabled but no partition key field is set. \
             Please set the partition key first"
        } else if version < Version(2, 5) {
            "partition key isolation mode is enabled but current Milvus does not support it. Please contact us"
        } else {
            return Ok(());
        };
        Err(failure::illegal_schema(text, collection))
    }

    fn check_keys(&self, version: Version) -> Result<(), Failure> {
        let primaries: Vec<_> = self.fields.iter().filter(|field| field.primary).collect();
        match primaries[..] {
            [] => return Err(failure::unclassified_missing(version, "primary key is not specified")),
            [key] if !key.data_type.may_be_key() => {
                return Err(failure::unclassified(version, "the data type of primary key should be Int64 or VarChar"));
            }
            [_] => {}
            [first, second, ..] => {
                let text = format!("there are more than one primary key, field name = {}, {}", first.name, second.name);
                return Err(failure::unclassified(version, text));
            }
        }
        if let Some(field) = self.fields.iter().find(|field| field.data_type == DataType::Array) {
            let element = field.element.unwrap_or(DataType::Array);
            if !element.may_be_element() {
                return Err(failure::unclassified(
                    version,
                    format!("element type {} is not supported", element.name()),
                ));
            }
        }
        if self.fields.iter().any(|field| field.data_type == DataType::String) {
            let text = "string data type not supported yet, please use VarChar type instead";
            return Err(failure::unclassified(version, text));
        }
        let partition_keys: Vec<_> = self.fields.iter().filter(|field| field.spread.partition_key).collect();
        if let [first, second, ..] = partition_keys[..] {
            let text = format!("there are more than one partition key, field name = {}, {}", first.name, second.name);
            return Err(failure::unclassified(version, text));
        }
        if partition_keys.iter().any(|field| field.primary) {
            return Err(failure::unclassified(version, "the partition key field must not be primary field"));
        }
        if partition_keys.iter().any(|field| !field.data_type.may_be_key()) {
            return Err(failure::unclassified(version, "the data type of partition key should be Int64 or VarChar"));
        }
        Ok(())
    }
}

fn field(node: &Node<'_>, version: Version) -> Result<Field, Failure> {
    let type_name = text(node, "dataType");
    // The name is known, and stands for no type.
    if type_name == "None" {
        return Err(failure::unclassified(version, "data type None is not valid"));
    }
    let data_type = DataType::named(type_name, version).ok_or_else(|| {
        failure::plain_invalid(format!("invalid parameter, data type {type_name} is invalid(case sensitive)."))
    })?;
    let mut field = Field::new(text(node, "fieldName"), data_type);
    if data_type == DataType::Array {
        let name = text(node, "elementDataType");
        if name == "None" {
            return Err(failure::unclassified(version, "element data type None is not valid"));
        }
        field.element = Some(DataType::named(name, version).ok_or_else(|| {
            failure::plain_invalid(format!("invalid parameter, element data type {name} is invalid(case sensitive)."))
        })?);
    }
    field.primary = flag(node, "isPrimary");
    field.spread.partition_key = flag(node, "isPartitionKey");
    field.spread.clustering_key = flag(node, "isClusteringKey");
    field.params = node.get("elementTypeParams").map_or(&[][..], Node::entries).iter().map(param).collect();
    if version >= Version(3, 0) {
        text(node, "externalField").clone_into(&mut field.external);
    }
    if version >= Version(2, 5) {
        field.nullable = flag(node, "nullable");
        field.default = node.get("defaultValue").map(|value| default(value, data_type, version)).transpose()?;
    }
    Ok(field)
}

/// Type parameters are stored as texts: strings as they are, other values as their JSON.
fn param((key, value): &(std::borrow::Cow<'_, str>, Node<'_>)) -> (String, String) {
    let text = match &value.value {
        Json::String(text) => text.clone().into_owned(),
        Json::Number(_) => super::go_text(value),
        _ => value.raw.to_owned(),
    };
    (key.clone().into_owned(), text)
}

fn default(value: &Node<'_>, data_type: DataType, version: Version) -> Result<Cell, Failure> {
    let cell = match (data_type, &value.value) {
        (DataType::Bool, Json::Bool(flag)) => Cell::Bool(*flag),
        (DataType::Float, Json::Number(number)) => Cell::Float(number.parse().unwrap_or_default()),
        (DataType::Double, Json::Number(number)) => Cell::Double(number.parse().unwrap_or_default()),
        (DataType::VarChar, Json::String(text)) => Cell::Text(text.clone().into_owned()),
        (DataType::Timestamptz | DataType::Geometry, Json::String(text)) if version >= Version(2, 6) => {
            Cell::Text(text.clone().into_owned())
        }
        (integer, Json::Number(number)) if integer.is_integer() => Cell::Int(whole(number)),
        _ => return Err(bad_default(value, data_type, version)),
    };
    Ok(cell)
}

/// The integer in a number; a fraction is cut off.
#[expect(clippy::cast_possible_truncation, reason = "cutting off the fraction is the rule")]
fn whole(number: &str) -> i64 {
    number.parse::<i64>().unwrap_or_else(|_| number.parse::<f64>().unwrap_or_default() as i64)
}

fn bad_default(value: &Node<'_>, data_type: DataType, version: Version) -> Failure {
    let (wanted, kind) = match data_type {
        DataType::Bool => ("bool", "bool"),
        DataType::Int64 => ("number", "long"),
        DataType::Int8 | DataType::Int16 | DataType::Int32 => ("number", "int"),
        DataType::Float => ("number", "float"),
        DataType::Double => ("number", "double"),
        DataType::VarChar => ("string", "string"),
        other => {
            return failure::plain_invalid(format!(
                "convert defaultValue fail, err:Unexpected default value type: {}: invalid parameter",
                other.name()
            ));
        }
    };
    if version < Version(2, 6) {
        let text = "convert defaultValue fail, err:Wrong defaultValue type: ";
        return failure::mismatched(text, wanted, &super::go_text(value));
    }
    let (shown, go_type) = match &value.value {
        Json::String(text) => (format!("{text:?}"), "string"),
        Json::Bool(_) => (value.raw.to_owned(), "bool"),
        Json::Array(_) => (super::go_text(value), "[]interface {}"),
        Json::Object(_) => (super::go_text(value), "map[string]interface {}"),
        _ => (super::go_text(value), "float64"),
    };
    failure::invalid(format!(
        "convert defaultValue fail, err:cannot use {shown}(type: {go_type}) as {kind} default value"
    ))
}

fn check_default(field: &Field) -> Result<(), Failure> {
    let range = field.data_type.integers();
    match field.default {
        // A default beyond 32 bits is cut, not refused.
        Some(Cell::Int(_)) if field.data_type == DataType::Int32 => Ok(()),
        Some(Cell::Int(number)) if !range.contains(&number) => {
            Err(failure::default_out_of_range(number, *range.start(), *range.end()))
        }
        Some(Cell::Text(ref text)) if field.data_type.is_text() && text.len() > field.max_length() => {
            let text = format!("the length ({}) of string exceeds max length ({}): ", text.len(), field.max_length());
            Err(failure::mismatched(&text, "valid length string", "string length exceeds max length"))
        }
        _ => Ok(()),
    }
}

fn check_nullable(field: &Field, version: Version) -> Result<(), Failure> {
    if field.primary && field.nullable {
        let text = format!("primary field not support null, type:{}, name:{}", field.data_type.name(), field.name);
        return Err(failure::invalid(text));
    }
    if field.primary && field.default.is_some() {
        return Err(failure::invalid("primary field not support default_value"));
    }
    if field.spread.partition_key && field.nullable {
        return Err(failure::invalid("partition key field not support nullable"));
    }
    if field.data_type.is_vector() && field.nullable && version < Version(2, 6) {
        return Err(failure::invalid(format!(
            "vector type not support null, type:{}, name:{}",
            field.data_type.name(),
            field.name
        )));
    }
    Ok(())
}

fn check_params(field: &Field, collection: &str, version: Version) -> Result<(), Failure> {
    if field.data_type.is_vector() {
        return check_dimension(field, version);
    }
    if field.data_type == DataType::Array {
        check_capacity(field, collection, version)?;
    }
    if field.data_type.is_text() || field.element == Some(DataType::VarChar) {
        return check_length(field, collection, version);
    }
    Ok(())
}

fn number(text: &str) -> Result<i64, Failure> {
    // This text stays unclassified in every version.
    text.parse()
        .map_err(|_| Failure { code: 65535, message: format!("strconv.ParseInt: parsing {text:?}: invalid syntax") })
}

fn check_dimension(field: &Field, version: Version) -> Result<(), Failure> {
    let name = &field.name;
    let refuse = |text: String| Err(failure::unclassified(version, text));
    let of_field = if version < Version(2, 5) { String::new() } else { format!(" of field {name}") };
    let Some(text) = field.param("dim") else {
        if field.data_type == DataType::SparseFloatVector {
            return Ok(());
        }
        return refuse(format!(
            "dimension is not defined in field type params{of_field}, check type param `dim` for vector field"
        ));
    };
    if field.data_type == DataType::SparseFloatVector {
        if version >= Version(3, 0) {
            number(text)?;
        }
        return refuse(format!("dim should not be specified for sparse vector field {name}(0)"));
    }
    let dimension = number(text)?;
    let (kind, range) = match field.data_type {
        DataType::BinaryVector => ("binary", BINARY_DIMENSIONS),
        _ => ("float", DIMENSIONS),
    };
    if version < Version(2, 4) {
        let known = 1..=*DIMENSIONS.end();
        let text = format!("invalid dimension: {dimension}. should be in range 1 ~ {}", known.end());
        return if known.contains(&dimension) { Ok(()) } else { refuse(text) };
    }
    if dimension < *range.start() {
        return refuse(format!("invalid dimension: {dimension}. should be in range 2 ~ {}", DIMENSIONS.end()));
    }
    let vector = format!("invalid dimension: {dimension}{of_field}. {kind} vector dimension should be");
    if dimension > *range.end() {
        return refuse(format!("{vector} in range 2 ~ {}", range.end()));
    }
    if field.data_type == DataType::BinaryVector && dimension % 8 != 0 {
        return refuse(format!("{vector} multiple of 8. "));
    }
    Ok(())
}

fn check_length(field: &Field, collection: &str, version: Version) -> Result<(), Failure> {
    let name = &field.name;
    let Some(text) = field.param("max_length") else {
        let whose = match version {
            Version(2, ..=4) => "varChar field".to_owned(),
            Version(2, 5) => format!("varChar field({name})"),
            _ => format!("the field({name})"),
        };
        let text = format!("type param(max_length) should be specified for {whose} of collection {collection}");
        return Err(failure::unclassified_missing(version, text));
    };
    let length = number(text)?;
    if LENGTHS.contains(&length) {
        return Ok(());
    }
    let (whose, but) = match version {
        Version(2, ..=4) => ("a VarChar".to_owned(), String::new()),
        Version(2, 5) => (format!("a VarChar field({name})"), format!(", but got {length} instead")),
        _ => (format!("the field({name})"), format!(", but got {length} instead")),
    };
    Err(failure::invalid(format!("the maximum length specified for {whose} should be in (0, {}]{but}", LENGTHS.end())))
}

fn check_capacity(field: &Field, collection: &str, version: Version) -> Result<(), Failure> {
    let name = if version < Version(2, 5) { String::new() } else { format!(" {}", field.name) };
    let Some(text) = field.param("max_capacity") else {
        let text =
            format!("type param(max_capacity) should be specified for array field{name} of collection {collection}");
        return Err(failure::unclassified_missing(version, text));
    };
    let Ok(capacity) = text.parse::<i64>() else {
        let text = format!("the value for max_capacity of field {} must be an integer", field.name);
        return Err(failure::unclassified(version, text));
    };
    if CAPACITIES.contains(&capacity) {
        return Ok(());
    }
    let text = format!("the maximum capacity specified for a Array should be in (0, {}]", CAPACITIES.end());
    Err(failure::unclassified(version, text))
}

#[cfg(test)]
mod tests {
    use super::super::Model;
    use super::super::testing::{data, refused};
    use super::*;
    use crate::profile::Profile;

    fn create(profile: Profile, fields: &Value) -> (i32, String) {
        let mut model = Model::new(profile, None);
        let body = json!({"collectionName": "c", "schema": {"fields": fields}});
        refused(&mut model, "collections/create", &body)
    }

    #[test]
    fn schemas_are_checked_in_the_measured_words() {
        let key = json!({"fieldName": "id", "dataType": "Int64", "isPrimary": true});
        let vector = json!({"fieldName": "v", "dataType": "FloatVector", "elementTypeParams": {"dim": 4}});
        let text = json!({"fieldName": "t", "dataType": "VarChar"});
        let binary = json!({"fieldName": "b", "dataType": "BinaryVector", "elementTypeParams": {"dim": "12"}});
        let cases = [
            (json!([vector]), 65535, "primary key is not specified"),
            (json!([key]), 1100, "schema does not contain vector field: invalid parameter"),
            (json!([key, vector, vector]), 65535, "duplicated field name v found"),
            (
                json!([key, vector, text]),
                65535,
                "type param(max_length) should be specified for the field(t) of collection c",
            ),
            (
                json!([key, binary]),
                65535,
                "invalid dimension: 12 of field b. binary vector dimension should be multiple of 8. ",
            ),
            (
                json!([{"fieldName": "id", "dataType": "int64"}]),
                1100,
                "invalid parameter, data type int64 is invalid(case sensitive).",
            ),
        ];
        for (fields, code, message) in cases {
            assert_eq!(create(Profile::Milvus26, &fields), (code, message.to_owned()));
        }
        assert_eq!(create(Profile::Milvus30, &json!([vector])).0, 1101);
    }

    #[test]
    fn a_text_field_without_length_is_refused_like_any_other() {
        // The request ends some real servers.
        let fields = json!([
            {"fieldName": "id", "dataType": "Int64", "isPrimary": true},
            {"fieldName": "v", "dataType": "FloatVector", "elementTypeParams": {"dim": 4}},
            {"fieldName": "t", "dataType": "Text"},
        ]);
        assert_eq!(create(Profile::Milvus26, &fields).0, 65535);
    }

    #[test]
    fn describe_shows_what_the_version_knows() {
        let fields = json!([
            {"fieldName": "id", "dataType": "Int64", "isPrimary": true},
            {"fieldName": "s", "dataType": "VarChar", "elementTypeParams": {"max_length": 9}, "defaultValue": "hi"},
            {"fieldName": "v", "dataType": "FloatVector", "elementTypeParams": {"dim": "4"}},
        ]);
        let body = json!({"collectionName": "c", "schema": {"fields": fields}});
        for (profile, nullable) in [(Profile::Milvus24, None), (Profile::Milvus25, Some(&json!(false)))] {
            let mut model = Model::new(profile, None);
            data(&mut model, "collections/create", &body);
            let described = data(&mut model, "collections/describe", &json!({"collectionName": "c"}));
            assert_eq!(described["fields"][0].get("nullable"), nullable);
            assert_eq!(described["fields"][1]["params"], json!([{"key": "max_length", "value": "9"}]));
            assert_eq!(described["fields"][1].get("defaultValue").is_some(), nullable.is_some());
        }
    }
}
