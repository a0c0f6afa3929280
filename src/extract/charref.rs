//! Character references in text and in attribute values (HTML §13.2.5.72), read as html5ever reads them.

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};
use memchr::memchr;

/// Those that nearly all pages use, for which no table is asked.
const COMMON: [(&str, &str); 6] =
    [("amp;", "&"), ("nbsp;", "\u{a0}"), ("quot;", "\""), ("lt;", "<"), ("gt;", ">"), ("#39;", "'")];

/// The text with its references replaced. In an attribute a name without a semicolon is none where a letter, a
/// digit or an equals sign follows.
pub(super) fn decoded(text: &str, attribute: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr(b'&', rest.as_bytes()) {
        let (plain, reference) = rest.split_at(at);
        out.push_str(plain);
        rest = reference.get(1..).unwrap_or_default();
        let read = match rest.as_bytes().first() {
            _ if common(&mut rest, &mut out) => true,
            Some(b'#') => numeric(&mut rest, &mut out),
            Some(byte) if byte.is_ascii_alphanumeric() => named(&mut rest, &mut out, attribute),
            _ => false,
        };
        if !read {
            out.push('&');
        }
    }
    out.push_str(rest);
    out
}

fn common(rest: &mut &str, out: &mut String) -> bool {
    let found = COMMON.iter().find_map(|(name, text)| Some((rest.strip_prefix(name)?, text)));
    found.is_some_and(|(after, text)| {
        *rest = after;
        out.push_str(text);
        true
    })
}

fn numeric(rest: &mut &str, out: &mut String) -> bool {
    let digits = rest.get(1..).unwrap_or_default();
    let (digits, base) = match digits.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => (hexadecimal, 16),
        None => (digits, 10),
    };
    let end = digits.find(|character: char| !character.is_digit(base)).unwrap_or(digits.len());
    let (digits, after) = digits.split_at(end);
    if digits.is_empty() {
        return false;
    }
    *rest = after.strip_prefix(';').unwrap_or(after);
    out.push(character(u32::from_str_radix(digits, base).unwrap_or(u32::MAX)));
    true
}

fn character(number: u32) -> char {
    let replaced =
        number.checked_sub(0x80).and_then(|at| C1_REPLACEMENTS.get(at as usize)).copied().flatten();
    let valid = char::from_u32(number).filter(|character| *character != '\0');
    replaced.or(valid).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The longest name in the table that the text begins with.
fn named(rest: &mut &str, out: &mut String, attribute: bool) -> bool {
    let mut found = None;
    // The table holds the beginnings of all names as well.
    for (at, character) in rest.char_indices() {
        let end = at + character.len_utf8();
        match rest.get(..end).and_then(|name| NAMED_ENTITIES.get(name)) {
            Some((0, _)) => {}
            Some(characters) => found = Some((end, *characters)),
            None => break,
        }
    }
    let Some((end, (first, second))) = found else { return false };
    let (name, after) = rest.split_at(end);
    let goes_on = after.bytes().next().is_some_and(|byte| byte == b'=' || byte.is_ascii_alphanumeric());
    if attribute && goes_on && !name.ends_with(';') {
        return false;
    }
    *rest = after;
    out.extend([first, second].into_iter().filter(|number| *number != 0).filter_map(char::from_u32));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_replaced_and_what_is_none_stays() {
        for (text, read) in [
            ("a &amp; b&nbsp;c &lt;&#x2014;&#8212&gt;", "a & b\u{a0}c <\u{2014}\u{2014}>"),
            ("&eacute;&Eacute &notit; &noti", "\u{e9}\u{c9} \u{ac}it; \u{ac}i"),
            ("R&D &; &# &#x; &#xg &unknown; &&amp;", "R&D &; &# &#x; &#xg &unknown; &&"),
            (
                "&#0;&#xd800;&#1114112;&#99999999999;&#128;&#129;",
                "\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{20ac}\u{81}",
            ),
            ("&bne;", "=\u{20e5}"),
        ] {
            assert_eq!(decoded(text, false), read);
        }
    }

    #[test]
    fn in_an_attribute_an_address_stays_whole() {
        assert_eq!(decoded("?a=1&copy=2&lt3&amp;x&reg;&lt", true), "?a=1&copy=2&lt3&x\u{ae}<");
    }
}
