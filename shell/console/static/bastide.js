// Keeps an open page true: when the city changes, the page is fetched again and the parts marked `data-live` that
// differ are put in their place. Without this script every page still works; it only stands still.
"use strict";

(() => {
  const stale = document.getElementById("stale");
  const told = document.getElementById("told");
  const quiet = 2000; // The least time between two looks, in milliseconds.
  let due = false;
  let busy = false;
  let looked = 0;
  let spoken = 0;

  const policy = window.trustedTypes?.createPolicy("bastide", { createHTML: (text) => text });
  const parse = (text) => new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, "text/html");

  // What was last put in a place, as the server wrote it.
  const shown = new Map();
  for (const part of document.querySelectorAll("[data-live][id]")) shown.set(part.id, part.innerHTML);

  const say = (text) => {
    // A screen reader is told of a new headline at most every twenty seconds.
    if (!told || Date.now() - spoken < 20000) return;
    spoken = Date.now();
    told.textContent = text;
  };

  const replace = (page) => {
    const headline = document.querySelector("[data-headline]")?.textContent;
    for (const part of document.querySelectorAll("[data-live][id]")) {
      const fresh = page.getElementById(part.id);
      if (!fresh || fresh.innerHTML === shown.get(part.id)) continue;
      const inside = part.contains(document.activeElement) ? document.activeElement : null;
      const known = new Set([...part.querySelectorAll("[data-key]")].map((item) => item.dataset.key));
      shown.set(part.id, fresh.innerHTML);
      part.replaceChildren(...document.importNode(fresh, true).childNodes);
      for (const item of part.querySelectorAll("[data-key]")) {
        if (!known.has(item.dataset.key)) item.classList.add("arrived");
      }
      // Whoever was on a link or a button here with the keyboard goes on from the same one.
      const address = inside?.getAttribute("href");
      if (inside) {
        const same = (one) => (inside.id ? one.id === inside.id : address !== null && one.getAttribute("href") === address);
        const again = [...part.querySelectorAll("a[href], button")].find(same);
        (again ?? document.getElementById("main"))?.focus({ preventScroll: true });
      }
    }
    const now = document.querySelector("[data-headline]")?.textContent;
    if (now && now !== headline) {
      say(now);
      document.title = page.title;
    }
  };

  const look = async () => {
    if (busy || document.hidden) return;
    busy = true;
    due = false;
    looked = Date.now();
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "manual", cache: "no-store" });
      if (answer.ok) replace(parse(await answer.text()));
      else if (answer.type === "opaqueredirect" || answer.status === 401) location.reload();
    } catch {
      // The stream says when the city is out of reach.
    } finally {
      busy = false;
      if (due) later();
    }
  };

  const later = () => {
    if (due && busy) return;
    due = true;
    setTimeout(() => { if (due) look(); }, Math.max(0, looked + quiet - Date.now()));
  };

  if (shown.size > 0 && window.EventSource) {
    let before = null;
    const follow = () => {
      const stream = new EventSource("/events");
      stream.addEventListener("change", (event) => {
        stale?.classList.remove("on");
        // The first message only says where the city stands.
        if (before !== null && event.data !== before) later();
        before = event.data;
      });
      stream.addEventListener("error", () => {
        stale?.classList.add("on");
        // The browser itself tries a broken stream again, and a refused one never: that is ours to do, after a look
        // at whether the sign-in has ended.
        if (stream.readyState === EventSource.CLOSED) setTimeout(() => { look(); follow(); }, 10000);
      });
    };
    follow();
    document.addEventListener("visibilitychange", () => { if (!document.hidden && due) look(); });
    // Times such as "14:05" and "yesterday" move on without any change.
    setInterval(() => { due = true; look(); }, 60000);
  }
})();
