//! JSON-LD: what the page says of itself to search engines, however deep it is wrapped.

use serde_json::{Map, Value};

/// Objects looked at in all scripts of a page; no honest page has more.
const OBJECTS: usize = 5_000;

/// What the page's linked data says of its main thing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Linked {
    pub(super) kind: Option<Kind>,
    pub(super) headline: Option<String>,
    pub(super) authors: Vec<String>,
    pub(super) published: Option<String>,
    pub(super) modified: Option<String>,
    pub(super) site: Option<String>,
    pub(super) description: Option<String>,
    pub(super) body: Option<String>,
    pub(super) language: Option<String>,
    pub(super) image: Option<String>,
    pub(super) licence: Option<String>,
}

/// Types that decide what the page's text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Other,
    Listing,
    Page,
    Product,
    Documentation,
    Forum,
    Article,
}

/// Reads all scripts; what cannot be parsed is left out.
pub(super) fn read<'a>(scripts: impl Iterator<Item = &'a str>, limit: usize) -> Linked {
    let mut best: Option<(Kind, Map<String, Value>)> = None;
    let mut site = None;
    let mut left = OBJECTS;
    for script in scripts.filter(|script| script.len() <= limit) {
        let Some(value) = parse(script) else { continue };
        each_object(value, &mut left, &mut |object| {
            let kind = kind(&object);
            if site.is_none() && is_type(&object, &["WebSite", "NewsMediaOrganization", "Organization"]) {
                site = object.get("name").and_then(text);
            }
            if kind > Kind::Other && best.as_ref().is_none_or(|(known, _)| kind > *known) {
                best = Some((kind, object));
            }
        });
    }
    let mut linked = best.map(|(kind, object)| describe(kind, &object)).unwrap_or_default();
    linked.site = linked.site.or(site);
    linked
}

/// Scripts are hand-made JSON as often as not: comment marks around, raw line breaks inside strings.
fn parse(script: &str) -> Option<Value> {
    let core = script
        .trim()
        .trim_start_matches("<!--")
        .trim_start_matches("//<![CDATA[")
        .trim_start_matches("<![CDATA[");
    let core = core
        .trim_end_matches("-->")
        .trim_end_matches("//]]>")
        .trim_end_matches("]]>")
        .trim()
        .trim_end_matches(';');
    serde_json::from_str(core)
        .or_else(|_| serde_json::from_str(&core.replace(|character: char| character.is_control(), " ")))
        .ok()
}

/// Visits every object of a value, parents before children, without recursion.
fn each_object(value: Value, left: &mut usize, visit: &mut impl FnMut(Map<String, Value>)) {
    let mut queue = std::collections::VecDeque::from([value]);
    while let Some(value) = queue.pop_front() {
        match value {
            Value::Array(values) => queue.extend(values),
            Value::Object(object) => {
                if *left == 0 {
                    return;
                }
                *left -= 1;
                for key in ["@graph", "mainEntity", "mainEntityOfPage", "item", "hasPart"] {
                    queue.extend(
                        object.get(key).filter(|inner| inner.is_object() || inner.is_array()).cloned(),
                    );
                }
                visit(object);
            }
            _ => {}
        }
    }
}

fn is_type(object: &Map<String, Value>, names: &[&str]) -> bool {
    types(object).any(|name| names.contains(&name))
}

fn types(object: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let value = object.get("@type");
    let many = value.and_then(Value::as_array).into_iter().flatten();
    let one = value.filter(|value| value.is_string()).into_iter();
    many.chain(one).filter_map(Value::as_str).map(|name| name.rsplit(['/', ':']).next().unwrap_or(name))
}

fn kind(object: &Map<String, Value>) -> Kind {
    types(object).map(kind_of).max().unwrap_or(Kind::Other)
}

fn kind_of(name: &str) -> Kind {
    match name {
        "DiscussionForumPosting" | "QAPage" | "Question" => Kind::Forum,
        "TechArticle" | "APIReference" => Kind::Documentation,
        "Product" | "ProductGroup" | "SoftwareApplication" | "MobileApplication" => Kind::Product,
        "CollectionPage" | "ItemList" | "SearchResultsPage" => Kind::Listing,
        "WebPage" | "AboutPage" | "FAQPage" | "ItemPage" => Kind::Page,
        "BlogPosting" | "Report" | "LiveBlogPosting" | "Recipe" | "SocialMediaPosting" => Kind::Article,
        _ if name.ends_with("Article") => Kind::Article,
        _ => Kind::Other,
    }
}

fn describe(kind: Kind, object: &Map<String, Value>) -> Linked {
    let get = |key: &str| object.get(key).and_then(text);
    let title = if kind == Kind::Page { None } else { get("headline").or_else(|| get("name")) };
    Linked {
        kind: Some(kind),
        headline: title,
        authors: object.get("author").or_else(|| object.get("creator")).map(names).unwrap_or_default(),
        published: get("datePublished").or_else(|| get("dateCreated")),
        modified: get("dateModified"),
        site: object.get("publisher").and_then(text),
        description: get("description"),
        body: get("articleBody").or_else(|| (kind == Kind::Forum).then(|| get("text")).flatten()),
        language: get("inLanguage"),
        image: object.get("image").and_then(address),
        licence: get("license"),
    }
}

/// A string, the name of a thing, or the first of several.
fn text(value: &Value) -> Option<String> {
    let found = match value {
        Value::String(text) => Some(unescape(text)),
        Value::Object(object) => {
            object.get("name").or_else(|| object.get("@value")).and_then(Value::as_str).map(unescape)
        }
        Value::Array(values) => {
            return values.iter().take(8).filter(|value| !value.is_array()).find_map(text);
        }
        _ => None,
    };
    found.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn names(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => {
            values.iter().take(50).filter(|value| !value.is_array()).filter_map(text).collect()
        }
        _ => text(value).into_iter().collect(),
    }
}

fn address(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(object) => {
            object.get("url").or_else(|| object.get("@id")).and_then(Value::as_str).map(str::to_owned)
        }
        Value::Array(values) => values.iter().take(8).filter(|value| !value.is_array()).find_map(address),
        _ => None,
    }
}

/// Entities that were escaped once too often, and markup inside the text.
pub(super) fn unescape(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let entities = [
        ("&nbsp;", "\u{a0}"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#039;", "'"),
        ("&#x27;", "'"),
        ("&apos;", "'"),
        ("&rsquo;", "\u{2019}"),
        ("&lsquo;", "\u{2018}"),
        ("&rdquo;", "\u{201d}"),
        ("&ldquo;", "\u{201c}"),
        ("&#8217;", "\u{2019}"),
        ("&#8216;", "\u{2018}"),
        ("&#8220;", "\u{201c}"),
        ("&#8221;", "\u{201d}"),
        ("&#8211;", "\u{2013}"),
        ("&ndash;", "\u{2013}"),
        ("&mdash;", "\u{2014}"),
        ("&hellip;", "\u{2026}"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.find('&').and_then(|at| rest.split_at_checked(at)) {
        out.push_str(before);
        let found = entities.iter().find_map(|(entity, text)| Some((*text, after.strip_prefix(entity)?)));
        let (text, after) = found.unwrap_or(("&", after.get(1..).unwrap_or_default()));
        out.push_str(text);
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn linked(script: &str) -> Linked {
        read([script].into_iter(), 1 << 20)
    }

    #[test]
    fn the_article_is_found_in_a_graph_and_among_arrays() {
        let found = linked(
            r#"[{"@context":"x","@graph":[{"@type":"WebSite","name":"The Paper"},
            {"@type":["NewsArticle"],"headline":"A &amp; B","author":[{"name":"Ann Roe"},{"name":"Bo Li"}],
             "datePublished":"2020-01-02T03:04:05Z","image":{"url":"/a.jpg"}}]}]"#,
        );
        assert_eq!(found.headline.as_deref(), Some("A & B"));
        assert_eq!(found.authors, ["Ann Roe", "Bo Li"]);
        assert_eq!((found.site.as_deref(), found.image.as_deref()), (Some("The Paper"), Some("/a.jpg")));
    }

    #[test]
    fn raw_line_breaks_and_comment_marks_do_not_lose_the_script() {
        let found = linked("<!-- {\"@type\":\"Article\",\"headline\":\"One\nline\"} -->");
        assert_eq!(found.headline.as_deref(), Some("One line"));
    }

    #[test]
    fn what_was_escaped_twice_is_unescaped_once() {
        assert_eq!(unescape("a &amp;amp; b &lt;&quot;&#8217;&x; &"), "a &amp; b <\"\u{2019}&x; &");
    }

    #[test]
    fn nonsense_is_nothing() {
        assert_eq!(linked("{not json"), Linked::default());
        assert_eq!(linked(&"[".repeat(100_000)), Linked::default());
    }
}
