// The pack of the demo's town in Chromium: on paper, on a telephone, and for people who use other means than their eyes.
// It is written by the programme itself: BASTIDE names it, or else it is the one that was built last.

import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const house = join(dirname(fileURLToPath(import.meta.url)), "../../../..");
const bastide = process.env.BASTIDE ?? join(house, "target/debug/bastide");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
// What is left of an A4 page between its margins, at 96 px an inch.
const paper = { width: Math.floor(((210 - 2 * 15) / 25.4) * 96), height: 1000 };

describe("the pack", { skip: existsSync(bastide) ? false : `${bastide} is not built` }, () => {
  let folder, browser, page;
  const asked = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "bastide-pack-"));
    const city = join(house, "cities/averbourne/plan");
    const said = execFileSync(bastide, ["pack", "--city", city, "--into", folder, "--state", join(folder, "no-state"), "--format", "json"], { encoding: "utf8" });
    assert.ok(JSON.parse(said).bytes > 100_000);
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    });
    const context = await browser.newContext({ locale: "en-GB" });
    await context.addInitScript({ content: axe });
    page = await context.newPage();
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(join(folder, "pack.html")).href);
  });

  after(async () => {
    await browser?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  // Elements that reach beyond the width, but for what has a way to scroll of its own.
  const beyond = () => page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const scrolls = (e) => matchMedia("screen").matches && e.closest(".draw, pre");
    return [...document.querySelectorAll("body *")].filter((e) => !scrolls(e) && e.getBoundingClientRect().right > width + 1).map((e) => e.outerHTML.slice(0, 120)).slice(0, 5);
  });

  test("is one file, issued again in its place, with nothing beside it", () => {
    assert.deepEqual(readdirSync(folder), ["pack.html"]);
    const again = JSON.parse(execFileSync(bastide, ["pack", "--city", join(house, "cities/averbourne/plan"), "--into", folder, "--state", join(folder, "no-state"), "--format", "json"], { encoding: "utf8" }));
    assert.deepEqual(readdirSync(folder), ["pack.html"]);
    assert.match(again.plan, /^[0-9a-f]{64}$/);
    assert.equal(again.noted, false);
  });

  test("asks for nothing from elsewhere", () => {
    assert.deepEqual(asked.filter((url) => !url.startsWith("file:")), []);
    assert.equal(asked.length, 1);
  });

  test("reads on a telephone without moving sideways, and with other means than eyes", async () => {
    for (const viewport of [{ width: 360, height: 780 }, { width: 390, height: 844 }, { width: 1280, height: 900 }]) {
      await page.setViewportSize(viewport);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${viewport.width} px`);
      assert.deepEqual(await beyond(), [], `${viewport.width} px`);
      const wrong = await page.evaluate(async (rules) => {
        const { violations } = await globalThis.axe.run(document, { runOnly: rules });
        return violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).slice(0, 3).join(" | ")}`);
      }, rules);
      assert.deepEqual(wrong, [], `${viewport.width} px`);
    }
  });

  test("fits on paper, on not too many pages, and needs no colour", async () => {
    await page.setViewportSize(paper);
    await page.emulateMedia({ media: "print", colorScheme: "light" });
    assert.deepEqual(await beyond(), []);
    // No row of a table, step or card is longer than a page: then it would be cut.
    const tall = await page.$$eval("tr, .worked > li, .card, .draw", (all) => all.filter((e) => e.getBoundingClientRect().height > 960).map((e) => e.outerHTML.slice(0, 100)));
    assert.deepEqual(tall, []);
    const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
    const pages = pdf.toString("latin1").match(/\/Type\s*\/Page\b(?!s)/g).length;
    assert.ok(pages >= 20 && pages <= 90, `${pages} pages`);
    const size = pdf.toString("latin1").match(/\/MediaBox\s*\[0 0 ([0-9.]+) ([0-9.]+)\]/);
    assert.ok(Math.abs(size[1] - 595) < 2 && Math.abs(size[2] - 842) < 2, `A4, not ${size[1]} × ${size[2]}`);
    await page.emulateMedia({ media: null });
  });
});
