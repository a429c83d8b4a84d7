use super::*;

const STRONG: &str = "8c1f3e0b7a92d465f0c8e37b19ad5264";
const ANOTHER: &str = "k3Jv0wq9Zr1Hc8mTt5Yx2uBnE7aGfLsD";

fn secret(text: &str) -> Secret {
    text.to_owned().into()
}

#[test]
fn fingerprints_match_only_for_equal_key_and_value() {
    let [one, another] = [Fingerprints::new(), Fingerprints::new()];
    let print = one.of(&secret(STRONG), &secret("hush"));
    assert_eq!(print, another.of(&secret(STRONG), &secret("hush")));
    assert_ne!(print, one.of(&secret(STRONG), &secret("hush!")));
    assert_ne!(print, one.of(&secret(ANOTHER), &secret("hush")));
    assert!(print.len() == 12 && print.bytes().all(|byte| byte.is_ascii_hexdigit()), "{print}");
}

#[test]
fn marks_hold_within_one_process_only() {
    let [one, another] = [Fingerprints::new(), Fingerprints::new()];
    let mark = one.mark(&secret("hush"));
    assert_eq!(mark, one.mark(&secret("hush")));
    assert_ne!(mark, one.mark(&secret("hush!")));
    assert_ne!(mark, another.mark(&secret("hush")));
    assert!(mark.len() == 17 && mark.starts_with("mark-"), "{mark}");
}

#[test]
fn no_key_is_fingerprinted_under_itself() {
    let marks = Fingerprints::new();
    for key in [STRONG, "xyz"] {
        let stored = marks.of(&secret(key), &secret(key));
        assert_eq!(stored, marks.mark(&secret(key)));
        assert!(!stored.ends_with(&fingerprint(&secret(key), &secret(key))), "{key}");
    }
}

#[test]
fn nothing_is_fingerprinted_under_a_weak_key() {
    let marks = Fingerprints::new();
    assert_eq!(marks.of(&secret("xyz"), &secret("hush")), marks.mark(&secret("hush")));
}

#[test]
fn the_fingerprint_is_the_published_formula() {
    // key=$(openssl kdf -keylen 64 -kdfopt digest:SHA256 -kdfopt key:key -kdfopt salt: \
    //     -kdfopt info:'myapp: fingerprints of secrets' -binary HKDF | od -An -tx1 -v | tr -d ' \n')
    // printf hush | openssl dgst -sha256 -mac HMAC -macopt hexkey:$key
    assert_eq!(fingerprint(&secret("key"), &secret("hush")), "1d70c1f5692b");
}
