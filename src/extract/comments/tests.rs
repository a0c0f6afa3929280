//! Threads as the platforms write them: each comment whole, with its author, and nothing of them in the text.

use crate::extract::{Article, Comment, Options, Page, extract};

const POST: &str = "<p>The old bridge over the river was closed on Monday, after engineers had found cracks in two of its \
                    arches, and nobody knows yet when it will be opened again.</p><p>Until then the ferry takes \
                    everybody across, the council said, and it will go twice an hour from six in the morning on.</p>";
const FIRST: &str = "I have crossed it every day for twenty years, and nobody ever looked after it.";
const SECOND: &str = "The ferry is full already, so that I was late on both days.";

fn with(thread: &str) -> Article {
    let html = format!(
        "<html><head><title>Bridge closed</title></head><body><h1>Bridge closed</h1>{POST}{thread}</body></html>"
    );
    extract(&Page { bytes: html.as_bytes(), content_type: Some("text/html"), url: None }, &Options::default())
}

fn said(comments: &[Comment]) -> Vec<(Option<&str>, &str)> {
    comments.iter().map(|comment| (comment.author.as_deref(), comment.text.as_str())).collect()
}

#[track_caller]
fn both_are_apart(thread: &str) {
    let article = with(thread);
    assert_eq!(said(&article.comments), [(Some("Ann"), FIRST), (Some("Bert"), SECOND)], "{thread}");
    assert!(article.text().contains("twice an hour") && !article.text().contains("ferry is full"));
}

#[test]
fn heads_and_bodies_of_a_definition_list() {
    let thread = format!(
        "<div class='widget Blog' id='Blog1'><div class='comments' id='comments'><h4>2 comments:</h4><dl id='comments-block'>\
         <dt class='comment-author' id='c41'><a rel='nofollow' href='/u/1'>Ann</a> said...</dt>\
         <dd class='comment-body' id='Blog1_cmt-41'><p>{FIRST}</p></dd><dd class='comment-footer'>September 25, 2012 at 9:15 PM</dd>\
         <dt class='comment-author' id='c42'><a rel='nofollow' href='/u/2'>Bert</a> said...</dt>\
         <dd class='comment-body' id='Blog1_cmt-42'><p>{SECOND}</p></dd><dd class='comment-footer'>September 25, 2012 9:18 PM</dd>\
         </dl><p class='comment-footer'><a href='/post'>Post a Comment</a></p></div></div>"
    );
    both_are_apart(&thread);
}

#[test]
fn a_widget_that_the_thread_lies_in_is_no_side_bar() {
    let one = |number: u32, name: &str, text: &str| {
        format!(
            "<li class='comment' id='dsq-comment-{number}'><div id='dsq-comment-header-{number}' class='dsq-comment-header'>\
             <cite id='dsq-cite-{number}'><span id='dsq-author-user-{number}'>{name}</span></cite></div>\
             <div id='dsq-comment-body-{number}' class='dsq-comment-body'><div class='dsq-comment-message' \
             id='dsq-comment-message-{number}'><p>{text}</p></div></div></li>"
        )
    };
    let thread = |around: &str| {
        format!(
            "<div {around}><div id='disqus_thread'><div id='dsq-content'><ul id='dsq-comments'>{}{}</ul></div></div></div>",
            one(71, "Ann", FIRST),
            one(72, "Bert", SECOND)
        )
    };
    both_are_apart(&thread("class='widget column widget_disquswidget'"));
    both_are_apart(&thread("class='the-comments' id='facebookvdisqus'"));
}

#[test]
fn a_numbered_list_is_one_comment_and_what_is_named_after_its_author_may_be_all_of_it() {
    let one = |number: u32, name: &str, text: &str| {
        format!(
            "<ul class='comment b2' id='comment-{number}'><li class='comment-author'><div class='profile'>\
             <a href='/u/{number}'>{name}</a><p class='date'>1 November 2012 9:37PM</p></div>\
             <div class='comment-body'><p>{text}</p></div></li><li class='comment-tools'><ul><li>\
             <a href='/report'>Report</a></li></ul></li></ul>"
        )
    };
    let thread = format!(
        "<div class='content-comment-list'><h2>Comments</h2>{}{}</div>",
        one(51, "Ann", FIRST),
        one(52, "Bert", SECOND)
    );
    both_are_apart(&thread);
    let dates: Vec<Option<String>> = with(&thread).comments.into_iter().map(|comment| comment.date).collect();
    assert_eq!(dates, [Some("2012-11-01".to_owned()), Some("2012-11-01".to_owned())]);
}

#[test]
fn what_no_telling_element_holds_is_kept() {
    let thread = format!(
        "<div id='comments'><h3>2 comments</h3><div class='comment' id='comment-1'><p class='author'>Ann</p>\
         <p>{FIRST}</p></div><blockquote><p>{SECOND}</p></blockquote><div class='comment' id='comment-3'><p class='author'>\
         Cleo</p><p>Me too.</p></div><div><p>Your comment could not be posted. Try it once more later.</p></div></div>"
    );
    let expected = [(Some("Ann"), FIRST), (None, SECOND), (Some("Cleo"), "Me too.")];
    assert_eq!(said(&with(&thread).comments), expected);
}

#[test]
fn what_a_program_remarks_is_no_readers_comment() {
    let code = "<p>Here is how it is done, with a new object each time and the old one left alone:</p><pre><code><div class='line'>\
                <span class='syntax-comment'>// Correct: a new object is made here, and no other is touched.</span></div>\
                <div class='line'>let next = copy(last);</div></code></pre><p>That is all there is to it, as you see.</p>";
    let article = with(code);
    assert!(
        article.comments.is_empty() && article.text().contains("Correct: a new object"),
        "{}",
        article.text()
    );
}

#[test]
fn below_the_line_that_comments_are_closed_is_no_article() {
    let closed = format!(
        "<p><b>Comments are now closed for this story</b></p><p><b>Ann</b><br>{FIRST}</p><p><b>Bert</b><br>{SECOND}</p>"
    );
    let text = with(&format!("{POST}{closed}")).text();
    assert!(
        text.contains("twice an hour") && !text.contains("ferry is full") && !text.contains("twenty years"),
        "{text}"
    );
    let open = closed
        .replace("Comments are now closed for this story", "This is closed. Read all your comments below");
    assert!(with(&format!("{POST}{open}")).text().contains("ferry is full"));
    let twice =
        format!("{POST}<p>Comments are closed.</p><h2>A second post</h2>{POST}<p>Comments are closed.</p>");
    assert_eq!(with(&twice).text().matches("twice an hour").count(), 3, "a page of posts");
}

#[test]
fn the_latest_comments_of_a_side_bar_are_nobodys() {
    let bar = format!(
        "<div id='sidebar'><div class='widget'><h3>Recent comments</h3><ul class='comment-teasers'><li class='comment'>\
         <p>{FIRST}</p></li></ul></div></div>"
    );
    assert!(with(&bar).comments.is_empty());
}

#[test]
fn a_thread_of_very_many_parts_takes_time_by_its_length_alone() {
    let part = "<div>Ann</div>".repeat(10_000);
    let article = with(&format!(
        "{POST}{POST}{POST}<div id='comments'><div class='comment'><div class='author'>{part}</div></div></div>"
    ));
    assert_eq!(article.comments.len(), 1);
}
