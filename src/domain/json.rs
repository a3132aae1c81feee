//! Reads one JSON object member by member, so that every problem in it can be named at once.
//!
//! serde's derived readers stop at the first problem and let the last of two equal members win. Here members keep
//! their raw text until they are taken; a member that is left at the end is unknown.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::problem::{Problem, ProblemCode, shown};

/// A JSON object's members in the order they were written.
#[derive(Debug)]
pub struct Object<'a> {
    prefix: String,
    members: Vec<(String, &'a RawValue)>,
}

impl<'a> Object<'a> {
    /// Reads `text`; messages call it `name`.
    pub fn parse(name: &str, text: &'a str) -> Result<Self, Problem> {
        match serde_json::from_str::<Members<'a>>(text) {
            Ok(Members(members)) => Ok(Self { prefix: String::new(), members }),
            Err(error) if error.is_data() => {
                Err(Problem::new(name, ProblemCode::NotAnObject, "must be a JSON object"))
            }
            Err(_) if text.starts_with('\u{feff}') => Err(Problem::new(
                name,
                ProblemCode::NotJson,
                "must be JSON: it begins with a byte order mark, send it without",
            )),
            Err(error) => Err(Problem::new(
                name,
                ProblemCode::NotJson,
                format_args!(
                    "must be JSON: it can't be read from line {} column {}",
                    error.line(),
                    error.column()
                ),
            )),
        }
    }

    /// Reads the object that is the value of `field`.
    pub fn within(field: &str, value: &'a RawValue) -> Result<Self, Problem> {
        // serde cannot read every value that is valid JSON: 1e999 is one.
        if !value.get().starts_with('{') {
            return Err(wrong_type(field, "an object", value));
        }
        let object = Self::parse(field, value.get())?;
        Ok(Self { prefix: format!("{field}."), ..object })
    }

    /// Whether there is a member of exactly this name.
    pub fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(member, _)| member == name)
    }

    /// Takes every member called exactly `name`; more than one is a problem. `null` counts as left out.
    pub fn take(&mut self, name: &str, problems: &mut Vec<Problem>) -> Option<&'a RawValue> {
        self.take_where(name, problems, |member| member == name)
    }

    /// Takes every member called `name` in lowerCamelCase or, as AWS spells it, in PascalCase.
    pub fn take_either(&mut self, name: &str, problems: &mut Vec<Problem>) -> Option<&'a RawValue> {
        self.take_where(name, problems, |member| lower_camel_case(member) == name)
    }

    fn take_where(
        &mut self,
        name: &str,
        problems: &mut Vec<Problem>,
        is_it: impl Fn(&str) -> bool,
    ) -> Option<&'a RawValue> {
        let mut found = Vec::new();
        self.members.retain(|(member, value)| {
            let hit = is_it(member);
            if hit {
                found.push(*value);
            }
            !hit
        });
        if found.len() > 1 {
            problems.push(duplicate(&format!("{}{name}", self.prefix)));
        }
        found.first().copied().filter(|value| value.get() != "null")
    }

    /// Every member with its value, for objects with any names; equal names are a problem.
    pub fn into_members(self, problems: &mut Vec<Problem>) -> Vec<(String, &'a RawValue)> {
        let mut seen = BTreeSet::new();
        let twice: BTreeSet<&str> =
            self.members.iter().map(|(name, _)| name.as_str()).filter(|name| !seen.insert(*name)).collect();
        for name in twice {
            problems.push(duplicate(&format!("{}{}", self.prefix, shorten(name))));
        }
        self.members
    }

    /// Every member as it was written.
    pub fn members(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.members.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// Reports every member that was not taken.
    pub fn finish(self, known: &[&str], problems: &mut Vec<Problem>) {
        for (member, _) in &self.members {
            let field = format!("{}{}", self.prefix, shorten(member));
            problems.push(Problem::new(
                &field,
                ProblemCode::Unknown,
                format_args!("is not a known field: use one of {}", known.join(", ")),
            ));
        }
    }
}

/// A field's name in lowerCamelCase, also if it is spelt in AWS's PascalCase.
pub fn lower_camel_case(name: &str) -> String {
    let mut name = name.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    name
}

/// The text that `value` holds, or a problem of `field`.
pub fn string(field: &str, value: &RawValue, problems: &mut Vec<Problem>) -> Option<String> {
    match serde_json::from_str(value.get()) {
        Ok(text) => Some(text),
        Err(_) => {
            problems.push(wrong_type(field, "a string", value));
            None
        }
    }
}

fn duplicate(field: &str) -> Problem {
    Problem::new(field, ProblemCode::Duplicate, "is given more than once: give it once")
}

fn wrong_type(field: &str, wanted: &str, value: &RawValue) -> Problem {
    Problem::new(field, ProblemCode::WrongType, format_args!("must be {wanted}, not {}", shown(value.get())))
}

fn shorten(name: &str) -> String {
    shown(name).trim_matches('`').to_owned()
}

struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    members.push((key, map.next_value::<&'de RawValue>()?));
                }
                Ok(Members(members))
            }
            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Err(E::invalid_type(de::Unexpected::Unit, &self))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}
