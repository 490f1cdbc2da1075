//! Takes card numbers out of a log line: 13 to 19 digits that pass the Luhn check, written in one
//! piece or in groups. What looks like one by chance is masked too; a log can bear that.

/// Digits of a card number (ISO/IEC 7812).
const CARD_DIGITS_MIN: usize = 13;
const CARD_DIGITS_MAX: usize = 19;

/// The line as it may be written: card-shaped numbers masked, control characters escaped except
/// the line end at its end, so that nothing in a message can pretend to be another line.
pub fn mask_line(line: &[u8]) -> Vec<u8> {
    let (text, end) = match line.strip_suffix(b"\n") {
        Some(text) => (text, b"\n".as_slice()),
        None => (line, b"".as_slice()),
    };
    let mut masked = Vec::with_capacity(line.len());
    let mut position = 0;
    while position < text.len() {
        let chain = chain_at(text, position);
        if let Some(last) = chain.last() {
            write_chain(text, &chain, &mut masked);
            position = last.end;
        } else {
            write_escaped(text[position], &mut masked);
            position += 1;
        }
    }
    masked.extend(end);
    masked
}

/// An unbroken run of digits.
#[derive(Clone, Copy)]
struct Group {
    start: usize,
    end: usize,
}

/// The groups of digits from `position` on that are kept apart by one blank or dash each.
fn chain_at(text: &[u8], position: usize) -> Vec<Group> {
    let mut chain = Vec::new();
    let mut start = position;
    loop {
        let digits = text[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return chain;
        }
        let end = start + digits;
        chain.push(Group { start, end });
        if !matches!(text.get(end), Some(b' ' | b'-')) {
            return chain;
        }
        start = end + 1;
    }
}

/// Writes a chain, with every card number in it masked: any whole groups in a row that make one,
/// so that `amount 10000 4111 1111 1111 1111` is caught as well.
fn write_chain(text: &[u8], chain: &[Group], masked: &mut Vec<u8>) {
    let mut first = 0;
    while first < chain.len() {
        // The longest first: a card number may begin with a shorter one. More groups than a card
        // has digits cannot be one, and looking at them would take long on a long line.
        let lasts = first..chain.len().min(first + CARD_DIGITS_MAX);
        let last = lasts.rev().find(|last| is_card(text, &chain[first..=*last]));
        let group = chain[first];
        let end = last.map_or(group.end, |last| chain[last].end);
        let written = &text[group.start..end];
        match last {
            None => masked.extend(written),
            // A bare JSON number becomes null, because stars would spoil the whole line.
            Some(_) if is_json_number(text, group.start, end) => masked.extend(b"null"),
            Some(_) => masked.extend(
                written.iter().map(|byte| if byte.is_ascii_digit() { b'*' } else { *byte }),
            ),
        }
        first = last.unwrap_or(first) + 1;
        if first < chain.len() {
            masked.push(text[end]);
        }
    }
}

/// Whether these groups together have a card number's length and pass the Luhn check.
fn is_card(text: &[u8], groups: &[Group]) -> bool {
    let count: usize = groups.iter().map(|group| group.end - group.start).sum();
    if !(CARD_DIGITS_MIN..=CARD_DIGITS_MAX).contains(&count) {
        return false;
    }
    let digits = groups.iter().flat_map(|group| &text[group.start..group.end]).rev();
    let sum: u32 = digits
        .enumerate()
        .map(|(index, byte)| {
            let digit = u32::from(byte - b'0');
            // From the right, every second digit counts twice, by the sum of its digits.
            let doubled = if index % 2 == 1 { digit * 2 } else { digit };
            if doubled > 9 { doubled - 9 } else { doubled }
        })
        .sum();
    sum.is_multiple_of(10)
}

fn is_json_number(text: &[u8], start: usize, end: usize) -> bool {
    let before = start.checked_sub(1).map(|index| text[index]);
    let after = text.get(end);
    matches!(before, Some(b':' | b',' | b'[')) && matches!(after, Some(b',' | b'}' | b']'))
}

fn write_escaped(byte: u8, masked: &mut Vec<u8>) {
    if byte.is_ascii_control() && byte != b'\t' {
        masked.extend(format!("\\x{byte:02x}").as_bytes());
    } else {
        masked.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &str) {
        assert_eq!(String::from_utf8(mask_line(line.as_bytes())).unwrap(), expected);
    }

    #[test]
    fn a_card_number_in_one_piece_is_masked() {
        check("card 4111111111111111 refused\n", "card **************** refused\n");
    }

    #[test]
    fn a_card_number_in_groups_is_masked() {
        check("4111 1111 1111 1111", "**** **** **** ****");
        check("5555-5555-5555-4444.", "****-****-****-****.");
        check("3782 822463 10005", "**** ****** *****");
    }

    #[test]
    fn card_numbers_of_13_and_19_digits_are_masked() {
        check("4222222222222", "*************");
        check("6304000000000000000", "*******************");
    }

    #[test]
    fn a_card_number_among_other_numbers_is_masked() {
        check("paid 10000 4111 1111 1111 1111 12", "paid 10000 **** **** **** **** 12");
    }

    #[test]
    fn numbers_that_fail_the_check_are_left_alone() {
        check("order 4111111111111112", "order 4111111111111112");
    }

    #[test]
    fn shorter_and_longer_numbers_are_left_alone() {
        check("phone 55555555, at 2026-11-23T10:30:00Z", "phone 55555555, at 2026-11-23T10:30:00Z");
        check("00000000000000000000", "00000000000000000000");
    }

    #[test]
    fn a_number_of_a_json_line_becomes_null() {
        check("{\"n\":4111111111111111}", "{\"n\":null}");
        check("{\"n\":\"4111111111111111\"}", "{\"n\":\"****************\"}");
    }

    #[test]
    fn control_characters_are_escaped() {
        check("a\u{1b}[31m\rb\nc\n", "a\\x1b[31m\\x0db\\x0ac\n");
    }
}
