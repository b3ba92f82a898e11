// The pages work without this. It adds keys, live parts, copy buttons and ages that keep up.
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const typing = (element) => element.closest("input, textarea, select, [contenteditable]");

  // Live parts: the server says that something changed, and the parts marked data-swap are taken
  // from a fresh copy of this very page. Hidden tabs ask for nothing.
  let source = null;
  let swapping = null;
  let known = "";

  const mend = (old, fresh) => {
    const opened = all("details[open][id]", old).map((item) => item.id);
    const known = new Set(all("tr[id]", old).map((row) => row.id));
    const at = $("tr.at", old)?.id;
    old.replaceWith(fresh);
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
    if (known.size) for (const row of all("tr[id]", fresh)) row.classList.toggle("fresh", !known.has(row.id));
    if (at) document.getElementById(at)?.classList.add("at");
  };

  const swap = async () => {
    swapping?.abort();
    swapping = new AbortController();
    const answer = await fetch(location.href, { signal: swapping.signal, headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const old of all("[data-swap]")) {
      const fresh = page.getElementById(old.id);
      const busy = old.contains(document.activeElement) && typing(document.activeElement);
      if (fresh && !busy && old.outerHTML !== fresh.outerHTML) mend(old, document.adoptNode(fresh));
    }
    age();
  };

  const shown = (on) => {
    const lamp = $(".live");
    lamp.hidden = false;
    lamp.toggleAttribute("data-on", on);
    $("span", lamp).textContent = on ? document.body.dataset.liveOn : document.body.dataset.liveOff;
  };

  const watch = () => {
    if (document.hidden || source || !$("main [data-swap]")) return;
    source = new EventSource("/live");
    source.addEventListener("open", () => shown(true));
    source.addEventListener("error", () => shown(false));
    source.addEventListener("change", (event) => {
      // The first word after the page was loaded tells where things stand, not that they moved.
      if (known && known !== event.data) swap().catch(() => {});
      known = event.data;
    });
  };

  const unwatch = () => {
    source?.close();
    source = null;
  };

  document.addEventListener("visibilitychange", () => (document.hidden ? unwatch() : watch()));
  addEventListener("pagehide", unwatch);
  addEventListener("pageshow", watch);

  // Ages: the page's own words for "3 min ago", filled in anew.
  const sizes = [[172800, 86400, 3], [3600, 3600, 2], [60, 60, 1], [5, 1, 0]];
  const words = (document.body.dataset.ages || "").split("|");
  const age = () => {
    for (const item of all("time.ago")) {
      const seconds = (Date.now() - new Date(item.dateTime)) / 1000;
      const found = sizes.find(([from]) => seconds >= from);
      if (found && words[found[2]]) item.textContent = words[found[2]].replace("{n}", Math.floor(seconds / found[1]));
    }
  };
  setInterval(age, 20000);

  // Keys.
  const rooms = { o: "/", w: "/calls/waiting", e: "/events", m: "/messages", c: "/connections" };
  let going = 0;

  const step = (by) => {
    const rows = all("main .rows tbody tr").filter((row) => $("a.open", row));
    if (!rows.length) return;
    const now = rows.findIndex((row) => row.classList.contains("at"));
    const next = rows[Math.min(rows.length - 1, Math.max(0, now < 0 ? 0 : now + by))];
    if (now >= 0) rows[now].classList.remove("at");
    next.classList.add("at");
    $("a.open", next).focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  };

  // Under any layout a letter is the key it stands on: `a` is typed as ф by those who write Russian.
  const keyOf = (event) =>
    /^[ -~]$/.test(event.key) || !/^Key[A-Z]$/.test(event.code) ? event.key : event.code[3].toLowerCase();

  // What carries data-key is gone to by its key. Links are followed, parts opened; a button is pressed
  // by the second stroke only, so that no slip of a finger decides about money. Nor does a stroke
  // that was meant for the page before.
  const openedAt = Date.now();
  const use = (key) => {
    if (Date.now() - openedAt < 400) return false;
    const found = all(`main [data-key="${CSS.escape(key)}"]`).find((item) => item.checkVisibility());
    if (!found) return false;
    if (found.matches("a")) found.click();
    else if (found.matches("details")) {
      found.open = true;
      $("input:not([type=hidden]), select, textarea, button", found)?.focus();
    } else if (found === document.activeElement) found.click();
    else found.focus();
    return true;
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const key = keyOf(event);
    if (Date.now() - going < 1200 && rooms[key]) {
      location.href = rooms[key];
      return;
    }
    going = key === "g" ? Date.now() : 0;
    if (key === "/" && $("#q")) {
      event.preventDefault();
      $("#q").focus();
      $("#q").select();
    } else if (key === "j") step(1);
    else if (key === "k") step(-1);
    else if (key === "?" && !$("dialog[open]")) $("#help")?.showModal();
    else if (!event.repeat && !$("dialog[open]") && use(key)) event.preventDefault();
  });

  // A form that counts once is sent once; the server would see to it, too.
  for (const form of all("form[data-once]")) {
    let sent = false;
    form.addEventListener("submit", (event) => {
      if (sent) event.preventDefault();
      sent = true;
    });
    addEventListener("pageshow", () => (sent = false));
  }

  // Copy buttons: only where there is a script, since they need one.
  for (const button of all("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const field = document.getElementById(button.dataset.copy);
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
      } catch {
        document.execCommand("copy");
      }
      button.textContent = button.dataset.done;
    });
  }

  // A preview that follows the typing; without a script its button asks for it.
  for (const form of all("form[data-preview]")) {
    let timer = 0;
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(async () => {
        const answer = await fetch(form.dataset.preview, { method: "POST", body: new URLSearchParams(new FormData(form)) });
        if (!answer.ok && answer.status !== 422) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById("preview");
        if (fresh) $("#preview").replaceWith(document.adoptNode(fresh));
      }, 250);
    });
  }

  // What was done has been said once; a reload need not say it again.
  const here = new URL(location.href);
  if (here.searchParams.has("done")) {
    here.searchParams.delete("done");
    history.replaceState(null, "", here);
  }
  age();
})();
