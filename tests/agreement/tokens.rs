//! Rust source as tokens: as much of the language as the checks look at.

/// A token. Comments, numbers' insides and the contents of test modules are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Ident(String),
    /// A string literal's text, as it is written.
    Text(String),
    Other(char),
}

impl Token {
    pub(crate) fn is(&self, character: char) -> bool {
        *self == Self::Other(character)
    }

    pub(crate) fn is_ident(&self, name: &str) -> bool {
        matches!(self, Self::Ident(ident) if ident == name)
    }

    pub(crate) fn ident(&self) -> Option<&str> {
        match self {
            Self::Ident(name) => Some(name),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The tokens of a file, up to its tests: by house rule they are its end.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = lex(source);
    let tests = lex("#[cfg(test)] mod tests");
    let start = tokens
        .windows(tests.len())
        .position(|window| window == tests);
    tokens.truncate(start.unwrap_or(tokens.len()));
    tokens
}

fn lex(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if rest.starts_with("/*") {
            rest = rest.find("*/").map_or("", |end| &rest[end + 2..]);
        } else if let Some(raw) = raw_string(rest) {
            tokens.push(Token::Text(raw.0.to_owned()));
            rest = raw.1;
        } else if first == '"' {
            let end = string_end(rest);
            tokens.push(Token::Text(rest[1..end].to_owned()));
            rest = &rest[end + 1..];
        } else if first == '\'' {
            rest = after_quote(rest);
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'));
            let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
            tokens.push(Token::Ident(name.to_owned()));
            rest = after;
        } else {
            if !first.is_whitespace() {
                tokens.push(Token::Other(first));
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    tokens
}

/// `r#"text"#` and what follows it.
fn raw_string(source: &str) -> Option<(&str, &str)> {
    let hashes = source.strip_prefix('r')?;
    let text = hashes.trim_start_matches('#');
    let count = hashes.len() - text.len();
    let text = text.strip_prefix('"')?;
    text.split_once(&format!("\"{}", "#".repeat(count)))
}

/// Where the string that begins `source` ends.
fn string_end(source: &str) -> usize {
    let mut escaped = false;
    for (index, character) in source.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return index,
            _ => {}
        }
    }
    source.len() - 1
}

/// Behind a character literal, or behind the quote of a lifetime.
fn after_quote(source: &str) -> &str {
    let mut characters = source.char_indices().skip(1);
    let (_, first) = characters.next().unwrap_or((0, ' '));
    if first == '\\' {
        let end = characters.skip(1).find(|(_, c)| *c == '\'');
        return end.map_or("", |(index, _)| &source[index + 1..]);
    }
    match characters.next() {
        Some((index, '\'')) => &source[index + 1..],
        _ => &source[1..],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_strings_characters_and_tests_do_not_confuse() {
        let source = "a /* b */ 'x' '\\'' \"c \\\" // d\" r#\"e\"f\"# &'g h // i\n#[cfg(test)]\nmod tests { j }";
        let idents: Vec<_> = tokens(source)
            .iter()
            .filter_map(|t| t.ident().map(str::to_owned))
            .collect();
        assert_eq!(idents, ["a", "g", "h"]);
        let texts: Vec<_> = tokens(source)
            .iter()
            .filter_map(|t| t.text().map(str::to_owned))
            .collect();
        assert_eq!(texts, ["c \\\" // d", "e\"f"]);
    }
}
