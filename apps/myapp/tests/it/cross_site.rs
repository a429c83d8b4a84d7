//! Requests of other sites' pages in an operator's browser: the operator listener reveals nothing to them.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Command;

use serde_json::Value;
use test_support::http::raw::Answer;
use test_support::http::raw::blocking::{get, request, send};

use crate::databases::{Kind, on_both_databases};
use crate::process::Serving;
use crate::service::Service;

on_both_databases! {
    every_route_refuses_cross_origin_and_rebinding_requests
    form_posts_without_fetch_metadata_change_nothing
    image_request_of_old_browser_is_refused_unrecorded
    operator_listener_accepts_every_loopback_name
    answer_headers_forbid_cross_origin_embedding
}

const CANARY: (&str, &str) = ("SECRET_KEY", "canary-key-7f3a9c");

/// Returns every method of every path of the operator listener.
fn operations(service: &Service) -> Vec<(String, String)> {
    let document = get(service.operator, "/openapi.json").json();
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, methods): (&String, &Value)| {
        let methods = methods.as_object().unwrap().keys();
        methods.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
    };
    let operations: Vec<_> = paths.iter().flat_map(of_path).collect();
    assert!(operations.len() > 9, "{operations:?}");
    operations
}

/// Returns the state that a page could change.
fn state(service: &Service) -> [Value; 3] {
    let told = |path| get(service.operator, path).json();
    [told("/api/v1/accesses"), told("/log-level"), told("/api/v1/history")]
}

fn assert_tells_nothing(answer: &Answer, statuses: &[u16], what: &str) {
    assert!(statuses.contains(&answer.status), "{what}: {} {}", answer.status, answer.body);
    assert!(!answer.body.contains("canary"), "{what}");
    assert!(!answer.headers.iter().any(|(name, _)| name.starts_with("access-control")), "{what}");
}

fn every_route_refuses_cross_origin_and_rebinding_requests(kind: &Kind) {
    let service = Service::start(kind, &[], &[CANARY]);
    let before = state(&service);
    let level = r#"{"level":"trace","for":"1h"}"#;
    for (method, path) in operations(&service) {
        let own_port = format!("http://127.0.0.1:{}", service.operator.port());
        let other_port = "http://127.0.0.1:3000".to_owned();
        for (name, value, status) in [
            ("Host", "rebound.example", 421),
            ("Host", "rebound.example:9091", 421),
            ("Host", "127.0.0.1.rebound.example", 421),
            ("Sec-Fetch-Site", "cross-site", 403),
            ("Sec-Fetch-Site", "same-site", 403),
            ("Origin", "https://evil.example", 403),
            ("Origin", "null", 403),
            ("Origin", &other_port, 403),
        ] {
            // The other headers are those of a request of the page's own site.
            let mut headers = vec![("Content-Type", "application/json"), ("X-Requested-By", "page")];
            if name == "Host" {
                headers.push(("Sec-Fetch-Site", "same-origin"));
            } else if name == "Sec-Fetch-Site" {
                headers.push(("Origin", &own_port));
            }
            headers.push((name, value));
            let answer = send(service.operator, &method, &path, &headers, level);
            assert_tells_nothing(&answer, &[status], &format!("{method} {path} {name}: {value}"));
        }
    }
    assert_eq!(state(&service), before);
}

fn form_posts_without_fetch_metadata_change_nothing(kind: &Kind) {
    let service = Service::start(kind, &[], &[CANARY]);
    let before = state(&service);
    let level = r#"{"level":"trace","for":"1h"}"#;
    for (method, path) in operations(&service) {
        let what = format!("{method} {path}");
        for media_type in
            ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
        {
            let answer = send(service.operator, "POST", &path, &[("Content-Type", media_type)], level);
            assert_tells_nothing(&answer, &[403], &what);
        }
        assert_tells_nothing(&send(service.operator, "POST", &path, &[], ""), &[403], &what);
        // A browser sends a preflight before any other request to another origin; without `Access-Control-Allow-Origin` it is
        // refused.
        let preflight = [
            ("Access-Control-Request-Method", method.as_str()),
            ("Access-Control-Request-Headers", "x-requested-by"),
        ];
        assert_tells_nothing(&request(service.operator, "OPTIONS", &path, &preflight), &[204], &what);
    }
    assert_eq!(state(&service), before);
}

/// An old browser sends no `Sec-Fetch-Site`, and may omit `Referer`.
fn image_request_of_old_browser_is_refused_unrecorded(kind: &Kind) {
    const AGENT: (&str, &str) =
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:60.0) Gecko/20100101 Firefox/60.0");
    let service = Service::start(kind, &[], &[CANARY]);
    let before = state(&service);
    for (_, path) in operations(&service) {
        for headers in [
            &[AGENT][..],
            &[AGENT, ("Accept", "*/*")],
            &[AGENT, ("Accept", "image/webp,*/*;q=0.8"), ("Referer", "http://evil.example/")],
            &[("Referer", "http://evil.example/")],
            &[("Accept", "image/png,image/*;q=0.8"), ("Accept-Language", "en")],
        ] {
            for method in ["GET", "HEAD"] {
                let answer = request(service.operator, method, &path, headers);
                assert_tells_nothing(&answer, &[403], &format!("{method} {path} {headers:?}"));
            }
        }
    }
    assert_eq!(state(&service), before);
    let deliberate = [AGENT, ("X-Requested-By", "me")];
    assert_eq!(request(service.operator, "GET", "/config", &deliberate).status, 200);
    let tool = [("User-Agent", "curl/7.88.1"), ("Accept", "*/*")];
    assert_eq!(request(service.operator, "GET", "/config", &tool).status, 200, "as documented");
}

fn operator_listener_accepts_every_loopback_name(kind: &Kind) {
    let service = Service::start(kind, &[], &[CANARY]);
    for host in [
        "LOCALHOST:9091",
        "localhost.",
        "127.0.0.2:1",
        "127.1",
        "[::ffff:127.0.0.1]",
        "[0:0:0:0:0:0:0:1]:9091",
    ] {
        assert_eq!(request(service.operator, "GET", "/log-level", &[("Host", host)]).status, 200, "{host}");
    }
    for host in ["", "0.0.0.0", "[::]", "10.0.0.1", "localhost.example"] {
        assert_eq!(request(service.operator, "GET", "/log-level", &[("Host", host)]).status, 421, "{host}");
    }
}

fn answer_headers_forbid_cross_origin_embedding(kind: &Kind) {
    let service = Service::start(kind, &[], &[CANARY]);
    let answer = get(service.operator, "/config");
    assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
}

/// A hostile page: tries every kind of request that a browser has, and finally shows the responses that it could read.
const PAGE: &str = r#"<!doctype html><title>hostile</title><body><iframe name="frame"></iframe><script>
const told = [];
async function attempt(path, options) {
  try {
    const answer = await fetch(`http://127.0.0.1:PORT${path}`, options);
    told.push(`${answer.type} ${answer.status} ${await answer.text()}`);
  } catch (error) {
    told.push("kept away");
  }
}
function submit(path, type) {
  const form = document.createElement("form");
  Object.assign(form, { method: "post", enctype: type, action: `http://127.0.0.1:PORT${path}`, target: "frame" });
  form.innerHTML = `<input name='{"level":"trace","for":"1h","x":"' value='"}'>`;
  document.body.append(form);
  form.submit();
  // A refusal is no document, so the frame tells of none. Time stands still while a request is on its way.
  return new Promise((resolve) => setTimeout(resolve, 500));
}
(async () => {
  const body = '{"level":"trace","for":"1h"}';
  for (const path of ["/config", "/log-level", "/reload"]) {
    for (const mode of ["cors", "no-cors"]) {
      await attempt(path, { mode });
      await attempt(path, { mode, method: "POST", body });
      await attempt(path, { mode, method: "POST" });
    }
    await attempt(path, { method: "PUT", body, headers: { "Content-Type": "application/json" } });
    await attempt(path, { method: "POST", headers: { "X-Requested-By": "page" } });
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
      await submit(path, type);
    }
    const image = new Image();
    image.src = `http://127.0.0.1:PORT${path}`;
    await new Promise((resolve) => { image.onload = image.onerror = resolve; });
  }
  document.body.textContent = "tried " + told.join("; ");
})();
</script>"#;

/// Returns the final text of the page in Chromium.
fn shown_by_chromium(url: &str, hosts: &str) -> String {
    let profile = tempfile::tempdir().unwrap();
    let mut command = Command::new("chromium");
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "--timeout=20000"]);
    command.arg("--virtual-time-budget=60000").arg(format!("--host-resolver-rules={hosts}"));
    command.arg(format!("--user-data-dir={}", profile.path().display())).arg(url);
    String::from_utf8_lossy(&command.output().unwrap().stdout).into_owned()
}

/// Serves `page` to every client, for as long as the test runs.
fn serve(page: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let _ = connection.read(&mut [0; 4096]);
            let length = page.len();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n");
            let _ = write!(connection, "{head}Connection: close\r\n\r\n{page}");
        }
    });
    port
}

#[test]
#[ignore = "needs Chromium: cargo xtask test api"]
fn real_browser_gives_cross_site_page_no_access() {
    let flags = ["--drain-min=0s", "--drain-quiet=0s"];
    let mut serving = Serving::start(&Kind::sqlite(), &flags, &[CANARY, ("LOG_LEVEL", "info")]);
    let [_, _, operator] = serving.addresses();
    let port = serve(PAGE.replace("PORT", &operator.port().to_string()));
    // Another port, another name of loopback, and a name that resolves to loopback.
    for host in ["127.0.0.1", "localhost", "evil.example"] {
        let shown = shown_by_chromium(&format!("http://{host}:{port}/"), "MAP evil.example 127.0.0.1");
        assert!(shown.contains("tried "), "{host}: {shown}");
        let told = shown.split("tried ").nth(1).unwrap();
        assert!(
            told.contains("kept away") && !told.contains("cors 200") && !told.contains("basic"),
            "{told}"
        );
        assert!(!shown.contains("canary"), "{host}: {shown}");
    }
    let rebound = format!("http://rebound.example:{}/config", operator.port());
    let shown = shown_by_chromium(&rebound, "MAP rebound.example 127.0.0.1");
    assert!(shown.contains("Misdirected Request") && !shown.contains("canary"), "{shown}");

    // A request of the operator's own shows that the browser works.
    let own = format!("http://localhost:{}/config", operator.port());
    assert!(shown_by_chromium(&own, "").contains("canary"));
    serving.signal("-TERM");
    let (_, log) = serving.ended();
    let count = |message: &str| log.iter().filter(|line| line.contains(message)).count();
    assert_eq!(
        (count("secrets revealed"), count("reload asked for"), count("log level")),
        (1, 0, 0),
        "{log:#?}"
    );
}
