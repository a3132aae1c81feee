//! Reads one JSON object member by member, so that every problem in it can be named at once.
//!
//! serde's derived readers stop at the first problem. Here every member keeps its raw text until it is taken. A member
//! that was not taken is an unknown field.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::problem::{Problem, ProblemCode, escape, shown};

const GIVEN_TWICE: &str = "is given more than once: give it once";

/// A JSON object's members in the order they were written, and the problems that were found in it.
#[derive(Debug)]
pub struct Object<'a> {
    prefix: String,
    members: Vec<(String, &'a RawValue)>,
    pub problems: Vec<Problem>,
}

impl<'a> Object<'a> {
    /// Reads JSON text. `name` is what a problem calls the text, if it is not JSON or not an object.
    pub fn parse(name: &str, text: &'a str) -> Result<Self, Problem> {
        match serde_json::from_str::<Members<'a>>(text) {
            Ok(Members(members)) => Ok(Self { prefix: String::new(), members, problems: Vec::new() }),
            Err(error) if error.is_data() => {
                Err(Problem::new(name, ProblemCode::NotAnObject, "must be a JSON object"))
            }
            Err(error) => {
                let rest = match text.starts_with('\u{feff}') {
                    true => "must be JSON: it begins with a byte order mark, send it without".to_owned(),
                    false => format!(
                        "must be JSON: it can't be read from line {} column {}",
                        error.line(),
                        error.column()
                    ),
                };
                Err(Problem::new(name, ProblemCode::NotJson, rest))
            }
        }
    }

    /// Reads the object that is the value of `field`.
    pub fn within(field: &str, value: &'a RawValue) -> Result<Self, Problem> {
        // `parse` would say of some values that they are not JSON, for instance of 1e999, which serde cannot read.
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

    /// Takes out the members called exactly `name`, and returns the first one's value. More than one is a problem.
    /// `null` counts as left out.
    pub fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        self.take_where(name, |member| member == name)
    }

    /// Like [`Object::take`], for `name` in lowerCamelCase or, as AWS spells it, in PascalCase.
    pub fn take_either(&mut self, name: &str) -> Option<&'a RawValue> {
        self.take_where(name, |member| lower_camel_case(member) == name)
    }

    /// Takes a member that holds a string.
    pub fn take_text(&mut self, name: &str) -> Option<String> {
        let value = self.take(name)?;
        self.text(name, value)
    }

    /// Takes a member, in either spelling, that holds a string.
    pub fn take_either_text(&mut self, name: &str) -> Option<String> {
        let value = self.take_either(name)?;
        self.text(name, value)
    }

    /// Takes a member, in either spelling, that holds an object.
    pub fn take_object(&mut self, name: &str) -> Option<Object<'a>> {
        let value = self.take_either(name)?;
        Object::within(name, value).map_err(|problem| self.problems.push(problem)).ok()
    }

    /// The string in `value`. If it holds something else, the member `name` has a problem.
    pub fn text(&mut self, name: &str, value: &RawValue) -> Option<String> {
        let text = serde_json::from_str(value.get()).ok();
        if text.is_none() {
            self.problems.push(wrong_type(&format!("{}{name}", self.prefix), "a string", value));
        }
        text
    }

    fn take_where(&mut self, name: &str, is_it: impl Fn(&str) -> bool) -> Option<&'a RawValue> {
        let taken: Vec<_> = self.members.extract_if(.., |(member, _)| is_it(member)).collect();
        if taken.len() > 1 {
            self.report(name, ProblemCode::Duplicate, GIVEN_TWICE);
        }
        taken.first().map(|(_, value)| *value).filter(|value| value.get() != "null")
    }

    /// Takes every member, for an object whose keys the requester chooses. A repeated key is a problem.
    pub fn take_all(&mut self) -> Vec<(String, &'a RawValue)> {
        let members = std::mem::take(&mut self.members);
        let mut names = BTreeSet::new();
        let repeated: BTreeSet<&str> =
            members.iter().map(|(name, _)| name.as_str()).filter(|name| !names.insert(*name)).collect();
        for name in repeated {
            self.report(&escape(name), ProblemCode::Duplicate, GIVEN_TWICE);
        }
        members
    }

    /// Every member as it was written.
    pub fn members(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.members.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// Adds a problem of the member `name`; `rest` continues the sentence that begins with its name.
    pub fn report(&mut self, name: &str, code: ProblemCode, rest: impl fmt::Display) {
        self.problems.push(Problem::new(&format!("{}{name}", self.prefix), code, rest));
    }

    /// Whether the member `name`, or a part of it, has a problem.
    pub fn has_problem_in(&self, name: &str) -> bool {
        let field = format!("{}{name}", self.prefix);
        let is_in = |problem: &Problem| {
            problem.field.strip_prefix(&field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.problems.iter().any(is_in)
    }

    /// All problems of the object. A member that was not taken is one.
    pub fn finish(mut self, known: &[&str]) -> Vec<Problem> {
        for (member, _) in std::mem::take(&mut self.members) {
            let rest = format!("is not a known field: use one of {}", known.join(", "));
            self.report(&escape(&member), ProblemCode::Unknown, rest);
        }
        self.problems
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

fn wrong_type(field: &str, wanted: &str, value: &RawValue) -> Problem {
    Problem::new(field, ProblemCode::WrongType, format_args!("must be {wanted}, not {}", shown(value.get())))
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
        }
        deserializer.deserialize_map(Collect)
    }
}
