#!/usr/bin/env bash
# What a proof of one page costs: prove.sh DIR [LINES]
# A site of 3,333 generated pages on loopback (python3) is crawled into a collection of 10,000 records, one page of it is
# proved and checked, and the sizes of log and WARC are compared. With LINES, also a log of so many lines without records:
# what a proof out of it takes in memory and time. FONDS names the program; needs GNU time.
set -euo pipefail
room="$(mkdir -p "$1" && realpath "$1")"
lines="${2:-0}"
fonds="$(realpath "${FONDS:-target/release/fonds}")"
port=8769
page="http://127.0.0.1:$port/page-01666.html"
cd "$room"

if [ ! -e site/index.html ]; then
    mkdir -p site
    python3 - <<'PY'
import random
random.seed(1)
words = "archive record page proof leaf tree root hash line server answer date host letter paper shelf box label index key".split()
text = lambda n: " ".join(random.choice(words) for _ in range(n))
names = [f"page-{n:05}.html" for n in range(3333)]
for name in names:
    paragraphs = "".join(f"<p>{text(random.randrange(40, 200))}</p>\n" for _ in range(5))
    open(f"site/{name}", "w").write(f"<!DOCTYPE html><title>{text(4)}</title>\n<h1>{text(6)}</h1>\n{paragraphs}")
links = "\n".join(f"<a href={name}>{name}</a>" for name in names)
open("site/index.html", "w").write(f"<!DOCTYPE html><title>All pages</title>\n{links}")
PY
fi

if [ ! -e c/datapackage.json ]; then
    rm -rf c
    # As a real server, it keeps connections open.
    python3 -c 'import functools, http.server as h, sys
handler = h.SimpleHTTPRequestHandler
handler.protocol_version, handler.disable_nagle_algorithm = "HTTP/1.1", True
h.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), functools.partial(handler, directory="site")).serve_forever()' "$port" >/dev/null 2>&1 &
    trap 'kill %1' EXIT
    until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.1; done
    "$fonds" archive -q --scope host --robots ignore -o c "http://127.0.0.1:$port/"
fi

# What, seconds, those of the processor, and peak memory.
measured() {
    local what="$1"
    shift
    command time -o time.txt -f '%e\t%U\t%S\t%M' "$@" >measured.log 2>&1
    awk -v what="$what" -F '\t' '{ printf "%-40s %6.2f s, %6.2f s CPU, %6.1f MB\n", what, $1, $2 + $3, $4 / 1000 }' time.txt
}

size() { stat -c %s "$@" | awk '{ sum += $1 } END { print sum }'; }

rm -f page.fonds-proof all.fonds-proof
echo "$(wc -l <c/provenance/manifest.jsonl) lines, $(grep -c '"type":"record"' c/provenance/manifest.jsonl) records"
echo "WARC $(size c/archive/*) bytes, log $(size c/provenance/manifest.jsonl), compressed $(gzip -c c/provenance/manifest.jsonl | wc -c), leaves $(size c/provenance/leaves)"
measured 'verify of the whole' "$fonds" verify c
measured 'prove one page' "$fonds" prove c --url "$page" -o page.fonds-proof
measured 'check' "$fonds" check page.fonds-proof
unzip -lv page.fonds-proof | awk '/archive|provenance/ { part = $8; sub(/-[0-9]+/, "", part); sum[part] += $1; n[part]++ }
    END { for (part in sum) printf "  %-36s %2d entries %6d bytes\n", part, n[part], sum[part] }' | sort
echo "proof $(size page.fonds-proof) bytes"

[ "$lines" -gt 0 ] || exit 0
if [ ! -e "long/provenance/checkpoint" ]; then
    rm -rf long && mkdir -p long/provenance
    python3 - "$lines" <<'PY'
import base64, hashlib, sys
sha = lambda data: hashlib.sha256(data).digest()
roots = []
with open("long/provenance/manifest.jsonl", "wb") as log, open("long/provenance/leaves", "wb") as leaves:
    for seq in range(int(sys.argv[1])):
        line = b'{"at":"2026-01-01T00:00:00.000Z","reason":"out of scope","salt":"%032x","seq":%d,"type":"skip","url":"http://a.example/%d","v":1}' % (seq, seq, seq)
        node = sha(b"\0" + line)
        log.write(line + b"\n")
        leaves.write(node)
        level = 0
        while roots and roots[-1][0] == level:
            node, level = sha(b"\1" + roots.pop()[1] + node), level + 1
        roots.append((level, node))
root = roots.pop()[1]
while roots:
    root = sha(b"\1" + roots.pop()[1] + root)
open("long/provenance/checkpoint", "w").write(f"fonds/urn:uuid:0\n{sys.argv[1]}\n{base64.b64encode(root).decode()}\n")
PY
fi
printf 'fonds/urn:uuid:0\n1\n%s\n' "$(head -c 32 long/provenance/leaves | base64)" >first
rm -f long-page.fonds-proof long-since.fonds-proof
measured "prove a line out of $lines" "$fonds" prove long --url "http://a.example/$((lines / 3))" -o long-page.fonds-proof
measured 'check' "$fonds" check long-page.fonds-proof
measured "prove that $lines go on with 1" "$fonds" prove long --since first -o long-since.fonds-proof
measured 'check' "$fonds" check long-since.fonds-proof
echo "proofs $(size long-page.fonds-proof) and $(size long-since.fonds-proof) bytes"
