//! Licence expressions: whether `MIT OR (Apache-2.0 AND ISC)` can be met with the licences we allow.

use anyhow::{bail, ensure};

/// Whether some choice the expression offers needs only licences that `is_allowed` accepts. An
/// exception belongs to its licence: `Apache-2.0 WITH LLVM-exception` is asked for as one.
///
/// Fails when the text is not an expression. The old `MIT/Apache-2.0` is read as `OR`.
pub fn is_satisfied(expression: &str, is_allowed: &dyn Fn(&str) -> bool) -> anyhow::Result<bool> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut parser = Parser { words: spaced.split_whitespace().collect(), next: 0, is_allowed };
    let satisfied = parser.any_of()?;
    ensure!(parser.next == parser.words.len(), "`{expression}` goes on after its end");
    Ok(satisfied)
}

struct Parser<'text> {
    words: Vec<&'text str>,
    next: usize,
    is_allowed: &'text dyn Fn(&str) -> bool,
}

impl<'text> Parser<'text> {
    fn any_of(&mut self) -> anyhow::Result<bool> {
        let mut satisfied = self.all_of()?;
        while self.skip("OR") {
            // Not `||`: what is left must be read, also when it no longer matters.
            satisfied |= self.all_of()?;
        }
        Ok(satisfied)
    }

    fn all_of(&mut self) -> anyhow::Result<bool> {
        let mut satisfied = self.one()?;
        while self.skip("AND") {
            satisfied &= self.one()?;
        }
        Ok(satisfied)
    }

    fn one(&mut self) -> anyhow::Result<bool> {
        if self.skip("(") {
            let satisfied = self.any_of()?;
            ensure!(self.skip(")"), "a bracket is not closed");
            return Ok(satisfied);
        }
        let licence = self.name()?;
        if self.skip("WITH") {
            let exception = self.name()?;
            return Ok((self.is_allowed)(&format!("{licence} WITH {exception}")));
        }
        Ok((self.is_allowed)(licence))
    }

    fn name(&mut self) -> anyhow::Result<&'text str> {
        let Some(word) = self.words.get(self.next) else { bail!("a licence is missing") };
        ensure!(!["OR", "AND", "WITH", "(", ")"].contains(word), "`{word}` stands for a licence");
        self.next += 1;
        Ok(word)
    }

    fn skip(&mut self, word: &str) -> bool {
        let found = self.words.get(self.next) == Some(&word);
        self.next += usize::from(found);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn satisfied(expression: &str) -> bool {
        is_satisfied(expression, &|licence| ["MIT", "ISC"].contains(&licence)).unwrap()
    }

    #[test]
    fn of_several_licences_one_is_enough() {
        assert!(satisfied("GPL-2.0-only OR MIT"));
        assert!(satisfied("MIT/GPL-2.0-only"));
        assert!(!satisfied("GPL-2.0-only OR MPL-2.0"));
    }

    #[test]
    fn of_joined_licences_each_is_needed() {
        assert!(satisfied("MIT AND ISC"));
        assert!(!satisfied("MIT AND MPL-2.0"));
    }

    #[test]
    fn and_binds_closer_than_or() {
        assert!(satisfied("MIT OR ISC AND MPL-2.0"));
    }

    #[test]
    fn brackets_are_read_first() {
        assert!(!satisfied("(MIT OR ISC) AND MPL-2.0"));
    }

    #[test]
    fn a_licence_with_an_exception_is_another_licence() {
        assert!(!satisfied("MIT WITH LLVM-exception"));
    }

    #[test]
    fn what_is_not_an_expression_is_an_error() {
        for expression in ["", "MIT OR", "(MIT", "MIT ISC", "AND"] {
            assert!(is_satisfied(expression, &|_| true).is_err(), "{expression}");
        }
    }
}
