//! Small signs in a line that tell cards, posts and comments apart: a price, a moment, and how far behind
//! lie the lines that open the comments or point elsewhere.

use super::blocks::Block;
use super::features::Facts;
use super::vector::{Row, WIDTH};
use super::vocabulary::Topic;

/// A sign of money beside a digit.
pub(super) fn price(text: &str) -> bool {
    // Most lines are told at a glance.
    if text.is_ascii() && memchr::memchr(b'$', text.as_bytes()).is_none() {
        return false;
    }
    let (mut before, mut money) = (' ', false);
    for character in text.chars().take(400) {
        let sign = matches!(
            character,
            '$' | '\u{20ac}' | '\u{a3}' | '\u{a5}' | '\u{20b9}' | '\u{ffe5}' | '\u{20bd}' | '\u{20a9}'
        );
        if money && character.is_ascii_digit() || sign && before.is_ascii_digit() {
            return true;
        }
        if !character.is_whitespace() {
            (before, money) = (character, sign);
        }
    }
    false
}

/// `14:05`, `3 days ago`, `2019-07-01`, `01.07.2019`, `Jul 1, 2019`: what heads of posts have.
pub(super) fn moment(text: &str) -> bool {
    let bytes = text.as_bytes().get(..160).unwrap_or(text.as_bytes());
    let digits = bytes.iter().any(u8::is_ascii_digit);
    let parted = digits
        && bytes.windows(5).any(|five| match five {
            [a, b, mark, c, d] => {
                matches!(mark, b':' | b'-' | b'/' | b'.')
                    && [a, b, c, d].iter().all(|byte| byte.is_ascii_digit())
            }
            _ => false,
        });
    let year = |four: &[u8]| {
        (four.starts_with(b"20") || four.starts_with(b"19")) && four.iter().all(u8::is_ascii_digit)
    };
    parted
        || memchr::memmem::find(bytes, b" ago").is_some()
        || digits && bytes.len() < 60 && bytes.windows(4).any(year)
        || bytes.len() < 60 && text.contains('\u{5e74}') && text.contains('\u{6708}')
}

/// Where lines that open the comments, or point elsewhere, stood last.
#[derive(Default)]
pub(super) struct Marks {
    comments: Option<usize>,
    related: Option<usize>,
}

impl Marks {
    pub(super) fn write(&mut self, row: &mut Row<WIDTH>, at: usize, block: &Block, facts: &Facts) {
        for mark in [self.comments, self.related] {
            row.put(mark.map_or(-1.0, |mark| (at - mark).min(100) as f32));
        }
        let open = block.words < 12;
        match facts.topic {
            Some(Topic::Comments | Topic::Reply) if open => self.comments = Some(at),
            Some(Topic::Related) if open => self.related = Some(at),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_and_moments_are_told_from_other_numbers() {
        for text in ["$ 12", "ab 9,90 \u{20ac}", "\u{ffe5}120", "US$5"] {
            assert!(price(text) && !moment(text), "{text}");
        }
        for text in [
            "14:05",
            "3 days ago",
            "2019-07-01",
            "01.07.2019",
            "Jul 1, 2019",
            "2019\u{5e74}7\u{6708}1\u{65e5}",
        ] {
            assert!(moment(text) && !price(text), "{text}");
        }
        for text in ["", "$", "12 apples", "chapter 3.5", "\u{20ac} and more"] {
            assert!(!moment(text) && !price(text), "{text}");
        }
    }
}
