//! The table of a benchmark.

use serde_json::{Value, json};

/// One thing that was measured.
pub struct Row {
    /// What it is.
    pub what: String,
    /// The rate as thousandths of the yardstick's.
    pub ratio_permille: Option<u64>,
    /// What the ratio should be at least.
    pub goal_permille: Option<u64>,
    /// The rate.
    pub per_second: u64,
    /// The yardstick's rate.
    pub yardstick_per_second: Option<u64>,
    /// How long one took: the middle one, and all but one in a hundred.
    pub latency_us: Option<(u64, u64)>,
}

/// All rows, and sentences about the rest.
#[derive(Default)]
pub struct Table {
    rows: Vec<Row>,
    sentences: Vec<String>,
}

impl Table {
    /// Adds a row.
    pub fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Adds a sentence, and says it at once.
    pub fn say(&mut self, sentence: &str) {
        println!("bench: {sentence}");
        self.sentences.push(sentence.to_owned());
    }

    /// Prints the table.
    pub fn print(&self) {
        println!(
            "\n{:42} {:>6} {:>6} {:>9} {:>10} {:>8} {:>8}",
            "", "ratio", "goal", "per s", "yardstick", "p50 us", "p99 us"
        );
        for row in &self.rows {
            let number = |value: Option<u64>| value.map_or_else(String::new, |n| n.to_string());
            println!(
                "{:42} {:>6} {:>6} {:>9} {:>10} {:>8} {:>8}",
                row.what,
                row.ratio_permille.map_or_else(String::new, ratio),
                row.goal_permille.map_or_else(String::new, ratio),
                row.per_second,
                number(row.yardstick_per_second),
                number(row.latency_us.map(|(p50, _)| p50)),
                number(row.latency_us.map(|(_, p99)| p99)),
            );
        }
        println!();
        for sentence in &self.sentences {
            println!("{sentence}");
        }
    }

    /// The table for a program.
    pub fn to_json(&self, machine: &Value) -> Value {
        let rows = self.rows.iter().map(|row| {
            json!({
                "what": row.what,
                "ratio_permille": row.ratio_permille,
                "goal_permille": row.goal_permille,
                "per_second": row.per_second,
                "yardstick_per_second": row.yardstick_per_second,
                "p50_us": row.latency_us.map(|(p50, _)| p50),
                "p99_us": row.latency_us.map(|(_, p99)| p99),
            })
        });
        let rows: Vec<Value> = rows.collect();
        json!({"machine": machine, "rows": rows, "sentences": self.sentences})
    }
}

/// Thousandths as a decimal number.
fn ratio(permille: u64) -> String {
    format!("{}.{:02}", permille / 1_000, permille % 1_000 / 10)
}

#[cfg(test)]
mod tests {
    use super::ratio;

    #[test]
    fn thousandths_are_written_with_two_places() {
        assert_eq!(ratio(1_234), "1.23");
        assert_eq!(ratio(57), "0.05");
    }
}
