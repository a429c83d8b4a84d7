//! Random contracts: the generated inputs of a module refuse the settings that `confpath check` refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use e2e::confpath;
use e2e::terraform::{NO_INPUTS, Root, literal};
use fastrand::Rng;
use serde_json::{Map, Value, json};
use test_support::random_contract;
use unicode_normalization::is_nfc;

/// Contracts of an ordinary run, whose cases are all calls of modules in one plan; `CONTRACTS` asks for another number.
const CONTRACTS: usize = 40;

const CASES: usize = 20;

/// A value as Terraform is given it, and as the service reads what Terraform passes on.
struct Given {
    input: Value,
    text: String,
}

/// Nothing for a value that Terraform cannot be told, or that it refuses on purpose: it composes characters, takes no list that is
/// none, and no empty secret.
fn given(setting: &Value, text: &str) -> Option<Given> {
    // A mounted file may end with a line break, which is not part of its value.
    if !is_nfc(text) || text.ends_with('\n') || (setting["x-secret"] == true && text.is_empty()) {
        return None;
    }
    if setting["type"] != "array" {
        return Some(Given { input: literal(text), text: text.to_owned() });
    }
    if text.starts_with('[') {
        return None;
    }
    let items: Vec<_> = text.split(',').map(|item| item.trim_matches(' ')).collect();
    let items = if text.is_empty() { Vec::new() } else { items };
    let is_bare = ["integer", "number", "boolean"].iter().any(|kind| setting["items"]["type"] == *kind);
    let is_token = |item: &&str| {
        // Serde's numbers print as they are read, or they were spelled otherwise.
        let value: Result<Value, _> = serde_json::from_str(item);
        value.is_ok_and(|value| !value.is_string() && format!("{value}").as_str() == *item)
    };
    if is_bare && !items.iter().all(is_token) {
        return None;
    }
    let quoted = |item: &&str| {
        if is_bare {
            (*item).to_owned()
        } else {
            format!("\"{}\"", item.replace('\\', "\\\\").replace('"', "\\\""))
        }
    };
    let text = format!("[{}]", items.iter().map(quoted).collect::<Vec<_>>().join(","));
    Some(Given { input: items.into_iter().map(literal).collect(), text })
}

/// The values of one case; nothing where one cannot be told, or is missing without a default, which Terraform refuses before all else.
fn case(schema: &Value, random: &mut Rng) -> Option<BTreeMap<String, Given>> {
    let texts = random_contract::texts(schema, random);
    let is_missing = |key: &Value| {
        let key = key.as_str().unwrap();
        !texts.contains_key(key) && schema["properties"][key].get("default").is_none()
    };
    if schema["required"].as_array().unwrap().iter().any(is_missing) {
        return None;
    }
    let given = texts.iter().map(|(key, text)| Some((key.clone(), given(&schema["properties"][key], text)?)));
    given.collect()
}

/// The keys that `confpath check` refuses.
fn checked(folder: &Path, schema: &Value, case: &BTreeMap<String, Given>) -> BTreeSet<String> {
    let of = |secret: bool| {
        let is_wanted = |key: &str| (schema["properties"][key]["x-secret"] == true) == secret;
        let texts = case.iter().filter(|(key, _)| is_wanted(key));
        texts.map(|(key, given)| (key.clone(), given.text.clone().into())).collect::<Map<_, Value>>()
    };
    let objects = [
        json!({ "kind": "ConfigMap", "data": of(false) }),
        json!({ "kind": "Secret", "stringData": of(true) }),
    ];
    let manifest = folder.join("manifest.json");
    fs::write(&manifest, json!({ "kind": "List", "items": objects }).to_string()).unwrap();
    let problems =
        confpath::problems(&folder.join("contract.json"), &["--manifest".as_ref(), manifest.as_os_str()]);
    problems.unwrap().iter().map(|problem| problem.split_once(": ").unwrap().0.to_owned()).collect()
}

/// The variable of each setting, from the generated file: its description begins with the setting's name.
fn variables(settings: &str) -> BTreeMap<String, String> {
    let blocks = settings.split("\nvariable \"").skip(1);
    let names = blocks.map(|block| {
        let (variable, rest) = block.split_once('"').unwrap();
        let (_, description) = rest.split_once("description = \"").unwrap();
        (description.split_once(':').unwrap().0.to_owned(), variable.to_owned())
    });
    names.collect()
}

/// A folder with a contract and the module that follows from it; nothing where the schema is no contract.
fn module(folder: &Path, schema: &Value) -> Option<BTreeMap<String, String>> {
    fs::create_dir(folder).unwrap();
    fs::write(folder.join("contract.json"), schema.to_string()).unwrap();
    fs::create_dir(folder.join("module")).unwrap();
    let release = "# confpath generate: begin preconditions\n# confpath generate: end preconditions\n";
    fs::write(folder.join("module/release.tf"), release).unwrap();
    if let Err(message) =
        confpath::generate_targets(folder, &json!({ "terraform": { "directory": "module" } }))
    {
        assert!(message.contains("the default "), "{message}");
        return None;
    }
    Some(variables(&fs::read_to_string(folder.join("module/settings.tf")).unwrap()))
}

/// The settings that a plan refuses, by the call of the module.
fn refused(plan: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut refused: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let events = plan.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    for event in events.filter(|event| event["diagnostic"]["severity"] == "error") {
        let diagnostic = &event["diagnostic"];
        assert_eq!(diagnostic["summary"], "Invalid value for variable", "{diagnostic:#}");
        let call = diagnostic["range"]["filename"].as_str().unwrap().trim_end_matches(".tf.json");
        let (key, _) = diagnostic["detail"].as_str().unwrap().split_once(':').unwrap();
        refused.entry(call.to_owned()).or_default().insert(key.to_owned());
    }
    refused
}

#[test]
fn inputs_decide_as_check_on_random_contracts() {
    let contracts = random_contract::number(CONTRACTS);
    let mut random = Rng::with_seed(18);
    let root = Root::with_files(&[], Vec::new());
    let mut expected = BTreeMap::new();
    let mut n_contracts = 0;
    for number in 0.. {
        let schema = random_contract::schema(&mut random);
        let folder = root.path().join(format!("c{number}"));
        let Some(variables) = module(&folder, &schema) else { continue };
        for (nth, case) in
            std::iter::repeat_with(|| case(&schema, &mut random)).take(200).flatten().take(CASES).enumerate()
        {
            let call = format!("c{number}_{nth}");
            // An expression for what is not given too: a message about an input without one names no file.
            let input =
                |key: &String| case.get(key).map_or_else(|| "${null}".into(), |given| given.input.clone());
            let mut inputs: Map<_, _> =
                variables.iter().map(|(key, variable)| (variable.clone(), input(key))).collect();
            inputs.insert("source".into(), format!("./c{number}/module").into());
            let main = json!({ "module": { &call: inputs } });
            fs::write(root.path().join(format!("{call}.tf.json")), main.to_string()).unwrap();
            let texts: BTreeMap<_, _> = case.iter().map(|(key, given)| (key, &given.text)).collect();
            let scene = format!("{texts:#?}\n{schema:#}");
            expected.insert(call, (checked(&folder, &schema, &case), scene));
        }
        n_contracts += 1;
        if n_contracts == contracts {
            break;
        }
    }
    root.run(&["init"], NO_INPUTS);
    // Rules that read two inputs are checked once all that read one are met, in all modules.
    let mut found = BTreeMap::new();
    loop {
        let refused = refused(&root.outcome(&["plan", "-json"], NO_INPUTS).text);
        if refused.is_empty() {
            break;
        }
        for call in refused.keys() {
            fs::remove_file(root.path().join(format!("{call}.tf.json"))).unwrap();
        }
        found.extend(refused);
    }
    let none = BTreeSet::new();
    for (call, (expected, scene)) in &expected {
        let found = found.get(call).unwrap_or(&none);
        assert!(
            found.is_subset(expected) && found.is_empty() == expected.is_empty(),
            "{call}: Terraform refuses {found:?}, confpath check {expected:?}\n{scene}"
        );
    }
    let n_refused = expected.values().filter(|(keys, _)| !keys.is_empty()).count();
    assert!(
        n_refused > contracts && expected.len() - n_refused > contracts,
        "{n_refused} of {} refused",
        expected.len()
    );
}
