//! HAProxy, which learns over its control socket.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::process::Child;

use crate::proxy::{self, Proxy, front};

pub(crate) struct HaProxy {
    control: PathBuf,
    _child: Child,
}

impl Proxy for HaProxy {
    const NAME: &str = "haproxy";

    async fn start(folder: &Path, servers: [SocketAddr; 2]) -> Self {
        let control = folder.join("control");
        let configuration = configuration(&control, &front(folder), servers);
        // In the foreground, and without a line on each change of state.
        let child = proxy::run("haproxy", &["-db", "-q", "-f"], folder, &configuration).await;
        Self { control, _child: child }
    }

    async fn leave_out(&self, server: usize) {
        self.set_state(server, "drain").await;
    }

    async fn take_back(&self, server: usize) {
        self.set_state(server, "ready").await;
    }
}

impl HaProxy {
    async fn set_state(&self, server: usize, state: &str) {
        let mut control = UnixStream::connect(&self.control).await.expect("HAProxy listens");
        let command = format!("set server both/{server} state {state}\n");
        control.write_all(command.as_bytes()).await.expect("HAProxy reads");
        let mut complaint = String::new();
        control.read_to_string(&mut complaint).await.expect("HAProxy answers");
        assert_eq!(complaint.trim(), "");
    }
}

fn configuration(control: &Path, front: &Path, [first, second]: [SocketAddr; 2]) -> String {
    let (control, front) = (control.display(), front.display());
    format!(
        "global
            nbthread 1
            stats socket {control} mode 600 level admin
        defaults
            mode http
            timeout connect 2s
            timeout client 5m
            timeout http-keep-alive 5m
            timeout server 1m
            retries 0
            no option redispatch
            http-reuse always
        frontend clients
            bind unix@{front}
            default_backend both
        backend both
            balance roundrobin
            server 0 {first}
            server 1 {second}\n"
    )
}
