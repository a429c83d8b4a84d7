//! Requests to a registry that Skopeo cannot make, by curl. Whatever is secret reaches curl by its standard input.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use kit::process::Cmd;
use serde_json::Value;

/// The HTTP interface of a registry.
pub(super) struct Api {
    /// Scheme and host.
    base: String,
    /// User and password in base64, as the file of credentials has them.
    login: Option<String>,
}

#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    /// The header `WWW-Authenticate`.
    challenge: String,
    pub(super) body: String,
}

impl Api {
    /// # Errors
    /// The file of credentials cannot be read.
    pub(super) fn new(host: &str, is_loopback: bool, credentials: Option<&Path>) -> Result<Self> {
        let login = |file: &Path| {
            let text = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
            let document: Value =
                serde_json::from_slice(&text).with_context(|| format!("{} is no JSON", file.display()))?;
            Ok::<_, anyhow::Error>(document["auths"][host]["auth"].as_str().map(str::to_owned))
        };
        let scheme = if is_loopback { "http" } else { "https" };
        Ok(Self { base: format!("{scheme}://{host}"), login: credentials.map(login).transpose()?.flatten() })
    }

    pub(super) fn get(&self, path: &str) -> Result<Response> {
        self.send(&[("url", &format!("{}{path}", self.base))])
    }

    pub(super) fn put(&self, path: &str, media_type: &str, content: &str) -> Result<Response> {
        self.send(&[
            ("url", &format!("{}{path}", self.base)),
            ("request", "PUT"),
            ("header", &format!("Content-Type: {media_type}")),
            ("data-binary", content),
        ])
    }

    /// Sends a request, and once more with what the registry asks for.
    fn send(&self, request: &[(&str, &str)]) -> Result<Response> {
        let response = call(request)?;
        match (response.status, self.authorization(&response.challenge)?) {
            (401, Some(authorization)) => {
                call(&[request, &[("header", &format!("Authorization: {authorization}"))]].concat())
            }
            _ => Ok(response),
        }
    }

    /// The header that a challenge asks for; nothing where there is no login for it.
    fn authorization(&self, challenge: &str) -> Result<Option<String>> {
        let basic = self.login.as_ref().map(|login| format!("Basic {login}"));
        let Some(realm) = challenge.strip_prefix("Bearer ").and_then(|words| parameter(words, "realm"))
        else {
            return Ok(basic);
        };
        // A registry on loopback may send there only, any other to hosts with TLS.
        if !realm.starts_with("https://") && self.base.starts_with("https://") {
            bail!("the registry asks for a login without TLS, at {realm}");
        }
        let mut request = vec![("url".to_owned(), realm.to_owned()), ("get".to_owned(), String::new())];
        for name in ["service", "scope"] {
            let value = parameter(challenge, name).map(|value| format!("{name}={value}"));
            request.extend(value.map(|value| ("data-urlencode".to_owned(), value)));
        }
        request.extend(basic.map(|basic| ("header".to_owned(), format!("Authorization: {basic}"))));
        let request: Vec<_> = request.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer: Value = serde_json::from_str(&call(&request)?.body).unwrap_or_default();
        let token = ["token", "access_token"].iter().find_map(|name| answer[*name].as_str());
        Ok(token.map(|token| format!("Bearer {token}")))
    }
}

/// The value of `name="value"` in a challenge.
fn parameter<'a>(challenge: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = challenge.split_once(&format!("{name}=\""))?;
    Some(rest.split_once('"')?.0)
}

/// Runs curl with these options, each as in its file of options.
fn call(options: &[(&str, &str)]) -> Result<Response> {
    // The last line of the output is not the body's.
    let told = "\n%{http_code} %header{www-authenticate}";
    let captured = Cmd::new("curl")
        .args(["--silent", "--show-error", "--config", "-"])
        .input(options_file(&[options, &[("write-out", told)]].concat()))
        .capture()?;
    if captured.code != Some(0) {
        let errors = captured.lines.iter().filter(|line| line.starts_with("curl: "));
        bail!("{}", errors.map(String::as_str).collect::<Vec<_>>().join("; "));
    }
    let (body, told) = captured.stdout.trim_end_matches('\n').rsplit_once('\n').unwrap_or_default();
    let (status, challenge) = told.split_once(' ').unwrap_or((told, ""));
    let status = status.parse().with_context(|| format!("curl printed the status {status:?}"))?;
    Ok(Response { status, challenge: challenge.to_owned(), body: body.to_owned() })
}

fn options_file(options: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in options {
        let value = value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', "\\n");
        // Writing to a String cannot fail.
        let _ =
            if value.is_empty() { writeln!(text, "{name}") } else { writeln!(text, "{name} = \"{value}\"") };
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// Answers one request a line of `answers`, and returns the requests' first lines and logins.
    fn serve(listener: &TcpListener, answers: &[String]) -> Vec<(String, String)> {
        let answer = |text: &String| {
            let (connection, _) = listener.accept().unwrap();
            let lines = BufReader::new(connection.try_clone().unwrap()).lines().map(Result::unwrap);
            let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
            write!(&connection, "HTTP/1.1 {text}").unwrap();
            let login = head.iter().find_map(|line| line.strip_prefix("Authorization: "));
            // Versions of curl spell the digits of an escape in either case.
            let line = head[0].replace("%3A", ":").replace("%3a", ":");
            (line, login.unwrap_or_default().to_owned())
        };
        answers.iter().map(answer).collect()
    }

    #[test]
    fn login_is_exchanged_for_a_token() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let challenge = format!("Bearer realm=\"{base}/token\",service=\"r\",scope=\"repository:a:pull\"");
        let end = "Connection: close\r\nContent-Length";
        let answers = [
            format!("401 Unauthorized\r\nWWW-Authenticate: {challenge}\r\n{end}: 0\r\n\r\n"),
            format!("200 OK\r\n{end}: 13\r\n\r\n{{\"token\":\"t\"}}"),
            format!("200 OK\r\n{end}: 2\r\n\r\n{{}}"),
        ];
        let server = std::thread::spawn(move || serve(&listener, &answers));
        let response = Api { base, login: Some("bG9naW4=".into()) }.get("/v2/a").unwrap();
        assert_eq!((response.status, response.body.as_str()), (200, "{}"));
        let expected = [
            ("GET /v2/a HTTP/1.1", ""),
            ("GET /token?service=r&scope=repository:a:pull HTTP/1.1", "Basic bG9naW4="),
            ("GET /v2/a HTTP/1.1", "Bearer t"),
        ];
        let expected = expected.map(|(line, login)| (line.to_owned(), login.to_owned()));
        assert_eq!(server.join().unwrap(), expected);
    }

    #[test]
    fn challenge_is_read_by_parameter() {
        let challenge = r#"Bearer realm="https://r/token",service="r",scope="repository:a/b:pull,push""#;
        let found = ["realm", "service", "scope", "error"].map(|name| parameter(challenge, name));
        assert_eq!(found, [Some("https://r/token"), Some("r"), Some("repository:a/b:pull,push"), None]);
    }

    #[test]
    fn option_with_quotes_stays_one_line() {
        assert_eq!(options_file(&[("get", ""), ("a", "\"\\\n")]), "get\na = \"\\\"\\\\\\n\"\n");
    }

    #[test]
    fn login_without_tls_is_refused() {
        let api = Api { base: "https://r".into(), login: Some("c2VjcmV0".into()) };
        let error = api.authorization(r#"Bearer realm="http://other/token""#).unwrap_err().to_string();
        assert!(error.contains("without TLS") && !error.contains("c2VjcmV0"), "{error}");
    }
}
