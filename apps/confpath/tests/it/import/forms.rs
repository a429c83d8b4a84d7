//! Sources as the real libraries print them, and the contracts that they become.

use serde_json::Value;

use crate::Scene;

/// The contract that a source becomes, and the notes beside it.
fn import(source: &str, flags: &str) -> (String, Vec<String>) {
    let scene = Scene::empty();
    scene.write("source.json", source);
    let run = scene.import(&format!("source.json {flags}"));
    assert_eq!(run.code(), 0, "{:?}", run.problems());
    (run.stdout(), run.problems())
}

fn property(contract: &str, name: &str) -> Value {
    let contract: Value = serde_json::from_str(contract).unwrap();
    contract["properties"][name].clone()
}

#[test]
fn pydantic_settings_become_a_contract() {
    let (contract, notes) = import(
        include_str!("fixtures/pydantic.json"),
        "--from pydantic --prefix shop_ --unprefixed HTTP_PORT --hot SHOP_LEVEL --prepare SHOP_DATABASE_URL",
    );
    assert_eq!(contract, include_str!("fixtures/pydantic.contract.json"));
    assert!(
        notes.contains(
            &"SHOP_API_TOKEN: taken for a secret by its name; if it is none, say --not-secret SHOP_API_TOKEN"
                .to_owned()
        )
    );
    assert_eq!(property(&contract, "SHOP_DB_POOL_SIZE")["default"], 20, "the object's default comes first");
}

#[test]
fn nested_delimiter_is_that_of_pydantic() {
    let (contract, _) =
        import(include_str!("fixtures/pydantic.json"), "--from pydantic --nested-delimiter __");
    assert_eq!(property(&contract, "DB__POOL__TIMEOUT")["default"], "30s");
}

#[test]
fn zod_4_schema_becomes_a_contract() {
    let (contract, notes) = import(include_str!("fixtures/zod4.json"), "--from zod");
    assert_eq!(contract, include_str!("fixtures/zod4.contract.json"));
    assert!(notes.contains(&"NULLABLE: must be given, since no text is null".to_owned()));
}

#[test]
fn zod_3_schema_becomes_a_contract() {
    let (contract, _) = import(include_str!("fixtures/zod3.json"), "--from zod");
    assert_eq!(contract, include_str!("fixtures/zod3.contract.json"));
    assert_eq!(property(&contract, "AUDIT_LEVEL").get("default"), None, "the default is another field's");
}

#[test]
fn spring_metadata_become_a_contract() {
    let drops = "--drop /properties/6 --drop /properties/17";
    let (contract, notes) = import(include_str!("fixtures/spring.json"), &format!("--from spring {drops}"));
    assert_eq!(contract, include_str!("fixtures/spring.contract.json"));
    assert!(notes.contains(&"SHOP_GONE: left out, since Spring no longer reads shop.gone".to_owned()));
}

#[test]
fn contract_is_imported_as_it_is() {
    for contract in
        [include_str!("fixtures/zod4.contract.json"), include_str!("fixtures/pydantic.contract.json")]
    {
        assert_eq!(import(contract, "--from json-schema").0, contract);
        assert_eq!(import(contract, "--from json-schema --keep-names").0, contract);
    }
}
