//! Rust source as tokens: as much of the language as the checks look at.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::Lit;

/// A token. Comments, documentation, numbers, lifetimes and the contents of test modules are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Ident(String),
    /// A string literal's value.
    Text(String),
    /// Punctuation, and both ends of a group.
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

/// The tokens of a file, without what is compiled for tests only.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    flatten(source.parse().expect("Rust source"), &mut tokens);
    tokens
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                trees.next_if(
                    |tree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == '!'),
                );
                let Some(TokenTree::Group(attribute)) = trees.next() else {
                    continue;
                };
                if is(&attribute, "cfg(test)") {
                    // The item that it is about ends with its block or its semicolon.
                    trees.find(|tree| match tree {
                        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                        TokenTree::Punct(punct) => punct.as_char() == ';',
                        _ => false,
                    });
                }
            }
            // Of a lifetime, the quote; its name follows.
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                trees.next();
            }
            TokenTree::Punct(punct) => tokens.push(Token::Other(punct.as_char())),
            TokenTree::Ident(ident) => tokens.push(Token::Ident(ident.to_string())),
            TokenTree::Literal(literal) => {
                if let Lit::Str(text) = Lit::new(literal) {
                    tokens.push(Token::Text(text.value()));
                }
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ('(', ')'),
                    Delimiter::Brace => ('{', '}'),
                    Delimiter::Bracket => ('[', ']'),
                    Delimiter::None => (' ', ' '),
                };
                tokens.push(Token::Other(open));
                flatten(group.stream(), tokens);
                tokens.push(Token::Other(close));
            }
        }
    }
}

/// Whether an attribute's text is this.
fn is(attribute: &Group, text: &str) -> bool {
    attribute.stream().to_string().replace(' ', "") == text
}

mod tests {
    use super::*;

    #[test]
    fn comments_documentation_lifetimes_attributes_and_tests_are_no_tokens() {
        let source = "/// doc\n#[derive(X)] struct A<'g> { /* b */ h: u8 } // i\n\
            #[cfg(test)]\nmod tests { fn j() {} }\nfn k() { l!(m) }";
        let found: Vec<_> = tokens(source)
            .iter()
            .filter_map(|t| t.ident().map(str::to_owned))
            .collect();
        assert_eq!(found, ["struct", "A", "h", "u8", "fn", "k", "l", "m"]);
    }

    #[test]
    fn texts_are_values() {
        let source = r##"const A: [&str; 3] = ["c \" // d", r#"e"f"#, 'x', "g\u{e9}"];"##;
        let found: Vec<_> = tokens(source)
            .iter()
            .filter_map(|t| t.text().map(str::to_owned))
            .collect();
        assert_eq!(found, ["c \" // d", "e\"f", "gé"]);
    }
}
