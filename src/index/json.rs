//! A JSON body as query arguments: every scalar with the name of the nearest member around it.
//!
//! Values are spelled as Python's `str` spells them (`True`, `None`, `1e-05`): keys must agree byte for byte with the
//! tools that look them up, and those are written in Python.

use super::request::encoded;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::HashMap;
use std::fmt;

/// Bytes of arguments after which no more are collected; a key takes 4096 characters at most.
const ENOUGH: usize = 64 << 10;

/// `None` where the body is neither JSON nor lines of JSON.
pub(super) fn arguments(bytes: &[u8]) -> Option<String> {
    let mut flat = Flat::default();
    if flat.read(bytes).is_none() {
        flat = Flat::default();
        if !bytes.contains(&b'\n') {
            return None;
        }
        bytes.split(|b| *b == b'\n').try_for_each(|line| flat.read(line))?;
    }
    Some(encoded(flat.pairs.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()))))
}

#[derive(Default)]
struct Flat {
    pairs: Vec<(String, String)>,
    /// How often a name has been given out.
    seen: HashMap<String, u32>,
    size: usize,
}

impl Flat {
    fn read(&mut self, text: &[u8]) -> Option<()> {
        let mut json = serde_json::Deserializer::from_slice(text);
        Walk { name: "", flat: self }.deserialize(&mut json).ok()?;
        json.end().ok()
    }

    /// The second value of a name is called `name.2_`, the third `name.3_`.
    fn put(&mut self, name: &str, value: String) {
        if name.is_empty() || self.size > ENOUGH {
            return;
        }
        self.size += name.len() + value.len();
        let count = self.seen.entry(name.to_owned()).or_insert(0);
        *count += 1;
        let name = if *count == 1 { name.to_owned() } else { format!("{name}.{count}_") };
        self.pairs.push((name, value));
    }
}

struct Walk<'a> {
    name: &'a str,
    flat: &'a mut Flat,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.flat.put(self.name, if value { "True" } else { "False" }.to_owned());
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.flat.put(self.name, value.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.flat.put(self.name, value.to_string());
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.flat.put(self.name, float(value));
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.flat.put(self.name, value.to_owned());
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.flat.put(self.name, "None".to_owned());
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Walk { name: self.name, flat: &mut *self.flat })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            members.next_value_seed(Walk { name: &name, flat: &mut *self.flat })?;
        }
        Ok(())
    }
}

/// The shortest digits that give the number back, with an exponent below 1e-4 and from 1e16 on.
fn float(value: f64) -> String {
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.unsigned_abs());
    }
    let plain = format!("{value}");
    if plain.contains('.') { plain } else { format!("{plain}.0") }
}
