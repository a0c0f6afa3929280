#!/usr/bin/env python3
"""Pages and megabytes per CPU second from a gzip WARC to JSON lines: fonds, Resiliparse with FastWARC, trafilatura.

    benches/extract.py FONDS PAGES [--most 300] [--slow 100]      (needs resiliparse, fastwarc, trafilatura, warcio from PyPI)

PAGES is a folder of HTML files: the first --most of them, by name, are written as response records to one WARC in a temporary
folder. Each tool runs as a process of its own on one thread and writes JSON lines to /dev/null; CPU seconds (user and system)
and peak memory are the kernel's. trafilatura reads the first --slow records only. Each runs three times, the fastest counts."""
import argparse, io, json, os, resource, subprocess, sys, tempfile

READ = """
import json, sys
from fastwarc.warc import ArchiveIterator, WarcRecordType
from {module} import {name}
out, n = open('/dev/null', 'w'), 0
for record in ArchiveIterator(open(sys.argv[1], 'rb'), record_types=WarcRecordType.response):
    body = record.reader.read()
    {work}
    out.write(json.dumps(dict(url=record.headers.get('WARC-Target-URI'), text=text)) + '\\n')
    n += 1
    if n == int(sys.argv[2]): break
"""
RESILIPARSE = READ.format(module='resiliparse.extract.html2text', name='extract_plain_text', work="""from resiliparse.parse.encoding import bytes_to_str, detect_encoding
    text = extract_plain_text(bytes_to_str(body, detect_encoding(body)), main_content=True)""")
TRAFILATURA = READ.format(module='trafilatura', name='extract', work='text = extract(body, include_comments=False)')


def make(pages, most, path):
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter
    count = size = 0
    with open(path, 'wb') as out:
        writer = WARCWriter(out, gzip=True)
        for name in sorted(os.listdir(pages))[:most]:
            body = open(f'{pages}/{name}', 'rb').read()
            head = StatusAndHeaders('200 OK', [('Content-Type', 'text/html')], protocol='HTTP/1.1')
            writer.write_record(writer.create_warc_record(f'http://example.org/{name}', 'response', payload=io.BytesIO(body), http_headers=head))
            count += 1; size += len(body)
    return count, size


def run(command):
    pid = os.fork()
    if pid == 0:
        null = os.open('/dev/null', os.O_WRONLY)
        os.dup2(null, 1)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(pid, 0)
    assert status == 0, (command[0], status)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('fonds'); parser.add_argument('pages')
    parser.add_argument('--most', type=int, default=300); parser.add_argument('--slow', type=int, default=100)
    a = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        warc, few = f'{folder}/pages.warc.gz', f'{folder}/few.warc.gz'
        count, size = make(a.pages, a.most, warc)
        slow = make(a.pages, a.slow, few)
        print(f'{count} pages, {size / 1e6:.1f} MB of HTML, {os.path.getsize(warc) / 1e6:.1f} MB gzip')
        tools = [('fonds', [a.fonds, 'extract', warc, '--format', 'jsonl', '-j', '1'], (count, size)),
                 ('fonds, 2 threads', [a.fonds, 'extract', warc, '--format', 'jsonl', '-j', '2'], (count, size)),
                 ('Resiliparse + FastWARC', [sys.executable, '-c', RESILIPARSE, warc, '0'], (count, size)),
                 ('trafilatura', [sys.executable, '-c', TRAFILATURA, few, '0'], slow)]
        for name, command, (pages, octets) in tools:
            cpu, memory = min(run(command) for _ in range(3))
            print(f'{name:24s} {pages / cpu:7.1f} pages, {octets / 1e6 / cpu:6.2f} MB a CPU second, peak {memory:.0f} MB', flush=True)


if __name__ == '__main__':
    main()
