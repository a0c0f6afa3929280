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
    let mut window = [0u64; SHINGLE];
    let mut filled = 0usize;
    words(text).filter_map(move |word| {
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
    let pieces = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    pieces.flat_map(|word| {
        let single = word.chars().next().is_some_and(is_wide);
        let whole = (!single).then(|| word.chars().fold(SEED, add));
        let each = if single { word } else { "" };
        whole.into_iter().chain(each.chars().map(|c| add(SEED, c)))
    })
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
