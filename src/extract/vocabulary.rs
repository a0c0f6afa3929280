//! What boilerplate says, in several languages: one table for markup and for plain text.
//!
//! A phrase alone proves little: an article may well speak of leaving a reply. So every phrase has a place
//! where it must stand in its line, only short lines are looked up, and the callers weigh the answer with
//! position and neighbours.

mod phrases;

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use foldhash::{HashMap, HashMapExt};
use phrases::PHRASES;

/// What a line of boilerplate is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Topic {
    /// "This entry was posted in …", "Filed under", "Tags:".
    Posted,
    /// The head of the reader comments, with or without their number.
    Comments,
    /// The form for a comment and what surrounds it.
    Reply,
    /// Log-in and registration.
    Login,
    /// Share, like, print, follow.
    Share,
    /// Consent notices.
    Cookie,
    /// Newsletter and subscription prompts.
    Newsletter,
    /// Related, recommended, most read.
    Related,
    /// Menus, older and newer posts, back to top.
    Navigation,
    /// Rights, imprint, powered by.
    Foot,
    /// Advertising marks.
    Advert,
}

impl Topic {
    /// True where such a line opens the tail of a page: what follows is not the article any more.
    pub(super) fn opens_tail(self) -> bool {
        matches!(self, Self::Posted | Self::Comments | Self::Reply | Self::Related | Self::Share | Self::Foot)
    }
}

/// Where the phrase stands in its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// It is the line.
    Whole,
    /// The line begins with it and is short.
    Start,
    /// Words that hardly occur but in this use: anywhere in a line of some length.
    Inside,
}

/// Longest lines, in characters, that are looked up for a `Start` and for an `Inside`.
const SHORT: usize = 110;
const LONG: usize = 420;

/// The topic of a line, if it says nothing but boilerplate.
pub(super) fn topic(line: &str) -> Option<Topic> {
    // Longer than any phrase may be: prose, and most lines are.
    if line.len() > LONG * 4 || line.bytes().filter(u8::is_ascii_alphabetic).count() > LONG {
        return None;
    }
    let line = normal(line);
    let length = line.chars().count();
    if length == 0 || length > LONG {
        return None;
    }
    let index = index();
    if let Some(found) = index.whole.get(line.as_str()) {
        return Some(*found);
    }
    if length <= SHORT
        && let Some(found) = index.starting(&line)
    {
        return Some(found);
    }
    index.holding(&line)
}

/// Lower case, single spaces, plain apostrophes, numbers as `#`, no punctuation at the ends.
fn normal(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for word in line.split_whitespace() {
        let before = out.len();
        if before > 0 {
            out.push(' ');
        }
        let mark = out.len();
        for character in word.chars() {
            match character {
                '\u{2019}' | '\u{2018}' | '\u{b4}' => out.push('\''),
                '\u{ad}' | '\u{200b}' | '\u{feff}' => {}
                '0'..='9' if out.ends_with('#') => {}
                '.' | ',' if out.ends_with('#') => {}
                '0'..='9' => out.push('#'),
                _ if character.is_ascii() => out.push(character.to_ascii_lowercase()),
                _ => out.extend(character.to_lowercase()),
            }
        }
        if out.len() == mark {
            out.truncate(before);
        }
    }
    let keep = |character: char| !(character.is_alphanumeric() || character == '#' || character == '%');
    out.trim_matches(keep).to_owned()
}

struct Index {
    whole: HashMap<&'static str, Topic>,
    /// By the first word, or the first character where words are not parted by spaces.
    start: HashMap<&'static str, Vec<(&'static str, Topic)>>,
    /// Topics of the phrases that stand anywhere, and what finds all of those in one pass.
    inside: Vec<Topic>,
    search: Option<AhoCorasick>,
}

impl Index {
    fn starting(&self, line: &str) -> Option<Topic> {
        let phrases = self.start.get(key(line))?;
        phrases.iter().find(|(phrase, _)| begins(line, phrase)).map(|(_, topic)| *topic)
    }

    /// The first in the table of the phrases that stand anywhere in the line.
    fn holding(&self, line: &str) -> Option<Topic> {
        let found = self.search.as_ref()?.try_find_overlapping_iter(line).ok()?;
        let first = found.map(|phrase| phrase.pattern().as_usize()).min()?;
        self.inside.get(first).copied()
    }
}

/// `line` begins with `phrase` and the phrase ends where a word ends.
fn begins(line: &str, phrase: &str) -> bool {
    line.strip_prefix(phrase).is_some_and(|rest| {
        let wide = phrase.chars().next_back().is_some_and(is_wide);
        wide || rest.chars().next().is_none_or(|next| !next.is_alphanumeric())
    })
}

fn is_wide(character: char) -> bool {
    matches!(character, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

fn key(text: &str) -> &str {
    let Some(first) = text.chars().next() else { return "" };
    if is_wide(first) {
        return text.get(..first.len_utf8()).unwrap_or_default();
    }
    let end =
        text.find(|character: char| !(character.is_alphanumeric() || character == '#')).unwrap_or(text.len());
    text.get(..end.max(first.len_utf8())).unwrap_or(text)
}

fn index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(|| {
        let mut index =
            Index { whole: HashMap::new(), start: HashMap::new(), inside: Vec::new(), search: None };
        let mut inside = Vec::new();
        for (topic, place, phrases) in PHRASES {
            for phrase in phrases.split('|') {
                match place {
                    Place::Whole => _ = index.whole.insert(phrase, *topic),
                    Place::Start => index.start.entry(key(phrase)).or_default().push((phrase, *topic)),
                    Place::Inside => {
                        inside.push(phrase);
                        index.inside.push(*topic);
                    }
                }
            }
        }
        index.search = AhoCorasick::new(inside).ok();
        index
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_in_the_form_that_lines_are_brought_to() {
        for (topic, place, phrases) in PHRASES {
            for phrase in phrases.split('|').filter(|_| *place == Place::Whole) {
                assert!(super::topic(phrase).is_some(), "{topic:?} {phrase:?}");
            }
        }
    }

    #[test]
    fn the_form_of_a_wordpress_page_is_known_with_its_odd_spaces() {
        for line in [
            "Leave a Reply",
            "Fill in your details below or click an icon to log in: Logo",
            "You are commenting using your Google+ account. Log\u{a0}Out\u{a0}/\u{a0} Change\u{a0})",
            "Facebook photo",
            "Connecting to %s",
        ] {
            assert_eq!(topic(line), Some(Topic::Reply), "{line}");
        }
        assert_eq!(
            topic("This entry was posted in Admin, Link. Bookmark the permalink."),
            Some(Topic::Posted)
        );
        assert_eq!(topic("14 thoughts on \u{201c}A quiet day\u{201d}"), Some(Topic::Comments));
    }

    #[test]
    fn prose_that_uses_the_same_words_is_not_boilerplate() {
        for line in [
            "She asked her readers to leave a reply before the weekend, and more than four hundred of them did so.",
            "To read the logs, log in as root and look for the last line that the daemon wrote before it stopped.",
            "He would share this story with anyone who asked.",
            "The comments of the minister were read out in court.",
        ] {
            assert_eq!(topic(line), None, "{line}");
        }
    }
}
