//! Chromium without a window, with a profile of its own, so that each is another browser to the server.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;

use fantoccini::wd::WindowHandle;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use os_session_tests::leash::Leash;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::example::Example;
use crate::process::{Process, program};

/// A browser, until it is dropped. What is done in it is done in the tab that was opened or chosen last.
pub struct Browser {
    base: String,
    client: Client,
    driver: Process,
    port: u16,
    /// Removed last, since the browser writes there until it ends.
    _profile: TempDir,
}

/// A tab of a browser.
#[derive(Debug, Clone)]
pub struct Tab(WindowHandle);

impl Browser {
    /// Starts one, with nothing in its profile.
    pub async fn open(app: &Example) -> Self {
        Self::at(&app.url("")).await
    }

    /// Starts one for the application at this address, with nothing in its profile.
    pub async fn at(base: &str) -> Self {
        Self::with_preferences(base, json!({})).await
    }

    /// Starts one that takes no cookies.
    pub async fn without_cookies(app: &Example) -> Self {
        const BLOCK: u8 = 2;
        Self::with_preferences(&app.url(""), json!({ "profile.default_content_setting_values.cookies": BLOCK })).await
    }

    async fn with_preferences(base: &str, preferences: Value) -> Self {
        let chromium = program("chromium");
        let mut driver = Process::start(
            Command::new(program("chromedriver")).arg("--port=0"),
            "ChromeDriver was started successfully on port ",
        );
        let port = driver.ready.trim_end_matches('.').parse().expect("the driver tells its port");
        // Killed alone, it leaves the browser.
        driver.leash = Leash::running(r#"curl --silent "http://127.0.0.1:$1/shutdown""#, &u16::to_string(&port));
        let profile = TempDir::new().expect("a temporary folder can be made");
        let options = json!({
            "binary": chromium,
            "prefs": preferences,
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
        Self { base: base.to_owned(), client, driver, port, _profile: profile }
    }

    /// The tab that is in front.
    pub async fn tab(&self) -> Tab {
        Tab(self.client.window().await.expect("a tab is in front"))
    }

    /// Opens another one, in front of the others.
    pub async fn open_tab(&self) -> Tab {
        let tab = Tab(self.client.new_window(true).await.expect("a tab can be opened").handle);
        self.switch_to(&tab).await;
        tab
    }

    /// Brings a tab to the front.
    pub async fn switch_to(&self, Tab(tab): &Tab) {
        self.client.switch_to_window(tab.clone()).await.expect("the tab is there");
    }

    /// Closes the tab that is in front, after which another has to be brought there.
    pub async fn close_tab(&self) {
        self.client.close_window().await.expect("the tab can be closed");
    }

    /// Runs a script in the page, as the body of an async function of `args`, and tells what it returns.
    pub async fn run(&self, script: &str, args: &[Value]) -> Value {
        let body = format!(
            "const done = arguments[arguments.length - 1]; const args = [...arguments].slice(0, -1);
             (async () => {{ {script} }})().then(done, (error) => done(`failed: ${{error}}`));"
        );
        self.client.execute_async(&body, args.to_vec()).await.expect("the script runs")
    }

    /// Opens a page by its path, and whatever page that leads to.
    pub async fn visit(&self, path: &str) {
        self.visit_elsewhere(&format!("{}{path}", self.base)).await;
    }

    /// The same by its whole address.
    pub async fn visit_elsewhere(&self, url: &str) {
        self.client.goto(url).await.expect("the page loads");
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

impl Drop for Browser {
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
