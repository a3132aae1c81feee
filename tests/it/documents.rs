//! Tests that the documents refer to existing files, headings, tests, packages, examples and alarms.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};
use serde_json::Value;

use crate::support::root;
use crate::support::template::{template, text_of};

/// The parts of a document that the tests check.
#[derive(Default)]
struct Document {
    links: Vec<String>,
    headings: Vec<(HeadingLevel, String)>,
    /// Inline code, and code blocks as a whole.
    code: Vec<String>,
}

impl Document {
    fn read(path: &Path) -> Self {
        let (mut document, mut text) = (Self::default(), String::new());
        for event in Parser::new(&fs::read_to_string(path).unwrap()) {
            match event {
                Event::Start(Tag::Link { dest_url, .. }) => document.links.push(dest_url.into_string()),
                Event::Start(Tag::Heading { .. } | Tag::CodeBlock(_)) => text.clear(),
                Event::End(TagEnd::Heading(level)) => document.headings.push((level, text.clone())),
                Event::End(TagEnd::CodeBlock) => document.code.push(text.clone()),
                Event::Code(code) => {
                    text.push_str(&code);
                    document.code.push(code.into_string());
                }
                Event::Text(more) => text.push_str(&more),
                _ => {}
            }
        }
        document
    }

    /// Returns the anchors that GitHub derives from the headings.
    fn anchors(&self) -> BTreeSet<String> {
        let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
        let anchor = |heading: &str| heading.to_lowercase().chars().filter(kept).collect::<String>();
        self.headings.iter().map(|(_, heading)| anchor(heading).replace(' ', "-")).collect()
    }
}

fn documents() -> BTreeMap<PathBuf, Document> {
    files("", &["md"]).into_iter().map(|path| (path.clone(), Document::read(&path))).collect()
}

/// Lists the files with these extensions below a folder of the repository, without build output and installed packages.
fn files(folder: &str, extensions: &[&str]) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_ours =
                ![".git", ".aws-sam", "target", "node_modules"].iter().any(|other| path.ends_with(other));
            if path.is_dir() && is_ours {
                folders.push(path);
            } else if path.extension().is_some_and(|it| extensions.iter().any(|extension| it == *extension)) {
                found.push(path);
            }
        }
    }
    found
}

fn text_in(folder: &str, extensions: &[&str]) -> String {
    files(folder, extensions).into_iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn every_link_has_a_target() {
    let documents = documents();
    let leads = |path: &Path, link: &str| {
        let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
        let target = if file.is_empty() { path } else { &path.parent().unwrap().join(file) };
        let Ok(target) = target.canonicalize() else { return false };
        anchor.is_empty() || documents.get(&target).is_some_and(|target| target.anchors().contains(anchor))
    };
    let links =
        documents.iter().flat_map(|(path, document)| document.links.iter().map(move |link| (path, link)));
    let links: Vec<_> = links.filter(|(_, link)| !link.starts_with("https://")).collect();
    assert!(links.len() > 20);
    let broken: Vec<_> = links.into_iter().filter(|(path, link)| !leads(path, link)).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_threat_names_tests_that_exist() {
    let code = ["src", "tests", "crates", ".ci"].map(|folder| text_in(folder, &["rs", "py"])).concat();
    let document = fs::read_to_string(root().join("docs/cross-account.md")).unwrap();
    let (_, table) =
        document.split_once("| who | tries to | stopped by | shown by |\n|---|---|---|---|\n").unwrap();
    for row in table.lines().take_while(|line| line.starts_with('|')) {
        let shown_by = row.trim_end_matches('|').rsplit('|').next().unwrap();
        let names: Vec<_> = shown_by.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test shows what stops: {row}");
        for name in names {
            let is_there = ["fn", "def"].iter().any(|word| code.contains(&format!("{word} {name}(")));
            assert!(is_there, "there is no test `{name}`");
        }
    }
}

#[test]
fn every_package_and_test_in_a_command_exists() {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let names: BTreeSet<_> = packages.iter().map(|package| text_of(&package["name"])).collect();
    let targets = packages.iter().flat_map(|package| package["targets"].as_array().unwrap());
    let tests = targets.filter(|target| target["kind"][0] == "test");
    let tests: BTreeSet<_> = tests.map(|target| text_of(&target["name"])).collect();
    let mut found = 0;
    for (path, document) in documents() {
        for line in document.code.iter().flat_map(|code| code.lines()) {
            let words: Vec<_> = line.split_whitespace().collect();
            for pair in words.windows(2).filter(|_| words.contains(&"cargo")) {
                let known = match pair[0] {
                    "-p" | "--package" => &names,
                    "--test" => &tests,
                    _ => continue,
                };
                assert!(known.contains(pair[1]), "{}: `{line}`: {known:?}", path.display());
                found += 1;
            }
        }
    }
    assert!(found > 2);
}

/// A document may leave out members of an example.
#[test]
fn every_request_and_announcement_that_a_document_shows_is_in_a_file_in_events() {
    let examples = files("events", &["json"]).into_iter();
    let examples: Vec<Value> =
        examples.map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).collect();
    let mut found = 0;
    for (path, document) in documents() {
        let shown = document.code.iter().filter_map(|code| serde_json::from_str::<Value>(code).ok());
        for shown in shown.filter(|shown| shown.get("status").or(shown.get("versionName")).is_some()) {
            let is_example = |event: &Value| is_part(&shown, event) || is_part(&shown, &event["detail"]);
            assert!(examples.iter().any(is_example), "{}: {shown:#}", path.display());
            found += 1;
        }
    }
    assert!(found > 2);
}

fn is_part(part: &Value, whole: &Value) -> bool {
    match part {
        Value::Object(members) => members.iter().all(|(name, member)| is_part(member, &whole[name])),
        other => other == whole,
    }
}

#[test]
fn every_alarm_and_every_finding_of_doctor_has_its_section() {
    let templates = ["template.yaml", "source-account.yaml"].map(template);
    let resources = templates.iter().flat_map(|template| template["Resources"].as_object().unwrap().values());
    let alarms = resources.filter(|resource| resource["Type"] == "AWS::CloudWatch::Alarm");
    let named: BTreeSet<_> = alarms
        .map(|alarm| {
            let description = alarm["Properties"]["AlarmDescription"].as_str().unwrap();
            let section =
                description.split_once("See docs/operate.md, \"").and_then(|(_, rest)| rest.split_once('"'));
            section.unwrap_or_else(|| panic!("names no section: {description}")).0.to_owned()
        })
        .collect();
    let operate = Document::read(&root().join("docs/operate.md"));
    let headings: BTreeSet<_> = operate.headings.iter().map(|(_, heading)| heading.clone()).collect();
    let is_alarm = |heading: &String| heading.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let sections = operate.headings.into_iter().filter(|(level, _)| *level == HeadingLevel::H3);
    assert_eq!(named, sections.map(|(_, heading)| heading).filter(is_alarm).collect());

    let doctor = text_in("crates/cli/src/doctor", &["rs"]);
    let mut named =
        doctor.split("docs/operate.md, \\\"").skip(1).map(|rest| rest.split_once("\\\"").unwrap().0);
    assert!(named.clone().count() > 4);
    // `{name}` stands for an alarm.
    let missing = named.find(|section| *section != "{name}" && !headings.contains(*section));
    assert_eq!(missing, None);
}
