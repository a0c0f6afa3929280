// Shows the site live, then what ReplayWeb.page and pywb make of its capture, and compares: text, images, fonts and
// backgrounds of every frame, and the picture. replay.mjs FONDS OUT TOOLS; TOOLS is where run has put what it installs.

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { NOT_IN_PYWB, PAGES, Site } from "./site.mjs";

const [fonds, out, tools] = process.argv.slice(2);
const { chromium } = createRequire(join(tools, "node_modules/"))("playwright-core");
const SIZE = { width: 900, height: 700 };
// Share of pixels that may differ: where a scrollbar or the edge of a letter is drawn otherwise.
const DIFFERENCE = 0.002;

// What a frame shows, as far as it can be told without looking.
function shown() {
    const backgrounds = [...document.querySelectorAll("body, body *")].map((element) => {
        const style = getComputedStyle(element);
        return [style.backgroundImage, style.borderImageSource].map((image) => (image === "none" ? "" : "image")).join("");
    });
    return {
        title: document.title,
        text: document.body.innerText,
        images: [...document.images].map((image) => `${image.alt} ${image.naturalWidth}x${image.naturalHeight}`),
        missing: [...document.images].filter((image) => !image.complete || !image.naturalWidth).map((image) => image.src),
        fonts: [...document.fonts].map((font) => `${font.family} ${font.status}`),
        colours: [...document.querySelectorAll("body, h1, p")].map((element) => getComputedStyle(element).color),
        backgrounds,
    };
}

// The same of the frame and those in it, when nothing more is to come.
async function seen(frame) {
    await frame.waitForLoadState("load");
    await frame.waitForFunction(() => !document.getElementById("made") || document.documentElement.dataset.done);
    await frame.evaluate(() => document.fonts.ready.then(() => undefined));
    const inner = [];
    for (const child of frame.childFrames()) inner.push(await seen(child));
    return { ...(await frame.evaluate(shown)), inner };
}

// The frame that holds the page, which a player shows in its own frames.
async function frameOf(page, path) {
    const wanted = (frame) => frame.url().includes("mp_/http") && frame.url().endsWith(path);
    for (let tries = 0; tries < 300; tries++) {
        const frame = page.frames().find(wanted);
        if (frame) return frame;
        await page.waitForTimeout(50);
    }
    await page.screenshot({ path: join(out, "no-frame.png") });
    throw new Error(`no frame shows ${path}, but ${page.frames().map((frame) => frame.url())}`);
}

async function visit(browser, name, address, { inFrame = false, pages = PAGES, live = null } = {}) {
    const canvas = await browser.newPage();
    const context = await browser.newContext({ viewport: SIZE });
    context.setDefaultTimeout(15000);
    // A replay asks its own server alone.
    const strays = [];
    const own = (host) => host === new URL(address("/")).host || (!live && host.includes("site.test"));
    context.on("request", (request) => {
        const { protocol, host } = new URL(request.url());
        if (protocol.startsWith("http") && !own(host)) strays.push(request.url());
    });
    const views = new Map();
    for (const path of pages) {
        const page = await context.newPage();
        page.on("pageerror", (error) => console.error(`${name} ${path}: ${error}`));
        await page.goto(address(path));
        const end = path === "/old" ? "/moved/here.html" : path;
        const whole = async () => seen(inFrame ? await frameOf(page, end) : page.mainFrame());
        const view = live ? await whole().catch((error) => ({ failed: error.message.split("\n")[0] })) : await whole();
        if (!live) await page.waitForLoadState("networkidle");
        const file = join(out, `${PAGES.indexOf(path)}-${name}.png`);
        views.set(path, { ...view, ...(await settled(page, canvas, file, live?.get(path).picture)) });
        await page.close();
    }
    await context.close();
    await canvas.close();
    if (strays.length) throw new Error(`${name} asked elsewhere: ${strays}`);
    return views;
}

// The picture, and the share of it that is not as it should be. A background may be painted after the page is loaded: a
// replay has some seconds to become like the site.
async function settled(page, canvas, file, wanted) {
    for (let tries = 0; ; tries++) {
        const picture = (await page.screenshot({ path: file })).toString("base64");
        const share = wanted ? await difference(canvas, wanted, picture) : 0;
        if (share <= DIFFERENCE || tries === 30) return { picture, share };
        await page.waitForTimeout(200);
    }
}

// Share of pixels of two pictures that differ by more than a shade.
async function difference(canvas, one, other) {
    return canvas.evaluate(async ([one, other]) => {
        const pixels = async (data) => {
            const image = new Image();
            image.src = `data:image/png;base64,${data}`;
            await image.decode();
            const surface = new OffscreenCanvas(image.width, image.height).getContext("2d");
            surface.drawImage(image, 0, 0);
            return surface.getImageData(0, 0, image.width, image.height).data;
        };
        const [a, b] = [await pixels(one), await pixels(other)];
        if (a.length !== b.length) return 1;
        let different = 0;
        for (let at = 0; at < a.length; at += 4) {
            if ([0, 1, 2].some((colour) => Math.abs(a[at + colour] - b[at + colour]) > 16)) different++;
        }
        return different / (a.length / 4);
    }, [one, other]);
}

// ReplayWeb.page as a site would embed it, all from one directory.
async function startPlayer(wacz) {
    const page = (url) => `<!DOCTYPE html><style>html, body { margin: 0; height: 100% }</style><script src=/ui.js></script>
        <replay-web-page embed=replayonly source=/c.wacz url="${url.replaceAll("&", "&amp;")}"></replay-web-page>`;
    const files = {
        "/ui.js": readFileSync(join(tools, "package/ui.js")),
        "/replay/sw.js": readFileSync(join(tools, "package/sw.js")),
        "/c.wacz": readFileSync(wacz),
    };
    const server = createServer((request, response) => {
        const { pathname, searchParams } = new URL(request.url, "http://x");
        if (pathname === "/") return response.setHeader("Content-Type", "text/html").end(page(searchParams.get("url")));
        const bytes = files[pathname];
        if (!bytes) return response.writeHead(404).end();
        const [from, to] = (request.headers.range ?? "").replace("bytes=", "").split("-");
        const part = bytes.subarray(from ? Number(from) : 0, from && to ? Number(to) + 1 : bytes.length);
        response.writeHead(from ? 206 : 200, {
            "Content-Type": pathname.endsWith(".js") ? "text/javascript" : "application/octet-stream",
            "Content-Length": part.length,
            "Accept-Ranges": "bytes",
            ...(from && { "Content-Range": `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}` }),
        });
        response.end(request.method === "HEAD" ? "" : part);
    });
    await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
    return { server, at: `http://127.0.0.1:${server.address().port}` };
}

// pywb on the WARC and the index as fonds wrote them.
async function startPywb(collection) {
    const root = join(out, "pywb");
    for (const part of ["archive", "indexes"]) {
        cpSync(join(collection, part), join(root, "collections/fonds", part), { recursive: true });
    }
    // Its own frame and banner are no part of the page.
    writeFileSync(join(root, "config.yaml"), "framed_replay: false\n");
    const port = 18080 + (process.pid % 1000);
    const options = ["-b", "127.0.0.1", "-p", String(port), "-d", root];
    const child = spawn(join(tools, "venv/bin/wayback"), options, { stdio: "ignore" });
    process.on("exit", () => child.kill());
    const at = `http://127.0.0.1:${port}`;
    for (let tries = 0; ; tries++) {
        if (await fetch(at).then((response) => response.ok, () => false)) return { at };
        if (tries > 150 || child.exitCode !== null) throw new Error("pywb does not start");
        await new Promise((later) => setTimeout(later, 100));
    }
}

async function must(command, ...options) {
    const code = await new Promise((done) => spawn(command, options, { stdio: "inherit" }).on("close", done));
    if (code !== 0) throw new Error(`${command} ${options[0]}: exit code ${code}`);
}

function different(one, other) {
    if (other.failed) return [other.failed];
    const { picture: _, share: __, ...told } = one;
    return Object.keys(told)
        .map((key) => [key, JSON.stringify(one[key]), JSON.stringify(other[key])])
        .filter(([, live, replayed]) => live !== replayed)
        .map(([key, live, replayed]) => `${key}: ${live} live, ${replayed} replayed`);
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const site = await Site.start();
const wacz = join(out, "c.wacz");
const hosts = ["www", "cdn"].flatMap((host) => ["--resolve", `${host}.site.test:127.0.0.1`]);
const gzip = ["--header", "Accept-Encoding: gzip"];
await must(fonds, "archive", "-q", "-o", wacz, ...gzip, ...hosts, ...PAGES.map((path) => site.url(path)));
await must("python3", "-m", "zipfile", "-e", wacz, join(out, "c"));

// Nobody outside this machine is looked up or asked.
const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
        ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
        ...["--disable-component-update", "--disable-sync", "--hide-scrollbars"],
        "--host-resolver-rules=MAP *.site.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ],
});
let wrong = 0;
try {
    const live = await visit(browser, "live", (path) => site.url(path));
    for (const view of live.values()) if (view.missing.length) throw new Error(`the site lacks ${view.missing}`);
    // From here on, what is shown can only be the archive's.
    await site.stop();
    const player = await startPlayer(wacz);
    const pywb = await startPywb(join(out, "c"));
    const inPlayer = (path) => `${player.at}/?url=${encodeURIComponent(site.url(path))}`;
    const inPywb = (path) => `${pywb.at}/fonds/${site.url(path)}`;
    const pages = PAGES.filter((path) => !NOT_IN_PYWB.includes(path));
    const replays = {
        replaywebpage: await visit(browser, "replaywebpage", inPlayer, { inFrame: true, live }),
        pywb: await visit(browser, "pywb", inPywb, { live, pages }),
    };
    player.server.close();
    player.server.closeAllConnections();
    for (const [name, views] of Object.entries(replays)) {
        for (const [path, view] of views) {
            const said = different(live.get(path), view);
            if (view.share > DIFFERENCE) said.push("the picture");
            wrong += said.length;
            const share = `${(view.share * 100).toFixed(3)} % of the pixels differ`;
            console.log(`${said.length ? "DIFFERS" : "same"}  ${name}  ${path}  (${share})`);
            said.forEach((line) => console.log(`    ${line}`));
        }
    }
} finally {
    await browser.close();
}
process.exit(wrong ? 1 : 0);
