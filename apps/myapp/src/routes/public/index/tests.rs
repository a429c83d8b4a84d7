use http::HeaderValue;

use super::*;

#[test]
fn only_who_asks_for_html_gets_a_page() {
    let asked = |accept: &'static str| {
        wants_html(&HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]))
    };
    assert!(asked("text/html,application/xhtml+xml,*/*;q=0.8"));
    assert!(!asked("*/*"));
    assert!(!wants_html(&HeaderMap::new()));
}

#[test]
fn csp_hash_matches_page_style_sheet() {
    use base64::Engine as _;
    use sha2::Digest as _;
    let digest = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(STYLE));
    assert!(POLICY.contains(&format!("'sha256-{digest}'")), "the digest of the style sheet is {digest}");
}
