//! Words of a command that somebody pastes into a POSIX shell.

/// `text` as one word, whatever is in it.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_what_was_quoted() {
        for text in ["", "a b", "it's", "$(x) `y` \"z\" \\", "''", "a\nb"] {
            let mut shell = std::process::Command::new("/bin/sh");
            let shell = shell.args(["-c", &format!("printf %s {}", quoted(text))]);
            assert_eq!(shell.output().unwrap().stdout, text.as_bytes(), "{text}");
        }
    }
}
