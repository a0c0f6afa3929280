//! Texts held against each other whatever their marks and cases: titles and their pieces, runs of words.

/// Words in a row that must agree for a text to count as attested.
pub(super) const SHINGLE: usize = 6;

/// Letters and digits, lower case.
pub(super) fn squash(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars().filter(|c| c.is_alphanumeric()) {
        if character.is_ascii() {
            out.push(character.to_ascii_lowercase());
        } else {
            out.extend(character.to_lowercase());
        }
    }
    out
}

/// A title's pieces between the marks that sites set around their name.
pub(super) fn parts(title: &str) -> Vec<&str> {
    let marks = [
        " | ",
        " - ",
        " \u{2013} ",
        " \u{2014} ",
        " \u{b7} ",
        " \u{bb} ",
        " \u{ab} ",
        " :: ",
        " // ",
        " / ",
        "\u{ff5c}",
        "_",
        " > ",
        " \u{2022} ",
        "|",
    ];
    let mut out = vec![title];
    for mark in marks {
        out = out.into_iter().flat_map(|part| part.split(mark)).collect();
    }
    out.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

pub(super) fn trim_marks(text: &str) -> &str {
    text.trim_matches(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '|' | '-'
                    | '\u{2013}'
                    | '\u{2014}'
                    | '\u{b7}'
                    | '\u{bb}'
                    | '\u{ab}'
                    | ':'
                    | '/'
                    | '\u{ff5c}'
                    | '_'
                    | '>'
                    | '\u{2022}'
            )
    })
}

/// Hashes of every few words in a row; letters that make a word alone count as one.
pub(super) fn shingles(text: &str) -> impl Iterator<Item = u64> + '_ {
    rows(words(text))
}

/// Hashes of every few of some words in a row.
pub(super) fn rows(words: impl Iterator<Item = u64>) -> impl Iterator<Item = u64> {
    let mut window = [0u64; SHINGLE];
    let mut filled = 0usize;
    words.filter_map(move |word| {
        window.rotate_left(1);
        if let Some(last) = window.last_mut() {
            *last = word;
        }
        filled += 1;
        (filled >= SHINGLE).then(|| window.iter().fold(0xcbf2_9ce4_8422_2325, |hash, word| mix(hash, *word)))
    })
}

fn mix(hash: u64, value: u64) -> u64 {
    (hash ^ value).wrapping_mul(0x0100_0000_01b3).rotate_left(23)
}

/// A hash of each word, whatever its case.
pub(super) fn words(text: &str) -> impl Iterator<Item = u64> + '_ {
    let (mut rest, mut singles) = (text, "".chars());
    std::iter::from_fn(move || {
        if let Some(single) = singles.next() {
            return Some(add(SEED, single));
        }
        rest = rest.get(next(rest, true)..).unwrap_or_default();
        let first = rest.chars().next()?;
        let (word, after) = rest.split_at_checked(next(rest, false)).unwrap_or((rest, ""));
        rest = after;
        if is_wide(first) {
            singles = word.chars();
            return singles.next().map(|single| add(SEED, single));
        }
        Some(word.chars().fold(SEED, add))
    })
}

/// Where the first letter or digit stands, or the first character that is neither.
fn next(text: &str, letter: bool) -> usize {
    let found = text.bytes().position(|byte| !byte.is_ascii() || byte.is_ascii_alphanumeric() == letter);
    let Some(at) = found else { return text.len() };
    let rest = text.get(at..).unwrap_or_default();
    at + rest.find(|character: char| character.is_alphanumeric() == letter).unwrap_or(rest.len())
}

/// What the hash of a word starts from.
const SEED: u64 = 7;

fn is_wide(character: char) -> bool {
    matches!(character, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}')
}

fn add(hash: u64, character: char) -> u64 {
    if character.is_ascii() {
        return mix(hash, u64::from(character.to_ascii_lowercase()));
    }
    character.to_lowercase().fold(hash, |hash, c| mix(hash, u64::from(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_parted_by_all_but_letters_and_digits_and_wide_letters_stand_alone() {
        let hash = |word: &str| word.chars().fold(SEED, add);
        let of = |text: &str| words(text).collect::<Vec<_>>();
        let two = [hash("\u{e9}t\u{e9}"), hash("x2")];
        for text in
            ["\u{e9}t\u{e9} x2", "\u{2014}\u{c9}T\u{c9}--X2.", " \u{e9}t\u{e9}\u{a0}\u{201c}x2\u{201d}"]
        {
            assert_eq!(of(text), two, "{text}");
        }
        assert_eq!(
            of("\u{65e5}\u{672c}a, b\u{65e5}"),
            [hash("\u{65e5}"), hash("\u{672c}"), hash("a"), hash("b\u{65e5}")]
        );
        assert!(of(" .\u{2026}").is_empty());
        assert_eq!(shingles("a b c d e f g").count(), 2);
    }
}
