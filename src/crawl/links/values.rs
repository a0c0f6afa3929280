//! Attribute and header values with a grammar of their own.

/// The URLs of a `srcset` (HTML, "parse a srcset attribute"): commas belong to a URL unless they end it.
pub(super) fn srcset(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
        let end = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
        let (url, after) = rest.split_at_checked(end)?;
        let bare = url.trim_end_matches(',');
        rest = if bare.len() < url.len() { after } else { after_descriptors(after) };
        (!bare.is_empty()).then_some(bare)
    })
}

/// What comes after the comma that ends a candidate; commas in parentheses do not.
fn after_descriptors(text: &str) -> &str {
    let mut depth = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => return text.get(at + 1..).unwrap_or_default(),
            _ => {}
        }
    }
    ""
}

/// The URL of `<meta http-equiv=refresh content="5; url='…'">`; `None` where the page only reloads itself.
pub(super) fn refresh(content: &str) -> Option<&str> {
    let rest = content.trim_start().trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let separated = |c: char| c.is_ascii_whitespace() || matches!(c, ';' | ',');
    if rest.is_empty() || !rest.starts_with(separated) {
        return None;
    }
    let rest = rest.trim_start_matches(separated);
    let named = rest.get(..3).filter(|name| name.eq_ignore_ascii_case("url")).and_then(|_| {
        let value = rest.get(3..)?.trim_start().strip_prefix('=')?;
        Some(value.trim_start())
    });
    let url = named.unwrap_or(rest);
    let url = match url.chars().next()? {
        quote @ ('"' | '\'') => url.get(1..)?.split(quote).next()?,
        _ => url,
    };
    Some(url.trim()).filter(|url| !url.is_empty())
}

/// One link of a `Link` header.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HeaderLink {
    pub(super) target: String,
    parameters: Vec<(String, String)>,
}

impl HeaderLink {
    /// The first parameter of that name.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let found = self.parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    }
}

/// The links of a `Link` header (RFC 8288 §3 and appendix B.2), reading on after what is no link.
pub(super) fn link_header(value: &str) -> Vec<HeaderLink> {
    let mut links = Vec::new();
    let mut rest = value;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((target, after)) = after.split_once('>') else { break };
        let (parameters, after) = header_parameters(after);
        links.push(HeaderLink { target: target.to_owned(), parameters });
        rest = after;
    }
    links
}

/// Parameters up to the comma that ends the link, and what comes after it.
fn header_parameters(text: &str) -> (Vec<(String, String)>, &str) {
    let mut parameters = Vec::new();
    let mut rest = text.trim_start();
    while let Some(parameter) = rest.strip_prefix(';') {
        let end = parameter.find(['=', ';', ',']).unwrap_or(parameter.len());
        let (name, after) = parameter.split_at_checked(end).unwrap_or((parameter, ""));
        let (value, after) = match after.strip_prefix('=') {
            Some(value) => header_value(value.trim_start()),
            None => (String::new(), after),
        };
        parameters.push((name.trim().to_owned(), value));
        rest = after.trim_start();
    }
    (parameters, rest.split_once(',').map_or("", |(_, after)| after))
}

/// A token or a quoted string, and what comes after it.
fn header_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([';', ',']).unwrap_or(text.len());
        let (value, after) = text.split_at_checked(end).unwrap_or((text, ""));
        return (value.trim().to_owned(), after);
    };
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in quoted.char_indices() {
        match c {
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            _ => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn srcset_commas_belong_to_urls_unless_they_end_them() {
        let urls = |text| srcset(text).collect::<Vec<_>>();
        assert_eq!(urls("a.png, b.png 2x,c.png 100w"), ["a.png", "b.png", "c.png"]);
        assert_eq!(urls("a,b.png 1x, /c,d/e.png 2x"), ["a,b.png", "/c,d/e.png"]);
        assert_eq!(urls(" , a.png,, b.png (1, 2) 3x , c.png"), ["a.png", "b.png", "c.png"]);
        assert_eq!(urls("data:image/png;base64,AA== 1x, a.png 2x"), ["data:image/png;base64,AA==", "a.png"]);
        assert_eq!(urls(""), Vec::<&str>::new());
    }

    #[test]
    fn refresh_urls_in_all_their_spellings() {
        for content in ["0;url=a", "5; URL = 'a'", " 0 , a", "0.5;url=\"a\" b", "0;a", "; url=a"] {
            assert_eq!(refresh(content), Some("a"), "{content}");
        }
        for content in ["5", "", "5;", "0;url=''", "x;url=a"] {
            assert_eq!(refresh(content), None, "{content}");
        }
    }

    #[test]
    fn link_headers_are_split_at_the_right_commas() {
        let links = link_header(
            r#"<a,b.css>; rel="style\"sheet"; title="x, y;<z>", <c.js>;rel=preload ; as=script;nopush,, <d>"#,
        );
        assert_eq!(links.iter().map(|l| l.target.as_str()).collect::<Vec<_>>(), ["a,b.css", "c.js", "d"]);
        assert_eq!(links[0].parameter("REL").as_deref(), Some("style\"sheet"));
        assert_eq!(links[1].parameter("as").as_deref(), Some("script"));
        assert_eq!(links[1].parameter("nopush").as_deref(), Some(""));
        assert_eq!(link_header("no link <"), []);
    }
}
