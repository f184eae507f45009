//! Helper: Chromium without a window, driven through Debian's chromedriver.

use std::{
    cell::Cell,
    fs::File,
    io::Write,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use axum::http::Method;
use fantoccini::{
    Client, ClientBuilder, Locator,
    elements::Element,
    wd::{TimeoutConfiguration, WebDriverCompatibleCommand, WindowHandle},
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use url::{ParseError, Url};

use crate::{impersonal::assert_impersonal, person::password, wait, wait_until};

/// How long a browser under load may take for what it does at once.
const SECONDS_MAX: u64 = 60;

/// The maximum time for a script, and for a page to load.
const COMMAND_WITHIN: Duration = Duration::from_secs(SECONDS_MAX);

/// The milliseconds between two keys of a scanner, and of a hand.
const SCAN_GAP: f64 = 8.0;
const HAND_GAP: u64 = 60;

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

/// A browser with one page. What it has against its pages, on its console, fails the test at the end, and so does an address with
/// something personal.
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
            "goog:chromeOptions": {
                "args": arguments,
                "prefs": { "intl.accept_languages": language },
                "perfLoggingPrefs": { "enableNetwork": true, "enablePage": false },
            },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
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
        browser.set_device(is_phone);
        browser
    }

    /// A browser in which a person has signed in by the form.
    pub(crate) fn signed_in(address: &str, name: &str, look: Look) -> Self {
        let browser = Self::at(address, look);
        browser.sign_in_here(name);
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

    /// Opens a page in a window of its own, which is visible as the others are, and looks at it.
    pub(crate) fn open_window(&self, path: &str) -> WindowHandle {
        let window = self.runtime.block_on(self.client().new_window(false)).unwrap().handle;
        self.look_at(&window);
        self.open(path);
        window
    }

    /// The window that is looked at.
    pub(crate) fn window(&self) -> WindowHandle {
        self.runtime.block_on(self.client().window()).unwrap()
    }

    /// Looks at a window.
    pub(crate) fn look_at(&self, window: &WindowHandle) {
        self.runtime.block_on(self.client().switch_to_window(window.clone())).unwrap();
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

    /// Clicks an element in the middle of the screen, where a person brings it; what covers it there takes the click.
    pub(crate) fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.run(&format!("document.querySelector({})?.scrollIntoView({{ block: 'center' }})", json!(selector)));
        self.runtime.block_on(element.click()).unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    pub(crate) fn type_into(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.runtime.block_on(element.send_keys(text)).unwrap();
    }

    /// Puts the focus on an element, without a press on it.
    pub(crate) fn focus(&self, selector: &str) {
        let script = format!(
            "document.querySelector({0})?.focus(); return document.activeElement === document.querySelector({0})",
            json!(selector)
        );
        assert_eq!(self.run(&script), true, "{selector} takes the focus on {}: {}", self.path(), self.text("main"));
    }

    /// Presses Tab, Enter, the space bar or an arrow, as a hand does.
    pub(crate) fn press(&self, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, None),
            "Enter" => (13, Some("\r")),
            " " => (32, Some(" ")),
            "ArrowDown" => (40, None),
            other => panic!("no key {other}"),
        };
        if text.is_some() {
            // Keys that type come from a hand, which is slower than a scanner.
            wait(HAND_GAP);
        }
        let sort = if text.is_some() { "keyDown" } else { "rawKeyDown" };
        let mut event = json!({ "type": sort, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text });
        if text.is_none() {
            event.as_object_mut().unwrap().remove("text");
        }
        self.devtools("Input.dispatchKeyEvent", &event);
        self.devtools(
            "Input.dispatchKeyEvent",
            &json!({ "type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": code }),
        );
    }

    /// Puts a text where the caret is, slower than a scanner.
    pub(crate) fn insert(&self, text: &str) {
        self.devtools("Input.insertText", &json!({ "text": text }));
    }

    /// Presses Tab until an element has the focus. Each element on the way must show that it has it.
    pub(crate) fn tab_to(&self, selector: &str) {
        const STEPS_MAX: usize = 150;
        const FOCUS: &str = "
            const at = document.activeElement;
            if (at === document.body) return [false, true, 'nothing'];
            // What is drawn in the place of a round button.
            const seen = getComputedStyle(at).opacity === '0' ? at.nextElementSibling : at;
            const style = getComputedStyle(seen), box = seen.getBoundingClientRect();
            const isSeen = box.width > 0 && box.height > 0 && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
            const isMarked = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
            return [at.matches(arguments[0]), isSeen && isMarked, at.outerHTML.slice(0, 300)];";
        for _ in 0..STEPS_MAX {
            self.press("Tab");
            let focus = self.runtime.block_on(self.client().execute(FOCUS, vec![json!(selector)])).unwrap();
            assert_eq!(focus[1], true, "the focus is seen on {}: {}", self.path(), focus[2]);
            if focus[0] == true {
                return;
            }
        }
        panic!("Tab does not lead to {selector} on {}: {}", self.path(), self.text("main"));
    }

    /// Shows pages in another language and on another device from the next page on.
    pub(crate) fn show_as(&self, look: Look) {
        self.run(&format!("document.cookie = 'cetak-language={}; path=/'", look.language));
        self.set_device(look.is_phone);
    }

    fn set_device(&self, is_phone: bool) {
        if is_phone {
            self.set_size(390, 844);
        } else {
            self.devtools("Emulation.clearDeviceMetricsOverride", &json!({}));
        }
    }

    /// Shows pages in a size of the screen, in pixels of its styles.
    pub(crate) fn set_size(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 800 });
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Forgets who has signed in, and signs another person in by the form.
    pub(crate) fn sign_in(&self, name: &str) {
        self.devtools("Network.clearBrowserCookies", &json!({}));
        self.sign_in_here(name);
    }

    fn sign_in_here(&self, name: &str) {
        self.open("/login");
        self.type_into("#name", name);
        self.type_into("#password", &password(name));
        self.next_page(|browser| browser.click("main button.primary"));
        assert!(self.has("header .self"), "{name} is signed in: {}", self.text("main"));
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
            // The end of a press matters where it presses a button; for the other letters it would take as long again.
            if key == " " || key == "Enter" {
                event["type"] = json!("keyUp");
                event.as_object_mut().unwrap().remove("text");
                self.devtools("Input.dispatchKeyEvent", &event);
            }
        };
        for letter in code.chars() {
            let letter_text = letter.to_string();
            press(&letter_text, &letter_text, u32::from(letter.to_ascii_uppercase()));
        }
        press("Enter", "\r", 13);
        self.scanned_at.set(at);
    }

    /// Scans a code with keys that come at once. They do what the script of the page does with keys, and no more: a field does not take them.
    pub(crate) fn scan_at_once(&self, code: &str) {
        let keys = format!(
            "for (const key of [...{}, 'Enter'])
                 document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {{ key, bubbles: true, cancelable: true }}))",
            json!(code)
        );
        self.run(&keys);
    }

    /// Writes a picture of the page, down to a height of 2,000 pixels.
    pub(crate) fn picture(&self, file: &Path) {
        let size = self
            .run("return [innerWidth, Math.min(2000, Math.max(innerHeight, document.documentElement.scrollHeight))]");
        let clip = json!({ "x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1 });
        let taken = self.devtools(
            "Page.captureScreenshot",
            &json!({ "format": "png", "clip": clip, "captureBeyondViewport": true }),
        );
        let base64 = taken["data"].as_str().unwrap();
        let mut decode =
            Command::new("base64").arg("-d").stdin(Stdio::piped()).stdout(File::create(file).unwrap()).spawn().unwrap();
        decode.stdin.take().unwrap().write_all(base64.as_bytes()).unwrap();
        assert!(decode.wait().unwrap().success());
    }

    /// Chooses the dark or the light colours, as the device does.
    pub(crate) fn prefer(&self, theme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": theme }]);
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    /// The messages of a log of the browser since it was asked last.
    fn log(&self, name: &str) -> Vec<String> {
        let log = self.own("se/log", json!({ "type": name }));
        log.as_array().unwrap().iter().map(|entry| entry["message"].as_str().unwrap().to_owned()).collect()
    }

    /// What the browser has against the pages since it was asked last: failed scripts, violations of their policy, failed requests.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let messages = self.log("browser").into_iter();
        messages.filter(|message| !self.allowed.iter().any(|allowed| message.contains(allowed))).collect()
    }

    /// Each address that the browser asked for, and the page that it named as the one before.
    fn requested(&self) -> Vec<String> {
        let requests = self.log("performance").into_iter().filter_map(|message| {
            let event: Value = serde_json::from_str(&message).unwrap();
            let request = event["message"]["params"]["request"].clone();
            (event["message"]["method"] == "Network.requestWillBeSent").then_some(request)
        });
        let addresses = requests.flat_map(|request| [request["url"].clone(), request["headers"]["Referer"].clone()]);
        addresses.filter_map(|address| address.as_str().map(str::to_owned)).collect()
    }

    /// Fails if an address that the browser asked for has something personal. Returns how many there were.
    pub(crate) fn assert_addresses_are_impersonal(&self) -> usize {
        let addresses = self.requested();
        for address in &addresses {
            assert_impersonal("an address", address);
        }
        addresses.len()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let complaints = if std::thread::panicking() { Vec::new() } else { self.complaints() };
        if !std::thread::panicking() {
            self.assert_addresses_are_impersonal();
        }
        if let Some(client) = self.client.take() {
            // Its driver ends the browser in any case.
            let _ = self.runtime.block_on(client.close());
        }
        assert!(complaints.is_empty(), "{complaints:#?}");
    }
}
