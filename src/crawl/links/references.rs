//! Character references in attribute values and titles, which the streaming parser leaves as they stand.

use std::borrow::Cow;

use scraper::{Html, Selector};

/// Where a reference stands: `&copy=1` is one in text and none in an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Attribute,
    Text,
}

/// The text that `raw` means. The few references that URLs are full of are known here; for any other name the
/// value is put before the HTML parser, which knows all two thousand and their exceptions.
pub(super) fn decode(raw: &str, place: Place) -> Cow<'_, str> {
    if !raw.contains('&') {
        return Cow::Borrowed(raw);
    }
    match decode_known(raw, place) {
        Some(text) => Cow::Owned(text),
        None => Cow::Owned(decode_by_parser(raw, place)),
    }
}

/// `None` where there is a reference that only the parser can judge.
fn decode_known(raw: &str, place: Place) -> Option<String> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        let end = after.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(after.len());
        let (name, tail) = after.split_at_checked(end)?;
        let known = match tail.strip_prefix('#') {
            Some(number) => numbered(number),
            None => tail.strip_prefix(';').and_then(|tail| Some((known(name)?, tail))),
        };
        match known {
            Some((c, tail)) => {
                text.push(c);
                rest = tail;
            }
            None if name.is_empty() && !tail.starts_with('#') => {
                text.push('&');
                rest = after;
            }
            None if place == Place::Attribute && tail.starts_with('=') => {
                text.push('&');
                rest = after;
            }
            None => return None,
        }
    }
    text.push_str(rest);
    Some(text)
}

/// `38;` and `x26;`, and what comes after; not those that mean something else than they say.
fn numbered(text: &str) -> Option<(char, &str)> {
    let (digits, tail) = text.split_once(';').filter(|(digits, _)| digits.len() <= 8)?;
    let (digits, radix) = digits.strip_prefix(['x', 'X']).map_or((digits, 10), |digits| (digits, 16));
    let number = u32::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with('+'))?;
    // The HTML standard maps or refuses the others (§13.2.5.80).
    let plain = (0x20..0x7f).contains(&number) || (0xa0..0xd800).contains(&number);
    Some((char::from_u32(number).filter(|_| plain)?, tail))
}

fn known(name: &str) -> Option<char> {
    match name {
        "amp" | "AMP" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => None,
    }
}

fn decode_by_parser(raw: &str, place: Place) -> String {
    let html = match place {
        Place::Attribute => format!("<p x=\"{}\"></p>", raw.replace('"', "&quot;")),
        Place::Text => format!("<p>{}</p>", raw.replace('<', "&lt;")),
    };
    let fragment = Html::parse_fragment(&html);
    let paragraph = Selector::parse("p").ok().and_then(|p| fragment.select(&p).next());
    match (paragraph, place) {
        (Some(p), Place::Attribute) => p.attr("x").unwrap_or(raw).to_owned(),
        (Some(p), Place::Text) => p.text().collect(),
        (None, _) => raw.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_decoded_as_browsers_do() {
        for (raw, text) in [
            ("/a?b=1&amp;c=2", "/a?b=1&c=2"),
            ("/a?b=1&copy=2&notit&x", "/a?b=1&copy=2&notit&x"),
            ("/a?b&copy;&copy", "/a?b©©"),
            ("&#x41;&#66&#0;", "AB\u{fffd}"),
            ("a&#38;b&#x3D;&#228;&#128;&#xd800;&#+38;", "a&b=ä€\u{fffd}&#+38;"),
            ("a&b", "a&b"),
            ("& &; &&amp;", "& &; &&"),
            ("&quot;&eacute;\"<", "\"é\"<"),
            ("plain", "plain"),
        ] {
            assert_eq!(decode(raw, Place::Attribute), text, "{raw}");
        }
        assert_eq!(decode("Fish &amp Chips &copy=1 <b>", Place::Text), "Fish & Chips ©=1 <b>");
    }
}
