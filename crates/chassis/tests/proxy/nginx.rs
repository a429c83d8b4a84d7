//! nginx, which learns from a file that it looks for with each request.
//!
//! A reload would tell it too, but replaces the process that holds the clients' connections: nginx itself then closes
//! idle ones, under the request that a client may just be sending.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::process::Child;

use crate::proxy::{self, Proxy, front};

pub(crate) struct Nginx {
    folder: PathBuf,
    _child: Child,
}

impl Proxy for Nginx {
    const NAME: &str = "nginx";
    const KEEPS_CLIENTS: bool = true;

    async fn start(folder: &Path, servers: [SocketAddr; 2]) -> Self {
        // With one process there is none that outlives the one that is ended.
        let arguments = ["-e", "stderr", "-g", "daemon off; master_process off;", "-c"];
        let child = proxy::run("nginx", &arguments, folder, &configuration(folder, servers)).await;
        Self { folder: folder.to_owned(), _child: child }
    }

    async fn leave_out(&self, server: usize) {
        fs::write(without(&self.folder, server), "").expect("the folder can be written");
    }

    async fn take_back(&self, server: usize) {
        fs::remove_file(without(&self.folder, server)).expect("it was left out");
    }
}

fn without(folder: &Path, server: usize) -> PathBuf {
    folder.join(format!("without-{server}"))
}

fn configuration(folder: &Path, [first, second]: [SocketAddr; 2]) -> String {
    let front = front(folder);
    let (front, without) = (front.display(), [0, 1].map(|server| without(folder, server)));
    let (without_first, without_second) = (without[0].display(), without[1].display());
    let folder = folder.display();
    format!(
        "pid {folder}/pid;
        error_log stderr crit;
        events {{ worker_connections 512; }}
        http {{
            access_log off;
            client_body_temp_path {folder}/client;
            proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/fastcgi;
            uwsgi_temp_path {folder}/uwsgi;
            scgi_temp_path {folder}/scgi;
            keepalive_timeout 300s;
            keepalive_requests 10000000;
            upstream both {{
                server {first} max_fails=0;
                server {second} max_fails=0;
                keepalive 16;
                keepalive_requests 10000000;
            }}
            upstream first {{ server {first} max_fails=0; keepalive 16; keepalive_requests 10000000; }}
            upstream second {{ server {second} max_fails=0; keepalive 16; keepalive_requests 10000000; }}
            server {{
                listen unix:{front};
                set $servers both;
                if (-f {without_first}) {{ set $servers second; }}
                if (-f {without_second}) {{ set $servers first; }}
                location / {{
                    proxy_pass http://$servers;
                    proxy_http_version 1.1;
                    proxy_set_header Connection '';
                    proxy_next_upstream off;
                    proxy_buffering off;
                    proxy_connect_timeout 2s;
                }}
            }}
        }}\n"
    )
}
