//! HAProxy, which learns over its control socket.

use std::marker::PhantomData;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::process::Child;

use crate::proxy::{self, Proxy, front};

pub(crate) struct HaProxy<L> {
    control: PathBuf,
    _child: Child,
    _layer: PhantomData<L>,
}

/// Unit that HAProxy distributes.
pub(crate) trait Layer {
    const NAME: &str;
    const KEEPS_CLIENTS: bool;
    const CONFIGURATION: &str;
}

/// Requests, over the proxy's own connections, as an Ingress or an application load balancer does.
pub(crate) enum Requests {}

/// Whole, as a Service or a network load balancer does.
pub(crate) enum Connections {}

impl Layer for Requests {
    const NAME: &str = "haproxy, by request";
    const KEEPS_CLIENTS: bool = true;
    const CONFIGURATION: &str = "mode http
            timeout http-keep-alive 5m
            http-reuse always";
}

impl Layer for Connections {
    const NAME: &str = "haproxy, by connection";
    const KEEPS_CLIENTS: bool = false;
    const CONFIGURATION: &str = "mode tcp";
}

impl<L: Layer> Proxy for HaProxy<L> {
    const NAME: &str = L::NAME;
    const KEEPS_CLIENTS: bool = L::KEEPS_CLIENTS;

    async fn start(folder: &Path, servers: [SocketAddr; 2]) -> Self {
        let control = folder.join("control");
        let configuration = configuration(L::CONFIGURATION, &control, &front(folder), servers);
        // In the foreground, and without a line on each change of state.
        let child = proxy::run("haproxy", &["-db", "-q", "-f"], folder, &configuration).await;
        Self { control, _child: child, _layer: PhantomData }
    }

    async fn leave_out(&self, server: usize) {
        self.set_state(server, "drain").await;
    }

    async fn take_back(&self, server: usize) {
        self.set_state(server, "ready").await;
    }
}

impl<L> HaProxy<L> {
    async fn set_state(&self, server: usize, state: &str) {
        let mut control = UnixStream::connect(&self.control).await.expect("HAProxy listens");
        let command = format!("set server both/{server} state {state}\n");
        control.write_all(command.as_bytes()).await.expect("HAProxy reads");
        let mut complaint = String::new();
        control.read_to_string(&mut complaint).await.expect("HAProxy answers");
        assert_eq!(complaint.trim(), "");
    }
}

fn configuration(layer: &str, control: &Path, front: &Path, [first, second]: [SocketAddr; 2]) -> String {
    let (control, front) = (control.display(), front.display());
    format!(
        "global
            nbthread 1
            stats socket {control} mode 600 level admin
        defaults
            {layer}
            timeout connect 2s
            timeout client 5m
            timeout server 5m
            retries 0
            no option redispatch
        frontend clients
            bind unix@{front}
            default_backend both
        backend both
            balance roundrobin
            server 0 {first}
            server 1 {second}\n"
    )
}
