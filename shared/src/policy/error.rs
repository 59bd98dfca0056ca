//! What is wrong with a policy file: where, and what was expected there.

use std::fmt;

/// One thing that is wrong with a policy file.
///
/// It goes to a log, and what is misplaced may be a secret: it names keys that the format has, and never
/// quotes a value or an unknown key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// The file.
    pub file: String,
    /// Line, from 1; 0 where the whole file is meant.
    pub line: usize,
    /// Key path, from the section's name.
    pub path: String,
    /// What was expected.
    pub message: String,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.path.is_empty() {
            write!(f, ": {}", self.path)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// All that is wrong with a policy file, or with a section of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyErrors(pub Vec<PolicyError>);

impl PolicyErrors {
    pub(super) fn unreadable(file: &str, error: &std::io::Error) -> Self {
        Self(vec![PolicyError {
            file: file.to_owned(),
            line: 0,
            path: String::new(),
            message: format!(
                "cannot be read ({error}): expected the policy layer there, or POLICY_FILE to name it"
            ),
        }])
    }
}

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyErrors {}
