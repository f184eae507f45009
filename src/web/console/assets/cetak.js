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

  const body = document.body;
  const stale = document.getElementById("stale");
  const shownAt = () => document.getElementById("as-of")?.textContent.replace(/^\D*/, "") ?? "";
  let source = null, heard = 0, asked = 0, tries = 0, retry = null, due = null, tag = "", lastRead = 0, reading = false, again = false;

  const setStale = (is) => {
    if (is === "isStale" in body.dataset) return;
    if (is) body.dataset.isStale = ""; else delete body.dataset.isStale;
    stale.hidden = !is;
    stale.textContent = is ? body.dataset.stale.replace("{}", shownAt()) : "";
  };

  // Reads a live page again and puts it into the present one, without moving focus, caret or what is open. A page is stale until that
  // has been done.
  const read = async () => {
    if (reading) { again = true; return; }
    const live = document.querySelector("[data-live]");
    if (!live) { setStale(false); return; }
    reading = true;
    again = false;
    lastRead = Date.now();
    try {
      const answer = await fetch(location.href, { headers: tag ? { "If-None-Match": tag } : {}, redirect: "manual", signal: AbortSignal.timeout(ANSWER_WITHIN) });
      if (answer.type === "opaqueredirect") { location.reload(); return; }
      if (answer.status === 200) {
        tag = answer.headers.get("ETag") ?? "";
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        htmx.config.morphIgnore = ["data-htmx-powered", "open"];
        for (const id of ["live", "state", "as-of"]) {
          const from = page.getElementById(id), to = document.getElementById(id);
          if (id === "state" && from) { from.querySelector("#stale")?.replaceWith(stale.cloneNode(true)); }
          if (from && to) await htmx.swap({ text: from.innerHTML, target: to, swap: "innerMorph" });
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
      if (event.type === "change" || "isStale" in body.dataset) schedule();
      if (event.type === "change") return;
      const at = document.getElementById("as-of");
      if (at) at.dataset.at = JSON.parse(event.data).at;
    };
    source.addEventListener("change", hear);
    source.addEventListener("beat", hear);
    source.onerror = () => {
      close();
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
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      const code = typed;
      typed = "";
      if (code.length < CODE_LEAST || event.timeStamp - lastKey > 3 * GAP) return;
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
  }, true);

  // Until the answer is there, the page shows the card before: what is scanned meanwhile is not for that one.
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-scan]")) return;
    if (isSent) event.preventDefault();
    isSent = true;
  });
  addEventListener("pageshow", () => { isSent = false; });

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
