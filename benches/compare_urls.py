#!/usr/bin/env python3
"""What did each crawl of a site get?

compare_urls.py --count FONDS ARCHIVE             URLs with a response, of a WARC or a collection
compare_urls.py FONDS OURS [THEIRS...]            what each of THEIRS has that OURS has not, and the other way, by reason
compare_urls.py --walk DOCS URL FONDS OURS [THEIRS...]   the same, and beside a walk over the files that are served

FONDS is the program, which lists any WARC. The walk reads the tree under DOCS with html.parser, from URL, without a
server: an account of what a browser would find that shares no code with any crawler.
"""

import html.parser
import json
import pathlib
import re
import subprocess
import sys
from collections import Counter, deque
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

EXAMPLES = 5
HTML_LINKS = {"href", "src", "background", "data", "poster", "action", "cite", "longdesc", "codebase", "classid"}
REQUISITES = HTML_LINKS - {"action", "cite", "longdesc", "codebase", "classid"}


def responses(fonds, archive):
    """Status of each URL that has a response record (or a revisit), by `fonds ls`."""
    found = {}
    with subprocess.Popen([fonds, "ls", "--format", "json", archive], stdout=subprocess.PIPE, text=True) as listing:
        for line in listing.stdout:
            row = json.loads(line)
            # wget puts angle brackets around its URLs; a dns: answer is no page.
            url = (row.get("url") or "").strip("<>")
            if row["type"] in ("response", "revisit") and url.startswith("http"):
                found[url] = row.get("status")
    return found


class Page(html.parser.HTMLParser):
    def __init__(self, url):
        super().__init__(convert_charrefs=True)
        self.base, self.links, self.in_style, self.style = url, set(), False, []

    def handle_starttag(self, tag, attributes):
        attributes = {name: value or "" for name, value in attributes}
        if tag == "base" and "href" in attributes:
            self.base = urljoin(self.base, attributes["href"])
        self.in_style = tag == "style"
        for name, value in attributes.items():
            if name in REQUISITES and tag != "base":
                self.add(value)
            elif name in ("srcset", "imagesrcset"):
                for part in value.split(","):
                    self.add(part.split()[0] if part.split() else "")
            elif name == "style":
                self.style.append(value)
        if tag == "meta" and attributes.get("http-equiv", "").lower() == "refresh":
            self.add(*re.findall(r"(?i)url=['\"]?([^'\"\s]+)", attributes.get("content", ""))[:1] or [""])

    def handle_endtag(self, tag):
        self.in_style = False

    def handle_data(self, data):
        if self.in_style:
            self.style.append(data)

    def add(self, link):
        link = re.sub(r"[\t\r\n]", "", link.strip())
        if link and not link.startswith("#"):
            self.links.add(link)


def style_links(text):
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    return re.findall(r"""(?:url\(\s*|@import\s+)["']?([^"')\s;]+)""", text)


def links(url, path):
    """Every link of a file, absolute, without fragment."""
    text = path.read_bytes().decode("utf-8", "replace")
    if path.suffix == ".css":
        found, base = style_links(text), url
    else:
        page = Page(url)
        page.feed(text)
        found, base = page.links | {link for style in page.style for link in style_links(style)}, page.base
    for link in found:
        try:
            yield urldefrag(urljoin(base, link)).url
        except ValueError:
            pass


def walk(docs, start):
    """URLs reachable from `start`, and whether a file is there."""
    host, seen, waiting = urlsplit(start).netloc, {start: None}, deque([start])
    while waiting:
        url = waiting.popleft()
        path = pathlib.Path(docs) / unquote(urlsplit(url).path).lstrip("/")
        if path.is_dir():
            path = path / "index.html" if url.endswith("/") else None
        seen[url] = "200" if path and path.is_file() else "none"
        if not path or not path.is_file() or path.suffix not in (".html", ".htm", ".css", ".xhtml", ".shtml"):
            continue
        for link in links(url, path):
            if link.startswith("http") and urlsplit(link).netloc == host and link not in seen:
                seen[link] = None
                waiting.append(link)
    return seen


def plain(url):
    """A URL as most would normalise it: no fragment, no dots, nothing escaped that need not be."""
    parts = urlsplit(urldefrag(url).url)
    path = urljoin("/", parts.path or "/")
    return f"{parts.scheme}://{parts.netloc.lower()}{unquote(path)}" + (f"?{unquote(parts.query)}" if parts.query else "")


def reason(url, status, others):
    """Why one crawl has this URL and the other has not, as far as the URL tells."""
    normal = {plain(other) for other in ()} if others is None else others
    if plain(url) in normal:
        return "spelt otherwise (escapes, dots)"
    if "#" in url:
        return "fragment kept"
    if urlsplit(url).netloc != HOST[0]:
        return "another host"
    if urlsplit(url).path == "/robots.txt":
        return "robots.txt"
    if urlsplit(url).path.rsplit("/", 1)[-1] == "favicon.ico":
        return "favicon.ico"
    if urlsplit(url).query and plain(url.split("?")[0]) in normal:
        return "query of a page that both have"
    kind = pathlib.PurePosixPath(urlsplit(url).path).suffix or "no suffix"
    return f"status {status}, {kind}"


HOST = [""]


def explain(name, found, other_name, others):
    normal = {plain(url) for url in others}
    missing = {url: reason(url, status, normal) for url, status in found.items() if url not in others}
    print(f"\n{name} has {len(missing)} URLs that {other_name} has not")
    for why, count in Counter(missing.values()).most_common(25):
        examples = sorted(url for url, cause in missing.items() if cause == why)[:EXAMPLES]
        print(f"  {count:6}  {why}\n" + "\n".join(f"          {url}" for url in examples))


def main():
    arguments = sys.argv[1:]
    if arguments[0] == "--count":
        print(len(responses(*arguments[1:])))
        return
    sets = {}
    if arguments[0] == "--walk":
        docs, start = arguments[1:3]
        arguments = arguments[3:]
        HOST[0] = urlsplit(start).netloc
    fonds, ours, *theirs = arguments
    sets = {archive: responses(fonds, archive) for archive in [ours, *theirs]}
    if HOST[0]:
        sets["the walk"] = walk(docs, start)
    else:
        HOST[0] = urlsplit(next(iter(sets[ours]))).netloc
    for name, found in sets.items():
        statuses = Counter(str(status) for status in found.values())
        print(f"{name}: {len(found)} URLs, " + ", ".join(f"{n} × {status}" for status, n in statuses.most_common()))
    for name, found in list(sets.items())[1:]:
        explain(name, found, ours, sets[ours])
        explain(ours, sets[ours], name, found)


if __name__ == "__main__":
    main()
