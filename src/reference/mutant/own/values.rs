//! Values on their way in and out.

use super::super::{is_success, parsed};
use super::Deed::{Accepts, Answers, Asks, Does};
use super::{Own, items, own};
use serde_json::{Value, json};

const READS: &[&str] = &["entities/query"];
const WRITES: &[&str] = &["entities/insert", "entities/upsert"];

/// Changes every value inside another, from the leaves up.
fn each_value(value: &mut Value, change: &mut impl FnMut(&mut Value)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| each_value(item, change)),
        Value::Object(entries) => entries.values_mut().for_each(|item| each_value(item, change)),
        _ => {}
    }
    change(value);
}

/// Changes every value of the rows that go in or come out, other than keys and vectors.
fn each_cell(body: &mut Value, mut change: impl FnMut(&str, &mut Value)) {
    for row in items(body, "/data").iter_mut().filter_map(Value::as_object_mut) {
        for (name, value) in row.iter_mut().filter(|(name, _)| *name != "id" && *name != "vector") {
            change(name, value);
        }
    }
}

/// Changes every text of the rows.
fn each_text(body: &mut Value, mut change: impl FnMut(&str) -> String) {
    each_cell(body, |_, value| {
        if let Some(text) = value.as_str().map(&mut change) {
            *value = text.into();
        }
    });
}

/// Changes every list of numbers or texts in the rows.
fn each_list(body: &mut Value, mut change: impl FnMut(&mut Vec<Value>)) {
    each_cell(body, |_, value| {
        each_value(value, &mut |value| {
            if let Value::Array(items) = value {
                change(items);
            }
        });
    });
}

/// Changes the field of this name in every row.
fn each_named(body: &mut Value, name: &str, mut change: impl FnMut(&mut Value)) {
    each_cell(body, |known, value| {
        if known == name {
            change(value);
        }
    });
}

pub(super) const TABLE: &[Own] = &[
    own(
        "value-integers-through-doubles",
        "Large integers are read through doubles and lose their last digits.",
        READS,
        &["value.integers", "value.arrays", "value.upsert.keeps"],
        Answers(|_, _, body| {
            each_value(&mut body["data"], &mut |value| {
                #[expect(clippy::cast_possible_truncation, reason = "the loss of digits is the point")]
                if let Some(number) = value.as_i64().filter(|number| number.unsigned_abs() > 1 << 53) {
                    *value = ((number as f64) as i64 & !1).into();
                }
            });
        }),
    ),
    own(
        "value-bools-as-numbers",
        "Truth values are answered as 0 and 1.",
        READS,
        &["value.bools", "value.arrays", "value.dynamic"],
        Answers(|_, _, body| {
            each_value(&mut body["data"], &mut |value| {
                if let Some(flag) = value.as_bool() {
                    *value = i32::from(flag).into();
                }
            });
        }),
    ),
    own(
        "value-all-integers-as-text",
        "With the header for Int64 as text all integers are texts.",
        READS,
        &["value.integers-as-text"],
        Answers(|_, call, body| {
            if call.request.header("accept-type-allow-int64") == Some("false") {
                each_cell(body, |_, value| {
                    if value.is_i64() {
                        *value = value.to_string().into();
                    }
                });
            }
        }),
    ),
    own(
        "value-small-integers-clamped",
        "Numbers beyond a small integer type become its limit.",
        READS,
        &["value.small-integers-wrap"],
        Answers(|_, _, body| {
            each_named(body, "tiny", |value| {
                if matches!(value.as_i64(), Some(-128 | 44)) {
                    *value = 127.into();
                }
            });
        }),
    ),
    own(
        "value-text-is-no-number",
        "A number written as text is stored as zero.",
        WRITES,
        &["value.numbers-from-text"],
        Asks(|_, _, body| {
            each_cell(body, |name, value| {
                if name != "text" && value.as_str().is_some_and(|text| text.parse::<f64>().is_ok_and(f64::is_finite)) {
                    *value = 0.into();
                }
            });
        }),
    ),
    own(
        "value-floats-of-six-digits",
        "Floats are written with six digits.",
        READS,
        &["value.floats", "value.doubles", "value.float-vectors"],
        Answers(|_, _, body| {
            each_value(&mut body["data"], &mut |value| {
                if let Some(number) = value.as_f64().filter(|_| value.is_f64()) {
                    *value = format!("{number:.5e}").parse::<f64>().unwrap_or_default().into();
                }
            });
        }),
    ),
    own(
        "value-doubles-through-singles",
        "Doubles are kept in single precision.",
        READS,
        &["value.doubles"],
        Answers(|_, _, body| {
            each_named(body, "double", |value| {
                #[expect(clippy::cast_possible_truncation, reason = "the loss of digits is the point")]
                if let Some(number) = value.as_f64() {
                    *value = f64::from(number as f32).into();
                }
            });
        }),
    ),
    own(
        "value-texts-cut",
        "Texts lose what is beyond 255 characters.",
        WRITES,
        &["value.texts"],
        Asks(|_, _, body| {
            each_value(&mut body["data"], &mut |value| {
                if let Some(text) = value.as_str() {
                    *value = text.chars().take(255).collect::<String>().into();
                }
            });
        }),
    ),
    own(
        "value-texts-composed",
        "Combining marks are joined with the letter before them.",
        WRITES,
        &["value.texts", "value.upsert.keeps"],
        Asks(|_, _, body| each_text(body, |text| text.replace("e\u{301}", "é"))),
    ),
    own(
        "value-texts-trimmed",
        "Blanks around a text are taken away.",
        WRITES,
        &["value.texts"],
        Asks(|_, _, body| each_text(body, |text| text.trim().to_owned())),
    ),
    own(
        "value-texts-end-at-nul",
        "A text ends at its first NUL.",
        WRITES,
        &["value.texts-exact"],
        Asks(|_, _, body| each_text(body, |text| text.split('\0').next().unwrap_or_default().to_owned())),
    ),
    own(
        "value-texts-only",
        "What is no text becomes an empty one in a text field.",
        WRITES,
        &["value.text-from-scalar"],
        Asks(|_, _, body| {
            each_named(body, "text", |value| {
                if !value.is_string() {
                    *value = "".into();
                }
            });
        }),
    ),
    own(
        "value-json-without-nulls",
        "Keys of a JSON value that hold null, and empty ones, are lost.",
        WRITES,
        &["value.json"],
        Asks(|_, _, body| {
            each_named(body, "doc", |value| {
                each_value(value, &mut |value| match value {
                    Value::Array(items) => items.retain(|item| !item.is_null()),
                    Value::Object(entries) => entries.retain(|key, _| !key.is_empty()),
                    _ => {}
                });
            });
        }),
    ),
    own(
        "value-json-rewritten",
        "A JSON value is read and written anew.",
        WRITES,
        &["value.json-as-text"],
        Does(|broken, call| {
            let named = call.body["data"][0].get("doc").is_some();
            named.then(|| broken.with_body(call, &call.body))
        }),
    ),
    own(
        "value-lists-sorted",
        "The items of arrays are sorted.",
        WRITES,
        &["value.arrays", "value.dynamic"],
        Asks(|_, _, body| each_list(body, |items| items.sort_by_key(Value::to_string))),
    ),
    own(
        "value-lists-as-sets",
        "An item that comes twice in an array is kept once.",
        WRITES,
        &["value.arrays"],
        Asks(|_, _, body| {
            each_list(body, |items| {
                let mut seen = Vec::new();
                items.retain(|item| {
                    let new = !seen.contains(item);
                    seen.push(item.clone());
                    new
                });
            });
        }),
    ),
    own(
        "value-lists-unwrapped",
        "Arrays are answered as plain lists.",
        READS,
        &["value.arrays-wrapped"],
        Answers(|_, _, body| {
            each_cell(body, |_, value| {
                let inner = value.pointer("/Data").and_then(Value::as_object).and_then(|data| data.values().next());
                if let Some(inner) = inner {
                    *value = inner.get("data").cloned().unwrap_or_else(|| json!([]));
                }
            });
        }),
    ),
    own(
        "value-bytes-as-lists",
        "Vectors of bytes are answered as empty lists.",
        READS,
        &["value.byte-vectors", "value.int8-vectors"],
        Answers(|_, _, body| {
            each_cell(body, |name, value| {
                if matches!(name, "bits" | "halves" | "bytes") {
                    *value = json!([]);
                }
            });
        }),
    ),
    own(
        "value-halves-cut",
        "Floats are cut and not rounded on their way to 16 bits.",
        READS,
        &["value.half-vectors"],
        Answers(|_, _, body| {
            each_named(body, "halves", |value| {
                if *value == json!("Zi5mMs00ZjY=") {
                    *value = json!("Zi5mMsw0ZjY=");
                }
            });
        }),
    ),
    own(
        "value-sparse-places-shifted",
        "The places of sparse vectors count from one.",
        READS,
        &["value.sparse-vectors"],
        Answers(|_, _, body| {
            each_named(body, "sparse", |value| {
                let entries = value.as_object().cloned().unwrap_or_default();
                let shifted = entries
                    .into_iter()
                    .map(|(place, value)| (place.parse::<u64>().map_or(place, |place| (place + 1).to_string()), value));
                *value = Value::Object(shifted.collect());
            });
        }),
    ),
    own(
        "value-dynamic-key-lost",
        "One of several dynamic keys is lost.",
        WRITES,
        &["value.dynamic"],
        Asks(|_, _, body| {
            for row in items(body, "/data").iter_mut().filter_map(Value::as_object_mut) {
                row.remove("a b");
            }
        }),
    ),
    own(
        "value-dynamic-as-text",
        "Dynamic keys are stored as texts.",
        WRITES,
        &["value.dynamic"],
        Asks(|_, _, body| {
            each_named(body, "extra", |value| {
                if !value.is_null() && !value.is_string() {
                    *value = value.to_string().into();
                }
            });
        }),
    ),
    own(
        "value-dynamic-null-shown",
        "A dynamic key that was sent as null is answered as null.",
        READS,
        &["value.dynamic-null"],
        Answers(|_, _, body| {
            for row in items(body, "/data").iter_mut().filter_map(Value::as_object_mut) {
                if row.contains_key("other") {
                    row.insert("extra".to_owned(), Value::Null);
                }
            }
        }),
    ),
    own(
        "value-null-becomes-zero",
        "A null is answered as zero.",
        READS,
        &["value.nullable"],
        Answers(|_, _, body| {
            each_cell(body, |_, value| {
                if value.is_null() {
                    *value = 0.into();
                }
            });
        }),
    ),
    own(
        "value-zero-becomes-null",
        "Zero and the empty text in a nullable field are answered as null.",
        READS,
        &["value.nullable"],
        Answers(|_, _, body| {
            each_cell(body, |name, value| {
                if matches!(name, "number" | "score") && *value == json!(0) || name == "text" && *value == json!("") {
                    *value = Value::Null;
                }
            });
        }),
    ),
    own(
        "value-default-ignored",
        "Defaults of fields are zero.",
        READS,
        &["value.default"],
        Answers(|_, _, body| {
            each_named(body, "age", |value| *value = 0.into());
        }),
    ),
    own(
        "value-default-wins-always",
        "An empty text is replaced by the default.",
        READS,
        &["value.default"],
        Answers(|_, _, body| {
            each_named(body, "status", |value| *value = "active".into());
        }),
    ),
    own(
        "value-null-over-default",
        "A nullable field with a default is null when it is left out.",
        READS,
        &["value.default-wins"],
        Answers(|_, _, body| {
            each_named(body, "both", |value| {
                if *value == json!(7) {
                    *value = Value::Null;
                }
            });
        }),
    ),
    own(
        "value-shapes-as-sent",
        "Shapes are answered without a blank after their name.",
        READS,
        &["value.shapes"],
        Answers(|_, _, body| {
            each_named(body, "place", |value| *value = value.as_str().unwrap_or_default().replace(" (", "(").into());
        }),
    ),
    own(
        "value-times-without-zone",
        "Times are answered without their zone.",
        READS,
        &["value.times"],
        Answers(|_, _, body| {
            each_named(body, "moment", |value| *value = value.as_str().unwrap_or_default().replace('Z', "").into());
        }),
    ),
    own(
        "value-any-shape",
        "Texts that are no shapes are accepted.",
        WRITES,
        &["value.shapes-refused"],
        Accepts("syntax error"),
    ),
    own(
        "value-any-time",
        "Texts that are no times are accepted.",
        WRITES,
        &["value.times-refused"],
        Accepts("invalid timestamptz"),
    ),
    own(
        "value-any-value",
        "Values that do not fit their field are accepted.",
        WRITES,
        &["value.refused.kind", "value.upsert.refused", "value.int8-vectors"],
        Accepts("fail to deal the insert data"),
    ),
    own(
        "value-null-read-as-zero",
        "Null is read as zero where no null is allowed.",
        WRITES,
        &["value.refused.missing"],
        Asks(|_, _, body| {
            each_cell(body, |name, value| {
                if value.is_null() {
                    match name {
                        "flag" => *value = false.into(),
                        "tiny" | "large" | "single" => *value = 0.into(),
                        _ => {}
                    }
                }
            });
        }),
    ),
    own(
        "value-range-clamped",
        "A number beyond Int64 becomes its limit.",
        WRITES,
        &["value.refused.range"],
        Asks(|_, _, body| {
            each_named(body, "large", |value| {
                if value.as_str().is_some_and(|text| text.len() > 18 && text.parse::<i64>().is_err()) {
                    *value = i64::MAX.into();
                }
            });
        }),
    ),
    own(
        "value-any-vector-number",
        "Numbers beyond the type of a vector are accepted.",
        WRITES,
        &["value.refused.vector", "value.int8-vectors"],
        Accepts("cannot unmarshal"),
    ),
    own(
        "value-any-number",
        "What is infinite or no number at all is accepted.",
        WRITES,
        &["value.refused.finite", "value.half-vectors-finite"],
        Accepts("infinity"),
    ),
    own(
        "value-any-count",
        "Arrays may have any number of items.",
        WRITES,
        &["value.refused.capacity"],
        Accepts("array exceeds max capacity"),
    ),
    own(
        "value-any-item-length",
        "Texts in arrays may have any length.",
        WRITES,
        &["value.refused.item-length"],
        Accepts("length of Array array field"),
    ),
    own(
        "value-length-in-characters",
        "The length of a text is counted in characters.",
        WRITES,
        &["value.refused.bytes"],
        Accepts("length: 10, max length: 8"),
    ),
    own(
        "value-any-json-length",
        "JSON values may have any length.",
        WRITES,
        &["value.refused.json-length"],
        Accepts("max length (65536)"),
    ),
    own(
        "value-any-item",
        "Items beyond the type of an array are accepted.",
        WRITES,
        &["value.refused.item-range"],
        Accepts("out of range: ["),
    ),
    own(
        "value-good-rows-stored",
        "Of a refused insert the rows that are good are stored.",
        &["entities/insert"],
        &["value.refused.nothing-stored"],
        Does(|broken, call| {
            let honest = broken.honest(call);
            let refused = !is_success(&parsed(&honest));
            let rows = call.body["data"].as_array().filter(|rows| refused && rows.len() > 1)?;
            for row in rows {
                let mut body = call.body.clone();
                body["data"] = json!([row]);
                broken.with_body(call, &body);
            }
            Some(honest)
        }),
    ),
    own(
        "value-refused-upsert-deletes",
        "A refused upsert has deleted the old row already.",
        &["entities/upsert"],
        &["value.upsert.keeps"],
        Does(|broken, call| {
            let honest = broken.honest(call);
            let id = call.body["data"][0].get("id").and_then(Value::as_i64)?;
            if is_success(&parsed(&honest)) {
                return None;
            }
            let name = call.text("collectionName");
            broken.ask(call, "entities/delete", json!({"collectionName": name, "filter": format!("id in [{id}]")}));
            Some(honest)
        }),
    ),
];
