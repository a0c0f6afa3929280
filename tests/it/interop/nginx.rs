//! nginx on loopback, with and without TLS, for as long as a test lasts.

use crate::common::server::{Flaw, certificates};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub(super) struct Nginx {
    child: Child,
    pub(super) plain: u16,
    tls: u16,
    pub(super) ca: PathBuf,
    _directory: tempfile::TempDir,
}

impl Nginx {
    /// Serves a directory.
    pub(super) fn start(program: &Path, root: &Path) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let pem = certificates(Flaw::None);
        std::fs::write(path("ca.pem"), &pem.ca_pem).unwrap();
        std::fs::write(path("cert.pem"), &pem.certificate_pem).unwrap();
        std::fs::write(path("key.pem"), &pem.key_pem).unwrap();
        let (plain, tls) = (free_port(), free_port());
        std::fs::write(path("nginx.conf"), configuration(directory.path(), root, plain, tls)).unwrap();
        let child = Command::new(program)
            .arg("-p")
            .arg(directory.path())
            .arg("-c")
            .arg(path("nginx.conf"))
            .args(["-e", "error.log"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let nginx = Self { child, plain, tls, ca: path("ca.pem"), _directory: directory };
        nginx.wait();
        nginx
    }

    fn wait(&self) {
        for _ in 0..200 {
            if [self.plain, self.tls].iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = std::fs::read_to_string(self.ca.with_file_name("error.log"));
        panic!("nginx does not answer: {log:?}");
    }

    pub(super) fn url(&self, tls: bool, path: &str) -> url::Url {
        let (scheme, port) = if tls { ("https", self.tls) } else { ("http", self.plain) };
        url::Url::parse(&format!("{scheme}://localhost:{port}/{path}")).unwrap()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// One process, everything it writes in its own directory.
fn configuration(directory: &Path, root: &Path, plain: u16, tls: u16) -> String {
    let own = directory.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("  {name}_temp_path {own}/{name};\n"))
        .collect();
    format!(
        "daemon off;\nmaster_process off;\npid {own}/pid;\nevents {{}}\nhttp {{\n{temporary}\
         \x20 access_log off;\n  gzip on;\n  gzip_types text/css application/javascript;\n\
         \x20 types {{ text/html html; text/css css; application/javascript js; image/png png; image/svg+xml svg; }}\n\
         \x20 server {{\n    listen 127.0.0.1:{plain};\n    listen 127.0.0.1:{tls} ssl;\n    root {};\n\
         \x20   ssl_certificate {own}/cert.pem;\n    ssl_certificate_key {own}/key.pem;\n\
         \x20   ssl_protocols TLSv1.2 TLSv1.3;\n  }}\n}}\n",
        root.display()
    )
}
