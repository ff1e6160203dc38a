//! The rules about the code that a compiler does not know: who imports whom, how long things are, and that every file
//! says what it is for.

use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::Visit;

const LINES_MAX: usize = 400;
const ARMS_MAX: usize = 25;

/// What each part of the daemon may import of the others: the table of ARCHITECTURE.md. A part is the first name of a path
/// below `crate`; what is not listed imports nothing of ours but the protocol.
const DAEMON_IMPORTS: &[(&str, &[&str])] = &[
    ("caller", &["confinement"]),
    ("audit", &["caller", "host", "rolling"]),
    ("rolling", &[]),
    ("auth", &["caller", "confinement", "host", "store"]),
    ("front", &["keeper"]),
    ("bus", &["caller"]),
    ("document", &[]),
    ("journal", &["bus", "caller", "host", "store"]),
    ("metrics", &[]),
    ("json_string", &[]),
    ("misfit", &[]),
    ("slip", &[]),
    ("memory", &[]),
    ("router", &["audit", "bus", "caller", "crash", "metrics", "misfit", "slip"]),
    ("session", &["bus", "caller", "config", "host", "router"]),
    (
        "services",
        &[
            "auth",
            "bus",
            "caller",
            "config",
            "confinement",
            "document",
            "front",
            "handover",
            "host",
            "journal",
            "json_string",
            "keeper",
            "memory",
            "metrics",
            "router",
            "store",
        ],
    ),
    ("keeper", &[]),
    ("handover", &["args", "bus", "host", "keeper", "session", "supervisor"]),
    ("supervisor", &["host", "keeper"]),
    ("detach", &["host"]),
    ("transport", &["auth", "bus", "caller", "config", "front", "instance", "keeper", "session"]),
    (
        "process",
        &[
            "args",
            "config",
            "crash",
            "detach",
            "handover",
            "host",
            "instance",
            "keeper",
            "log",
            "supervisor",
            "transport",
        ],
    ),
    ("args", &["config"]),
    ("config", &["host", "misfit", "slip"]),
    ("crash", &["host"]),
    ("log", &["crash", "rolling"]),
    ("idle", &["config", "keeper"]),
    (
        "daemon",
        &[
            "audit",
            "auth",
            "bus",
            "caller",
            "config",
            "front",
            "handover",
            "host",
            "idle",
            "journal",
            "keeper",
            "metrics",
            "router",
            "services",
            "session",
            "store",
            "transport",
        ],
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every source file of the workspace, by its path from the root.
fn sources() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for package in ["protocol", "icpy", "icpyd", "tests", "xtask"] {
        collect(&root().join(package), &mut files);
    }
    assert!(files.len() > 50, "the sources are not where they were");
    files
}

fn collect(folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if entry.file_type().unwrap().is_dir() {
            if name != "node_modules" && name != ".venv" && name != "target" {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let shown = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
            files.push((shown, fs::read_to_string(path).unwrap()));
        }
    }
}

fn problems(check: impl Fn(&str, &str) -> Vec<String>) {
    let problems: Vec<String> = sources().iter().flat_map(|(path, text)| check(path, text)).collect();
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn every_file_says_what_it_is_for() {
    problems(|path, text| match text.starts_with("//!") {
        true => vec![],
        false => vec![format!("{path} does not begin with `//!`")],
    });
}

#[test]
fn no_file_is_too_long() {
    problems(|path, text| match text.lines().count() {
        lines if lines > LINES_MAX => vec![format!("{path} has {lines} lines")],
        _ => vec![],
    });
}

#[test]
fn nothing_has_too_many_arms() {
    struct Arms(Vec<usize>);
    impl<'ast> Visit<'ast> for Arms {
        fn visit_expr_match(&mut self, node: &'ast syn::ExprMatch) {
            self.0.push(node.arms.len());
            syn::visit::visit_expr_match(self, node);
        }
        fn visit_item_enum(&mut self, node: &'ast syn::ItemEnum) {
            self.0.push(node.variants.len());
        }
    }
    problems(|path, text| {
        let mut arms = Arms(Vec::new());
        arms.visit_file(&syn::parse_file(text).unwrap());
        let too_many = arms.0.into_iter().filter(|count| *count > ARMS_MAX);
        too_many.map(|count| format!("{path}: {count} arms or variants")).collect()
    });
}

/// The paths below `crate` that a file names, in `use` and elsewhere.
struct Imports(Vec<Vec<String>>);

impl<'ast> Visit<'ast> for Imports {
    fn visit_item_use(&mut self, node: &'ast syn::ItemUse) {
        flatten(&node.tree, &mut Vec::new(), &mut self.0);
    }

    fn visit_path(&mut self, node: &'ast syn::Path) {
        self.0.push(node.segments.iter().map(|segment| segment.ident.to_string()).collect());
        syn::visit::visit_path(self, node);
    }
}

fn flatten(tree: &syn::UseTree, prefix: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    match tree {
        syn::UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            flatten(&path.tree, prefix, found);
            prefix.pop();
        }
        syn::UseTree::Group(group) => group.items.iter().for_each(|item| flatten(item, prefix, found)),
        syn::UseTree::Name(name) => found.push([prefix.as_slice(), &[name.ident.to_string()]].concat()),
        syn::UseTree::Rename(rename) => found.push([prefix.as_slice(), &[rename.ident.to_string()]].concat()),
        syn::UseTree::Glob(_) => found.push(prefix.clone()),
    }
}

fn imports(text: &str) -> Vec<Vec<String>> {
    let mut imports = Imports(Vec::new());
    imports.visit_file(&syn::parse_file(text).unwrap());
    imports.0
}

#[test]
fn each_part_imports_only_what_it_may() {
    problems(|path, text| {
        let Some(inside) = path.strip_prefix("icpyd/src/") else { return vec![] };
        let part = inside.split('/').next().unwrap().trim_end_matches(".rs");
        if ["main", "lib", "args"].contains(&part) {
            return vec![];
        }
        let allowed = DAEMON_IMPORTS.iter().find(|(name, _)| *name == part).map_or(&[][..], |(_, allowed)| allowed);
        let used = imports(text).into_iter().filter(|import| import.len() > 1 && import[0] == "crate");
        let wrong = used.filter(|import| import[1] != part && !allowed.contains(&import[1].as_str()));
        wrong.map(|import| format!("{path} imports `{}`", import.join("::"))).collect()
    });
}

/// Services ask each other over the bus.
#[test]
fn no_service_imports_another_or_the_router() {
    problems(|path, text| {
        let Some(inside) = path.strip_prefix("icpyd/src/services/") else { return vec![] };
        let service = inside.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        if service == "mod" {
            return vec![];
        }
        let is_foreign = |import: &Vec<String>| match &import[..] {
            [krate, first, ..] if krate == "crate" && first == "router" => true,
            [krate, first, second, ..] if krate == "crate" && first == "services" => {
                *second != service && second.chars().next().is_some_and(char::is_lowercase)
            }
            _ => false,
        };
        let wrong = imports(text).into_iter().filter(is_foreign);
        wrong.map(|import| format!("{path} imports `{}`", import.join("::"))).collect()
    });
}

#[test]
fn the_protocol_knows_no_runtime_and_the_client_no_daemon() {
    problems(|path, text| {
        let forbidden: &[&str] = match path.split('/').next() {
            Some("protocol") => &["tokio", "icpy", "icpyd", "interprocess"],
            Some("icpy") => &["icpyd"],
            Some("icpyd") => &["icpy"],
            _ => return vec![],
        };
        let wrong = imports(text).into_iter().filter(|import| forbidden.contains(&import[0].as_str()));
        wrong.map(|import| format!("{path} imports `{}`", import.join("::"))).collect()
    });
}

#[test]
fn system_calls_are_in_files_that_are_named_for_their_system() {
    problems(|path, text| {
        let is_platform =
            ["unix.rs", "linux.rs", "windows.rs", "macos.rs", "other.rs"].iter().any(|name| path.ends_with(name));
        let is_in_one = ["/unix/", "/windows/"].iter().any(|folder| path.contains(folder));
        if is_platform || is_in_one || path.starts_with("tests/") {
            return vec![];
        }
        let wrong = imports(text).into_iter().filter(|import| ["rustix", "libc"].contains(&import[0].as_str()));
        wrong.map(|import| format!("{path} imports `{}`", import.join("::"))).collect()
    });
}
