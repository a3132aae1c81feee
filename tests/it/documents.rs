//! Tests that the documents refer to existing files, headings, tests, packages, examples and alarms.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
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
    /// Each table's rows of cells. The first row has the column names.
    tables: Vec<Vec<Vec<Cell>>>,
}

#[derive(Default)]
struct Cell {
    text: String,
    code: Vec<String>,
}

impl Document {
    fn read(path: &Path) -> Self {
        let (mut document, mut text, mut is_in_cell) = (Self::default(), String::new(), false);
        let markdown = std::fs::read_to_string(path).unwrap();
        for event in Parser::new_ext(&markdown, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Link { dest_url, .. }) => document.links.push(dest_url.into_string()),
                Event::Start(Tag::Table(_)) => document.tables.push(Vec::new()),
                Event::Start(Tag::TableHead | Tag::TableRow) => document.rows().push(Vec::new()),
                Event::Start(Tag::TableCell) => {
                    document.rows().last_mut().unwrap().push(Cell::default());
                    text.clear();
                    is_in_cell = true;
                }
                Event::End(TagEnd::TableCell) => {
                    document.cell().text = text.clone();
                    is_in_cell = false;
                }
                Event::Start(Tag::Heading { .. } | Tag::CodeBlock(_)) => text.clear(),
                Event::End(TagEnd::Heading(level)) => document.headings.push((level, text.clone())),
                Event::End(TagEnd::CodeBlock) => document.code.push(text.clone()),
                Event::Code(code) => {
                    text.push_str(&code);
                    document.code.push(code.to_string());
                    if is_in_cell {
                        document.cell().code.push(code.into_string());
                    }
                }
                Event::Text(more) => text.push_str(&more),
                _ => {}
            }
        }
        document
    }

    fn rows(&mut self) -> &mut Vec<Vec<Cell>> {
        self.tables.last_mut().unwrap()
    }

    /// Returns the last cell.
    fn cell(&mut self) -> &mut Cell {
        self.rows().last_mut().unwrap().last_mut().unwrap()
    }

    /// Returns the rows of the table with these column names.
    fn table(&self, columns: &[&str]) -> &[Vec<Cell>] {
        let mut tables = self.tables.iter();
        let table =
            tables.find(|rows| rows[0].iter().map(|cell| cell.text.as_str()).eq(columns.iter().copied()));
        &table.unwrap_or_else(|| panic!("there is no table with the columns {columns:?}"))[1..]
    }

    /// Returns the anchors that GitHub derives from the headings.
    fn anchors(&self) -> BTreeSet<String> {
        let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
        let anchor = |heading: &str| heading.to_lowercase().chars().filter(kept).collect::<String>();
        self.headings.iter().map(|(_, heading)| anchor(heading).replace(' ', "-")).collect()
    }
}

fn documents() -> BTreeMap<PathBuf, Document> {
    let files = files(root()).into_iter().filter(|path| path.extension().is_some_and(|it| it == "md"));
    files.map(|path| (path.clone(), Document::read(&path))).collect()
}

/// Lists the files below a folder, without build output and installed packages.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let ours = entries.filter(|entry| {
        let name = entry.file_name();
        ![".git", ".aws-sam", "target", "node_modules"].iter().any(|other| name == *other)
    });
    let below = |entry: std::fs::DirEntry| {
        if entry.file_type().unwrap().is_dir() { files(&entry.path()) } else { vec![entry.path()] }
    };
    ours.flat_map(below).collect()
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
    let sources = ["src", "tests", "crates", ".ci"].map(|folder| files(&root().join(folder))).concat();
    let sources = sources.iter().filter(|path| path.extension().is_some_and(|it| it == "rs" || it == "py"));
    let code: String = sources.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let document = Document::read(&root().join("docs/cross-account.md"));
    for row in document.table(&["who", "tries to", "stopped by", "shown by"]) {
        let [who, what, _, shown_by] = &row[..] else { panic!("a row has four cells") };
        assert!(!shown_by.code.is_empty(), "no test shows what stops: {} {}", who.text, what.text);
        for name in &shown_by.code {
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
    let examples = files(&root().join("events")).into_iter();
    let examples: Vec<Value> =
        examples.map(|path| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()).collect();
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
fn every_alarm_has_its_section() {
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
    let is_alarm = |heading: &String| heading.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let sections = operate.headings.into_iter().filter(|(level, _)| *level == HeadingLevel::H3);
    assert_eq!(named, sections.map(|(_, heading)| heading).filter(is_alarm).collect());
}

#[test]
fn every_section_that_doctor_names_exists() {
    let operate = Document::read(&root().join("docs/operate.md"));
    let headings: BTreeSet<_> = operate.headings.into_iter().map(|(_, heading)| heading).collect();
    let sources = files(&root().join("crates/cli/src/doctor"));
    let text: String = sources.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let mut named =
        text.split("docs/operate.md, \\\"").skip(1).map(|rest| rest.split_once("\\\"").unwrap().0);
    assert!(named.clone().count() > 4);
    // `{name}` stands for an alarm, which `every_alarm_has_its_section` checks.
    let missing = named.find(|section| *section != "{name}" && !headings.contains(*section));
    assert_eq!(missing, None);
}
