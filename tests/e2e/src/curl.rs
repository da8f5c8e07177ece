//! curl with a cookie jar: a client that keeps cookies and follows nothing by itself.

use std::path::Path;
use std::process::Command;

use tempfile::NamedTempFile;

use crate::example::Example;
use crate::process::program;

/// One client, with cookies of its own.
pub struct Curl {
    base: String,
    jar: NamedTempFile,
}

/// What the server answered.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: String,
    headers: Vec<(String, String)>,
}

impl Curl {
    /// One that has no cookie yet.
    pub fn new(app: &Example) -> Self {
        Self::with_jar(app, NamedTempFile::new().expect("a temporary file can be made"))
    }

    /// One for another application.
    pub fn at(base: &str) -> Self {
        Self { base: base.to_owned(), jar: NamedTempFile::new().expect("a temporary file can be made") }
    }

    /// One with the cookies of another.
    pub fn with_jar(app: &Example, jar: NamedTempFile) -> Self {
        Self { base: app.url(""), jar }
    }

    /// The file of its cookies.
    pub fn jar(&self) -> &Path {
        self.jar.path()
    }

    /// Its cookies, which outlive the application.
    pub fn into_jar(self) -> NamedTempFile {
        self.jar
    }

    /// Logs in, which must succeed.
    pub fn logged_in(app: &Example, name: &str) -> Self {
        let curl = Self::new(app);
        let reply = curl.post("/login", &[("name", name), ("password", "quickstart")]);
        assert_eq!(reply.status, 303, "{reply:?}");
        curl
    }

    /// Asks for a page, as a browser's navigation does.
    pub fn get(&self, path: &str) -> Reply {
        self.run(path, &["--header", "Accept: text/html"])
    }

    /// Sends a request as a script of a page does, which shows no page.
    pub fn fetch(&self, path: &str, accept: &str) -> Reply {
        let accept = format!("Accept: {accept}");
        self.run(
            path,
            &["--header", &accept, "--header", "Sec-Fetch-Mode: cors", "--header", "Sec-Fetch-Site: same-origin"],
        )
    }

    /// Sends a form.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut arguments = vec!["--data", ""];
        for field in &fields {
            arguments.extend(["--data-urlencode", field]);
        }
        self.run(path, &arguments)
    }

    fn run(&self, path: &str, arguments: &[&str]) -> Reply {
        let output = Command::new(program("curl"))
            .args(["--silent", "--show-error", "--include", "--noproxy", "*", "--cookie"])
            .arg(self.jar.path())
            .arg("--cookie-jar")
            .arg(self.jar.path())
            .args(arguments)
            .arg(format!("{}{path}", self.base))
            .output()
            .expect("curl can be run");
        assert!(output.status.success(), "curl: {}", String::from_utf8_lossy(&output.stderr));
        Reply::parse(&String::from_utf8(output.stdout).expect("pages are UTF-8"))
    }
}

impl Reply {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").expect("a reply has a head and a body");
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .and_then(|status| status.parse().ok())
            .expect("a reply has a status");
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Self { status, body: body.to_owned(), headers }
    }

    /// The first header of that name, which is written in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// Where the reply leads, with 303.
    #[track_caller]
    pub fn leads_to(&self, location: &str) {
        assert_eq!((self.status, self.header("location")), (303, Some(location)), "{self:?}");
    }
}
