//! What a function's start reads of the file: the lines of its own section. Reading TOML is most of a start that calls
//! nobody, and most of the file is comments and other functions' sections.

/// The lines above the first header and those under `section`'s headers, without comments; `None` where lines alone
/// do not tell. An array of several lines may hold what looks like a header. What is left of it then is no TOML, so
/// that an excerpt counts only if it can be read; an error's place is the whole file's to tell in any case.
pub(super) fn excerpt(text: &str, section: &str) -> Option<String> {
    let mut kept = String::new();
    let mut own = true;
    for line in text.lines() {
        let content = line.trim_start_matches([' ', '\t']);
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if content.contains("\"\"\"") || content.contains("'''") {
            return None;
        }
        if content.starts_with('[') {
            own = first_key(content)? == section;
        }
        if own {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    Some(kept)
}

/// The first name in a header, where it is a bare one.
fn first_key(header: &str) -> Option<&str> {
    let inner = header.strip_prefix('[')?;
    let inner = inner.strip_prefix('[').unwrap_or(inner);
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let end = inner.find(|c| !bare(c))?;
    let (key, rest) = inner.split_at_checked(end)?;
    (!key.is_empty() && rest.starts_with(['.', ']'])).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(text: &str) -> Option<String> {
        excerpt(text, "own")
    }

    #[test]
    fn a_section_is_told_by_its_headers() {
        let text = "# what\nversion = 1\n\n[other]\na = 1\n[own]\n# b\nb = 2 # two\n[other.c]\nc = 3\n\
            \t[[own.d]]\nd = [\n  4,\n  # no\n]\n[owner]\ne = 5\n";
        let expected = "version = 1\n[own]\nb = 2 # two\n\t[[own.d]]\nd = [\n  4,\n]\n";
        assert_eq!(own(text).as_deref(), Some(expected));
    }

    #[test]
    fn what_lines_do_not_tell_is_left_to_the_parser() {
        for text in [
            "[other]\na = \"\"\"\n[own]\n\"\"\"\n",
            "[other]\na = '''\n[own]\n'''\n",
            "[\"own\"]\na = 1\n",
            "[ own ]\na = 1\n",
            "[other]\na = [\n[\"own\"]\n]\n",
            "[other]\na = [\n[1, 2]\n]\n",
            "[own",
        ] {
            assert_eq!(own(text), None, "{text}");
        }
    }
}
