//! The article in a page's own data, where a script would have shown it: state objects in scripts and the
//! posts that Discourse preloads.

use serde_json::Value;

use super::limits::Limits;
use super::tree::Tree;

/// Values looked at in all the data of a page.
const VALUES: usize = 200_000;

/// Characters from which a string may be an article.
const LONG: usize = 400;

/// Keys that hold an article's or a post's text.
const KEYS: [&str; 13] = [
    "body",
    "content",
    "contents",
    "html",
    "articleBody",
    "article_body",
    "text",
    "cooked",
    "bodyHtml",
    "body_html",
    "contentHtml",
    "content_html",
    "rendered",
];

/// Markup of the longest text in the page's data, or of all the posts that are stored alike.
pub(super) fn stored(tree: &Tree<'_>, limits: &Limits) -> Option<String> {
    let mut found = Found { posts: Vec::new(), longest: String::new(), left: VALUES };
    for (index, node) in tree.iter() {
        if let Some(data) = node.attr("data-preloaded").filter(|data| data.len() <= limits.script) {
            found.read(data);
        }
        let script = node.element.is_some_and(|element| element.name() == "script");
        let text = if script { tree.at(index + 1).text } else { "" };
        if text.len() > LONG && text.len() <= limits.script && is_data(node.attr("type"), text) {
            found.read(text.get(text.find('{').unwrap_or(0)..).unwrap_or_default());
        }
    }
    let posts = found.posts.join("\n");
    let best = if posts.len() >= found.longest.len() { posts } else { found.longest };
    (best.len() >= LONG).then_some(best)
}

/// JSON, or a variable that is set to an object.
fn is_data(kind: Option<&str>, text: &str) -> bool {
    match kind {
        Some(kind) if kind.contains("ld+json") => false,
        Some(kind) if kind.contains("json") => true,
        _ => {
            let head = text.trim_start();
            let before = head.split('{').next().unwrap_or_default();
            before.len() < 120 && before.trim_end().ends_with('=')
        }
    }
}

struct Found {
    posts: Vec<String>,
    longest: String,
    left: usize,
}

impl Found {
    /// Reads one object; what stands behind it, as `;` does, is no matter.
    fn read(&mut self, json: &str) {
        let mut values = serde_json::Deserializer::from_str(json).into_iter::<Value>();
        if let Some(Ok(value)) = values.next() {
            self.walk(value);
        }
    }

    fn walk(&mut self, value: Value) {
        let mut queue = std::collections::VecDeque::from([(String::new(), value)]);
        while let Some((key, value)) = queue.pop_front() {
            if self.left == 0 {
                return;
            }
            self.left -= 1;
            match value {
                Value::Array(values) => queue.extend(values.into_iter().map(|value| (key.clone(), value))),
                Value::Object(object) => queue.extend(object),
                // Discourse keeps each of its objects as a string of JSON.
                Value::String(text) if key.starts_with("topic_") && text.starts_with('{') => {
                    queue.extend(
                        serde_json::from_str::<Value>(&text).ok().map(|value| (String::new(), value)),
                    );
                }
                Value::String(text) => self.text(&key, text),
                _ => {}
            }
        }
    }

    fn text(&mut self, key: &str, text: String) {
        if key == "cooked" {
            self.posts.push(text);
        } else if text.len() > self.longest.len().max(LONG) && KEYS.contains(&key) && is_prose(&text) {
            self.longest = text;
        }
    }
}

/// Sentences, in paragraphs of markup or bare.
fn is_prose(text: &str) -> bool {
    let words = text.split_ascii_whitespace().count();
    let marks = text.matches(['.', '\u{3002}', '!', '?']).count();
    !text.starts_with(['{', '[']) && (text.contains("<p") || text.contains("</") || words > 60) && marks > 2
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::tree;
    use super::*;

    fn of(markup: &str) -> Option<String> {
        let (html, _) = tree::parse(markup, &Limits::default());
        stored(&Tree::new(&html), &Limits::default())
    }

    #[test]
    fn state_of_an_application_holds_the_article() {
        let body = "<p>The bridge was opened. It rained. Nobody came.</p>".repeat(12);
        let state = serde_json::json!({"props": {"page": {"title": "x", "body": body}}}).to_string();
        assert_eq!(
            of(&format!("<script id=__NEXT_DATA__ type=application/json>{state}</script>")).unwrap(),
            body
        );
        assert_eq!(of(&format!("<script>window.__STATE__ = {state};</script>")).unwrap(), body);
        assert_eq!(of(&format!("<script>call({state});</script>")), None);
    }

    #[test]
    fn preloaded_posts_come_in_their_order() {
        let posts: Vec<Value> =
            (0..9).map(|n| serde_json::json!({"cooked": format!("<p>Post {n} says what there is to say of it, and more.</p>")})).collect();
        let topic = serde_json::json!({"post_stream": {"posts": posts}}).to_string();
        let data = serde_json::json!({ "topic_7": topic }).to_string().replace('"', "&quot;");
        let found = of(&format!("<div id=data-preloaded data-preloaded=\"{data}\"></div>")).unwrap();
        assert!(found.find("Post 0").unwrap() < found.find("Post 8").unwrap());
    }
}
