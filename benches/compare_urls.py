#!/usr/bin/env python3
"""What did each crawl of a site get?

compare_urls.py --count FONDS ARCHIVE        number of URLs with a response, of a WARC or a collection
compare_urls.py --walk DOCS URL              walks the files under DOCS from URL, without a server, as a browser would
                                             follow them: an account that shares no code with any crawler. Prints status
                                             and URL, for a file NAME.tsv
compare_urls.py FONDS OURS OTHER...          what each OTHER has that OURS has not, and the other way, by reason; each is
                                             a WARC, a collection or a NAME.tsv

FONDS is the program, which lists any WARC. The walk needs lxml and ada-url (PyPI).
"""

import json
import pathlib
import re
import subprocess
import sys
from collections import Counter, deque
from urllib.parse import unquote, urlsplit

EXAMPLES = 5
LINKS = {"href", "src", "background", "data", "poster"}
STYLE = re.compile(r"""(?:@import\s+(?:url\(\s*)?|url\(\s*)["']?([^"')\s;]+)""")


def responses(fonds, archive):
    """Status of each URL that has a response record (or a revisit), by `fonds ls`, or of a walk's file."""
    if archive.endswith(".tsv"):
        return {url: status for status, url in (line.rstrip("\n").split("\t", 1) for line in open(archive))}
    found = {}
    with subprocess.Popen([fonds, "ls", "--format", "json", archive], stdout=subprocess.PIPE, text=True) as listing:
        for line in listing.stdout:
            row = json.loads(line)
            # wget puts angle brackets around its URLs; a dns: answer is no page.
            url = (row.get("url") or "").strip("<>")
            if row["type"] in ("response", "revisit") and url.startswith("http"):
                found[url] = row.get("status")
    return found


def page_links(text):
    """Base and links of a page, as they are written."""
    import lxml.html

    base, links = "", set()
    for element in lxml.html.document_fromstring(text).iter():
        if not isinstance(element.tag, str):
            continue
        if element.tag == "base" and not base:
            base = element.get("href", "")
        if element.tag == "style":
            links.update(style_links(element.text_content()))
        if element.tag == "meta" and element.get("http-equiv", "").lower() == "refresh":
            links.update(re.findall(r"(?i)url=['\"]?([^'\"\s]+)", element.get("content", "")))
        for name, value in element.items():
            if name in LINKS and element.tag != "base":
                links.add(value)
            elif name in ("srcset", "imagesrcset"):
                links.update(part.split()[0] for part in value.split(",") if part.strip())
            elif name == "style":
                links.update(style_links(value))
    return base, links


def style_links(text):
    return STYLE.findall(re.sub(r"/\*.*?\*/", "", text, flags=re.S))


def file_links(url, path):
    """Every link of a file, absolute, without fragment."""
    import ada_url

    text = path.read_bytes()
    if path.suffix == ".css":
        base, found = "", style_links(text.decode("utf-8", "replace"))
    else:
        base, found = page_links(text)
    base = ada_url.join_url(url, base)
    for link in found:
        if link and not link.startswith("#"):
            try:
                yield ada_url.join_url(base, link).split("#")[0]
            except ValueError:
                pass


def walk(docs, start):
    """URLs reachable from `start`, and the status a server would have for each."""
    prefix, seen, waiting = "http://" + urlsplit(start).netloc + "/", {start: None}, deque([start])
    while waiting:
        url = waiting.popleft()
        place = pathlib.Path(docs) / unquote(urlsplit(url).path).lstrip("/")
        path = place / "index.html" if place.is_dir() else place
        seen[url] = 404 if not path.is_file() else 301 if place.is_dir() and not url.endswith("/") else 200
        if seen[url] == 200 and path.suffix in (".html", ".htm", ".css") and path.stat().st_size:
            found = file_links(url, path)
        else:
            found = [url + "/"] if seen[url] == 301 else []
        for link in found:
            if link.startswith(prefix) and link not in seen:
                seen[link] = None
                waiting.append(link)
    return seen


def plain(url):
    """A URL without what is spelt in several ways: escapes, empty segments, fragment."""
    return re.sub(r"(?<!:)/+", "/", unquote(url.split("#")[0]).replace("\\", "/"))


def reason(url, status, host, others):
    """Why one crawl may have this URL and the other not, as far as the URL tells."""
    if plain(url) in others:
        return "both, spelt differently: escapes, empty segments, backslashes, fragments"
    parts = urlsplit(url)
    if parts.netloc != host:
        return f"status {status}, another host"
    if parts.path in ("/robots.txt", "/favicon.ico", "/sitemap.xml"):
        return f"status {status}, {parts.path}"
    if parts.query and plain(url.split("?")[0]) in others:
        return f"status {status}, query of a page that both have"
    return f"status {status}, {pathlib.PurePosixPath(parts.path).suffix or 'no suffix'}"


def explain(name, found, other_name, others):
    host = Counter(urlsplit(url).netloc for url in found).most_common(1)[0][0]
    plain_others = {plain(url) for url in others}
    missing = {url: reason(url, status, host, plain_others) for url, status in found.items() if url not in others}
    sound = sum(str(found[url]) == "200" and not why.startswith("both") for url, why in missing.items())
    print(f"\n{name} has {len(missing)} URLs that {other_name} has not, {sound} of them answered with 200")
    for why, count in Counter(missing.values()).most_common(25):
        print(f"  {count:6}  {why}")
        for url in sorted(url for url, cause in missing.items() if cause == why)[:EXAMPLES]:
            print(f"          {url}")


def main():
    mode, *arguments = sys.argv[1:]
    if mode == "--count":
        print(len(responses(*arguments)))
    elif mode == "--walk":
        for url, status in walk(*arguments).items():
            print(f"{status}\t{url}")
    else:
        sets = {archive: responses(mode, archive) for archive in arguments}
        for name, found in sets.items():
            statuses = Counter(str(status) for status in found.values())
            print(f"{name}: {len(found)} URLs, " + ", ".join(f"{n} × {status}" for status, n in statuses.most_common()))
        ours, *others = sets
        for other in others:
            explain(other, sets[other], ours, sets[ours])
            explain(ours, sets[ours], other, sets[other])


if __name__ == "__main__":
    main()
