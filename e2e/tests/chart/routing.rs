//! Routes from outside: Ingress and HTTPRoute, their refused settings, and the notes.

use e2e::helm::{Release, Values};
use serde_json::{Value, json};

use crate::support::{only, refusal, render};

fn ingress(ingress: &Value) -> Values {
    Values::minimal().document(json!({"ingress": ingress})).set("ingress.enabled", "true")
}

/// An Ingress of a class, with these paths of one host.
fn paths(paths: &[(&str, &str)]) -> Values {
    let paths: Vec<_> = paths.iter().map(|(path, kind)| json!({"path": path, "pathType": kind})).collect();
    ingress(&json!({"className": "traefik", "hosts": [{"host": "app.example.com", "paths": paths}]}))
}

fn route(rules: &Value) -> Values {
    Values::minimal().document(json!({"httpRoute": {"rules": rules}})).set("httpRoute.enabled", "true")
}

/// The hints of the notes.
fn hints(values: &Values) -> Vec<String> {
    let notes = Release::named("r").notes(values).unwrap_or_else(|error| panic!("{error}"));
    notes.lines().filter_map(|line| line.strip_prefix("HINT: ")).map(str::to_owned).collect()
}

/// Asserts that there is one hint, and that it holds `words`.
fn assert_hint(values: &Values, words: &str) {
    let hints = hints(values);
    assert!(hints.len() == 1 && hints[0].contains(words), "{words}: {hints:?}");
}

#[test]
fn path_that_is_given_twice_is_refused() {
    for (first, second) in [(("/v1", "Prefix"), ("/v1/", "Prefix")), (("/", "Exact"), ("/", "Exact"))] {
        let message = refusal(&paths(&[first, second]));
        let sentence =
            format!("ingress.hosts: app.example.com has the path {} ({}) more than once", second.0, second.1);
        assert!(message.contains(&sentence), "{message}");
    }
    // Each of these is another path.
    render(&paths(&[("/", "Prefix"), ("/", "Exact"), ("/v1", "Exact"), ("/v1/", "Exact")]));
    let host = |host: &str| json!({"host": host, "paths": [{"path": "/", "pathType": "Prefix"}]});
    render(&ingress(&json!({"hosts": [host("a.example.com"), host("b.example.com")]})));
    let message = refusal(&ingress(&json!({"hosts": [host(""), host("")]})));
    assert!(message.contains("ingress.hosts: any host has the path / (Prefix) more than once"), "{message}");
}

#[test]
fn path_without_route_gets_hint() {
    let lost = "/shop leads to no route: the service answers at / and below the path of config.API_BASE_URL, which is /.";
    assert_hint(&paths(&[("/shop", "Prefix")]), lost);
    assert_hint(&paths(&[("/", "Prefix"), ("/shop/", "Exact")]), "/shop/ leads to no route");
    let at = |base: &str, values: Values| values.set("config.API_BASE_URL", base);
    assert_hint(&at("/api", paths(&[("/apis", "Prefix")])), "which is /api.");
    assert_hint(&at("/api/v1", paths(&[("/api", "Exact")])), "/api leads to no route");
    for (base, path, kind) in [
        ("/", "/", "Prefix"),
        ("/", "/", "Exact"),
        ("/", "/config", "Exact"),
        ("/", "/shop", "ImplementationSpecific"),
        ("/shop", "/shop", "Prefix"),
        ("/shop/", "/shop", "Exact"),
        ("https://app.example.com/shop", "/shop/", "Prefix"),
        ("/api/v1", "/api", "Prefix"),
        ("/api", "/api/readyz", "Exact"),
        ("/api", "/config", "Prefix"),
    ] {
        let hints = hints(&at(base, paths(&[(path, kind)])));
        assert_eq!(hints, Vec::<String>::new(), "{base} {path} {kind}");
    }
    for annotation in [
        "nginx\\.ingress\\.kubernetes\\.io/rewrite-target",
        "traefik\\.ingress\\.kubernetes\\.io/router\\.middlewares",
        "konghq\\.com/strip-path",
    ] {
        let rewritten =
            paths(&[("/shop", "Prefix")]).set_string(&format!("ingress.annotations.{annotation}"), "x");
        assert_eq!(hints(&rewritten), Vec::<String>::new(), "{annotation}");
    }
}

#[test]
fn ingress_without_class_or_secret_gets_hint() {
    let hosts = json!([{"host": "app.example.com", "paths": [{"path": "/", "pathType": "Prefix"}]}]);
    let plain = ingress(&json!({"hosts": hosts}));
    assert_hint(&plain, "the Ingress names no class");
    assert_eq!(only(&render(&plain), "Ingress")["spec"].get("ingressClassName"), None);
    let by_annotation = plain.set_string("ingress.annotations.kubernetes\\.io/ingress\\.class", "alb");
    assert_eq!(hints(&by_annotation), Vec::<String>::new());

    let tls = |tls: Value| ingress(&json!({"className": "traefik", "hosts": hosts, "tls": tls}));
    assert_hint(
        &tls(json!([{"hosts": ["app.example.com"]}])),
        "TLS for app.example.com names no Secret (ingress.tls)",
    );
    assert_hint(
        &tls(json!([{"secretName": "app-tls"}])),
        "TLS for all hosts needs the Secret app-tls (kubectl --namespace default get secret app-tls)",
    );
}

#[test]
fn notes_show_https_only_for_tls_hosts() {
    let host = |host: &str| json!({"host": host, "paths": [{"path": "/", "pathType": "Prefix"}]});
    let hosts = ["a.example.com", "b.example.com", "c.example.org", ""].map(host);
    let notes = |tls: Value| {
        let values = ingress(&json!({"className": "traefik", "hosts": hosts, "tls": tls}));
        Release::named("r").notes(&values).unwrap()
    };
    let some = notes(json!([{"secretName": "s", "hosts": ["a.example.com"]}]));
    for address in ["https://a.example.com/", "http://b.example.com/", "http://c.example.org/"] {
        assert!(some.contains(&format!("  {address}\n")), "{address}: {some}");
    }
    let wildcard = notes(json!([{"secretName": "s", "hosts": ["*.example.com"]}]));
    for address in ["https://a.example.com/", "https://b.example.com/", "http://c.example.org/"] {
        assert!(wildcard.contains(&format!("  {address}\n")), "{address}: {wildcard}");
    }
}

#[test]
fn route_matches_filters_and_timeouts_arrive_unchanged() {
    let rewrite = json!({"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}}});
    let matches = json!([{"path": {"type": "PathPrefix", "value": "/shop"}}]);
    let timeouts = json!({"request": "1m30s", "backendRequest": "90s"});
    let rule = json!({"matches": matches, "filters": [rewrite], "timeouts": timeouts});
    let values = route(&json!([rule]));
    assert_eq!(hints(&values), Vec::<String>::new(), "the path is rewritten");
    let objects = render(&values);
    let rendered = &only(&objects, "HTTPRoute")["spec"]["rules"][0];
    for field in ["matches", "filters", "timeouts"] {
        assert_eq!(rendered[field], rule[field], "{field}");
    }
    assert_eq!(rendered["backendRefs"], json!([{"name": "r-myapp", "port": 80}]));
    assert_hint(&route(&json!([{"matches": matches}])), "/shop leads to no route");
}

#[test]
fn rule_that_redirects_has_no_backend() {
    let redirect = json!({"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}});
    let objects = render(&route(&json!([{"filters": [redirect]}])));
    assert_eq!(only(&objects, "HTTPRoute")["spec"]["rules"][0]["backendRefs"], json!([]));
}

#[test]
fn invalid_gateway_route_is_refused_with_all_reasons() {
    let header = json!({"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": ["X-A"]}});
    let matches = json!([{"path": {"type": "PathPrefix", "value": "/"}}]);
    let message = refusal(&route(&json!([
        {"matches": matches, "filters": [header, header]},
        {"matches": matches, "filters": [{"type": "URLRewrite"}, {"type": "CORS", "urlRewrite": {}}]},
        {"filters": [
            {"type": "RequestRedirect", "requestRedirect": {}},
            {"type": "URLRewrite", "urlRewrite": {}},
        ]},
        {"timeouts": {"request": "1m", "backendRequest": "60s1ms"}},
    ])));
    for sentence in [
        "httpRoute.rules[0].filters[1]: type RequestHeaderModifier is there more than once",
        "httpRoute.rules[1].matches: httpRoute.rules[0] has the same match, so this one gets no traffic",
        "httpRoute.rules[1].filters[0]: type URLRewrite needs the field urlRewrite",
        "httpRoute.rules[1].filters[1]: type CORS needs the field cors",
        "httpRoute.rules[2].filters: RequestRedirect and URLRewrite exclude each other",
        "httpRoute.rules[3].timeouts: backendRequest 60s1ms is longer than request 1m",
    ] {
        assert_eq!(message.matches(sentence).count(), 1, "{sentence}\n{message}");
    }
    // 0 is no limit, which anything fits into.
    render(&route(&json!([{"timeouts": {"request": "0s", "backendRequest": "1h"}}])));
    for (rule, place) in [
        (json!({"timeouts": {"request": "1d"}}), "/httpRoute/rules/0/timeouts/request'"),
        (json!({"timeouts": {"idle": "1s"}}), "/httpRoute/rules/0/timeouts'"),
        (json!({"filters": [{"type": "Rewrite"}]}), "/httpRoute/rules/0/filters/0/type'"),
    ] {
        let message = refusal(&route(&json!([rule])));
        assert!(message.contains(place), "{place}\n{message}");
    }
}
