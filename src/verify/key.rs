//! 128 bits that stand for a text, so that what is remembered of millions of records fits in memory.

use crate::digest::Digest;

/// What stands for a text.
pub(super) type Key = [u8; 16];

/// The key of some texts, each told apart from the next.
pub(super) fn key(parts: &[&str]) -> Key {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().as_bytes().first_chunk().copied().unwrap_or_default()
}

/// The key of a record's id: a UUID is one already.
pub(super) fn of_id(id: &str) -> Key {
    let uuid = id.strip_prefix("urn:uuid:").filter(|text| text.len() == 36);
    match uuid.and_then(|text| uuid::Uuid::try_parse(text).ok().filter(|uuid| is_canonical(uuid, text))) {
        Some(uuid) => uuid.into_bytes(),
        None => key(&[id]),
    }
}

/// Ids are compared as they are written (RFC 4122 would have case not count, a reader that looks one up may not).
fn is_canonical(uuid: &uuid::Uuid, text: &str) -> bool {
    let mut buffer = uuid::Uuid::encode_buffer();
    *uuid.hyphenated().encode_lower(&mut buffer) == *text
}

/// The key of a date: its digits, where it has nothing else but what stands between them.
pub(super) fn of_date(date: &str) -> Key {
    let plain = date.len() <= 30 && date.bytes().all(|b| b.is_ascii_digit() || b"-:TZ.".contains(&b));
    if !plain {
        return key(&[date]);
    }
    // The one in front keeps zeros apart from nothing.
    let digits = date.bytes().filter(u8::is_ascii_digit);
    digits.fold(1u128, |sum, digit| sum * 10 + u128::from(digit - b'0')).to_le_bytes()
}

/// A date's key without what it says of a second's fractions.
pub(super) fn to_seconds(date: Key) -> Key {
    let mut digits = u128::from_le_bytes(date);
    // One in front, and fourteen.
    while digits >= 1_000_000_000_000_000 {
        digits /= 10;
    }
    digits.to_le_bytes()
}

/// The key of a digest; every byte of it counts, and its algorithm.
pub(super) fn of_digest(digest: &Digest) -> Key {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[digest.algorithm() as u8]);
    hasher.update(digest.bytes());
    hasher.finalize().as_bytes().first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_apart() {
        assert_ne!(key(&["ab", "c"]), key(&["a", "bc"]));
        let id = "urn:uuid:6f6e6473-0000-4000-8000-00000000000a";
        assert_eq!(of_id(id), of_id(id));
        assert_ne!(of_id(id), of_id(&id.to_uppercase()));
        assert_ne!(of_id(id), of_id(&id.replace("00a", "00A")));
        assert_ne!(of_id(id), of_id(&id.replace("00a", "00b")));
        assert_ne!(of_id("urn:x:a"), of_id("urn:x:b"));
    }

    #[test]
    fn fractions_of_a_second_can_be_left_out() {
        let seconds = |date| to_seconds(of_date(date));
        assert_eq!(seconds("2020-01-01T00:00:00.123Z"), of_date("2020-01-01T00:00:00Z"));
        assert_eq!(seconds("2020-01-01T00:00:00.123456789Z"), of_date("2020-01-01T00:00:00Z"));
        assert_ne!(seconds("2020-01-01T00:00:01.123Z"), of_date("2020-01-01T00:00:00Z"));
        assert_eq!(seconds("2020-01"), of_date("2020-01"));
    }

    #[test]
    fn dates_are_told_apart() {
        let dates =
            ["", "2020", "2020-01", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00.0Z", "gestern", "0", "00"];
        for (i, one) in dates.iter().enumerate() {
            for (j, two) in dates.iter().enumerate() {
                assert_eq!(of_date(one) == of_date(two), i == j, "{one} {two}");
            }
        }
    }
}
