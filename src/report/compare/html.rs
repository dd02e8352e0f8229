//! A comparison as one page.

use super::super::html::{Page, plain_page};
use super::super::words::escaped;
use super::{Comparison, Series, cell, followed};

const SCRIPT: &str = include_str!("../html/compare.js");

pub(super) fn html(compared: &Comparison) -> String {
    let names = compared.sides.iter().map(|side| side.name.as_str()).collect::<Vec<_>>().join(", ");
    let mut body =
        format!("<header><h1>{} runs side by side</h1><p>{}</p></header><main>", compared.sides.len(), escaped(&names));
    sides(compared, &mut body);
    agreement(compared, &mut body);
    compared.series.iter().for_each(|series| trend(compared, series, &mut body));
    matrix(compared, &mut body);
    readings(compared, &mut body);
    body.push_str("</main>");
    plain_page(&Page { title: "Comparison of conformance runs", body: &body, data: None, script: SCRIPT })
}

fn sides(compared: &Comparison, body: &mut String) {
    body.push_str("<section id=\"runs\"><h2>The runs</h2><div class=\"wide\"><table><thead><tr><th>run<th>target<th>contract<th>rules<th class=\"n\">hold<th class=\"n\">broken<th class=\"n\">open</tr></thead><tbody>");
    for side in &compared.sides {
        let all = (side.pass + side.fail + side.error).max(1);
        // Whole numbers of a scale of a thousand, so that no text depends on how a platform writes fractions.
        let part = |number: u64| number * 1000 / all;
        let (pass, fail) = (part(side.pass), part(side.fail));
        body.push_str(&format!(
            "<tr><th scope=\"row\">{}{}<td>{}<td>{}<td><svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{} of {} hold\"><rect class=\"f-pass\" width=\"{pass}\" height=\"10\"/><rect class=\"f-fail\" x=\"{pass}\" width=\"{fail}\" height=\"10\"/><rect class=\"f-error\" x=\"{}\" width=\"{}\" height=\"10\"/></svg><td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}</tr>",
            escaped(&side.name),
            if side.complete { "" } else { " <em>(incomplete)</em>" },
            escaped(&side.target),
            side.profile,
            side.pass,
            side.pass + side.fail + side.error,
            pass + fail,
            1000 - pass - fail,
            side.pass,
            side.fail,
            side.error,
        ));
    }
    body.push_str("</tbody></table></div></section>");
}

fn agreement(compared: &Comparison, body: &mut String) {
    if compared.pairs.is_empty() {
        return;
    }
    body.push_str("<section id=\"agreement\"><h2>Who agrees with whom</h2><p>The share of rules on which two runs say the same, of those on which both say something; below it, of readings.</p><div class=\"wide\"><table class=\"grid\"><thead><tr><td>");
    compared.sides.iter().for_each(|side| body.push_str(&format!("<th scope=\"col\">{}", escaped(&side.name))));
    body.push_str("</tr></thead><tbody>");
    for (row, side) in compared.sides.iter().enumerate() {
        body.push_str(&format!("<tr><th scope=\"row\">{}", escaped(&side.name)));
        for column in 0..compared.sides.len() {
            let of = (row.min(column), row.max(column));
            let Some(pair) = compared.pairs.iter().find(|pair| pair.of == of) else {
                body.push_str("<td class=\"self\">");
                continue;
            };
            let shade = match pair.agreement() {
                None => "a0",
                Some(share) if share >= 99.0 => "a4",
                Some(share) if share >= 95.0 => "a3",
                Some(share) if share >= 85.0 => "a2",
                Some(_) => "a1",
            };
            let share = pair.agreement().map_or("–".to_owned(), |share| format!("{share:.1} %"));
            body.push_str(&format!(
                "<td class=\"{shade}\" title=\"{} of {} rules\"><b>{share}</b><br><small>{} of {} readings</small>",
                pair.same, pair.shared, pair.same_readings, pair.shared_readings
            ));
        }
        body.push_str("</tr>");
    }
    body.push_str("</tbody></table></div></section>");
}

fn trend(compared: &Comparison, series: &Series, body: &mut String) {
    body.push_str(&format!("<section><h2>{}, from version to version</h2><ol class=\"trend\">", series.product));
    for (at, &side) in series.sides.iter().enumerate() {
        let shown = &compared.sides[side];
        body.push_str(&format!(
            "<li><h3>{}</h3><p>{} hold, {} broken, {} open</p>",
            escaped(&shown.name),
            shown.pass,
            shown.fail,
            shown.error
        ));
        let turn = at.checked_sub(1).and_then(|before| series.turns.get(before));
        for (word, ids) in turn.into_iter().flat_map(|turn| {
            [
                ("broken", &turn.broken),
                ("mended", &turn.mended),
                ("new", &turn.new),
                ("gone", &turn.gone),
                ("readings that turned", &turn.turned),
            ]
        }) {
            if ids.is_empty() {
                continue;
            }
            let list: String = ids.iter().map(|id| format!("<li><code>{}</code>", escaped(id))).collect();
            body.push_str(&format!("<details><summary>{} {word}</summary><ul>{list}</ul></details>", ids.len()));
        }
        body.push_str("</li>");
    }
    body.push_str("</ol></section>");
}

fn matrix(compared: &Comparison, body: &mut String) {
    let differing = compared.requirements.iter().filter(|row| row.differs).count();
    body.push_str(&format!(
        "<section id=\"rules\"><h2>Rules</h2><form class=\"filter\" role=\"search\"><label>Search <input type=\"search\" id=\"q\"></label><label><input type=\"checkbox\" id=\"differing\"{}> only the {differing} on which they differ</label><output id=\"shown\"></output></form>\
         <p class=\"legend\">✓ holds, ✗ broken, ! open, ∅ unsupported, · not checked, empty: not in this contract</p>\
         <div class=\"wide\"><table class=\"grid\" id=\"matrix\"><thead><tr><th>rule<th>level",
        if differing > 0 { " checked" } else { "" }
    ));
    compared.sides.iter().for_each(|side| body.push_str(&format!("<th scope=\"col\">{}", escaped(&side.name))));
    body.push_str("</tr></thead><tbody>");
    for row in &compared.requirements {
        body.push_str(&format!(
            "<tr{}><th scope=\"row\"><code>{}</code><br><small>{}</small><td>{}",
            if row.differs { " data-differs" } else { "" },
            escaped(&row.id),
            escaped(&row.statement),
            row.level
        ));
        for verdict in &row.verdicts {
            let (sign, word) = cell(*verdict);
            let class = verdict.map_or("none", |verdict| verdict.word());
            body.push_str(&format!("<td class=\"v v-{class}\" title=\"{word}\">{sign}"));
        }
        body.push_str("</tr>");
    }
    body.push_str("</tbody></table></div></section>");
}

fn readings(compared: &Comparison, body: &mut String) {
    if compared.readings.is_empty() {
        return;
    }
    body.push_str("<section id=\"readings\"><h2>Where documents disagree, each follows</h2><div class=\"wide\"><table class=\"grid\"><thead><tr><th>point");
    compared.sides.iter().for_each(|side| body.push_str(&format!("<th scope=\"col\">{}", escaped(&side.name))));
    body.push_str("</tr></thead><tbody>");
    for (reading, sides) in &compared.readings {
        let mut met = sides.iter().filter(|forms| !forms.is_empty()).map(followed);
        let first = met.next();
        let differs = met.any(|forms| Some(&forms) != first.as_ref());
        body.push_str(&format!(
            "<tr{}><th scope=\"row\"><code>{}</code>",
            if differs { " class=\"differs\"" } else { "" },
            escaped(reading)
        ));
        sides.iter().for_each(|forms| body.push_str(&format!("<td>{}", escaped(&followed(forms)))));
        body.push_str("</tr>");
    }
    body.push_str("</tbody></table></div></section>");
}
