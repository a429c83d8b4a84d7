use test_support::http::raw::blocking::request;

use crate::databases::{Kind, on_both_databases};
use crate::service::Service;

on_both_databases! {
    a_browser_gets_a_page_and_everything_else_a_line
    the_page_shows_settings_and_no_secret_even_where_secrets_are_exposed
}

fn page(kind: &Kind, flags: &[&str], settings: &[(&str, &str)]) -> String {
    let service = Service::start(kind, flags, settings);
    let answer = request(service.public, "GET", "/", &[("Accept", "text/html,*/*;q=0.8")]);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(answer.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    answer.body
}

fn a_browser_gets_a_page_and_everything_else_a_line(kind: &Kind) {
    let body = page(kind, &[], &[]);
    assert!(body.starts_with("<!doctype html>"));
    assert!(!body.contains("{{"), "a placeholder was left: {body}");
    let service = Service::start(kind, &[], &[]);
    let line = request(service.public, "GET", "/", &[("Accept", "*/*")]);
    assert_eq!(line.body.lines().count(), 1);
}

fn the_page_shows_settings_and_no_secret_even_where_secrets_are_exposed(kind: &Kind) {
    let body = page(kind, &["--expose-secrets"], &[("SECRET_KEY", "hush-hush"), ("API_BASE_URL", "/team")]);
    assert!(body.contains("/team/config"));
    assert!(body.contains("Secrets are shown unmasked"));
    assert!(!body.contains("hush-hush"));
    assert!(!page(kind, &[], &[]).contains("Secrets are shown unmasked"));
}
