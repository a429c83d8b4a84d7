use test_support::http::raw::blocking::request;

use crate::databases::{Kind, on_both_databases};
use crate::service::Service;

on_both_databases! {
    browser_gets_html_and_other_clients_one_line
    page_shows_no_secret_even_when_exposed
}

fn page(kind: &Kind, flags: &[&str], settings: &[(&str, &str)]) -> String {
    let service = Service::start(kind, flags, settings);
    let answer = request(service.public, "GET", "/", &[("Accept", "text/html,*/*;q=0.8")]);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(answer.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    answer.body
}

fn browser_gets_html_and_other_clients_one_line(kind: &Kind) {
    let body = page(kind, &[], &[]);
    assert!(body.starts_with("<!doctype html>"));
    assert!(!body.contains("{{"), "a placeholder was left: {body}");
    let service = Service::start(kind, &[], &[]);
    let line = request(service.public, "GET", "/", &[("Accept", "*/*")]);
    assert_eq!(line.body.lines().count(), 1);
}

fn page_shows_no_secret_even_when_exposed(kind: &Kind) {
    let body = page(kind, &["--expose-secrets"], &[("SECRET_KEY", "hush-hush"), ("API_BASE_URL", "/team")]);
    assert!(body.contains("/team/config"));
    assert!(body.contains("Secrets are shown unmasked"));
    assert!(!body.contains("hush-hush"));
    assert!(!page(kind, &[], &[]).contains("Secrets are shown unmasked"));
}
