//! The service on IPv6, and on both families at once.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use test_support::http::raw::blocking::{get, request};
use test_support::wait::until;

use crate::DEADLINE;
use crate::databases::Kind;
use crate::process::{Serving, myapp, run};

fn serving(listen: [&str; 3], kind: &Kind) -> (Serving, [SocketAddr; 3]) {
    let flags = ["--listen", "--admin-listen", "--operator-listen"];
    let arguments: Vec<&str> =
        flags.into_iter().zip(listen).flat_map(|(flag, address)| [flag, address]).collect();
    let mut command = myapp(&arguments, &[("SECRET_KEY", "hush-hush")]);
    command.args(["--expose-secrets", "--data-dir"]).arg(kind.data_directory());
    let mut serving = Serving::spawn(command);
    let addresses = serving.addresses();
    until(DEADLINE, "ready", || get(addresses[0], "/readyz"), |seen| seen.status == 200);
    (serving, addresses)
}

#[test]
fn unspecified_ipv6_address_serves_both_families() {
    let kind = Kind::sqlite();
    let (_serving, [public, admin, _]) = serving(["[::]:0", "[::]:0", "127.0.0.1:0"], &kind);
    for ip in [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)] {
        assert_eq!(get(SocketAddr::new(ip, public.port()), "/healthz").status, 200, "{ip}");
        assert_eq!(get(SocketAddr::new(ip, admin.port()), "/livez").status, 200, "{ip}");
        let peers = SocketAddr::new(ip, admin.port()).to_string();
        let output = run(&["verify", "--peers", &peers], &[]);
        assert_eq!(output.status.code(), Some(0), "{peers}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn all_listeners_work_on_ipv6_alone() {
    let kind = Kind::sqlite();
    let (_serving, [public, admin, operator]) = serving(["[::1]:0", "[::1]:0", "[::1]:0"], &kind);
    let own = operator.to_string();
    let answer = request(operator, "GET", "/config", &[("Host", &own)]);
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("hush-hush"));
    let shown = request(public, "GET", "/config", &[("Host", &public.to_string())]);
    assert!(shown.body.contains("hush-hush"), "a name of loopback: {}", shown.body);
    let output = run(&["verify", "--peers", &admin.to_string()], &[]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn ipv4_mapped_ipv6_address_counts_as_ipv4() {
    let kind = Kind::sqlite();
    let mapped = "[::ffff:127.0.0.1]:0";
    let (_serving, [public, _, operator]) = serving([mapped, mapped, mapped], &kind);
    for address in [public, operator] {
        let ipv4 = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port());
        assert!(get(ipv4, "/config").body.contains("hush-hush"), "{address}");
    }
    let refused = run(&["check", "--operator-listen", "[::ffff:10.0.0.1]:9091"], &[]);
    assert_eq!(refused.status.code(), Some(64));
}
