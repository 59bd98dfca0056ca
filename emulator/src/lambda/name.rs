//! The three forms in which callers name a function.

/// The bare name in a name, a partial ARN (`123456789012:function:name`) or an ARN, each with or
/// without a qualifier. A version or alias is dropped: there is one version here.
/// Source: Lambda API reference, Invoke, `FunctionName`.
pub(super) fn function_name(reference: &str) -> &str {
    let name = match reference.split_once("function:") {
        Some((_, name)) => name,
        None => reference,
    };
    name.split(':').next().unwrap_or(name)
}

/// The version or alias at the end of a name or ARN, if there is one.
pub(super) fn qualifier(reference: &str) -> Option<&str> {
    let name = match reference.split_once("function:") {
        Some((_, name)) => name,
        None => reference,
    };
    name.split_once(':').map(|(_, qualifier)| qualifier)
}

#[cfg(test)]
mod tests {
    use super::function_name;

    #[test]
    fn every_form_of_a_reference_names_the_same_function() {
        for reference in [
            "greeter",
            "greeter:live",
            "function:greeter",
            "123456789012:function:greeter",
            "arn:aws:lambda:us-east-1:123456789012:function:greeter",
            "arn:aws:lambda:us-east-1:123456789012:function:greeter:$LATEST",
        ] {
            assert_eq!(function_name(reference), "greeter", "{reference}");
        }
    }
}
