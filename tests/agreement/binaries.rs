//! The functions of the template are the binaries of Cargo.

use crate::agreement::suite::Suite;

pub(crate) fn findings(suite: &Suite) -> Vec<String> {
    let template = suite.template();
    let binaries = suite.binaries();
    let mut findings = Vec::new();
    for function in template.functions() {
        let (id, binary) = (&function.logical_id, &function.binary);
        match binaries.get(binary) {
            None => findings.push(format!(
                "{id} runs {binary}, which is no [[bin]] of Cargo.toml"
            )),
            Some(folder) if !suite.sources.contains_key(&format!("{folder}/main.rs")) => {
                findings.push(format!("the [[bin]] {binary} has no {folder}/main.rs"));
            }
            Some(_) => {}
        }
        let code_uri = &template.get(id).unwrap().properties["CodeUri"];
        let expected = format!("target/lambda/{binary}/");
        if code_uri != &expected {
            findings.push(format!(
                "{id} is packaged from {code_uri}, but cargo-lambda builds {expected}"
            ));
        }
    }
    for binary in binaries.keys() {
        let functions = template.functions().iter();
        match functions
            .filter(|function| function.binary == *binary)
            .count()
        {
            0 => findings.push(format!(
                "the [[bin]] {binary} is no function of the template"
            )),
            1 => {}
            _ => findings.push(format!(
                "the [[bin]] {binary} is two functions of the template"
            )),
        }
    }
    findings
}
