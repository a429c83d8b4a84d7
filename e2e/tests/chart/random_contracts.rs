//! Random contracts: the templates of the library chart give the verdict and the sentences of `confpath check` on the same values.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use e2e::confpath;
use e2e::helm::{Release, Values};
use fastrand::Rng;
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::random_contract;

/// Contracts of an ordinary run; `CONTRACTS` asks for another number.
const CONTRACTS: usize = 40;

const CASES: usize = 20;

/// Prints the problems of each case, since Helm itself ends at the first configuration that is refused.
const TEMPLATE: &str = r#"{{- range $number, $case := .Values.cases }}
{{- $values := merge (dict "config" $case) (omit $.Values "cases" "config") }}
{{- $context := dict "Values" $values "Files" $.Files "Release" $.Release "Chart" $.Chart "Capabilities" $.Capabilities "Template" $.Template }}
{{- $lines := splitList "\n" (printf "%s\n%s" (include "confpath.problems.settings" $context) (include "confpath.problems.required" $context)) }}
---
kind: Case
metadata: { name: case-{{ $number }} }
problems: {{ compact $lines | toJson }}
{{- end }}
"#;

/// A service with the library chart and a random contract.
struct Service(TempDir);

impl Service {
    /// Nothing where the schema is no contract: its default may be a text that it refuses.
    fn with_contract(schema: &Value) -> Option<Self> {
        let service = Self(tempfile::tempdir().unwrap());
        service.write("contract.json", &schema.to_string());
        let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chart/shop/Chart.yaml");
        service.write("chart/Chart.yaml", &fs::read_to_string(shop).unwrap());
        service.write(
            "chart/values.yaml",
            "config:\n  # confpath generate: begin settings\n  # confpath generate: end settings\n",
        );
        service.write("chart/files/service.json", "{}");
        service.write("chart/templates/cases.yaml", TEMPLATE);
        match confpath::generate_targets(service.0.path(), &json!({ "chart": "chart" })) {
            Ok(()) => {
                // It knows no cases.
                fs::remove_file(service.0.path().join("chart/values.schema.json")).unwrap();
                Some(service)
            }
            Err(message) => {
                assert!(message.contains("the default "), "{message}\n{schema:#}");
                None
            }
        }
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The problems of each case by the chart's templates.
    fn rendered(&self, cases: &[BTreeMap<String, String>]) -> Vec<BTreeSet<String>> {
        let mut text = "cases:\n".to_owned();
        for case in cases {
            writeln!(text, "- {}", mapping(case)).unwrap();
        }
        self.write("cases.yaml", &text);
        let release = Release::of_chart("r", self.0.path().join("chart"));
        let values = Values::none().file(&self.0.path().join("cases.yaml"));
        let mut found = vec![BTreeSet::new(); cases.len()];
        for object in release.render(&values).unwrap_or_else(|error| panic!("{error}")) {
            let name = object["metadata"]["name"].as_str().unwrap();
            let number: usize = name.strip_prefix("case-").unwrap().parse().unwrap();
            let problems = object["problems"].as_array().into_iter().flatten().filter_map(Value::as_str);
            found[number] = problems.map(|line| of_chart(line).to_owned()).collect();
        }
        found
    }

    /// The problems of one case by `confpath check`.
    fn checked(&self, case: &BTreeMap<String, String>) -> BTreeSet<String> {
        self.write("values.yaml", &format!("config: {}\n", mapping(case)));
        let values = self.0.path().join("values.yaml");
        let problems = confpath::problems(
            &self.0.path().join("contract.json"),
            &["--values".as_ref(), values.as_os_str()],
        );
        problems.unwrap().iter().map(|problem| of_check(problem)).collect()
    }
}

/// A mapping of texts as YAML, in ASCII: no reader takes some characters as they are.
fn mapping(texts: &BTreeMap<String, String>) -> String {
    let quoted = |text: &str| {
        let mut quoted = String::from('"');
        for character in text.chars() {
            match character {
                '"' | '\\' => quoted.extend(['\\', character]),
                ' '..='~' => quoted.push(character),
                _ => write!(quoted, "\\U{:08x}", u32::from(character)).unwrap(),
            }
        }
        quoted + "\""
    };
    let entries: Vec<_> =
        texts.iter().map(|(key, text)| format!("{}: {}", quoted(key), quoted(text))).collect();
    format!("{{ {} }}", entries.join(", "))
}

/// A line of the chart without its place and its advice.
fn of_chart(line: &str) -> &str {
    let line = line.strip_prefix("config.").unwrap_or(line);
    line.split_once(": name a Secret").map_or(line, |(problem, _)| problem)
}

/// A problem of `confpath check` without what the templates do not say: the number of a text's characters, and which character is
/// unfit.
fn of_check(problem: &str) -> String {
    let (key, sentence) = problem.split_once(": ").unwrap();
    if sentence.starts_with("contains ") && sentence.contains(" at character ") {
        return format!("{key}: contains a control character such as a newline or NUL");
    }
    problem
        .split_once(" characters, has ")
        .map_or_else(|| problem.to_owned(), |(limits, _)| format!("{limits} characters"))
}

#[test]
fn templates_decide_as_check_on_random_contracts() {
    let contracts = random_contract::number(CONTRACTS);
    let mut random = Rng::with_seed(18);
    let (mut tried, mut accepted, mut refused) = (0, 0, 0);
    while tried < contracts {
        let schema = random_contract::schema(&mut random);
        let cases: Vec<_> = (0..CASES).map(|_| random_contract::texts(&schema, &mut random)).collect();
        let Some(service) = Service::with_contract(&schema) else { continue };
        tried += 1;
        for (case, rendered) in cases.iter().zip(service.rendered(&cases)) {
            let checked = service.checked(case);
            assert_eq!(rendered, checked, "templates and check\n{case:#?}\n{schema:#}");
            if checked.is_empty() { accepted += 1 } else { refused += 1 }
        }
    }
    assert!(
        accepted > tried && refused > tried,
        "{accepted} accepted and {refused} refused of {tried} contracts"
    );
}
