// What pages do beyond plain HTML: they follow the board, and say when they are stale. No act needs it.
"use strict";
(() => {
  // Silence for longer than two beats of the server, in milliseconds.
  const STALE_AFTER = 12000;
  // The shortest time between two readings of the page.
  const READ_EVERY = 1000;
  // The longest time for a reading, and for a stream to begin: a line that was lost without a word never ends by itself.
  const ANSWER_WITHIN = 5000;
  const RETRY = [500, 1000, 2000, 4000];
  // The longest time for an act.
  const FORM_WITHIN = 40000;

  const body = document.body;
  const stale = document.getElementById("stale");
  const shownAt = () => document.getElementById("as-of")?.textContent.replace(/^\D*/, "") ?? "";
  let source = null, heard = 0, asked = 0, tries = 0, retry = null, due = null, tag = "", lastRead = 0, reading = false, again = false;
  // The version of the board that the server last told, and the one that is shown.
  const isLive = document.querySelector("[data-live]") !== null;
  let told = "", readAt = document.getElementById("as-of")?.dataset.version ?? "";
  // The pause of all printing that is shown. A page that does not follow the board shows that at least.
  let pause = document.getElementById("as-of")?.dataset.pause ?? "";

  // Sounds, if a person has switched them on in this browser. What they tell stands on the page, too.
  const TONES = { good: [[1320, .12]], bad: [[196, .4]], need: [[880, .12], [660, .12], [880, .12]] };
  const sound = document.getElementById("sound");
  let audio = null;
  const isLoud = () => { try { return localStorage.getItem("cetak-sound") === "on"; } catch { return false; } };
  const play = (name) => {
    if (!TONES[name] || !isLoud()) return;
    audio ??= new AudioContext();
    audio.resume();
    let at = audio.currentTime;
    for (const [hertz, seconds] of TONES[name]) {
      const tone = audio.createOscillator(), volume = audio.createGain();
      tone.frequency.value = hertz;
      volume.gain.value = .25;
      tone.connect(volume).connect(audio.destination);
      tone.start(at);
      tone.stop(at += seconds);
    }
  };
  if (sound) {
    const tell = () => {
      sound.textContent = isLoud() ? sound.dataset.on : sound.dataset.off;
      sound.setAttribute("aria-pressed", isLoud());
    };
    sound.addEventListener("click", () => {
      try { localStorage.setItem("cetak-sound", isLoud() ? "off" : "on"); } catch { /* It stays silent. */ }
      tell();
      play("good");
    });
    tell();
    sound.hidden = false;
  }

  // What the person who reads the page may settle.
  const needs = () => [...document.querySelectorAll("[data-need]")].map((need) => need.dataset.need);
  // A page that is frozen does not change until its person says so.
  const freeze = document.getElementById("freeze");
  let isFrozen = false;

  const setStale = (is) => {
    if (is === "isStale" in body.dataset) return;
    if (is) body.dataset.isStale = ""; else delete body.dataset.isStale;
    stale.hidden = !is;
    stale.textContent = is ? body.dataset.stale.replace("{}", shownAt()) : "";
  };

  // The button that pauses or goes on leads back to this page. Who may pause may not always go on.
  const setPause = (page) => {
    const from = page.querySelector(".self .stop");
    let to = document.querySelector(".self .stop");
    if (!from) { to?.remove(); return; }
    if (!to) {
      to = document.importNode(from, true);
      document.querySelector(".self").append(to);
    }
    const address = new URL(from.href, location.href);
    address.searchParams.set("back", location.pathname);
    to.textContent = from.textContent;
    to.href = address.pathname + address.search;
  };

  // Reads a live page again, or of another page what the board says of the pause, and puts it into the present one, without moving
  // focus, caret or what is open. A page is stale until that has been done.
  const read = async () => {
    if (reading) { again = true; return; }
    if (isFrozen) return;
    reading = true;
    again = false;
    lastRead = Date.now();
    const version = told;
    try {
      const headers = { "X-Followed": "1", Accept: "text/html", ...(tag ? { "If-None-Match": tag } : {}) };
      const answer = await fetch(isLive ? location.href : "/", { headers, redirect: "manual", signal: AbortSignal.timeout(ANSWER_WITHIN) });
      if (answer.type === "opaqueredirect") { location.reload(); return; }
      if (answer.status === 304) readAt = version;
      if (answer.status === 200) {
        tag = answer.headers.get("ETag") ?? "";
        const before = new Set(needs());
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        htmx.config.morphIgnore = ["data-htmx-powered", "open"];
        for (const id of isLive ? ["live", "state", "as-of"] : ["state"]) {
          const from = page.getElementById(id), to = document.getElementById(id);
          if (id === "state" && from) { from.querySelector("#stale")?.replaceWith(stale.cloneNode(true)); }
          if (from && to) await htmx.swap({ text: from.innerHTML, target: to, swap: "innerMorph" });
        }
        setPause(page);
        pause = page.getElementById("as-of")?.dataset.pause ?? "";
        readAt = version;
        const news = needs().filter((need) => !before.has(need));
        if (news.length > 0) {
          document.getElementById("news").textContent = body.dataset.news.replace("{}", news.join("; "));
          play("need");
        }
      }
      if (answer.status === 200 || answer.status === 304) setStale(false);
    } catch { /* The next beat, or its absence, tells. */ }
    reading = false;
    if (again) schedule();
  };
  const schedule = () => {
    clearTimeout(due);
    due = setTimeout(read, Math.max(0, lastRead + READ_EVERY - Date.now()));
  };

  const close = () => { source?.close(); source = null; };
  const connect = () => {
    close();
    clearTimeout(retry);
    if (document.hidden) return;
    asked = Date.now();
    source = new EventSource("/live");
    const hear = (event) => {
      heard = Date.now();
      tries = 0;
      const { version, time, pause: pausedSince } = JSON.parse(event.data);
      told = version;
      const isOld = isLive ? readAt !== told : pause !== pausedSince;
      if (isFrozen) { setStale(false); return; }
      if (isOld || "isStale" in body.dataset) { schedule(); return; }
      if (!isLive) return;
      const at = document.getElementById("as-of");
      if (at) at.textContent = at.dataset.text.replace("{}", time);
    };
    source.addEventListener("change", hear);
    source.addEventListener("beat", hear);
    source.onerror = () => {
      close();
      // A session that has ended is seen by reading the page, which leads to the sign-in.
      if (tries > 0) schedule();
      retry = setTimeout(connect, RETRY[Math.min(tries++, RETRY.length - 1)]);
    };
  };
  const wake = () => { if (!document.hidden && (!source || Date.now() - heard > STALE_AFTER)) connect(); };

  // A scanner types faster than a hand, and ends with Enter. What it types belongs to the field for codes, wherever the focus is; an
  // Enter at its end presses no button and sends no other form.
  const GAP = 35, CODE_LEAST = 8;
  // Fields in which a space is text.
  const TEXT = /^(email|number|password|search|tel|text|textarea|url)$/;
  let typed = "", lastKey = 0, before = null, isSent = false;
  const elsewhere = (text) => {
    const told = document.getElementById("stale");
    if (!told || "isStale" in body.dataset) return;
    told.textContent = text;
    told.hidden = false;
  };
  // A key leads to a page, and does nothing else. It waits for a moment, as the first letters of a scan may be such keys.
  const KEY_WAIT = 4 * GAP, PREFIX_FOR = 2000;
  let prefix = 0, going = null;
  const goes = (event) => {
    if (!("keys" in body.dataset) || typed.length > 1 || event.target.closest?.("input, select, textarea")) { prefix = 0; return; }
    const isSecond = prefix > 0 && event.timeStamp - prefix < PREFIX_FOR;
    prefix = !isSecond && event.key === "g" ? event.timeStamp : 0;
    const place = isSecond && /^[a-z]$/.test(event.key) ? document.querySelector(`[data-key="${event.key}"]`)?.href : null;
    const to = event.key === "/" ? body.dataset.search : event.key === "?" ? "/help" : place;
    if (!to) return;
    event.preventDefault();
    going = setTimeout(() => location.assign(to), KEY_WAIT);
  };
  document.addEventListener("keydown", (event) => {
    clearTimeout(going);
    if (event.key === "Enter") {
      const code = typed;
      typed = "";
      const gap = event.timeStamp - lastKey;
      if (code.length < CODE_LEAST || gap > 3 * GAP) {
        // A short code of another kind: its Enter is no hand's either.
        if (code === "" || gap > GAP || document.activeElement?.id === "code") return;
        event.preventDefault();
        event.stopPropagation();
        elsewhere(body.dataset.scanned);
        return;
      }
      event.preventDefault();
      event.stopPropagation();
      if (before && before.field.id !== "code") before.field.value = before.value;
      const form = document.querySelector("[data-scan]");
      if (!form) { elsewhere(body.dataset.scanned); return; }
      form.elements.namedItem("code").value = code;
      form.requestSubmit();
      return;
    }
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.timeStamp - lastKey > GAP) {
      typed = "";
      const field = document.activeElement;
      before = field && "value" in field ? { field, value: field.value } : null;
    }
    // A space in a code presses no button and ticks no box.
    if (event.key === " " && typed && !TEXT.test(document.activeElement?.type ?? "")) event.preventDefault();
    typed += event.key;
    lastKey = event.timeStamp;
    goes(event);
  }, true);

  // Until the answer is there, the page shows the card before: what is scanned meanwhile is not for that one. At a desk only what the
  // server says of the scan is put into the page; the field keeps the focus.
  const shown = document.getElementById("shown");
  const answered = async (form, text) => {
    const box = document.createElement("div");
    box.className = "error";
    box.setAttribute("role", "alert");
    box.textContent = text;
    shown.prepend(box);
    play("bad");
    form.elements.namedItem("code").focus();
  };
  const scan = async (form, fields) => {
    try {
      const answer = await fetch(form.action, {
        method: "POST", body: fields, headers: { "HX-Request": "true", Accept: "text/html" }, redirect: "manual", signal: AbortSignal.timeout(FORM_WITHIN),
      });
      const text = await answer.text();
      if (answer.type !== "opaqueredirect" && !text) throw new Error("no answer");
      // Another page: the sign-in.
      if (answer.type === "opaqueredirect") { location.reload(); return; }
      // A refusal before the desk had the scan.
      if (/^\s*<!doctype/i.test(text)) throw new Error("not taken");
      await htmx.swap({ text, target: shown, swap: "innerHTML" });
      play(shown.querySelector("[data-tone]")?.dataset.tone);
      if (!document.activeElement || document.activeElement === body) form.elements.namedItem("code").focus();
    } catch { answered(form, form.dataset.lost); }
    isSent = false;
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-scan]")) return;
    const field = form.elements.namedItem("code");
    if (isSent || shown) event.preventDefault();
    if (isSent) {
      if (shown) { field.value = ""; answered(form, form.dataset.early); }
      return;
    }
    isSent = true;
    if (!shown) return;
    const fields = new URLSearchParams(new FormData(form));
    field.value = "";
    scan(form, fields);
  });
  addEventListener("pageshow", () => { isSent = false; });

  if (freeze && isLive) {
    freeze.hidden = false;
    freeze.addEventListener("click", () => {
      isFrozen = !isFrozen;
      freeze.setAttribute("aria-pressed", isFrozen);
      freeze.textContent = isFrozen ? freeze.dataset.on.replace("{}", shownAt()) : freeze.dataset.off;
      if (!isFrozen) schedule();
    });
  }

  // While the line is lost, a form waits for a sign of the server: a page that does not come would take what is typed with it.
  let isAnswered = false;
  document.addEventListener("submit", async (event) => {
    if (!("isStale" in body.dataset) || isAnswered || event.defaultPrevented) return;
    event.preventDefault();
    isSent = false;
    const { target, submitter } = event;
    try {
      await fetch("/healthz", { signal: AbortSignal.timeout(ANSWER_WITHIN) });
      isAnswered = true;
      target.requestSubmit(submitter);
    } catch {
      stale.textContent = body.dataset.unsent;
      stale.focus();
    }
    isAnswered = false;
  });

  document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  if (!stale) return;
  setInterval(() => {
    if (document.hidden || Date.now() - heard <= STALE_AFTER) return;
    setStale(true);
    if (Date.now() - asked >= ANSWER_WITHIN) connect();
  }, 1000);
  document.addEventListener("visibilitychange", () => { if (document.hidden) close(); else wake(); });
  for (const name of ["pageshow", "online", "focus"]) addEventListener(name, wake);
  heard = Date.now();
  document.getElementById("error")?.focus();
  connect();
})();
