//! What is compared, as text: so that a test can hand in a text that disagrees.

use std::{
    cell::OnceCell,
    collections::BTreeMap,
    path::{Path, PathBuf},
    rc::Rc,
};

use emulator::template::{FunctionDefinition, RoleDefinition, Template};
use serde_json::Value;
use shared::policy::{self, PolicyFile};

use crate::agreement::tokens::{Token, tokens};

/// The files that must agree. What is made of them is made at first use: change the texts before.
pub(crate) struct Suite {
    pub(crate) template: String,
    pub(crate) manifest: String,
    pub(crate) policy: String,
    pub(crate) audit_schema: String,
    /// Sources of functions/ and shared/src/, by path.
    pub(crate) sources: BTreeMap<String, String>,
    resolved: OnceCell<Template>,
    lexed: OnceCell<BTreeMap<String, Rc<[Token]>>>,
    codes: OnceCell<BTreeMap<String, Code>>,
}

/// The sources that one function is made of, without their tests.
pub(crate) struct Code {
    pub(crate) files: BTreeMap<String, Rc<[Token]>>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Suite {
    /// As it is in the tree.
    pub(crate) fn shipped() -> Self {
        let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
        let mut paths = Vec::new();
        for folder in ["functions", "shared/src"] {
            collect(&root().join(folder), &mut paths);
        }
        // The fuzzer is a feature of tests, and reads variables of its own.
        let fuzzer = root().join("shared/src/fuzz");
        paths.retain(|path| !path.starts_with(&fuzzer) && !path.ends_with("request/fuzz.rs"));
        let sources = paths.into_iter().map(|path| {
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap();
            (name.to_owned(), read(name))
        });
        Self {
            template: read("template.yaml"),
            manifest: read("Cargo.toml"),
            policy: read("policy/policy.toml"),
            audit_schema: read("docs/audit-line.schema.json"),
            sources: sources.collect(),
            resolved: OnceCell::new(),
            lexed: OnceCell::new(),
            codes: OnceCell::new(),
        }
    }

    pub(crate) fn template(&self) -> &Template {
        let mut settings = local::settings();
        // The vended roles' policies are those on the demonstration's data; what is there under a condition only
        // is there.
        let parameters = [
            ("VpcSubnetIds", "subnet-0a,subnet-0b"),
            ("VpcSecurityGroupIds", "sg-0a"),
            ("PreSignUpInVpc", "true"),
            ("WithDemoDataPlane", "true"),
            ("PreSignUpAsksUserPool", "true"),
            (
                "LegacyUserPoolArn",
                "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_Old1",
            ),
            ("LegacyUserPoolClientId", "1old"),
            (
                "LegacyUserPoolRoleArn",
                "arn:aws:iam::210987654321:role/old-pool",
            ),
            ("LegacyUserPoolExternalId", "poolkeeper"),
            // What pool-watch may do at most.
            ("HealTriggers", "true"),
        ];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
        settings.parameters.extend(parameters);
        let resolve = || Template::parse(&self.template, &settings).unwrap();
        self.resolved.get_or_init(resolve)
    }

    pub(crate) fn policy(&self) -> policy::IdentityVendor {
        PolicyFile::parse("policy.toml", self.policy.clone())
            .section()
            .unwrap()
    }

    /// The folder of each `[[bin]]`, by its name.
    pub(crate) fn binaries(&self) -> BTreeMap<String, String> {
        let manifest: toml::Table = self.manifest.parse().unwrap();
        let binaries = manifest["bin"].as_array().unwrap().iter();
        let text = |binary: &toml::Value, key: &str| binary[key].as_str().unwrap().to_owned();
        binaries
            .map(|binary| {
                let path = text(binary, "path");
                let folder = path.rsplit_once('/').unwrap().0;
                (text(binary, "name"), folder.to_owned())
            })
            .collect()
    }

    /// What the binary is made of; none if Cargo knows no such binary.
    pub(crate) fn code(&self, binary: &str) -> Option<&Code> {
        let code = |(binary, folder): (String, String)| (binary, self.code_of(&folder));
        let codes = self
            .codes
            .get_or_init(|| self.binaries().into_iter().map(code).collect());
        codes.get(binary)
    }

    /// The tokens of a file.
    pub(crate) fn tokens(&self, path: &str) -> &[Token] {
        &self.lexed()[path]
    }

    fn code_of(&self, folder: &str) -> Code {
        let mut files = self.files_under(&format!("{folder}/"));
        let mut wanted = named_modules(files.values(), "shared");
        let mut known = Vec::new();
        while let Some(module) = wanted.pop() {
            if known.contains(&module) {
                continue;
            }
            let mut own = self.files_under(&format!("shared/src/{module}/"));
            let file = format!("shared/src/{module}.rs");
            own.extend(
                self.lexed()
                    .get_key_value(&file)
                    .map(|(path, tokens)| (path.clone(), tokens.clone())),
            );
            assert!(
                !own.is_empty(),
                "{folder} uses shared::{module}, whose file this test does not find"
            );
            // The policy builds the settings of modules that work, and calls none of them: a function that
            // uses one names it.
            if module != "policy" {
                wanted.extend(named_modules(own.values(), "crate"));
            }
            files.extend(own);
            known.push(module);
        }
        Code { files }
    }

    fn files_under(&self, folder: &str) -> BTreeMap<String, Rc<[Token]>> {
        let files = self
            .lexed()
            .iter()
            .filter(|(path, _)| path.starts_with(folder));
        files
            .map(|(path, tokens)| (path.clone(), tokens.clone()))
            .collect()
    }

    fn lexed(&self) -> &BTreeMap<String, Rc<[Token]>> {
        let lex = |(path, text): (&String, &String)| (path.clone(), tokens(text).into());
        self.lexed
            .get_or_init(|| self.sources.iter().map(lex).collect())
    }
}

/// The role that a function runs under.
pub(crate) fn role_of<'t>(
    template: &'t Template,
    function: &FunctionDefinition,
) -> Option<&'t RoleDefinition> {
    template
        .roles()
        .iter()
        .find(|role| role.arn == function.role_arn)
}

/// Every statement of some policies.
pub(crate) fn statements(documents: &[Value]) -> Vec<&Value> {
    let lists = documents
        .iter()
        .map(|document| document["Statement"].as_array().unwrap());
    lists.flatten().collect()
}

/// One text or a list of them.
pub(crate) fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The modules in `root::module…` and `root::{module…, module…}`.
fn named_modules<'a>(files: impl Iterator<Item = &'a Rc<[Token]>>, root: &str) -> Vec<String> {
    let mut modules = Vec::new();
    for file in files {
        for (index, _) in file
            .iter()
            .enumerate()
            .filter(|(_, token)| token.is_ident(root))
        {
            let path = &file[index + 1..];
            if !(path.len() > 2 && path[0].is(':') && path[1].is(':')) {
                continue;
            }
            match &path[2] {
                Token::Ident(module) => modules.push(module.clone()),
                token if token.is('{') => modules.extend(first_names(&path[2..])),
                _ => {}
            }
        }
    }
    modules
}

/// `a` and `b` of `{a::{x, y}, b}`.
fn first_names(group: &[Token]) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0;
    for (token, next) in group.iter().zip(&group[1..]) {
        match token {
            token if token.is('{') => depth += 1,
            token if token.is('}') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if let Token::Ident(name) = next
            && depth == 1
            && (token.is('{') || token.is(','))
        {
            names.push(name.clone());
        }
    }
    names
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}
