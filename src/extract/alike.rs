//! Texts held against each other whatever their marks and cases: titles and their pieces, runs of words.

/// Words in a row that must agree for a text to count as attested.
pub(super) const SHINGLE: usize = 6;

/// Letters and digits, lower case.
pub(super) fn squash(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
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

pub(super) fn words(text: &str) -> impl Iterator<Item = u64> + '_ {
    let wide = |c: char| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}');
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).flat_map(move |word| {
        let single = word.chars().next().is_some_and(wide);
        let hash = |chars: &mut dyn Iterator<Item = char>| {
            chars.flat_map(char::to_lowercase).fold(7, |hash, c| mix(hash, u64::from(c)))
        };
        let each: Vec<u64> = if single {
            word.chars().map(|c| hash(&mut std::iter::once(c))).collect()
        } else {
            vec![hash(&mut word.chars())]
        };
        each
    })
}
