//! Chromium without a window, with a profile of its own, so that each is another browser to the server.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tempfile::TempDir;

use crate::process::{Process, program};
use crate::quickstart::Quickstart;

/// A browser, until it is dropped.
pub struct Browser<'a> {
    app: &'a Quickstart,
    client: Client,
    driver: Process,
    port: u16,
    /// Removed last, since the browser writes there until it ends.
    _profile: TempDir,
}

impl<'a> Browser<'a> {
    /// Starts one, with nothing in its profile.
    pub async fn open(app: &'a Quickstart) -> Self {
        let chromium = program("chromium");
        let driver = Process::start(
            Command::new(program("chromedriver")).arg("--port=0"),
            "ChromeDriver was started successfully on port ",
        );
        let port = driver.ready.trim_end_matches('.').parse().expect("the driver tells its port");
        let profile = TempDir::new().expect("a temporary folder can be made");
        let options = json!({
            "binary": chromium,
            "args": [
                "--headless",
                "--no-sandbox", // Chromium has none for root, who runs tests in containers; it shows our own pages alone
                "--disable-gpu",
                "--disable-dev-shm-usage",
                // Nothing but the pages under test is asked for over the network.
                "--no-proxy-server",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                format!("--user-data-dir={}", profile.path().display()),
            ],
        });
        let capabilities = [("goog:chromeOptions".to_owned(), options)].into_iter().collect();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("the browser starts");
        Self { app, client, driver, port, _profile: profile }
    }

    /// Opens a page by its address, and whatever page that leads to.
    pub async fn visit(&self, path: &str) {
        self.client.goto(&self.app.url(path)).await.expect("the page loads");
    }

    /// Goes back, as its button does.
    pub async fn back(&self) {
        self.client.back().await.expect("there is a page before");
    }

    /// Asks for the page again.
    pub async fn reload(&self) {
        self.client.refresh().await.expect("the page loads");
    }

    /// Fills in the log-in form that is shown, and sends it.
    pub async fn log_in(&self, name: &str, password: &str) {
        for (field, value) in [("name", name), ("password", password)] {
            let input = self.see(&format!("//input[@name='{field}']")).await;
            input.clear().await.expect("the field can be cleared");
            input.send_keys(value).await.expect("the field can be filled in");
        }
        self.press("Log in").await;
    }

    /// Presses the first button of that name.
    pub async fn press(&self, button: &str) {
        self.see(&format!("//button[.='{button}']")).await.click().await.expect("the button can be pressed");
    }

    /// Waits until the page of that heading is shown, and tells its address from the path on.
    pub async fn arrive(&self, heading: &str) -> String {
        self.see(&format!("//h1[.='{heading}']")).await;
        let url = self.client.current_url().await.expect("the page has an address");
        match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        }
    }

    /// Waits until the page has what the XPath says.
    pub async fn see(&self, xpath: &str) -> fantoccini::elements::Element {
        match self.client.wait().for_element(Locator::XPath(xpath)).await {
            Ok(element) => element,
            Err(error) => panic!("the page never had `{xpath}`, {error}; it has:\n{}", self.source().await),
        }
    }

    /// The page as it is now.
    pub async fn source(&self) -> String {
        self.client.source().await.expect("the page has a source")
    }
}

impl Drop for Browser<'_> {
    /// A browser outlives a driver that is killed, so the driver is asked to end both.
    fn drop(&mut self) {
        if shut_down(self.port).is_ok() {
            self.driver.wait();
        }
    }
}

fn shut_down(port: u16) -> io::Result<()> {
    let mut driver = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    driver.write_all(b"GET /shutdown HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    driver.read_exact(&mut [0])
}
