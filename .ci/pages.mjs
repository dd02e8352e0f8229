// The HTML report in a browser: filtering, links, errors, contrast, injection, speed, width. Told by `.ci/pages`.
// Arguments: the page of the example, the page of 5,000 cases, the page of a comparison; all as URLs.
import { createRequire } from "node:module";
const { chromium } = createRequire(`${process.env.PLAYWRIGHT_FROM}/`)("playwright-core");
const [example, large, comparison] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.BROWSER, args: ["--no-sandbox"] });
const desk = { viewport: { width: 1280, height: 900 } };
const phone = { viewport: { width: 360, height: 740 } };
let failed = 0;

function check(name, holds, told = "") {
  console.log(`${holds ? "ok" : "NOT OK"} ${name}${told === "" ? "" : `: ${told}`}`);
  failed += holds ? 0 : 1;
}

// A page in a window of its own; whatever it says to the console or asks of the network is held against it.
async function visit(url, options = desk) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.said = [];
  page.on("console", (message) => page.said.push(message.text()));
  page.on("pageerror", (error) => page.said.push(error.message));
  page.on("request", (request) => request.url().startsWith("file:") || request.url().startsWith("data:") || page.said.push(`asked for ${request.url()}`));
  await page.goto(url);
  return page;
}
const texts = (page, selector) => page.locator(selector).evaluateAll((found) => found.map((one) => one.dataset.id));
const quiet = (name, page) => check(`${name}: nothing on the console, nothing over the network`, page.said.length === 0, page.said.join("; "));

// ---- filtering
{
  const page = await visit(example);
  const all = await texts(page, '[data-kind="case"]');
  check("every case is listed", all.length === 11, all.length);
  check("what failed stands first", all[0].startsWith("collections/create-keys"), all[0]);
  await page.fill("#q", "preparation breaks");
  check("search finds a title", (await texts(page, '[data-kind="case"]')).join() === "own/preparation");
  check("the filter is in the address", new URL(page.url()).hash === "#q=preparation+breaks", page.url());
  await page.fill("#q", "no such thing anywhere");
  check("search can find nothing", (await texts(page, ".item")).length === 0);
  await page.click("text=Reset");
  check("a reset shows all again", (await texts(page, '[data-kind="case"]')).length === 11);
  await page.uncheck('input[value="pass"]');
  const verdicts = await page.locator(".item .sign").evaluateAll((found) => found.map((one) => one.title));
  check("a verdict can be left out", verdicts.length > 0 && !verdicts.includes("pass"));
  await page.selectOption("#group", "transport");
  const rest = await texts(page, '[data-kind="case"]');
  check("groups narrow down, too", rest.length > 0 && rest.every((id) => id.startsWith("transport/")), rest.join());
  const again = await visit(page.url());
  check("an address brings the filter back", (await texts(again, '[data-kind="case"]')).join() === rest.join());
  quiet("filtering", page);
}

// ---- links
{
  const page = await visit(`${example}#case=collections/rename-in-database`);
  const open = () => page.locator(".item.target[open]").evaluateAll((found) => found.map((one) => [one.dataset.kind, one.dataset.id, one.getBoundingClientRect().top < innerHeight].join()));
  check("a link to a case opens it", (await open()).join() === "case,collections/rename-in-database,true", (await open()).join("; "));
  check("the differing line is marked", (await page.locator(".body .wrong").first().textContent()).includes('"code": 65535'));
  check("beside what was expected", (await page.locator(".body .note").first().textContent()).includes("expected 800"));
  await page.locator(".item.target .finding a").first().click();
  check("a finding leads to its rule", (await open()).join() === "requirement,error.rename-target-database-missing,true", (await open()).join("; "));
  await page.goto(`${example}#q=zzz`);
  await page.goto(`${example}#requirement=collection.create.key-not-null`);
  check("a link counts for more than a filter", (await open()).join() === "requirement,collection.create.key-not-null,true", (await open()).join("; "));
  await page.goto(`${example}#case=no/such`);
  check("a link to nothing says so", (await page.locator("output").textContent()).includes("no case no/such"));
  quiet("links", page);
}

// ---- the keyboard
{
  const page = await visit(example);
  await page.keyboard.press("Tab");
  check("the first tab skips to the lists", (await page.evaluate(() => document.activeElement.className)) === "skip");
  await page.keyboard.press("Enter");
  for (let step = 0; step < 40 && (await page.evaluate(() => document.activeElement.tagName)) !== "SUMMARY"; step += 1) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  check("the first rule opens by keyboard", (await page.locator(".item[open] .inside").count()) === 1);
  const unnamed = await page.locator("button, a[href], input, select").evaluateAll((all) => all.filter((one) =>
    one.getAttribute("aria-hidden") !== "true" && !one.closest("svg") && !(one.textContent.trim() || one.labels?.length || one.getAttribute("aria-label"))).length);
  check("everything that can be pressed has a name", unnamed === 0, unnamed);
}

// ---- a server that tries to break out
{
  const page = await visit(`${example}#case=own/injection`);
  await page.waitForTimeout(100);
  check("its text is shown", (await page.locator(".item.target").textContent()).includes("<img src=x onerror="));
  check("and stays text", (await page.locator("img").count()) === 0 && !(await page.title()).includes("broken"), await page.title());
  check("long numbers keep their digits", (await page.locator(".body").allTextContents()).some((text) => text.includes("9007199254740993")));
  check("a wrong header is marked", (await page.locator(".headers .wrong").textContent()).includes("text/html"));
  const ran = await page.evaluate(() => {
    const made = document.createElement("script");
    made.textContent = "window.ran = true";
    document.body.append(made);
    return window.ran === true;
  });
  check("no script but the page's own would run", !ran);
}

// ---- contrast, computed for every text that can be seen
const contrast = () => {
  const parse = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4)).reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return parse(getComputedStyle(document.documentElement).backgroundColor);
  };
  let least = [99, ""];
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || one.closest("script, style, noscript, .skip, svg") || !one.checkVisibility?.()) continue;
    const [a, b] = [light(parse(getComputedStyle(one).color)), light(behind(one))].sort((left, right) => right - left);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < least[0]) least = [ratio, `${one.tagName} ${one.className} ${one.textContent.slice(0, 40)}`];
  }
  return least;
};
for (const colorScheme of ["light", "dark"]) {
  for (const url of [`${example}#case=own/injection`, comparison]) {
    const page = await visit(url, { ...desk, colorScheme });
    await page.locator("details").evaluateAll((all) => all.forEach((one) => { one.fill?.(); one.open = true; }));
    const [ratio, where] = await page.evaluate(contrast);
    check(`contrast of at least 4.5 in the ${colorScheme}`, ratio >= 4.5, `${ratio.toFixed(2)}, ${where.trim()}`);
    quiet(`the ${colorScheme}`, page);
  }
}

// ---- a phone, and paper
for (const url of [example, `${example}#case=own/injection`, comparison]) {
  const page = await visit(url, phone);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  check("a phone needs no scrolling sideways", wide <= 360, wide);
}
{
  const page = await visit(example);
  await page.pdf({ format: "A4" });
  const open = await page.locator('[data-kind="case"][open]').evaluateAll((all) => all.map((one) => one.dataset.id));
  check("what went wrong is opened for paper", open.includes("own/injection") && open.includes("own/preparation"), open.join());
}

// ---- speed
{
  const page = await visit(large);
  await page.waitForSelector(".waterfall");
  const took = await page.evaluate(async () => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    return performance.getEntriesByType("paint")[0] ? Math.max(performance.timing.loadEventEnd - performance.timing.navigationStart, performance.getEntriesByType("paint")[0].startTime) : NaN;
  });
  // The processors may be busy with other things; the figure is what counts, and the best of three is taken.
  const times = [took];
  for (let more = 0; more < 2; more += 1) {
    await page.reload();
    times.push(await page.evaluate(() => performance.timing.loadEventEnd - performance.timing.navigationStart));
  }
  check("5,000 cases are there within a second", Math.min(...times) < 1000, `${times.map((ms) => Math.round(ms)).join(", ")} ms`);
  check("all of them", (await page.locator("#explore h3").last().textContent()) === "Cases: 5000");
  const typed = await page.evaluate(() => {
    const begin = performance.now();
    const query = document.getElementById("q");
    query.value = "case-4999";
    query.dispatchEvent(new Event("input", { bubbles: true }));
    return [performance.now() - begin, document.querySelectorAll('[data-kind="case"]').length];
  });
  check("and searched in a tenth of one", typed[0] < 100 && typed[1] === 1, `${typed[0].toFixed(0)} ms`);
  quiet("5,000 cases", page);
}

// ---- the timeline
{
  const page = await visit(`${example}#timeline`);
  const path = page.locator(".waterfall path.f-error");
  const box = await path.boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  check("a bar of the timeline leads to its case", (await texts(page, ".item.target")).join() === "own/preparation", page.url());
}

// ---- the comparison
{
  const page = await visit(comparison);
  const rows = () => page.locator("#matrix tbody tr").evaluateAll((all) => all.filter((row) => !row.hidden).length);
  const differing = await rows();
  await page.uncheck("#differing");
  const all = await rows();
  check("the matrix shows first what differs", differing > 0 && differing < all, `${differing} of ${all}`);
  await page.fill("#q", "rename");
  check("and is searched", (await rows()) > 0 && (await rows()) < all, await rows());
  quiet("comparison", page);
}

await browser.close();
console.log(failed === 0 ? "all hold" : `${failed} do not hold`);
process.exit(failed === 0 ? 0 : 1);
