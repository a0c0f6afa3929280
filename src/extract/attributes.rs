//! Tags with more attributes than any page has, cut short before html5ever's tokenizer sees them.
//!
//! It compares each attribute with all before it: a tag with 400,000 of them would take minutes.

use std::borrow::Cow;

use memchr::{memchr, memchr3, memmem};

/// Attributes of one tag that are read; those that follow are dropped.
const MOST: usize = 1_000;

/// Elements whose content is no markup until their own end tag.
const RAW: [&str; 8] = ["script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"];

/// The markup, tags of too many attributes shortened, and whether there were any.
pub(super) fn bounded(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let (mut copied, mut at) = (0, 0);
    let bytes = text.as_bytes();
    while let Some(open) = find(bytes, at, b'<') {
        at = open + 1;
        let rest = bytes.get(at..).unwrap_or_default();
        if rest.starts_with(b"!--") {
            at = memmem::find(rest, b"-->").map_or(bytes.len(), |end| at + end);
            continue;
        }
        if !rest.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'/') {
            continue;
        }
        let tag = Tag::scan(bytes, at);
        if let Some(cut) = tag.cut {
            out.push_str(text.get(copied..cut).unwrap_or_default());
            copied = tag.end;
        }
        at = tag.end;
        if let Some(name) = RAW.iter().find(|name| is_named(rest, name)) {
            at = end_tag(bytes, at, name);
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

fn find(bytes: &[u8], from: usize, byte: u8) -> Option<usize> {
    memchr(byte, bytes.get(from..)?).map(|at| from + at)
}

fn is_named(rest: &[u8], name: &str) -> bool {
    let head = rest.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name.as_bytes()));
    head && rest.get(name.len()).is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-')
}

/// Where the end tag of a raw element starts.
fn end_tag(bytes: &[u8], from: usize, name: &str) -> usize {
    let mut at = from;
    while let Some(open) = find(bytes, at, b'<') {
        let rest = bytes.get(open + 1..).unwrap_or_default();
        if rest.first() == Some(&b'/') && is_named(rest.get(1..).unwrap_or_default(), name) {
            return open;
        }
        at = open + 1;
    }
    bytes.len()
}

/// A tag from behind its `<`.
struct Tag {
    /// Where its `>` is, or the end of the text.
    end: usize,
    /// Where it is cut, if it has too many attributes.
    cut: Option<usize>,
}

impl Tag {
    /// Goes from one quoted value to the next. What stands between them is counted for the most attributes that
    /// could be in it.
    fn scan(bytes: &[u8], start: usize) -> Self {
        let (mut at, mut count, mut cut) = (start, 0, None);
        let name = |rest: &[u8]| {
            rest.iter().position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'))
        };
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let Some(found) = memchr3(b'>', b'"', b'\'', rest) else {
                count += names(rest);
                let cut = cut.or((count > MOST).then_some(at));
                return Self { end: bytes.len(), cut };
            };
            let gap = rest.get(..found).unwrap_or_default();
            count += names(gap);
            if count > MOST && cut.is_none() {
                let named = if at == start { name(rest).unwrap_or(0) } else { 0 };
                cut = Some(at + named);
            }
            let quote = rest.get(found).copied().unwrap_or(b'>');
            at += found + 1;
            if quote == b'>' {
                return Self { end: at - 1, cut };
            }
            // A quote opens a value only behind an equals sign; anywhere else it is part of a name.
            if gap.trim_ascii_end().last() == Some(&b'=') {
                at = find(bytes, at, quote).map_or(bytes.len(), |end| end + 1);
            }
        }
    }
}

/// Attributes in a stretch without quotes: one where it is short, else as many as it has words.
fn names(gap: &[u8]) -> usize {
    if gap.len() < 40 {
        return 1;
    }
    gap.iter().filter(|byte| byte.is_ascii_whitespace() || **byte == b'/').count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_page_is_left_as_it_is() {
        let page = "<!-- <a '> --><p class=\"a > b\" id='<'>x</p><script>if (a<b) '</p>'</script><img alt=it's src=x>";
        assert!(matches!(bounded(page), Cow::Borrowed(_)));
    }

    #[test]
    fn a_tag_of_very_many_attributes_loses_the_last_and_nothing_else() {
        for make in [|n: usize| format!(" a{n}"), |n| format!(" a{n}='>'"), |n| format!("/a{n}=\"x\"")] {
            let many: String = (0..400_000).map(make).collect();
            let page = format!("<p>before</p><a href='/x'{many}>inside</a><p>after</p>");
            let cut = bounded(&page);
            assert!(cut.len() < 20_000, "{}", cut.len());
            assert!(cut.starts_with("<p>before</p><a href='/x'") && cut.ends_with(">inside</a><p>after</p>"));
        }
    }

    #[test]
    fn a_quote_within_names_hides_nothing() {
        let many: String = (0..400_000).map(|n| format!(" a{n}")).collect();
        assert!(bounded(&format!("<a b'{many}' c>x")).len() < 20_000);
    }
}
