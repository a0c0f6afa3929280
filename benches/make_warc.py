#!/usr/bin/env python3
"""Makes a WARC to measure with out of real pages: make_warc.py OUT.warc.gz SIZE_MB [WARC | DIRECTORY]...

Records of the WARCs given (a site mirrored by wget, say) and files of the directories given, as responses with
requests, are written by warcio, one gzip member a record, each time with ids of their own, until SIZE_MB of content
are there. The order of the files is fixed; two runs differ in their ids only. Needs warcio.
"""

import io
import pathlib
import sys
import uuid

from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

SPACE = uuid.UUID("6f6e6473-0000-4000-8000-000000000000")
TYPES = {".html": "text/html", ".htm": "text/html", ".xml": "application/xml", ".txt": "text/plain"}
IDS = ("WARC-Record-ID", "WARC-Concurrent-To", "WARC-Refers-To", "WARC-Warcinfo-ID")


def from_warc(path, turn):
    with open(path, "rb") as stream:
        for record in ArchiveIterator(stream, no_record_parse=True):
            headers = record.rec_headers
            for i, (name, value) in enumerate(headers.headers):
                if name in IDS:
                    headers.headers[i] = (name, f"<urn:uuid:{uuid.uuid5(SPACE, f'{turn} {value}')}>")
            yield record


def from_directory(root, turn, writer):
    date = "2026-01-01T00:00:00Z"
    for path in sorted(p for p in pathlib.Path(root).rglob("*") if p.is_file()):
        uri = f"http://{turn}.example/{path.relative_to(root)}"
        body = path.read_bytes()
        fields = [("Content-Type", TYPES.get(path.suffix, "application/octet-stream")),
                  ("Content-Length", str(len(body))), ("Server", "nginx"), ("Connection", "keep-alive")]
        answer = StatusAndHeaders("200 OK", fields, protocol="HTTP/1.1")
        response = writer.create_warc_record(uri, "response", payload=io.BytesIO(body), http_headers=answer,
                                             warc_headers_dict={"WARC-Date": date, "WARC-IP-Address": "192.0.2.1"})
        asked = StatusAndHeaders(f"GET /{path.name} HTTP/1.1", [("Host", f"{turn}.example"), ("Accept", "*/*")],
                                 is_http_request=True)
        identity = response.rec_headers.get_header("WARC-Record-ID")
        request = writer.create_warc_record(uri, "request", http_headers=asked,
                                            warc_headers_dict={"WARC-Date": date, "WARC-Concurrent-To": identity})
        yield response
        yield request


def main():
    out, megabytes, *sources = sys.argv[1:]
    limit = int(megabytes) * 1_000_000
    with open(out, "xb") as stream:
        writer = WARCWriter(stream, gzip=True, warc_version="1.1")
        info = writer.create_warcinfo_record(pathlib.Path(out).name, {"software": "make_warc.py"})
        writer.write_record(info)
        written, turn = 0, 0
        while written < limit:
            for source in sources:
                turn += 1
                is_warc = pathlib.Path(source).is_file()
                records = from_warc(source, turn) if is_warc else from_directory(source, turn, writer)
                for record in records:
                    writer.write_record(record)
                    written += int(record.rec_headers.get_header("Content-Length") or 0)
                if written >= limit:
                    break
    print(f"{out}: {written / 1e6:.0f} MB of blocks")


if __name__ == "__main__":
    main()
