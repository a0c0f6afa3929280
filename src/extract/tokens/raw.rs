//! Where the content of a script, a style sheet or a title ends.

use memchr::{memchr_iter, memchr2, memmem};

/// Bytes before the end tag of an element whose content is no markup.
pub(super) fn length(rest: &[u8], name: &str) -> usize {
    memchr_iter(b'<', rest).find(|at| is_end(rest, *at, name)).unwrap_or(rest.len())
}

/// The end tag of an element is at a place.
fn is_end(bytes: &[u8], at: usize, name: &str) -> bool {
    bytes.get(at + 1) == Some(&b'/') && is_named(bytes, at + 2, name)
}

/// A name and what may follow it in a tag are at a place.
fn is_named(bytes: &[u8], at: usize, name: &str) -> bool {
    let found = bytes.get(at..at + name.len());
    found.is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
        && matches!(bytes.get(at + name.len()), Some(b' ' | b'>' | b'/' | b'\n' | b'\t' | b'\x0c'))
}

/// Bytes before the end tag of a script: one inside of `<!-- <script>` is none (HTML §13.2.5.15 and following).
pub(super) fn script_length(rest: &[u8]) -> usize {
    let length = length(rest, "script");
    match rest.get(..length).and_then(|script| memmem::find(script, b"<!--")) {
        None => length,
        // The dashes may be those that end it.
        Some(escape) => escaped_length(rest, escape + 2),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Nothing,
    Comment,
    /// A comment's script.
    Script,
}

fn escaped_length(rest: &[u8], from: usize) -> usize {
    let (mut at, mut inside) = (from, Inside::Comment);
    while let Some(found) = memchr2(b'<', b'-', rest.get(at..).unwrap_or_default()) {
        at += found;
        let here = rest.get(at..).unwrap_or_default();
        let ends = is_end(rest, at, "script");
        if here.starts_with(b"-->") {
            inside = Inside::Nothing;
        } else if ends && inside != Inside::Script {
            return at;
        } else if ends {
            inside = Inside::Comment;
        } else if inside == Inside::Comment && here.starts_with(b"<") && is_named(rest, at + 1, "script") {
            inside = Inside::Script;
        } else if inside == Inside::Nothing && here.starts_with(b"<!--") {
            inside = Inside::Comment;
            at += 1;
        }
        at += 1;
    }
    rest.len()
}
