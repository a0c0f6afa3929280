//! Names for files that hold one page each.

use crate::digest;
use data_encoding::HEXLOWER;

/// Letters of a URL that a name has at most.
const LONGEST: usize = 60;

/// A file name for a page, without suffix: when it was captured, what its URL looks like, and 16 hex digits of a hash over
/// all that tells it apart. Lower-case ASCII letters, digits and hyphens, at most 92 of them, so that it is a name on every
/// system, and no two differ by case alone; it never begins with a hyphen and is never a device's name.
///
/// ```
/// let name = fonds::records::file_name(Some("2024-05-06T07:08:09Z"), "https://example.org/A/../b?c=ü", &["urn:uuid:1"]);
/// assert!(name.starts_with("20240506070809-example-org-a-b-c-"), "{name}");
/// ```
pub fn file_name(date: Option<&str>, url: &str, identity: &[&str]) -> String {
    let digits: String = date.unwrap_or_default().chars().filter(char::is_ascii_digit).take(14).collect();
    let start = if digits.is_empty() { "page".to_owned() } else { digits };
    let mut parts = vec![start];
    parts.extend(Some(slug(url)).filter(|slug| !slug.is_empty()));
    parts.push(hash(&[&[url, date.unwrap_or_default()], identity].concat()));
    parts.join("-")
}

/// What can be read of a URL in a name.
fn slug(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let mut slug = String::new();
    for c in rest.chars() {
        if slug.len() >= LONGEST {
            break;
        }
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

fn hash(parts: &[&str]) -> String {
    let told: String = parts.iter().map(|part| format!("{}:{part},", part.len())).collect();
    let digest = digest::sha256(told.as_bytes());
    HEXLOWER.encode(digest.bytes().get(..8).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::HashSet;

    const ODD: [&str; 16] = [
        "",
        "https://example.org/",
        "https://EXAMPLE.org/",
        "../../../etc/passwd",
        "/etc/passwd",
        "C:\\Windows\\System32",
        "CON",
        "nul.txt",
        "aux",
        ".hidden",
        "-rf",
        "a\0b\nc",
        "https://例え.jp/ページ?x=é",
        "https://example.org/%2e%2e/%2F",
        "file:///a b'c\"d$(e)`f`",
        "~",
    ];

    #[test]
    fn names_are_names_everywhere_and_differ() {
        let long = format!("https://example.org/{}", "x/".repeat(5000));
        let mut seen = HashSet::new();
        for url in ODD.iter().copied().chain([long.as_str()]) {
            for date in [None, Some("2024-05-06T07:08:09.123Z"), Some("../..")] {
                for identity in [&[][..], &["a", "b"], &["ab", ""], &["A", "b"]] {
                    let name = file_name(date, url, identity);
                    assert!(name.len() <= 92, "{name}");
                    assert!(
                        name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                        "{name}"
                    );
                    assert!(name.starts_with("page-") || name.starts_with("20240506070809-"), "{name}");
                    assert!(seen.insert(name.to_ascii_uppercase()), "{name} twice");
                }
            }
        }
    }
}
