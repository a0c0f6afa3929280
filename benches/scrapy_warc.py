#!/usr/bin/env python3
"""A crawl of one host by Scrapy, written as WARC by warcio: scrapy_warc.py URL OUT.warc.gz

Follows what `wget -r -p` follows: links, requisites, frames, style sheets' @import and url(); besides, srcset.
Each response is written as it came off the wire, with its request, both digests, one gzip member each.
"""

import re
import sys
from io import BytesIO
from urllib.parse import urljoin, urlsplit

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.linkextractors import LinkExtractor
from scrapy.utils.httpobj import urlparse_cached
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

LINKS = LinkExtractor(
    tags=("a", "area", "link", "img", "script", "iframe", "frame", "source", "embed", "input", "body", "object"),
    attrs=("href", "src", "background", "data"),
    deny_extensions=(),
)
STYLE = re.compile(rb"""(?:@import\s+(?:url\(\s*)?|url\(\s*)["']?([^"')\s;]+)""")


class Recorder:
    """Sits next to the downloader, so that redirects and errors are written too."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.writer = WARCWriter(self.file, gzip=True)

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler.settings["WARC"])

    def process_response(self, request, response):
        status = StatusAndHeaders(str(response.status), fields(response.headers), protocol="HTTP/1.1")
        record = self.writer.create_warc_record(response.url, "response", payload=BytesIO(response.body),
                                                http_headers=status,
                                                warc_headers_dict={"WARC-IP-Address": str(response.ip_address)})
        parts = urlparse_cached(request)
        line = StatusAndHeaders(f"{request.method} {parts.path or '/'} HTTP/1.1", fields(request.headers),
                                is_http_request=True)
        asked = self.writer.create_warc_record(request.url, "request", http_headers=line)
        self.writer.write_request_response_pair(asked, record)
        return response


def fields(headers):
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, values in headers.items() for value in values]


class Site(scrapy.Spider):
    name = "site"
    # A page that is an error is a response like any other.
    handle_httpstatus_all = True

    async def start(self):
        yield scrapy.Request(self.settings["URL"])

    def parse(self, response):
        host = urlsplit(self.settings["URL"]).netloc
        for url in set(self.links(response)):
            if url.startswith("http") and urlsplit(url).netloc == host:
                yield scrapy.Request(url, callback=self.parse)

    def links(self, response):
        kind = response.headers.get("Content-Type", b"").split(b";")[0]
        location = response.headers.get("Location")
        if location:
            yield response.urljoin(location.decode("latin-1"))
        if kind == b"text/css":
            yield from (urljoin(response.url, link.decode("latin-1")) for link in STYLE.findall(response.body))
        elif isinstance(response, scrapy.http.HtmlResponse):
            yield from (link.url for link in LINKS.extract_links(response))
            for refresh in response.xpath("//meta[@http-equiv='refresh']/@content").re(r"(?i)url=(\S+)"):
                yield response.urljoin(refresh)
            for srcset in response.xpath("//@srcset").getall():
                yield from (response.urljoin(part.split()[0]) for part in srcset.split(",") if part.strip())


def main():
    url, out = sys.argv[1:]
    process = CrawlerProcess({
        "URL": url,
        "WARC": out,
        "DOWNLOADER_MIDDLEWARES": {Recorder: 950},
        "ROBOTSTXT_OBEY": False,
        "COMPRESSION_ENABLED": False,
        "REDIRECT_ENABLED": False,
        "RETRY_ENABLED": False,
        "COOKIES_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "CONCURRENT_REQUESTS": 8,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
        "DOWNLOAD_DELAY": 0,
        "DOWNLOAD_MAXSIZE": 0,
        "DOWNLOAD_WARNSIZE": 0,
        "LOG_LEVEL": "ERROR",
    })
    process.crawl(Site)
    process.start()


if __name__ == "__main__":
    main()
