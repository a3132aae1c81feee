//! A JSON reader of its own (RFC 8259), that keeps equal members and each member's text.

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number, as written.
    Number(String),
    /// A string; a lone surrogate makes it unreadable.
    Text(String),
    /// A string that is no text, or an object with a name that is none.
    NoText,
    /// An array.
    Array(Vec<Json>),
    /// An object: name, value, and the value's text.
    Object(Vec<(String, Json, String)>),
}

/// Reads a whole text.
pub fn parse(text: &str) -> Option<Json> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value()?;
    reader.space();
    (reader.at == text.len()).then_some(value)
}

/// Whether usual readers can take the value: fewer than 128 levels, numbers that a double can hold, and text only.
pub fn is_shallow_and_finite(text: &str) -> bool {
    let (mut depth, mut deepest, mut rest) = (0_i32, 0, text);
    while let Some(c) = rest.chars().next() {
        let mut reader = Reader { text: rest, at: 0 };
        match c {
            '"' => {
                if reader.string().is_none_or(|text| text.is_none()) {
                    return false;
                }
            }
            '-' | '0'..='9' => {
                let number = reader.number();
                if number.and_then(|number| number.parse::<f64>().ok()).is_none_or(|n| !n.is_finite()) {
                    return false;
                }
            }
            _ => reader.at = c.len_utf8(),
        }
        depth += i32::from(matches!(c, '{' | '[')) - i32::from(matches!(c, '}' | ']'));
        deepest = deepest.max(depth);
        rest = &rest[reader.at..];
    }
    deepest < 128
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at += self.rest().bytes().take_while(|b| b" \t\r\n".contains(b)).count();
    }

    fn eat(&mut self, word: &str) -> Option<()> {
        self.rest().starts_with(word).then(|| self.at += word.len())
    }

    fn value(&mut self) -> Option<Json> {
        self.space();
        match self.rest().chars().next()? {
            'n' => self.eat("null").map(|()| Json::Null),
            't' => self.eat("true").map(|()| Json::Bool),
            'f' => self.eat("false").map(|()| Json::Bool),
            '"' => self.string().map(|text| text.map_or(Json::NoText, Json::Text)),
            '[' => self.array(),
            '{' => self.object(),
            _ => self.number().map(Json::Number),
        }
    }

    fn array(&mut self) -> Option<Json> {
        self.eat("[")?;
        self.space();
        let mut values = Vec::new();
        if self.eat("]").is_some() {
            return Some(Json::Array(values));
        }
        loop {
            self.space();
            values.push(self.value()?);
            self.space();
            if self.eat("]").is_some() {
                return Some(Json::Array(values));
            }
            self.eat(",")?;
        }
    }

    fn object(&mut self) -> Option<Json> {
        self.eat("{")?;
        self.space();
        let mut members = Some(Vec::new());
        if self.eat("}").is_some() {
            return members.map(Json::Object);
        }
        loop {
            self.space();
            let name = self.string()?;
            self.space();
            self.eat(":")?;
            self.space();
            let start = self.at;
            let value = self.value()?;
            let member = name.map(|name| (name, value, self.text[start..self.at].to_owned()));
            members = members.zip(member).map(|(mut members, member)| {
                members.push(member);
                members
            });
            self.space();
            if self.eat("}").is_some() {
                return Some(members.map_or(Json::NoText, Json::Object));
            }
            self.eat(",")?;
        }
    }

    fn number(&mut self) -> Option<String> {
        let start = self.at;
        let _ = self.eat("-");
        if self.eat("0").is_none() {
            self.digits()?;
        }
        if self.eat(".").is_some() {
            self.digits()?;
        }
        if self.eat("e").or_else(|| self.eat("E")).is_some() {
            let _ = self.eat("+").or_else(|| self.eat("-"));
            self.digits()?;
        }
        Some(self.text[start..self.at].to_owned())
    }

    fn digits(&mut self) -> Option<()> {
        let count = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.at += count;
        (count > 0).then_some(())
    }

    /// The outer one is whether it is a string, the inner one whether it is text.
    fn string(&mut self) -> Option<Option<String>> {
        self.eat("\"")?;
        let mut units = Vec::new();
        loop {
            let c = self.rest().chars().next()?;
            self.at += c.len_utf8();
            match c {
                '"' => return Some(String::from_utf16(&units).ok()),
                '\\' => {
                    let escape = self.rest().chars().next()?;
                    self.at += escape.len_utf8();
                    units.push(match escape {
                        '"' | '\\' | '/' => escape as u16,
                        'b' => 8,
                        'f' => 12,
                        'n' => 10,
                        'r' => 13,
                        't' => 9,
                        'u' => {
                            let hex = self.text.get(self.at..self.at + 4)?;
                            self.at += 4;
                            let plain = hex.bytes().all(|b| b.is_ascii_hexdigit());
                            u16::from_str_radix(hex, 16).ok().filter(|_| plain)?
                        }
                        _ => return None,
                    });
                }
                c if (c as u32) < 0x20 => return None,
                c => units.extend(c.encode_utf16(&mut [0; 2]).iter()),
            }
        }
    }
}
