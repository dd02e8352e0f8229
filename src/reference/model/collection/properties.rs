//! Properties of a collection: which of them change when, and what they may be.

use super::super::external_refresh;
use super::super::failure::{self, Failure, MissingText};
use super::super::schema::DataType;
use super::super::{Answer, Arguments, Model, Outcome, properties, time};
use super::{Collection, TTL};
use crate::profile::Version;
use indexmap::IndexMap;

const LONGEST_TTL: i64 = 3_155_760_000;

/// The field that says when a row is over; a collection has it or a time to live.
const TTL_FIELD: &str = "ttl_field";

const DYNAMIC: &str = "dynamicfield.enabled";

/// Whether rows may bring their keys although the collection makes them.
const OWN_KEYS: &str = "allow_insert_auto_id";

impl Collection {
    /// Whether an insert may bring the keys that the collection would make otherwise.
    pub(in crate::reference::model) fn takes_own_keys(&self, version: Version) -> bool {
        version >= Version(2, 6) && self.properties.get(OWN_KEYS).is_some_and(|allowed| allowed == "true")
    }
}

pub(in crate::reference) fn alter_properties(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let added = properties(&arguments.body, "properties");
    let collection = model.collection(arguments, MissingText::Found)?;
    external_refresh::check_managed(collection, "altering properties")?;
    check_change(collection, added.keys().map(String::as_str), version)?;
    if version >= Version(2, 6) {
        if let Some(seconds) = added.get(TTL) {
            check_ttl(seconds)?;
        }
        time::check_zone(&added)?;
    }
    if version >= Version(3, 0) {
        check_ttl_field(collection, &added)?;
    }
    collection.properties.extend(added);
    Ok(Answer::done())
}

pub(in crate::reference) fn drop_properties(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let keys = arguments.texts("propertyKeys");
    let collection = model.collection(arguments, MissingText::Found)?;
    check_change(collection, keys.iter().copied(), version)?;
    if version >= Version(2, 6) && keys.contains(&DYNAMIC) {
        let text = format!("cannot delete key {DYNAMIC}, dynamic field schema could support set to true/false");
        return Err(failure::invalid(text));
    }
    collection.properties.retain(|key, _| !keys.contains(&key.as_str()));
    Ok(Answer::done())
}

fn check_change<'k>(
    collection: &Collection,
    mut keys: impl ExactSizeIterator<Item = &'k str>,
    version: Version,
) -> Result<(), Failure> {
    if keys.len() == 0 {
        return Err(failure::nothing_to_alter(version));
    }
    if collection.is_in_use() && keys.any(|key| matches!(key, "mmap.enabled" | "lazyload.enabled")) {
        let action = "can not alter mmap properties if collection loaded";
        return Err(failure::loaded_collection(action, &collection.name));
    }
    Ok(())
}

fn check_ttl(seconds: &str) -> Result<(), Failure> {
    match seconds.parse::<i64>() {
        Err(_) => Err(failure::invalid("collection TTL is not a valid positive integer")),
        Ok(seconds) if !(-1..=LONGEST_TTL).contains(&seconds) => {
            let text = format!("collection TTL is out of range, expect [-1, {LONGEST_TTL}], got {seconds}");
            Err(failure::invalid(text))
        }
        Ok(_) => Ok(()),
    }
}

/// Refuses a second word on when rows are over, and a field that holds no times. Documents have the first text; none of
/// it was measured.
fn check_ttl_field(collection: &Collection, added: &IndexMap<String, String>) -> Result<(), Failure> {
    let told = |key: &str| added.contains_key(key) || collection.properties.contains_key(key);
    if added.contains_key(TTL) && told(TTL_FIELD) {
        return Err(failure::invalid("ttl field is already set, cannot be set collection TTL"));
    }
    let Some(name) = added.get(TTL_FIELD) else { return Ok(()) };
    if told(TTL) {
        return Err(failure::invalid("collection TTL is already set, cannot be set ttl field"));
    }
    match collection.schema.field(name) {
        Some(field) if field.data_type == DataType::Timestamptz => Ok(()),
        Some(field) => {
            let kind = field.data_type.name();
            Err(failure::invalid(format!("ttl field {name} has to be of type Timestamptz, not {kind}")))
        }
        None => Err(failure::invalid(format!("ttl field {name} is not in the schema"))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{data, quick, refused};
    use crate::profile::Profile;
    use serde_json::{Value, json};

    fn altered(properties: &Value) -> Value {
        json!({"collectionName": "c", "properties": properties})
    }

    #[test]
    fn a_zone_has_the_form_of_the_names_of_iana_from_2_6_on() {
        for (profile, zone, is_refused) in [
            (Profile::Milvus25, "Nowhere/City", false),
            (Profile::Milvus26, "Nowhere/City", true),
            (Profile::Milvus26, "Asia/Shanghai", false),
            (Profile::Milvus30, "America/Argentina/Buenos_Aires", false),
            (Profile::Milvus30, "+08:00", true),
        ] {
            let mut model = quick(profile);
            let body = altered(&json!({"timezone": zone}));
            if is_refused {
                assert_eq!(refused(&mut model, "collections/alter_properties", &body).0, 1100, "{zone}");
            } else {
                data(&mut model, "collections/alter_properties", &body);
            }
        }
    }

    #[test]
    fn rows_are_over_by_time_to_live_or_by_field_and_not_by_both() {
        let mut model = quick(Profile::Milvus30);
        let by_field = altered(&json!({"ttl_field": "until"}));
        assert!(refused(&mut model, "collections/alter_properties", &by_field).1.contains("not in the schema"));
        let by_key = altered(&json!({"ttl_field": "id"}));
        assert!(refused(&mut model, "collections/alter_properties", &by_key).1.contains("has to be of type"));
        let field = json!({"fieldName": "until", "dataType": "Timestamptz", "nullable": true});
        data(&mut model, "collections/fields/add", &json!({"collectionName": "c", "schema": field}));
        data(&mut model, "collections/alter_properties", &altered(&json!({"collection.ttl.seconds": 864_000})));
        assert!(refused(&mut model, "collections/alter_properties", &by_field).1.contains("is already set"));
        let keys = json!({"collectionName": "c", "propertyKeys": ["collection.ttl.seconds"]});
        data(&mut model, "collections/drop_properties", &keys);
        data(&mut model, "collections/alter_properties", &by_field);
        let seconds = altered(&json!({"collection.ttl.seconds": 864_000}));
        assert!(refused(&mut model, "collections/alter_properties", &seconds).1.contains("is already set"));
    }

    #[test]
    fn the_switch_of_the_dynamic_field_is_not_dropped() {
        let body = json!({"collectionName": "c", "propertyKeys": ["dynamicfield.enabled"]});
        data(&mut quick(Profile::Milvus25), "collections/drop_properties", &body);
        assert_eq!(refused(&mut quick(Profile::Milvus26), "collections/drop_properties", &body).0, 1100);
    }
}
