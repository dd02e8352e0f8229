//! A comparison as Markdown.

use super::super::markdown::plain;
use super::{Comparison, cell, followed};

pub(super) fn markdown(compared: &Comparison) -> String {
    let mut text =
        "# Comparison\n\n| | target | contract | hold | broken | open |\n|---|---|---|--:|--:|--:|\n".to_owned();
    for side in &compared.sides {
        let incomplete = if side.complete { "" } else { " (incomplete)" };
        text.push_str(&format!(
            "| **{}**{incomplete} | {} | {} | {} | {} | {} |\n",
            plain(&side.name),
            plain(&side.target),
            side.profile,
            side.pass,
            side.fail,
            side.error
        ));
    }
    agreement(compared, &mut text);
    trend(compared, &mut text);
    let heads: String = compared.sides.iter().map(|side| format!(" {} |", plain(&side.name))).collect();
    let rule = ":-:|".repeat(compared.sides.len());
    let differing = compared.requirements.iter().filter(|row| row.differs).count();
    text.push_str(&format!("\n## Rules on which they differ: {differing}\n"));
    if differing > 0 {
        text.push_str(&format!("\n| rule | level |{heads}\n|---|---|{rule}\n"));
    }
    let line = |row: &super::Row| {
        let cells: String = row.verdicts.iter().map(|verdict| format!(" {} |", cell(*verdict).0)).collect();
        format!("| `{}` {} | {} |{cells}\n", row.id, plain(&row.statement), row.level)
    };
    compared.requirements.iter().filter(|row| row.differs).for_each(|row| text.push_str(&line(row)));
    if !compared.readings.is_empty() {
        text.push_str(&format!("\n## Where documents disagree\n\n| point |{heads}\n|---|{rule}\n"));
    }
    for (reading, sides) in &compared.readings {
        let cells: String = sides.iter().map(|forms| format!(" {} |", plain(&followed(forms)))).collect();
        text.push_str(&format!("| {} |{cells}\n", plain(reading)));
    }
    text.push_str(&format!(
        "\n<details><summary>All {} rules: ✓ holds, ✗ broken, ! open, ∅ unsupported, · not checked, empty: not in this contract</summary>\n\n\
         | rule | level |{heads}\n|---|---|{rule}\n",
        compared.requirements.len()
    ));
    compared.requirements.iter().for_each(|row| text.push_str(&line(row)));
    text.push_str("\n</details>\n");
    text
}

fn agreement(compared: &Comparison, text: &mut String) {
    if compared.pairs.is_empty() {
        return;
    }
    text.push_str("\n## Who agrees with whom\n\n| | | same rules | same readings |\n|---|---|--:|--:|\n");
    for pair in &compared.pairs {
        let share = pair.agreement().map_or("–".to_owned(), |share| format!("{share:.1} %"));
        text.push_str(&format!(
            "| {} | {} | {} of {} ({share}) | {} of {} |\n",
            plain(&compared.sides[pair.of.0].name),
            plain(&compared.sides[pair.of.1].name),
            pair.same,
            pair.shared,
            pair.same_readings,
            pair.shared_readings,
        ));
    }
}

/// A number with its word in the right form.
fn counted(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

fn trend(compared: &Comparison, text: &mut String) {
    for series in &compared.series {
        text.push_str(&format!("\n## {}, from version to version\n\n", series.product));
        for (pair, turn) in series.sides.windows(2).zip(&series.turns) {
            let names = [pair[0], pair[1]].map(|at| plain(&compared.sides[at].name));
            text.push_str(&format!(
                "- **{} → {}**: {} broken, {} mended, {} new, {} gone, {} turned\n",
                names[0],
                names[1],
                turn.broken.len(),
                turn.mended.len(),
                turn.new.len(),
                turn.gone.len(),
                counted(turn.turned.len(), "reading"),
            ));
            for (word, ids) in [("broken", &turn.broken), ("mended", &turn.mended)] {
                ids.iter().for_each(|id| text.push_str(&format!("  - {word}: `{id}`\n")));
            }
        }
    }
}
