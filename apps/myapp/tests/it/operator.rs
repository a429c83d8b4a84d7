use crate::http::{get, request};
use crate::service::Service;

const SETTINGS: [(&str, &str); 1] = [("SECRET_KEY", "hush-hush")];

#[test]
fn the_operator_listener_shows_what_the_public_one_masks() {
    let service = Service::start(&[], &SETTINGS);
    assert_eq!(get(service.operator, "/config").json()["SECRET_KEY"], "hush-hush");
    assert_eq!(get(service.public, "/config").json()["SECRET_KEY"], "********");
}

#[test]
fn a_page_of_another_site_cannot_read_it() {
    let service = Service::start(&[], &SETTINGS);
    let asked = |headers: &[(&str, &str)]| request(service.operator, "GET", "/config", headers);
    for (headers, status) in [
        ([("Host", "rebound.example")], 421),
        ([("Sec-Fetch-Site", "cross-site")], 403),
        ([("Sec-Fetch-Site", "same-site")], 403),
        ([("Sec-Fetch-Site", "none")], 200),
        ([("Sec-Fetch-Site", "same-origin")], 200),
    ] {
        let answer = asked(&headers);
        assert_eq!(answer.status, status, "{headers:?}");
        assert_eq!(answer.body.contains("hush"), status == 200, "{headers:?}");
    }
}
