//! Which known name somebody meant who wrote an unknown one.

/// The known name that takes the fewest changes, unless nothing is near.
pub fn nearest<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (changes_count, name) =
        known.map(|name| (changes_count(unknown, name), name)).min_by_key(|(count, _)| *count)?;
    // More than half of it wrong is no typing mistake, and a guess would mislead.
    (changes_count * 2 <= unknown.len()).then_some(name)
}

/// How many letters must be put in, taken out or changed to make one name the other (Levenshtein).
fn changes_count(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    // The distances from what was read of `from` to each beginning of `to`, row by row.
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for column in 0..to.len() {
            let unchanged = diagonal + usize::from(letter != to[column]);
            diagonal = row[column + 1];
            row[column + 1] = unchanged.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_mistake_finds_the_name_that_was_meant() {
        let known = ["http.listen", "metrics.listen", "http.public_url"];
        assert_eq!(nearest("http.lisen", known.into_iter()), Some("http.listen"));
    }

    #[test]
    fn something_else_altogether_finds_nothing() {
        assert_eq!(nearest("colour", ["http.listen"].into_iter()), None);
    }

    #[test]
    fn changes_are_counted_one_letter_at_a_time() {
        assert_eq!(changes_count("kitten", "sitting"), 3);
    }
}
