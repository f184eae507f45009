//! Helper: Chromium without a window, driven through Debian's chromedriver.

use std::{
    cell::Cell,
    fs::File,
    process::{Child, Command, Stdio},
    time::Duration,
};

use axum::http::Method;
use fantoccini::{
    Client, ClientBuilder, Locator,
    elements::Element,
    wd::{TimeoutConfiguration, WebDriverCompatibleCommand},
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use url::{ParseError, Url};

use crate::{person::password, wait_until};

/// How long a browser under load may take for what it does at once.
const SECONDS_MAX: u64 = 60;

/// The maximum time for a script, and for a page to load.
const COMMAND_WITHIN: Duration = Duration::from_secs(SECONDS_MAX);

/// The milliseconds between two keys of a scanner.
const SCAN_GAP: f64 = 8.0;

/// How a page is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Look {
    /// `en` or `id`.
    pub(crate) language: &'static str,
    pub(crate) is_phone: bool,
}

impl Look {
    pub(crate) const DESK: Self = Self { language: "en", is_phone: false };
}

/// chromedriver, which ends with the browser that it started.
struct Driver {
    child: Child,
    folder: TempDir,
}

impl Driver {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let said = File::create(folder.path().join("said")).unwrap();
        let mut command = Command::new("chromedriver");
        // Its profile lies in the folder, which is removed with it.
        command.arg("--port=0").env("TMPDIR", folder.path()).env("HOME", folder.path());
        command.stdin(Stdio::null()).stdout(said).stderr(Stdio::null());
        let child =
            command.spawn().unwrap_or_else(|error| panic!("chromedriver: {error}; apt-get install chromium-driver"));
        Self { child, folder }
    }

    fn address(&self) -> String {
        let mut port = None;
        wait_until("chromedriver listens", SECONDS_MAX, || {
            let said = std::fs::read_to_string(self.folder.path().join("said")).unwrap();
            port = said
                .split("on port ")
                .filter_map(|rest| rest.split('.').next()?.trim().parse::<u16>().ok())
                .find(|port| *port != 0);
            port.is_some()
        });
        format!("http://127.0.0.1:{}", port.unwrap())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It ends its browser when it is asked to end, and may have ended by itself.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

/// A browser with one page. What it has against its pages, on its console, fails the test at the end.
pub(crate) struct Browser {
    runtime: Runtime,
    client: Option<Client>,
    /// `http://127.0.0.1:40123`.
    server: String,
    allowed: Vec<&'static str>,
    /// The time of the last key of a scanner, in milliseconds since 1970.
    scanned_at: Cell<f64>,
    _driver: Driver,
}

/// A command of chromedriver's own.
#[derive(Debug)]
struct Own {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

impl Browser {
    /// A browser at a server, `127.0.0.1:40123`.
    pub(crate) fn at(address: &str, look: Look) -> Self {
        let driver = Driver::start();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let Look { language, is_phone } = look;
        let language_argument = format!("--accept-lang={language}");
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--window-size=1366,768",
            &language_argument,
        ];
        let capabilities = json!({
            "goog:chromeOptions": { "args": arguments, "prefs": { "intl.accept_languages": language } },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities.as_object().unwrap().clone());
        let client = runtime.block_on(builder.connect(&driver.address())).unwrap();
        let timeouts = TimeoutConfiguration::new(Some(COMMAND_WITHIN), Some(COMMAND_WITHIN), None);
        runtime.block_on(client.update_timeouts(timeouts)).unwrap();
        let browser = Self {
            runtime,
            client: Some(client),
            server: format!("http://{address}"),
            allowed: Vec::new(),
            scanned_at: Cell::default(),
            _driver: driver,
        };
        if is_phone {
            let size = json!({ "width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true });
            browser.devtools("Emulation.setDeviceMetricsOverride", &size);
        }
        browser
    }

    /// A browser in which a person has signed in by the form.
    pub(crate) fn signed_in(address: &str, name: &str, look: Look) -> Self {
        let browser = Self::at(address, look);
        browser.open("/");
        browser.type_into("#name", name);
        browser.type_into("#password", &password(name));
        browser.next_page(|browser| browser.click("main button.primary"));
        assert!(browser.has("header .self"), "{name} is signed in: {}", browser.text("main"));
        browser
    }

    /// Allows messages on its console that have this text.
    pub(crate) fn allow(&mut self, text: &'static str) {
        self.allowed.push(text);
    }

    fn client(&self) -> &Client {
        self.client.as_ref().unwrap()
    }

    fn own(&self, path: &'static str, body: Value) -> Value {
        self.runtime.block_on(self.client().issue_cmd(Own { path, body })).unwrap()
    }

    /// A command of the `DevTools` protocol.
    pub(crate) fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.own("goog/cdp/execute", json!({ "cmd": command, "params": parameters }))
    }

    pub(crate) fn open(&self, path: &str) {
        self.runtime.block_on(self.client().goto(&format!("{}{path}", self.server))).unwrap();
    }

    /// The path of the page, with its query.
    pub(crate) fn path(&self) -> String {
        let url = self.runtime.block_on(self.client().current_url()).unwrap();
        url.as_str()[self.server.len()..].to_owned()
    }

    /// Runs a function body, and returns what that returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.runtime.block_on(self.client().execute(script, Vec::new())).unwrap()
    }

    /// As [`run`](Self::run), with arguments, for a script that waits for promises.
    pub(crate) fn run_async(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.runtime.block_on(self.client().execute_async(script, arguments)).unwrap()
    }

    fn element(&self, selector: &str) -> Element {
        let found = self.runtime.block_on(self.client().find(Locator::Css(selector)));
        found.unwrap_or_else(|error| panic!("{selector} on {}: {error}", self.path()))
    }

    pub(crate) fn has(&self, selector: &str) -> bool {
        let found = self.runtime.block_on(self.client().find_all(Locator::Css(selector)));
        found.is_ok_and(|found| !found.is_empty())
    }

    /// The text of an element as it is shown; empty if the page has none.
    pub(crate) fn text(&self, selector: &str) -> String {
        let script = format!("return document.querySelector({})?.innerText ?? ''", json!(selector));
        self.run(&script).as_str().unwrap().to_owned()
    }

    pub(crate) fn wait_for_text(&self, selector: &str, part: &str) {
        wait_until(&format!("{selector} says {part:?}"), SECONDS_MAX, || self.text(selector).contains(part));
    }

    pub(crate) fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.runtime.block_on(element.click()).unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    pub(crate) fn type_into(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.runtime.block_on(element.send_keys(text)).unwrap();
    }

    /// Puts the focus on an element, without a press on it.
    pub(crate) fn focus(&self, selector: &str) {
        let script = format!(
            "document.querySelector({0}).focus(); return document.activeElement === document.querySelector({0})",
            json!(selector)
        );
        assert_eq!(self.run(&script), true, "{selector} takes the focus");
    }

    /// Does what leads to another page, and waits for that page.
    pub(crate) fn next_page(&self, does: impl FnOnce(&Self)) {
        self.run("window.isBefore = true");
        does(self);
        let is_next = "return window.isBefore === undefined && document.readyState === 'complete'";
        wait_until("the next page is there", SECONDS_MAX, || {
            let found = self.runtime.block_on(self.client().execute(is_next, Vec::new()));
            // The page may go away while it is asked.
            found.is_ok_and(|is_next| is_next == true)
        });
    }

    /// Does what a desk answers, and waits for the answer.
    pub(crate) fn answered(&self, does: impl FnOnce(&Self)) {
        self.run("document.querySelector('#shown > [data-tone]').isBefore = true");
        does(self);
        let is_next =
            "const shown = document.querySelector('#shown > [data-tone]'); return shown !== null && !shown.isBefore";
        wait_until("the desk has answered", SECONDS_MAX, || self.run(is_next) == true);
    }

    /// Types a code as a scanner does: each key a few milliseconds after the one before, whatever the load of the machine, and then
    /// Enter.
    pub(crate) fn scan(&self, code: &str) {
        let now = self.run("return Date.now()").as_f64().unwrap();
        // A hand takes its time between two cards.
        let mut at = now.max(self.scanned_at.get() + 500.0);
        let mut press = |key: &str, text: &str, code: u32| {
            at += SCAN_GAP;
            let mut event = json!({ "type": "keyDown", "key": key, "text": text, "windowsVirtualKeyCode": code, "timestamp": at / 1_000.0 });
            self.devtools("Input.dispatchKeyEvent", &event);
            event["type"] = json!("keyUp");
            event.as_object_mut().unwrap().remove("text");
            self.devtools("Input.dispatchKeyEvent", &event);
        };
        for letter in code.chars() {
            let letter_text = letter.to_string();
            press(&letter_text, &letter_text, u32::from(letter.to_ascii_uppercase()));
        }
        press("Enter", "\r", 13);
        self.scanned_at.set(at);
    }

    /// Chooses the dark or the light colours, as the device does.
    pub(crate) fn prefer(&self, theme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": theme }]);
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    /// What the browser has against the pages since it was asked last: failed scripts, violations of their policy, failed requests.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.own("se/log", json!({ "type": "browser" }));
        let messages = log.as_array().unwrap().iter().map(|entry| entry["message"].as_str().unwrap().to_owned());
        messages.filter(|message| !self.allowed.iter().any(|allowed| message.contains(allowed))).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let complaints = if std::thread::panicking() { Vec::new() } else { self.complaints() };
        if let Some(client) = self.client.take() {
            // Its driver ends the browser in any case.
            let _ = self.runtime.block_on(client.close());
        }
        assert!(complaints.is_empty(), "{complaints:#?}");
    }
}
