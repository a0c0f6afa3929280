// The site that is captured and shown again: two hosts on one port, the files of site/ and what a server makes.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { gzipSync } from "node:zlib";

const ROOT = new URL("site/", import.meta.url).pathname;
const TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
};

export const PAGES = [
    "/",
    "/script.html",
    "/frames.html",
    "/old",
    "/article?id=7&lang=de",
    "/article?id=8&lang=de",
    "/latin.html",
    "/caf%C3%A9/page.html",
    "/other-host.html",
    "/gone",
    "/modules.html",
];

// pywb puts every script in a block, where an import is a syntax error: this page cannot work there, whoever archived
// it.
export const NOT_IN_PYWB = ["/modules.html"];

export class Site {
    static async start() {
        const site = new Site();
        site.server = createServer((request, response) => site.answer(request, response));
        await new Promise((ready) => site.server.listen(0, "127.0.0.1", ready));
        site.port = site.server.address().port;
        return site;
    }

    url(path) {
        return `http://www.site.test:${this.port}${path}`;
    }

    async answer(request, response) {
        const { status = 200, fields = {}, body = "" } = await this.made(request);
        const coded = /gzip/.test(request.headers["accept-encoding"] ?? "") && /text/.test(fields["Content-Type"]);
        // Coded and without a length, so chunked, as sites send their text.
        const length = coded ? { "Content-Encoding": "gzip" } : { "Content-Length": body.length };
        response.writeHead(status, { ...fields, ...length });
        if (coded) response.write(gzipSync(body).subarray(0, 10));
        response.end(coded ? gzipSync(body).subarray(10) : body);
    }

    async made(request) {
        const { pathname, searchParams } = new URL(request.url, this.url("/"));
        if (request.headers.host.startsWith("cdn.")) {
            const name = pathname === "/boxes.ttf" ? "boxes.ttf" : `cdn${pathname}`;
            return this.file(name, { "Access-Control-Allow-Origin": "*" });
        }
        switch (pathname) {
            case "/":
                return this.file("index.html");
            case "/old":
                return { status: 302, fields: { Location: "/moved/here.html" } };
            case "/moved/here.html":
                return this.file("here.html");
            case "/go":
                return { status: 301, fields: { Location: `/img/${searchParams.get("to")}.png` } };
            case "/article":
                return this.file("article.html", {}, (text) =>
                    text.replaceAll("ID", searchParams.get("id")).replace("LANG", searchParams.get("lang")));
            case "/picture":
                return this.file(searchParams.get("article") === "7" ? "img/small.png" : "img/wide.png");
            case "/list":
                return {
                    fields: { "Content-Type": "application/json" },
                    body: `[{"name": "page ${searchParams.get("page")}", "count": 3}, {"name": "ordered", "count": 1}]`,
                };
            case "/latin.html":
                return this.file("latin.html", { "Content-Type": "text/html; charset=windows-1252" });
            case "/caf%C3%A9/page.html":
                return this.file("cafe/page.html");
            case "/other-host.html":
                return this.file("other-host.html", {}, (text) => text.replaceAll("CDN", `cdn.site.test:${this.port}`));
            default:
                return this.file(pathname.slice(1));
        }
    }

    async file(name, fields = {}, change = null) {
        try {
            const bytes = await readFile(join(ROOT, normalize(`/${name}`)));
            const body = change ? Buffer.from(change(bytes.toString())) : bytes;
            return { fields: { "Content-Type": TYPES[extname(name)], ...fields }, body };
        } catch {
            return { ...(await this.file("gone.html")), status: 404 };
        }
    }

    stop() {
        this.server.closeAllConnections();
        return new Promise((done) => this.server.close(done));
    }
}
