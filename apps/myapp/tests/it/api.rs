//! The operator API, from the view of its clients.

use myapp::store::{Access, AccessKind, Record};
use serde_json::{Value, json};
use test_support::http::raw::Answer;
use test_support::http::raw::blocking::get;
use test_support::wait::until;

use crate::DEADLINE;
use crate::databases::{Kind, borrowed, on_both_databases};
use crate::mount::Mount;
use crate::service::Service;
use crate::store::change;

const HISTORY: &str = "/api/v1/history";
const ACCESSES: &str = "/api/v1/accesses";

on_both_databases! {
    list_is_paginated_newest_first
    the_filters_choose_what_is_listed
    cursor_is_valid_only_in_its_list
    cursor_is_invalid_after_secret_key_change
    who_read_the_settings_is_listed
    all_query_parameter_errors_are_reported_at_once
    lists_without_database_answer_503_with_retry_after
}

/// Starts the service with `count` changes in its history.
fn with_changes(kind: &Kind, count: u64) -> Service {
    let service = Service::start(kind, &[], &[]);
    (0..count).for_each(|number| service.store.record(Record::Change(change(number))));
    service.flush();
    service
}

fn listed(service: &Service, path: &str) -> Value {
    let answer = get(service.operator, path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.json()
}

fn generations(list: &Value) -> Vec<i64> {
    list["items"].as_array().unwrap().iter().map(|item| item["generation"].as_i64().unwrap()).collect()
}

fn refusal(answer: &Answer) -> String {
    assert_eq!((answer.status, answer.header("content-type")), (400, Some("application/problem+json")));
    answer.json()["detail"].as_str().unwrap().to_owned()
}

fn list_is_paginated_newest_first(kind: &Kind) {
    let service = with_changes(kind, 7);
    let (mut seen, mut path) = (Vec::new(), format!("{HISTORY}?limit=3"));
    loop {
        let list = listed(&service, &path);
        seen.extend(generations(&list));
        // Records added in between do not move the position.
        service.store.record(Record::Change(change(100)));
        service.flush();
        match list["next"].as_str() {
            Some(next) => path = format!("{HISTORY}?limit=3&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, [6, 5, 4, 3, 2, 1, 0]);
    let newest = &listed(&service, HISTORY)["items"][0];
    let expected = json!({
        "id": newest["id"], "replica": newest["replica"], "at": "2096-10-02T07:08:20.000Z",
        "generation": 100, "outcome": "committed", "key": "KEY_0", "new": "100",
    });
    assert_eq!(newest, &expected);
}

fn the_filters_choose_what_is_listed(kind: &Kind) {
    let service = with_changes(kind, 10);
    for (filters, expected) in [
        ("key=KEY_1", &[9, 7, 5, 3, 1][..]),
        ("since=2096-10-02T07:06:43Z&until=2096-10-02T07:06:47Z", &[6, 5, 4, 3]),
        ("since=2096-10-02T07:06:43Z&until=2096-10-02T07:06:47Z&key=KEY_1&outcome=committed", &[5, 3]),
        ("outcome=rolled_back", &[]),
    ] {
        assert_eq!(generations(&listed(&service, &format!("{HISTORY}?{filters}"))), expected, "{filters}");
    }
}

fn cursor_is_valid_only_in_its_list(kind: &Kind) {
    let service = with_changes(kind, 5);
    get(service.operator, "/config");
    get(service.operator, "/config");
    let next = |path: &str| listed(&service, path)["next"].as_str().unwrap().to_owned();
    let all = next(&format!("{HISTORY}?limit=1"));
    let some = next(&format!("{HISTORY}?limit=1&key=KEY_0"));
    let accesses = next(&format!("{ACCESSES}?limit=1"));
    assert_eq!(generations(&listed(&service, &format!("{HISTORY}?cursor={all}"))), [3, 2, 1, 0]);
    assert_eq!(generations(&listed(&service, &format!("{HISTORY}?key=KEY_0&cursor={some}"))), [2, 0]);
    let mut altered = all.clone();
    altered.replace_range(10..11, if altered[10..].starts_with('A') { "B" } else { "A" });
    for cursor in [&some, &accesses, &altered, "AAAAAAAAAAc", "nonsense", ""] {
        let answer = get(service.operator, &format!("{HISTORY}?cursor={cursor}"));
        assert_eq!(refusal(&answer), "cursor: the cursor is not valid", "{cursor}");
    }
}

fn cursor_is_invalid_after_secret_key_change(kind: &Kind) {
    let mount = Mount::of(kind, &[("secrets/SECRET_KEY", "canary-key-7f3a9c")]);
    let service = Service::mounted(kind, &mount);
    (0..3).for_each(|number| service.store.record(Record::Change(change(number))));
    service.flush();
    let next = listed(&service, &format!("{HISTORY}?limit=1"))["next"].as_str().unwrap().to_owned();
    let path = format!("{HISTORY}?cursor={next}");
    assert_eq!(get(service.operator, &path).status, 200);
    mount.swap(&[("secrets/SECRET_KEY", "canary-key-2b8d41")]);
    until(DEADLINE, "changed", || get(service.admin, "/digests").json(), |seen| seen["generation"] == 2);
    assert_eq!(refusal(&get(service.operator, &path)), "cursor: the cursor is not valid");
}

fn who_read_the_settings_is_listed(kind: &Kind) {
    let service = Service::start(kind, &[], &[]);
    let asked = get(service.operator, "/config");
    let access = Access {
        at: change(1).at,
        listener: "public",
        kind: AccessKind::Anonymous,
        count: 3,
        request_id: None,
    };
    service.store.record(Record::Access(access));
    service.flush();
    let reveals = listed(&service, &format!("{ACCESSES}?kind=reveal"));
    assert_eq!(reveals["items"].as_array().unwrap().len(), 1);
    assert_eq!(reveals["items"][0]["request_id"].as_str(), asked.header("x-request-id"));
    assert_eq!(
        (&reveals["items"][0]["listener"], &reveals["items"][0]["count"]),
        (&json!("operator"), &json!(1))
    );
    let anonymous = listed(&service, &format!("{ACCESSES}?kind=anonymous"));
    let kinds = (&anonymous["items"][0]["count"], &anonymous["items"][0]["request_id"]);
    assert_eq!(kinds, (&json!(3), &Value::Null));
    assert_eq!(listed(&service, ACCESSES)["items"].as_array().unwrap().len(), 2);
}

fn all_query_parameter_errors_are_reported_at_once(kind: &Kind) {
    let service = Service::start(kind, &[], &[]);
    let asked = format!(
        "{HISTORY}?key=a%00b&outcome=lost&since=yesterday&until=2026-01-01&limit=0&cursor=x&color=red"
    );
    let told = refusal(&get(service.operator, &asked));
    let problems: Vec<_> = told.split("; ").map(|problem| problem.split(": ").next().unwrap()).collect();
    assert_eq!(problems, ["key", "outcome", "since", "until", "limit", "color"], "{told}");
    for (query, told) in [
        ("limit=201", "limit: must be a number from 1 to 200"),
        ("limit=-1", "limit: must be a number from 1 to 200"),
        ("limit=5&limit=6", "limit: is given more than once"),
        ("kind=reveal&kind=reveal", "kind: is given more than once"),
        ("kind=", "kind: must be reveal or anonymous"),
        ("outcome=committed", "outcome: is no parameter of this route"),
        (
            "since=2026-01-31T12:00:00+01:00",
            "since: must be a time in UTC since 1970, as in 2026-01-31T12:00:00Z",
        ),
        ("limit=0&cursor=x", "cursor: the cursor is not valid; limit: must be a number from 1 to 200"),
    ] {
        assert_eq!(refusal(&get(service.operator, &format!("{ACCESSES}?{query}"))), told, "{query}");
    }
    for limit in [1, 200] {
        assert_eq!(get(service.operator, &format!("{ACCESSES}?limit={limit}")).status, 200);
    }
}

fn lists_without_database_answer_503_with_retry_after(kind: &Kind) {
    let (nowhere, _taken) = kind.nowhere();
    let service = Service::start(kind, &[], &borrowed(&nowhere));
    for path in [HISTORY, ACCESSES] {
        let answer = get(service.operator, path);
        assert_eq!((answer.status, answer.header("retry-after").is_some()), (503, true), "{path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        assert!(answer.json()["detail"].is_null(), "{}", answer.body);
    }
}
