// Walks the console as people do, in a real browser: signs in by the one-time link, opens every page, uses the keyboard
// alone, and has axe look at each page in both themes and at a phone's width. Nothing may be asked of any other origin,
// and the policy sent with each page may not be broken.
//
// BASTIDE_URL   the one-time link that `bastide demo` prints, or the console's address where BASTIDE_NAME and
//               BASTIDE_PASSPHRASE are given to sign in with
// BASTIDE_SHOTS where to put the README's pictures; none are taken without it
// CHROMIUM      the browser; /usr/bin/chromium if not given
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { chromium } from "playwright-core";

const axe = createRequire(import.meta.url)("axe-core").source;
const link = process.env.BASTIDE_URL;
const name = process.env.BASTIDE_NAME ?? "Ines Okafor";
const passphrase = process.env.BASTIDE_PASSPHRASE ?? "four words that fit";
const shots = process.env.BASTIDE_SHOTS;
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const phone = { width: 360, height: 780 };
const desk = { width: 1440, height: 900 };
const wall = { width: 1920, height: 1080 };

describe("the console", { skip: link ? false : "BASTIDE_URL is not given" }, () => {
  let browser, context, page, origin;
  const strangers = [];
  const complaints = [];

  const go = async (path) => {
    const answer = await page.goto(origin + path);
    assert.equal(answer.status(), 200, `${path} answers ${answer.status()}`);
  };

  const seenBy = async (place) => {
    // Scrolled to the middle, the bar that stays in sight would cut whatever is beneath it.
    await page.evaluate(() => globalThis.scrollTo(0, 0));
    const found = await page.evaluate(
      async (rules) => {
        const { violations } = await globalThis.axe.run(document, { runOnly: rules });
        return violations.map((v) => `${v.id}: ${v.help}\n    ${v.nodes.map((n) => n.html).slice(0, 4).join("\n    ")}`);
      },
      rules,
    );
    return found.map((violation) => `${place}: ${violation}`);
  };

  const look = async (place) => assert.deepEqual(await seenBy(place), []);

  before(async () => {
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    });
    origin = new URL(link).origin;
    context = await browser.newContext({ viewport: desk, locale: "en-GB" });
    // axe comes in through the debugger, not through the page, so the policy stays as it is.
    await context.addInitScript({ content: axe });
    page = await context.newPage();
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.origin !== origin) strangers.push(request.url());
    });
    page.on("console", (message) => {
      if (message.type() === "error" || /Content Security Policy|Trusted/i.test(message.text())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(link);
  });

  after(async () => {
    await browser?.close();
  });

  const pages = async () => {
    const paths = ["/", "/wall", "/zones", "/assets", "/assets?presence=silent&order=-last", "/findings", "/findings?severity=high&order=latest", "/incidents", "/responses", "/recovery", "/recovery/plan", "/recovery/plan?lost=site:data-centre", "/segmentation", "/intelligence", "/intelligence?value=203.0.113.201", "/intelligence/known", "/exchange", "/hunts", "/plan", "/log", "/people", "/api"];
    for (const [list, inside] of [["/assets", "/assets/"], ["/findings", "/findings/"], ["/incidents", "/incidents/"], ["/responses", "/responses/"], ["/intelligence/known", "/intelligence/known/"], ["/hunts", "/hunts/"], ["/", "/services/"], ["/zones", "/zones/"]]) {
      await go(list);
      const found = await page.$$eval("main a[href]", (links, inside) => links.map((a) => a.getAttribute("href")).filter((href) => href.startsWith(inside)), inside);
      if (found.length === 0) continue;
      paths.push(found[0]);
      await go(found[0]);
      const older = await page.$("main a[rel='next']");
      if (older) paths.push(await older.getAttribute("href"));
    }
    return paths;
  };

  test("lets the first person in by the one-time link", async () => {
    if (new URL(link).pathname.startsWith("/welcome/")) {
      await look("the welcome page");
      await page.fill("#name", name);
      await page.fill("#passphrase", "too short");
      await page.fill("#again", "too short");
      await page.$eval("#passphrase", (field) => field.removeAttribute("minlength"));
      await page.click("main button");
      assert.match(await page.textContent("[role=alert]"), /at least 12 characters/);
      await page.fill("#passphrase", passphrase);
      await page.fill("#again", passphrase);
      await page.click("main button");
    } else {
      await page.goto(`${origin}/sign-in`);
      await page.fill("#name", name);
      await page.fill("#passphrase", passphrase);
      await page.click("main button");
    }
    await page.waitForURL(`${origin}/`);
    assert.ok((await page.textContent("h1")).trim().length > 10, "the city has a headline");
    complaints.length = 0; // The refusal above is an error to the browser and no fault.
  });

  test("the link works once", async () => {
    if (!new URL(link).pathname.startsWith("/welcome/")) return;
    const answer = await page.goto(link);
    assert.equal(answer.status(), 410);
    await look("the page for a used link");
    complaints.length = 0;
  });

  test("signs out, refuses a wrong passphrase, and signs in again to where one wanted to go", async () => {
    await go("/");
    await page.click("text=Sign out");
    await page.waitForURL(`${origin}/sign-in`);
    await page.goto(`${origin}/findings?severity=high`);
    await look("the sign-in page");
    await page.fill("#name", name);
    await page.fill("#passphrase", "not that one at all");
    await page.click("main button");
    assert.match(await page.textContent("[role=alert]"), /do not belong together/);
    await page.fill("#passphrase", passphrase);
    await page.click("main button");
    await page.waitForURL(`${origin}/findings?severity=high`);
    complaints.length = 0;
  });

  for (const scheme of ["light", "dark"]) {
    test(`every page is accessible, ${scheme}`, async () => {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      const wrong = [];
      for (const path of await pages()) {
        for (const [size, viewport] of [["desk", desk], ["phone", phone]]) {
          await page.setViewportSize(viewport);
          await go(path);
          wrong.push(...(await seenBy(`${path} (${scheme}, ${size})`)));
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          if (wide > 0) wrong.push(`${path} is ${wide} px wider than a ${size}'s screen`);
        }
      }
      assert.deepEqual(wrong, []);
      await page.setViewportSize(desk);
      await page.emulateMedia({ colorScheme: "light", reducedMotion: null });
    });
  }

  test("the keyboard alone reaches everything, and what has the focus is seen", async () => {
    for (const path of await pages()) {
      if (path === "/wall") continue;
      await go(path);
      await page.keyboard.press("Tab");
      assert.equal(await page.evaluate(() => document.activeElement?.className), "skip", `${path}: the first stop is the skip link`);
      await page.keyboard.press("Enter");
      assert.equal(await page.evaluate(() => document.activeElement?.id), "main", `${path}: the skip link leads to the page`);
      const wanted = await page.$$eval("main a[href], main button, main input:not([type=hidden]), main select, main summary, main [tabindex='0']", (all) => all.filter((e) => e.checkVisibility()).length);
      const seen = new Set();
      for (let step = 0; step < Math.min(wanted, 60); step++) {
        await page.keyboard.press("Tab");
        const stop = await page.evaluate(() => {
          const at = document.activeElement;
          const all = [...document.querySelectorAll("*")];
          const drawn = (e) => getComputedStyle(e).outlineStyle !== "none" && parseFloat(getComputedStyle(e).outlineWidth) >= 2;
          return { index: all.indexOf(at), shown: drawn(at) || Boolean(at.closest(".care, .calm li") && drawn(at.closest(".care, .calm li"))), html: at.outerHTML.slice(0, 120) };
        });
        assert.ok(stop.shown, `${path}: the focus is not seen on ${stop.html}`);
        seen.add(stop.index);
      }
      assert.ok(seen.size >= Math.min(wanted, 60) - 1, `${path}: ${seen.size} of ${wanted} stops reached`);
    }
  });

  test("targets are large enough to hit", async () => {
    await page.setViewportSize(phone);
    for (const path of ["/", "/findings", "/assets", "/assets/pc-01", "/incidents", "/responses", "/recovery/plan?lost=site:data-centre", "/segmentation", "/intelligence", "/intelligence/known", "/hunts", "/hunts/s7-stop", "/people"]) {
      await go(path);
      const small = await page.$$eval("button, input:not([type=hidden]), select, nav a", (all) => all.filter((e) => e.checkVisibility()).map((e) => [e.outerHTML.slice(0, 100), e.getBoundingClientRect()]).filter(([, box]) => box.width < 24 || box.height < 24).map(([html]) => html));
      assert.deepEqual(small, [], path);
    }
    await page.setViewportSize(desk);
  });

  test("light and dark can be chosen, and are remembered", async () => {
    await go("/findings?severity=high");
    const theme = () => page.getAttribute("html", "data-theme");
    assert.equal(await theme(), "auto");
    await page.click("header form[action='/theme'] button");
    await page.waitForLoadState();
    assert.equal(await theme(), "dark");
    assert.equal(page.url(), `${origin}/findings?severity=high`, "the reader stays where they were");
    await page.click("header form[action='/theme'] button");
    await page.waitForLoadState();
    assert.equal(await theme(), "light");
    await page.click("header form[action='/theme'] button");
    await page.waitForLoadState();
    assert.equal(await theme(), "auto");
  });

  test("a device is contained by the keyboard, with the cost said before the button and the outcome after it", async () => {
    await go("/assets/pc-01");
    assert.match(await page.textContent("section[aria-labelledby='respond-title']"), /What it costs to contain .* would be without .*; 10 other devices support it/s);
    await page.focus("#contain-reason");
    await page.keyboard.type("It scans the pumps");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/responses\/\d+$/);
    const path = new URL(page.url()).pathname;
    // The demo has no firewall: what to enter at one's own is shown as soon as that is known.
    for (let tries = 0; tries < 20 && !/could not be contained/.test(await page.textContent("h1")); tries++) {
      await page.waitForTimeout(250);
      await go(path);
    }
    assert.match(await page.textContent("h1"), /could not be contained/);
    assert.match(await page.textContent("main"), /no firewall is connected to Bastide/);
    assert.match(await page.textContent("main"), /nft 'add element inet bastide quarantine4/);
    const wrong = [];
    for (const scheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: scheme });
      for (const [size, viewport] of [["desk", desk], ["phone", phone]]) {
        await page.setViewportSize(viewport);
        wrong.push(...(await seenBy(`${path} (${scheme}, ${size})`)));
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (wide > 0) wrong.push(`${path} is ${wide} px wider than a ${size}'s screen`);
      }
    }
    assert.deepEqual(wrong, []);
    await page.setViewportSize(desk);
    await page.emulateMedia({ colorScheme: "light" });
    await page.fill("#dismiss-reason", "It was unplugged");
    await page.click("form[action$='/dismiss'] button");
    assert.match(await page.textContent("main"), new RegExp(`${name}: Dismissed: It was unplugged`));
  });

  test("an incident is taken, noted and split by who sees to it, and says what happened in order", async () => {
    // The demo's first incident comes a minute or two after its quiet day.
    for (let tries = 0; tries < 240 && !(await page.$("main a[href^='/incidents/']")); tries++) {
      await go("/incidents");
      if (!(await page.$("main a[href^='/incidents/']"))) await page.waitForTimeout(1000);
    }
    const path = await page.getAttribute("main a[href^='/incidents/']", "href");
    await go("/");
    assert.match(await page.textContent("#city-head"), /incidents? wait|incident waits|incidents? (is|are)/, "the city's page says so");
    await go(path);
    assert.match(await page.textContent("#incident-head .lede"), /bears on|no public service/);
    assert.match(await page.textContent("#incident-timeline"), /Begun with finding \d+/);
    const times = await page.$$eval("#incident-timeline time", (all) => all.map((time) => time.getAttribute("datetime")));
    assert.deepEqual(times, [...times].sort(), "in the order of time");
    assert.match(await page.textContent("#incident-timeline"), /GMT|BST|UTC/, "with the zone");
    await page.click("text=I see to it");
    await page.waitForLoadState();
    assert.match(await page.textContent("#incident-head"), new RegExp(`${name} sees to it`));
    await page.focus("#note-text");
    await page.keyboard.type("The caretaker goes to look");
    await page.click("form:has(#note-text) button");
    await page.waitForLoadState();
    assert.match(await page.textContent("#incident-timeline"), new RegExp(`${name}: Note: The caretaker goes to look`));
    await page.$$eval("main details", (all) => all.forEach((part) => { part.open = true; }));
    const wrong = [];
    for (const scheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: scheme });
      for (const [size, viewport] of [["desk", desk], ["phone", { width: 390, height: 844 }]]) {
        await page.setViewportSize(viewport);
        wrong.push(...(await seenBy(`${path} with every form open (${scheme}, ${size})`)));
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (wide > 0) wrong.push(`${path} is ${wide} px wider than a ${size}'s screen`);
      }
    }
    assert.deepEqual(wrong, []);
    await page.setViewportSize(desk);
    await page.emulateMedia({ colorScheme: "light" });
    const boxes = await page.$$("input[name^='finding-']");
    if (boxes.length > 1) {
      await boxes[boxes.length - 1].check();
      await page.click("form:has(input[name^='finding-']) button");
      await page.waitForLoadState();
      assert.match(await page.textContent("#incident-timeline"), /Split from incident \d+/);
      assert.notEqual(new URL(page.url()).pathname, path);
    }
  });

  test("what others know is told, and a hunt is made by the keyboard, whose answer comes to the open page by itself", async () => {
    await go("/intelligence");
    assert.match(await page.textContent("h1"), /We watch for \w+ addresses and names that Albion Cyber Watch warned of/);
    assert.match(await page.textContent("#intelligence-doubts"), /own addresses/);
    await page.fill("#value", "relay.quietharbour.example");
    await page.keyboard.press("Enter");
    await page.waitForURL(/value=relay/);
    assert.match(await page.textContent("main [role=status]"), /Yes: relay\.quietharbour\.example is watched for/);
    await page.click("main [role=status] a");
    await page.waitForURL(/\/intelligence\/known\/indicator--/);
    assert.match(await page.textContent("main"), /TLP:GREEN.*for the community/s);
    await go("/hunts");
    await page.focus("#pattern");
    await page.keyboard.type("[network-traffic:dst_port = 502]");
    await page.focus("form.hunt button");
    await page.keyboard.press("Enter");
    await page.waitForURL(`${origin}/hunts#answer`);
    await page.waitForSelector("#hunts-answer .answer", { timeout: 60000 });
    assert.match(await page.textContent("#hunts-answer .answer"), /records match/);
    assert.match(await page.textContent("#hunts-others"), new RegExp(name));
    const wrong = [];
    for (const scheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: scheme });
      for (const [size, viewport] of [["desk", desk], ["phone", phone]]) {
        await page.setViewportSize(viewport);
        wrong.push(...(await seenBy(`/hunts with an answer (${scheme}, ${size})`)));
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (wide > 0) wrong.push(`/hunts is ${wide} px wider than a ${size}'s screen`);
      }
    }
    assert.deepEqual(wrong, []);
    await page.setViewportSize(desk);
    await page.emulateMedia({ colorScheme: "light" });
  });

  test("a plan is rehearsed by the keyboard, and the open page shows the answer by itself", async () => {
    await go("/segmentation");
    assert.match(await page.textContent("h1"), /firewall/i);
    await page.focus("form[action='/segmentation/rehearse'] button");
    await page.keyboard.press("Enter");
    await page.waitForURL(`${origin}/segmentation#rehearsal`);
    await page.waitForSelector("#segmentation-answer .answer", { timeout: 60000 });
    assert.match(await page.textContent("#segmentation-answer .answer"), /on record would/);
    const wrong = [];
    for (const scheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: scheme });
      for (const [size, viewport] of [["desk", desk], ["phone", phone]]) {
        await page.setViewportSize(viewport);
        wrong.push(...(await seenBy(`/segmentation with an answer (${scheme}, ${size})`)));
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (wide > 0) wrong.push(`/segmentation is ${wide} px wider than a ${size}'s screen`);
      }
    }
    assert.deepEqual(wrong, []);
    await page.setViewportSize(desk);
    await page.emulateMedia({ colorScheme: "light" });
  });

  test("a restoration is begun by the keyboard, and whoever has it open sees what another ticks off", async () => {
    await go("/recovery/plan?lost=site:data-centre");
    assert.match(await page.textContent("h1"), /services are down.*would be back in about/);
    await page.focus("form[action='/recovery/runs'] button");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/recovery\/run\/[0-9-]+$/);
    const run = new URL(page.url()).pathname;
    assert.match(await page.textContent("h1"), /should be back in about/);
    const wrong = [];
    const first = await page.$eval("#run-now a[href*='/steps/']", (a) => a.getAttribute("href"));
    for (const path of [run, first]) {
      for (const scheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme: scheme });
        for (const [size, viewport] of [["desk", desk], ["phone", phone]]) {
          await page.setViewportSize(viewport);
          await go(path);
          wrong.push(...(await seenBy(`${path} (${scheme}, ${size})`)));
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          if (wide > 0) wrong.push(`${path} is ${wide} px wider than a ${size}'s screen`);
          const small = await page.$$eval("main button", (all) => all.filter((e) => e.checkVisibility()).map((e) => e.getBoundingClientRect()).filter((box) => box.width < 24 || box.height < 24).length);
          if (small > 0) wrong.push(`${path} has ${small} buttons too small to hit (${size})`);
        }
      }
    }
    assert.deepEqual(wrong, []);
    await page.setViewportSize(desk);
    await page.emulateMedia({ colorScheme: "light" });
    await go(run);
    const other = await context.newPage();
    await other.goto(origin + first);
    await other.fill("#note", "The spare was in the library");
    await other.click("button[value='done']");
    await other.waitForURL((url) => url.pathname === run);
    await page.waitForFunction(() => document.querySelector("#run-ticks")?.textContent.includes("The spare was in the library"), null, { timeout: 15000 });
    await other.close();
    await page.focus("#run-now button[value='begun']");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#under-way");
    assert.match(await page.textContent("#run-ticks"), new RegExp(`${name}: .*begun`));
  });

  test("the stream of changes is open", async () => {
    await go("/");
    const message = await page.evaluate(() => new Promise((done, failed) => {
      const stream = new EventSource("/events");
      stream.addEventListener("change", (event) => { stream.close(); done(event.data); });
      stream.addEventListener("error", () => failed(new Error("no stream")));
    }));
    assert.match(message, /^\d+$/);
  });

  test("a viewer sees no people, and a wall screen sees the city and nothing else", async () => {
    const once = async (who, role) => {
      await go("/people");
      await page.fill("#name", `${who} ${Date.now()}`);
      await page.selectOption("#new-role", role);
      await page.click("form[action='/people'] button");
      return (await page.textContent(".secret")).trim();
    };
    const viewer = await once("Viewer", "viewer");
    const screen = await once("Lobby", "wall-screen");
    for (const [address, kind] of [[viewer, "viewer"], [screen, "wall"]]) {
      const other = await browser.newContext({ viewport: wall });
      const theirs = await other.newPage();
      await theirs.goto(address);
      if (kind === "viewer") {
        await theirs.fill("#passphrase", passphrase);
        await theirs.fill("#again", passphrase);
      }
      await theirs.click("main button");
      await theirs.waitForURL(`${origin}${kind === "viewer" ? "/" : "/wall"}`);
      assert.equal((await theirs.goto(`${origin}/people`)).status(), 403);
      assert.equal((await theirs.goto(`${origin}/findings`)).status(), kind === "viewer" ? 200 : 403);
      await other.close();
    }
  });

  test("pictures for the README", { skip: shots ? false : "BASTIDE_SHOTS is not given" }, async () => {
    mkdirSync(shots, { recursive: true });
    await go("/findings");
    const finding = await page.$eval("main table a[href^='/findings/']", (a) => a.getAttribute("href"));
    const pictures = [["city", "/", desk, "light"], ["city-dark", "/", desk, "dark"], ["zones", "/zones", { width: 1440, height: 1100 }, "light"], ["finding", finding, desk, "light"], ["findings", "/findings", desk, "dark"], ["wall", "/wall", wall, "dark"], ["phone", "/", { width: 390, height: 844 }, "light"]];
    for (const [file, path, viewport, scheme] of pictures) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme: scheme });
      await go(path);
      await page.screenshot({ path: `${shots}/${file}.png` });
    }
    await page.setViewportSize(desk);
    await page.emulateMedia({ colorScheme: "light" });
  });

  test("nothing was asked of any other origin, and no page broke its policy", () => {
    assert.deepEqual(strangers, []);
    assert.deepEqual(complaints, []);
  });
});
