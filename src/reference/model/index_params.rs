//! The parameters of indexes: which each type takes, and within which bounds.

use super::failure::{self, Failure};
use super::schema::{DataType, Field};
use crate::profile::Version;
use indexmap::IndexMap;

type Params = IndexMap<String, String>;

/// The parameter by which an index on JSON says what type its values have.
pub(super) const CAST: &str = "json_cast_type";

/// The parameter that leads to a place in a JSON value.
pub(super) const PATH: &str = "json_path";

const NLIST: (&str, i64, i64) = ("nlist", 1, 65_536);
const DEGREE: (&str, i64, i64) = ("M", 2, 2_048);
const EFFORT: (&str, i64, i64) = ("efConstruction", 1, 2_147_483_647);
const PARTS: (&str, i64, i64) = ("m", 1, 65_536);
const BITS: (&str, i64, i64) = ("nbits", 1, 24);
const RESIDUALS: (&str, i64, i64) = ("nrq", 1, 16);

/// How many subquantizers an index has that names none.
const DEFAULT_PARTS: usize = 32;

const QUANTIZERS: [&str; 5] = ["sq4u", "sq6", "sq8", "fp16", "bf16"];

/// Checks the parameters of an index on a vector.
pub(super) fn check_vector(kind: &str, field: &Field, params: &Params, version: Version) -> Result<(), Failure> {
    let refuse = |text: String| Err(failure::unbuildable_index(version, &text));
    let dimension = field.dimension();
    if let Some(asked) = params.get("dim").filter(|asked| asked.parse() != Ok(dimension)) {
        return refuse(format!("dimension mismatch, dimension in schema: {dimension}, dimension: {asked}"));
    }
    check_mapping(params, version)?;
    let checked = if version < Version(2, 5) {
        check_first(kind, dimension, params)
    } else {
        check_later(kind, dimension, params, version)
    };
    checked.or_else(refuse)
}

/// Whether the index is kept in a mapped file, is `true` or `false`.
fn check_mapping(params: &Params, version: Version) -> Result<(), Failure> {
    match params.get("mmap.enabled").map(String::as_str) {
        None | Some("true" | "false") => Ok(()),
        Some(other) => Err(failure::mapping(version, other)),
    }
}

/// The checks of 2.4, which has no defaults.
fn check_first(kind: &str, dimension: usize, params: &Params) -> Result<(), String> {
    let whole = |key: &str| params.get(key).and_then(|value| value.parse::<i64>().ok());
    let within = |key: &str, low: i64, high: i64| match whole(key) {
        Some(number) if (low..=high).contains(&number) => Ok(()),
        _ => Err(format!("{key} out of range: [{low}, {high}]")),
    };
    match kind {
        "IVF_FLAT" | "IVF_SQ8" | "IVF_PQ" | "SCANN" | "BIN_IVF_FLAT" => within("nlist", NLIST.1, NLIST.2)?,
        "HNSW" => {
            within("efConstruction", EFFORT.1, EFFORT.2)?;
            within("M", 1, DEGREE.2)?;
        }
        "SPARSE_INVERTED_INDEX" | "SPARSE_WAND" => {
            if let Some(text) = params.get("drop_ratio_build")
                && !text.parse().is_ok_and(|ratio: f64| (0.0..1.0).contains(&ratio))
            {
                return Err(format!("invalid drop_ratio_build: {text}, must be in range [0, 1)"));
            }
        }
        _ => {}
    }
    if kind != "IVF_PQ" {
        return Ok(());
    }
    let Some(text) = params.get("m") else { return Err("parameter `m` not found".to_owned()) };
    let parts = text.parse().ok().filter(|parts: &usize| *parts > 0).ok_or_else(|| format!("invalid `m`: {text}"))?;
    if !dimension.is_multiple_of(parts) {
        return Err(format!("dimension must be able to be divided by `m`, dimension: {dimension}, m: {parts}"));
    }
    match params.get("nbits") {
        Some(text) if !text.parse().is_ok_and(|bits: i64| (1..=64).contains(&bits)) => {
            Err(format!("parameter `nbits` out of range, expect range [1,64], current value: {text}"))
        }
        _ => Ok(()),
    }
}

fn check_later(kind: &str, dimension: usize, params: &Params, version: Version) -> Result<(), String> {
    let ranges: &[(&str, i64, i64)] = match kind {
        "IVF_FLAT" | "IVF_SQ8" | "SCANN" | "BIN_IVF_FLAT" | "IVF_RABITQ" => &[NLIST],
        "IVF_PQ" => &[NLIST, PARTS, BITS],
        "HNSW" | "HNSW_SQ" => &[DEGREE, EFFORT],
        "HNSW_PQ" => &[DEGREE, EFFORT, PARTS, BITS],
        "HNSW_PRQ" => &[DEGREE, EFFORT, PARTS, BITS, RESIDUALS],
        _ => &[],
    };
    if kind == "IVF_PQ" && !params.contains_key("m") {
        return Err("param 'm' not exist in json".to_owned());
    }
    for (key, low, high) in ranges {
        if let Some(text) = params.get(*key) {
            check_whole(key, text, *low, *high)?;
        }
    }
    if matches!(kind, "IVF_PQ" | "HNSW_PQ") {
        let parts = params.get("m").and_then(|text| text.parse().ok()).unwrap_or(DEFAULT_PARTS);
        if !dimension.is_multiple_of(parts) {
            let article = if kind == "IVF_PQ" { "a" } else { "the" };
            return Err(format!(
                "The dimension of {article} vector (dim) should be a multiple of the number of subquantizers (m). \
                 Dimension: {dimension}, m: {parts}"
            ));
        }
    }
    match kind {
        "SCANN" => check_flag("with_raw_data", params)?,
        "HNSW_SQ" => {
            let known = |kind: &String| QUANTIZERS.contains(&kind.to_lowercase().as_str());
            if params.get("sq_type").is_some_and(|kind| !known(kind)) {
                return Err("invalid scalar quantizer type".to_owned());
            }
            check_refine(params, &["sq4u", "sq6", "sq8", "fp16", "bf16", "fp32", "flat"])?;
        }
        "HNSW_PQ" | "HNSW_PRQ" => check_refine(params, &["sq4u", "sq6", "sq8", "fp16", "bf16", "fp32", "flat"])?,
        "IVF_RABITQ" => check_refine(params, &["sq6", "sq8", "fp16", "bf16", "fp32", "flat"])?,
        "SPARSE_INVERTED_INDEX" | "SPARSE_WAND" => check_sparse(params, version)?,
        _ => {}
    }
    Ok(())
}

fn check_whole(key: &str, text: &str, low: i64, high: i64) -> Result<(), String> {
    match (text.parse::<i64>(), text.parse::<f64>()) {
        (Ok(number), _) if (low..=high).contains(&number) => Ok(()),
        (Ok(number), _) => {
            Err(format!("Out of range in json: param '{key}' ({number}) should be in range [{low}, {high}]"))
        }
        // Large numbers arrive with an exponent and count as fractions.
        (_, Ok(_)) => Err(format!("wrong data type in json, key: '{key}', value: '{text}'")),
        _ => Err(format!("invalid integer value, key: '{key}', value: '{text}'")),
    }
}

fn check_flag(key: &str, params: &Params) -> Result<(), String> {
    match params.get(key).map(String::as_str) {
        None | Some("true" | "false") => Ok(()),
        Some(other) => Err(format!("Type conflict in json: param '{key}' ({other:?}) should be a boolean")),
    }
}

fn check_refine(params: &Params, known: &[&str]) -> Result<(), String> {
    check_flag("refine", params)?;
    match params.get("refine_type") {
        Some(kind) if !known.contains(&kind.to_lowercase().as_str()) => {
            Err(format!("invalid refine type : {kind}, optional types are [{}]", known.join(", ")))
        }
        _ => Ok(()),
    }
}

fn check_sparse(params: &Params, version: Version) -> Result<(), String> {
    for (key, whole_too, end) in [("drop_ratio_build", false, ')'), ("bm25_b", true, ']')] {
        let Some(text) = params.get(key) else { continue };
        let number: f32 = text.parse().map_err(|_| format!("invalid float value, key: '{key}', value: '{text}'"))?;
        let below = if whole_too { number <= 1.0 } else { number < 1.0 };
        if number < 0.0 || !below {
            let (shown, range) = (f64::from(number), format!("[0.000000, 1.000000{end}"));
            return Err(format!("Out of range in json: param '{key}' ({shown:?}) should be in range {range}"));
        }
    }
    let known: &[&str] = if version < Version(3, 0) {
        &["TAAT_NAIVE", "DAAT_WAND", "DAAT_MAXSCORE"]
    } else {
        &["TAAT_NAIVE", "DAAT_WAND", "DAAT_MAXSCORE", "BLOCK_MAX_MAXSCORE", "BLOCK_MAX_WAND", "SINDI"]
    };
    match params.get("inverted_index_algo") {
        Some(name) if !known.contains(&name.as_str()) => Err(format!(
            "sparse inverted index algo {name} not found or not supported, supported: [{}]",
            known.join(" ")
        )),
        _ => Ok(()),
    }
}

/// Checks the parameters of an index on scalars, JSON among them. An index on a dynamic key has no field.
pub(super) fn check_scalar(
    kind: &str,
    data_type: DataType,
    field: Option<&Field>,
    params: &Params,
    version: Version,
) -> Result<(), Failure> {
    check_mapping(params, version)?;
    if kind == "NGRAM" && data_type != DataType::Json {
        return check_grams(params, version);
    }
    if data_type != DataType::Json || version < Version(2, 5) {
        return Ok(());
    }
    // A null arrives as this text.
    let cast = params.get(CAST).filter(|cast| *cast != "<nil>").map(|cast| cast.to_uppercase());
    let Some(cast) = cast else {
        return Err(if kind == "NGRAM" {
            failure::ngram_untyped(version)
        } else {
            failure::json_index_untyped(version)
        });
    };
    check_cast(kind, &cast, version)?;
    if let (Some(path), Some(field)) = (params.get("json_path"), field) {
        check_path(path, &field.name, version)?;
    }
    match params.get("json_cast_function") {
        Some(name) if name != "STRING_TO_DOUBLE" => {
            Err(failure::cast(version, &format!("json_cast_function {name} is not supported")))
        }
        _ if kind == "NGRAM" => check_grams(params, version),
        _ => Ok(()),
    }
}

fn check_cast(kind: &str, cast: &str, version: Version) -> Result<(), Failure> {
    if kind == "NGRAM" {
        if cast == "VARCHAR" {
            return Ok(());
        }
        let text = format!("JSON field with ngram index only supports VARCHAR cast type, got: {cast}");
        return Err(failure::cast(version, &text));
    }
    let classified = version >= Version(3, 0);
    let takes = match kind {
        "STL_SORT" => matches!(cast, "DOUBLE" | "VARCHAR"),
        "BITMAP" => matches!(cast, "BOOL" | "VARCHAR"),
        "AUTOINDEX" if classified => matches!(cast, "BOOL" | "DOUBLE" | "VARCHAR" | "JSON"),
        _ => match cast {
            "BOOL" | "DOUBLE" | "VARCHAR" | "ARRAY_BOOL" | "ARRAY_DOUBLE" | "ARRAY_VARCHAR" => true,
            "JSON" => version >= Version(2, 6),
            _ => false,
        },
    };
    if takes {
        return Ok(());
    }
    let whose = match kind {
        "AUTOINDEX" if classified => " for HYBRID index".to_owned(),
        "STL_SORT" | "BITMAP" => format!(" for {kind} index"),
        _ => String::new(),
    };
    Err(failure::cast(version, &format!("json_cast_type {cast} is not supported{whose}")))
}

/// The path has to start with the name of the field.
fn check_path(path: &str, field: &str, version: Version) -> Result<(), Failure> {
    let end = path.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(path.len());
    let (name, rest) = path.split_at(end);
    let named = name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
    let steps = rest.is_empty() || rest.starts_with('[') && rest.ends_with(']');
    if !named || !steps {
        return Err(failure::json_path(version, path));
    }
    if name != field {
        return Err(failure::unclassified(version, "fieldID not match with field name"));
    }
    Ok(())
}

fn check_grams(params: &Params, version: Version) -> Result<(), Failure> {
    let (Some(least), Some(most)) = (params.get("min_gram"), params.get("max_gram")) else {
        return Err(failure::grams_missing(version));
    };
    let mut numbers = [0_i64; 2];
    for ((key, text), number) in [("min_gram", least), ("max_gram", most)].into_iter().zip(&mut numbers) {
        *number = text
            .parse()
            .map_err(|_| failure::cast(version, &format!("{key} for Ngram index must be an integer, got: {text}")))?;
    }
    if numbers[0] < 1 || numbers[0] > numbers[1] {
        let text = format!("invalid min_gram or max_gram value for Ngram index, min_gram: {least}, max_gram: {most}");
        return Err(failure::cast(version, &text));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(given: &[(&str, &str)]) -> Params {
        given.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn each_type_has_its_own_parameters() {
        let first = |kind, given: &[(&str, &str)]| check_first(kind, 8, &params(given));
        assert_eq!(first("IVF_FLAT", &[]).unwrap_err(), "nlist out of range: [1, 65536]");
        assert_eq!(first("HNSW", &[("M", "8")]).unwrap_err(), "efConstruction out of range: [1, 2147483647]");
        assert!(first("IVF_PQ", &[("nlist", "8"), ("m", "3")]).unwrap_err().contains("divided by `m`"));
        assert_eq!(first("FLAT", &[("nlist", "0")]), Ok(()));
        let later = |kind, given: &[(&str, &str)]| check_later(kind, 8, &params(given), Version(2, 6));
        assert_eq!(later("IVF_FLAT", &[]), Ok(()));
        assert_eq!(later("IVF_PQ", &[]).unwrap_err(), "param 'm' not exist in json");
        assert_eq!(
            later("HNSW", &[("M", "1")]).unwrap_err(),
            "Out of range in json: param 'M' (1) should be in range [2, 2048]"
        );
        assert_eq!(later("HNSW", &[("M", "x")]).unwrap_err(), "invalid integer value, key: 'M', value: 'x'");
        assert!(later("HNSW_PQ", &[]).unwrap_err().ends_with("Dimension: 8, m: 32"));
        let ratio = later("SPARSE_WAND", &[("drop_ratio_build", "-0.1")]).unwrap_err();
        assert!(ratio.contains("(-0.10000000149011612) should be in range [0.000000, 1.000000)"), "{ratio}");
        assert!(later("SCANN", &[("with_raw_data", "x")]).unwrap_err().contains("(\"x\") should be a boolean"));
    }

    #[test]
    fn an_index_on_json_says_what_it_holds() {
        let check = |kind, given: &[(&str, &str)], version| {
            check_scalar(kind, DataType::Json, None, &params(given), version).map_err(|refusal| refusal.code)
        };
        assert_eq!(check("INVERTED", &[], Version(3, 0)), Err(1101));
        assert_eq!(check("INVERTED", &[(CAST, "json")], Version(2, 5)), Err(1100));
        assert_eq!(check("INVERTED", &[(CAST, "json")], Version(2, 6)), Ok(()));
        assert_eq!(check("AUTOINDEX", &[(CAST, "array_double")], Version(3, 0)), Err(1100));
        assert_eq!(check("NGRAM", &[(CAST, "varchar"), ("min_gram", "2"), ("max_gram", "3")], Version(2, 6)), Ok(()));
        for (path, code) in
            [("j", None), ("j[\"a\"]", None), ("", Some(65535)), ("/a", Some(65535)), ("k", Some(65535))]
        {
            assert_eq!(check_path(path, "j", Version(2, 6)).err().map(|refusal| refusal.code), code, "{path}");
        }
    }
}
