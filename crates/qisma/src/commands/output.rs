//! What is printed. JSON goes out as it came; for people, an object becomes a list of names and
//! values, and a list of objects a table.

use std::fmt;
use std::io::{self, Write};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// Prints an answer on standard output.
pub fn print(answer: &str, as_json: bool) {
    if as_json {
        line(answer);
    } else {
        let shown: Shown = serde_json::from_str(answer).expect("an answer is JSON");
        line(&shown.lines().join("\n"));
    }
}

/// Says that a server is ready: one line, for programs or for people.
pub fn ready(as_json: bool, description: &serde_json::Value, sentence: &str) {
    if as_json {
        line(&description.to_string());
    } else {
        line(sentence);
    }
}

/// Prints one line on standard output. A reader that has gone away wants no more of it.
pub fn line(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}

/// Prints one line on standard error.
pub fn error_line(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// JSON whose objects keep the order of their members, which is the order in which people read them.
enum Shown {
    Nothing,
    Text(String),
    List(Vec<Shown>),
    Object(Vec<Member>),
}

type Member = (String, Shown);

impl Shown {
    fn lines(&self) -> Vec<String> {
        match self {
            Self::Nothing => vec!["-".to_owned()],
            Self::Text(text) => vec![text.clone()],
            Self::List(rows) if rows.is_empty() => vec!["(none)".to_owned()],
            Self::List(rows) => table(rows),
            Self::Object(members) => list_of_members(members),
        }
    }

    /// All of it on one line, for a cell.
    fn cell(&self) -> String {
        match self {
            Self::Nothing => "-".to_owned(),
            Self::Text(text) => text.clone(),
            Self::List(items) => items.iter().map(Self::cell).collect::<Vec<_>>().join(" "),
            Self::Object(members) => {
                members.iter().map(|(_, value)| value.cell()).collect::<Vec<_>>().join(" ")
            }
        }
    }
}

/// Names and values in two columns, then every list under a heading of its own.
fn list_of_members(members: &[Member]) -> Vec<String> {
    let (lists, values): (Vec<&Member>, Vec<&Member>) =
        members.iter().partition(|(_, value)| matches!(value, Shown::List(_)));
    let width = width_of(values.iter().map(|(name, _)| name.as_str()));
    let mut lines: Vec<String> =
        values.iter().map(|(name, value)| format!("{name:width$}  {}", value.cell())).collect();
    for (name, list) in lists {
        lines.extend([String::new(), name.clone()]);
        lines.extend(list.lines().iter().map(|line| format!("  {line}")));
    }
    lines
}

/// Rows under the names of the first row's members, without columns that are empty in all of them.
fn table(rows: &[Shown]) -> Vec<String> {
    let objects: Vec<&Vec<Member>> = rows
        .iter()
        .filter_map(|row| if let Shown::Object(members) = row { Some(members) } else { None })
        .collect();
    let Some(first) = objects.first() else { return rows.iter().map(Shown::cell).collect() };
    let is_filled = |column: &usize| {
        objects.iter().any(|row| !matches!(row.get(*column), None | Some((_, Shown::Nothing))))
    };
    let mut lines = vec![String::new(); objects.len() + 1];
    for column in (0..first.len()).filter(is_filled) {
        let cell = |row: &&Vec<Member>| row.get(column).map(|(_, value)| value.cell());
        let mut cells = vec![first[column].0.clone()];
        cells.extend(objects.iter().map(|row| cell(row).unwrap_or_default()));
        let width = width_of(cells.iter().map(String::as_str));
        for (line, cell) in lines.iter_mut().zip(&cells) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width + 2 - cell.chars().count()));
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

fn width_of<'text>(cells: impl Iterator<Item = &'text str>) -> usize {
    cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
}

impl<'de> Deserialize<'de> for Shown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShownVisitor)
    }
}

struct ShownVisitor;

impl<'de> Visitor<'de> for ShownVisitor {
    type Value = Shown;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Shown, E> {
        Ok(Shown::Nothing)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Shown, E> {
        Ok(Shown::Text(if value { "yes" } else { "no" }.to_owned()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Shown, E> {
        Ok(Shown::Text(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Shown, E> {
        Ok(Shown::Text(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Shown, E> {
        Ok(Shown::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Shown, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Shown::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Shown, A::Error> {
        let mut object = Vec::new();
        while let Some(member) = members.next_entry()? {
            object.push(member);
        }
        Ok(Shown::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::Shown;

    fn check(json: &str, expected: &[&str]) {
        let shown: Shown = serde_json::from_str(json).unwrap();
        assert_eq!(shown.lines(), expected);
    }

    #[test]
    fn an_object_keeps_the_order_of_its_members() {
        check(r#"{"b":1,"aaa":"x"}"#, &["b    1", "aaa  x"]);
    }

    #[test]
    fn a_list_of_objects_is_a_table_without_empty_columns() {
        let json = r#"[{"id":"1","gone":null,"name":"Dar"},{"id":"22","gone":null,"name":"D"}]"#;
        check(json, &["id  name", "1   Dar", "22  D"]);
    }

    #[test]
    fn lists_inside_an_object_come_last_under_a_heading() {
        check(r#"{"legs":[{"n":1}],"id":"7"}"#, &["id  7", "", "legs", "  n", "  1"]);
    }

    #[test]
    fn an_empty_list_says_so() {
        check("[]", &["(none)"]);
    }
}
