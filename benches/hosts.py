#!/usr/bin/env python3
"""Many slow hosts on loopback, which keep count of how they are asked: hosts.py [options]; stops at SIGINT

Host n (from 1) is hN.hosts.test at 127.0.1.N, with as many pages as a host of its rank would have: 400 on the first, 22 on the
49th, 2,866 in all. Each page links five more of its own host and two of others. Every answer takes the latency.
At the end, a line a host: requests, most at a time, most connections, least time from one to the next, and what
robots.txt had forbidden; with --log a JSON line a request. Last, by how much the answers were late: the server's own part.
"""

import argparse
import asyncio
import json
import random
import signal
import time

FILLER = "<p>" + "Of nothing in particular, at some length. " * 12


def pages_of(rank, biggest):
    return max(20, round(biggest / rank ** 0.75))


class Host:
    def __init__(self, rank, options):
        self.rank, self.pages = rank, pages_of(rank, options.biggest)
        self.name, self.address = f"h{rank}.hosts.test", f"127.0.1.{rank}"
        # With --robots, every fifth host wants time between requests, and every third has pages nobody should ask for.
        self.delay = options.crawl_delay if options.robots and rank % 5 == 0 else 0
        self.private = options.robots and rank % 3 == 0
        self.requests = self.open = self.most_open = self.at_once = self.most_at_once = self.forbidden = 0
        self.last, self.gap = None, float("inf")

    def robots(self):
        lines = ["User-agent: *"] + (["Disallow: /private/"] if self.private else [])
        return "\n".join(lines + ([f"Crawl-delay: {self.delay}"] if self.delay else []) + [""])

    def arrived(self, path, now):
        self.requests += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.forbidden += self.private and path.startswith("/private/")
        if self.last is not None:
            self.gap = min(self.gap, now - self.last)
        self.last = now


class Hosts:
    def __init__(self, options):
        self.options, self.late, self.answers = options, [], 0
        self.hosts = [Host(rank, options) for rank in range(1, options.hosts + 1)]
        self.log = open(options.log, "w") if options.log else None

    def answer(self, host, path, by_address):
        """Status and body."""
        if path == "/robots.txt" and self.options.robots:
            return "200 OK", "text/plain", host.robots()
        if path.startswith("/private/"):
            return "200 OK", "text/html", "<title>Private</title>"
        number = 0 if path == "/" else int(path[2:]) if path.startswith("/p") and path[2:].isdigit() else host.pages
        if number >= host.pages:
            return "404 Not Found", "text/html", "<title>Nothing</title>"
        links = [f"/p{5 * number + step}" for step in range(1, 6) if 5 * number + step < host.pages]
        if host.private:
            links.append(f"/private/{number}")
        chance = random.Random(host.rank * 1000 + number)
        for other in chance.sample(self.hosts, min(2, len(self.hosts))):
            place = other.address if by_address else other.name
            links.append(f"http://{place}:{self.options.port}/p{chance.randrange(1, other.pages)}")
        body = "".join(f'<p><a href="{link}">{link}</a>' for link in links)
        return "200 OK", "text/html", f"<!DOCTYPE html><title>{host.name} {number}</title>{body}{FILLER * 6}"


class Visit(asyncio.Protocol):
    def __init__(self, hosts, host):
        self.hosts, self.host, self.buffer, self.busy = hosts, host, b"", False

    def connection_made(self, transport):
        self.transport = transport
        self.host.open += 1
        self.host.most_open = max(self.host.most_open, self.host.open)

    def connection_lost(self, _):
        self.host.open -= 1

    def data_received(self, data):
        self.buffer += data
        self.next()

    def next(self):
        # One at a time: what comes before the answer waits.
        head, end, rest = self.buffer.partition(b"\r\n\r\n")
        if self.busy or not end:
            return
        self.buffer, self.busy = rest, True
        lines = head.decode("latin-1").split("\r\n")
        asked = next((line[5:].strip() for line in lines[1:] if line[:5].lower() == "host:"), "")
        now = time.monotonic()
        path = lines[0].split(" ")[1]
        self.host.arrived(path, now)
        loop = asyncio.get_running_loop()
        loop.call_later(self.hosts.options.latency, self.send, path, asked.startswith("127."), now)

    def send(self, path, by_address, arrived):
        status, kind, body = self.hosts.answer(self.host, path, by_address)
        body = body.encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        self.transport.write(head.encode() + body)
        now = time.monotonic()
        self.hosts.late.append(now - arrived - self.hosts.options.latency)
        if self.hosts.log:
            row = {"arrived": round(arrived, 4), "answered": round(now, 4), "host": self.host.name, "path": path,
                   "status": int(status[:3])}
            self.hosts.log.write(json.dumps(row) + "\n")
        self.host.at_once -= 1
        self.busy = False
        self.next()


async def serve(options):
    hosts = Hosts(options)
    loop = asyncio.get_running_loop()
    for host in hosts.hosts:
        await loop.create_server(lambda host=host: Visit(hosts, host), host.address, options.port)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
    report(hosts, options)


def report(hosts, options):
    if options.each:
        print("host             pages  requests  at once  connections  least gap s  wanted  forbidden")
        for host in hosts.hosts:
            print(f"{host.name:15} {host.pages:6} {host.requests:9} {host.most_at_once:8} {host.most_open:12} "
                  f"{host.gap:12.3f} {host.delay:7} {host.forbidden:10}")
    late = sorted(hosts.late) or [0]
    print(f"all: {sum(host.requests for host in hosts.hosts)} requests, most at once on a host "
          f"{max(host.most_at_once for host in hosts.hosts)}, least gap {min(host.gap for host in hosts.hosts):.3f} s, "
          f"too early {sum(host.gap < host.delay for host in hosts.hosts)} hosts, "
          f"forbidden {sum(host.forbidden for host in hosts.hosts)}; answers late by {1000 * late[len(late) // 2]:.1f} ms "
          f"(median), {1000 * late[len(late) * 99 // 100]:.1f} ms (99 %)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hosts", type=int, default=49)
    parser.add_argument("--biggest", type=int, default=400, help="pages of the biggest host")
    parser.add_argument("--port", type=int, default=8049)
    parser.add_argument("--latency", type=float, default=0.08, help="seconds an answer takes")
    parser.add_argument("--robots", action="store_true", help="robots.txt with delays and rules, in place of a 404")
    parser.add_argument("--crawl-delay", type=float, default=0.5)
    parser.add_argument("--log", help="a JSON line a request goes here")
    parser.add_argument("--each", action="store_true", help="a line a host at the end")
    parser.add_argument("--list", choices=("names", "addresses", "resolve", "bound"), help="print and end")
    options = parser.parse_args()
    hosts = Hosts(options).hosts if options.list else []
    match options.list:
        case "names" | "addresses":
            for host in hosts:
                place = host.name if options.list == "names" else host.address
                print(f"http://{place}:{options.port}/")
        case "resolve":
            print("\n".join(f"--resolve\n{host.name}:{host.address}" for host in hosts))
        case "bound":
            # The pages, and robots.txt.
            print(f"{(hosts[0].pages + 1) * options.latency:.1f} {sum(host.pages for host in hosts)}")
        case None:
            asyncio.run(serve(options))


if __name__ == "__main__":
    main()
