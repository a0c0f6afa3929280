//! The names under which a crawler is spoken to.

/// The product token of a `User-agent` line: `fonds` of `fonds/1.0`, though there should be no version.
pub(super) fn token(value: &[u8]) -> &[u8] {
    value.split(|byte| *byte == b'/' || byte.is_ascii_whitespace()).next().unwrap_or_default()
}

/// What browsers call themselves, which names nobody.
const BROWSERS: [&str; 14] = [
    "mozilla",
    "applewebkit",
    "khtml",
    "gecko",
    "chrome",
    "chromium",
    "safari",
    "firefox",
    "version",
    "mobile",
    "edg",
    "opr",
    "opera",
    "trident",
];

/// The names under which a crawler is spoken to: the products of its header, those in comments too
/// (`Mozilla/5.0 (compatible; fonds/0.1.0; …)`), in their order. `fonds` comes last whatever the header says: who writes a
/// group for it means this program.
pub(super) fn products(user_agent: &str) -> Vec<String> {
    let is_token = |name: &str| {
        name.bytes().any(|b| b.is_ascii_alphabetic())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    let mut names: Vec<String> = Vec::new();
    let mut depth = 0usize;
    for word in
        user_agent.split_inclusive(|c: char| c.is_ascii_whitespace() || matches!(c, '(' | ')' | ';' | ','))
    {
        let bare = word.trim_matches(|c: char| c.is_ascii_whitespace() || matches!(c, '(' | ')' | ';' | ','));
        let (name, versioned) = bare.split_once('/').map_or((bare, false), |(name, _)| (name, true));
        let name = name.to_ascii_lowercase();
        // A word in a comment is no product unless it has a version.
        if (versioned || depth == 0) && is_token(&name) && !BROWSERS.contains(&name.as_str()) {
            names.push(name);
        }
        depth = (depth + word.matches('(').count()).saturating_sub(word.matches(')').count());
    }
    names.truncate(8);
    if !names.iter().any(|name| name == "fonds") {
        names.push("fonds".to_owned());
    }
    names
}
