//! The order of hits: the best first, of equal ones the smaller key, of each key only the best.

use super::super::row::{self, Cell, Row};
use super::super::schema::{DataType, Field, Schema};
use super::metric::{self, Metric};
use super::params::{Range, Window};
use super::text::Corpus;
use super::vector::Vector;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

/// A row that was found, with its distance or score.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit<'r> {
    pub(super) row: &'r Row,
    pub(super) distance: f32,
}

/// By what hits are put together, and how many of each group are answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Groups<'f> {
    pub(super) field: &'f str,
    pub(super) size: usize,
}

/// The rows that a search may find, with their vectors.
pub(super) struct Candidates<'r> {
    rows: Vec<(&'r Row, usize, Option<Vector<'r>>)>,
    corpus: Option<Corpus>,
}

impl<'r> Candidates<'r> {
    /// Of these rows those that pass; what text search knows of words comes from all of them.
    pub(super) fn new(rows: &[&'r Row], field: &Field, schema: &Schema, passes: impl Fn(&Row) -> bool) -> Self {
        let position = schema.fields.iter().position(|known| known.name == field.name);
        let inputs = if field.function_output { schema.function_inputs(&field.name) } else { None };
        let corpus = inputs.map(|inputs| {
            let text = |row: &&'r Row| match inputs.first().and_then(|input| row.cell(schema, input)) {
                Some(Cell::Text(text)) => text.as_str(),
                _ => "",
            };
            Corpus::new(rows.iter().map(text))
        });
        let vector = |row: &'r Row| Vector::stored(row.cells.get(position?)?, field.data_type);
        let rows = rows.iter().enumerate().filter(|(_, row)| passes(row));
        let rows = rows.map(|(place, row)| (*row, place, vector(row))).collect();
        Self { rows, corpus }
    }

    fn distance(
        &self,
        (_, place, stored): &(&Row, usize, Option<Vector<'_>>),
        metric: Metric,
        query: &Vector<'_>,
    ) -> Option<f32> {
        match (query, stored) {
            (Vector::Words(words), _) => self.corpus.as_ref()?.score(*place, words),
            (Vector::Numbers(query), Some(Vector::Numbers(stored))) => Some(metric.of_numbers(query, stored)),
            (Vector::Bits(query), Some(Vector::Bits(stored))) => Some(metric.of_bits(query, stored)),
            (Vector::Sparse(query), Some(Vector::Sparse(stored))) => metric::sparse_product(query, stored),
            _ => None,
        }
    }
}

/// How hits are put in order.
pub(super) struct Ranking<'s> {
    pub(super) schema: &'s Schema,
    pub(super) metric: Metric,
    pub(super) range: Range,
    pub(super) groups: Option<Groups<'s>>,
}

impl Ranking<'_> {
    /// The best hits for a query, as many as the window reaches to; grouped ones group after group.
    pub(super) fn best<'r>(&self, candidates: &Candidates<'r>, query: &Vector<'_>, window: Window) -> Vec<Hit<'r>> {
        let mut hits: Vec<Hit<'r>> = Vec::new();
        for candidate in &candidates.rows {
            let distance = candidates.distance(candidate, self.metric, query);
            let Some(distance) = distance.filter(|distance| self.range.holds(self.metric, *distance)) else { continue };
            hits.push(Hit { row: candidate.0, distance });
        }
        let key = self.key();
        let order = |one: &Hit<'_>, two: &Hit<'_>| {
            self.metric.order(one.distance, two.distance).then_with(|| compare(one.row, two.row, key))
        };
        match self.groups {
            Some(groups) => {
                hits.sort_unstable_by(order);
                once_each(&mut hits, key);
                grouped(hits, groups, self.schema, window)
            }
            None => top(hits, window.end(), order, key),
        }
    }

    fn key(&self) -> usize {
        key_position(self.schema)
    }
}

/// The place of the primary key among the cells of a row.
pub(super) fn key_position(schema: &Schema) -> usize {
    schema.fields.iter().position(|field| field.primary).unwrap_or_default()
}

/// The order of rows by their keys, which stand at this place.
pub(super) fn compare(one: &Row, two: &Row, key: usize) -> Ordering {
    match (one.cells.get(key), two.cells.get(key)) {
        (Some(one), Some(two)) => one.compare(two),
        _ => Ordering::Equal,
    }
}

/// A text that tells the keys of rows apart.
pub(super) fn key_text(row: &Row, key: usize) -> String {
    row.cells.get(key).map(row::key_text).unwrap_or_default()
}

/// The first so many hits in order, of each key one.
fn top(
    mut hits: Vec<Hit<'_>>,
    count: usize,
    order: impl Fn(&Hit<'_>, &Hit<'_>) -> Ordering,
    key: usize,
) -> Vec<Hit<'_>> {
    let mut wanted = count;
    while wanted < hits.len() {
        hits.select_nth_unstable_by(wanted - 1, &order);
        let mut best = hits[..wanted].to_vec();
        best.sort_unstable_by(&order);
        once_each(&mut best, key);
        if best.len() >= count {
            best.truncate(count);
            return best;
        }
        // Several rows of one key are there, so that more of them have to be looked at.
        wanted *= 2;
    }
    hits.sort_unstable_by(order);
    once_each(&mut hits, key);
    hits.truncate(count);
    hits
}

fn once_each(hits: &mut Vec<Hit<'_>>, key: usize) {
    let mut keys = HashSet::with_capacity(hits.len());
    hits.retain(|hit| keys.insert(key_text(hit.row, key)));
}

/// Puts hits, which come best first, together by groups, and cuts window and groups to their sizes.
pub(super) fn grouped<'r>(hits: Vec<Hit<'r>>, groups: Groups<'_>, schema: &Schema, window: Window) -> Vec<Hit<'r>> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut members: Vec<Vec<Hit<'r>>> = Vec::new();
    for hit in hits {
        let value = match hit.row.cell(schema, groups.field) {
            Some(cell) => cell.to_output(false),
            None => hit.row.dynamic.get(groups.field).cloned().unwrap_or_default(),
        };
        let place = *places.entry(value.to_string()).or_insert(members.len());
        if place == members.len() {
            members.push(Vec::new());
        }
        if members[place].len() < groups.size {
            members[place].push(hit);
        }
    }
    window.of(members).into_iter().flatten().collect()
}

/// Whether hits can be grouped by values of this type.
pub(super) fn groups_by(data_type: DataType) -> bool {
    data_type.is_integer() || matches!(data_type, DataType::Bool | DataType::VarChar)
}
