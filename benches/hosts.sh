#!/usr/bin/env bash
# 49 slow hosts crawled by fonds and by wget: hosts.sh DIR
# The hosts are hosts.py's, one connection to each. DIR keeps the archives. No crawl with one connection a host can be
# faster than the biggest host's requests take; how near fonds comes to that is what this prints. HOSTS goes to
# hosts.py (`HOSTS=--robots`, `HOSTS='--latency 0.2'`), FONDS_FLAGS to `fonds archive`; RIVALS=skip leaves wget out,
# which takes minutes, TOOLS=wget fonds.
set -euo pipefail
here="$(realpath "$(dirname "$0")")"
room="$(mkdir -p "$1" && realpath "$1")"
fonds="$(realpath "${FONDS:-target/release/fonds}")"
read -ra hosts <<<"${HOSTS:-}"
read -ra flags <<<"${FONDS_FLAGS:---scope host --robots obey --concurrency 49}"
read -ra tools <<<"${TOOLS:-fonds wget}"
[ "${RIVALS:-run}" != skip ] || tools=(fonds)
cd "$room"
read -r bound pages < <("$here/hosts.py" "${hosts[@]}" --list bound)
mapfile -t resolve < <("$here/hosts.py" "${hosts[@]}" --list resolve)
"$here/hosts.py" "${hosts[@]}" --list names >names.txt
"$here/hosts.py" "${hosts[@]}" --list addresses >addresses.txt

# The command, with the hosts up, and what they say of it.
asking() {
    local tool="$1" out="$2" server code=0 wall user system memory urls
    shift 2
    "$here/hosts.py" "${hosts[@]}" --each --log "$tool.requests.jsonl" >"$tool.hosts.txt" &
    server=$!
    sleep 1
    command time -o time.txt -f '%e %U %S %M' "$@" >"$tool.log" 2>&1 || code=$?
    kill -INT "$server"
    wait "$server"
    case "$code" in 0 | 1 | 8) ;; *) echo "$tool: exit code $code, see $room/$tool.log" >&2 && return 1 ;; esac
    urls="$("$here/compare_urls.py" --count "$fonds" "$out")"
    read -r wall user system memory < <(tail -n 1 time.txt)
    awk -v tool="$tool" -v urls="$urls" -v wall="$wall" -v cpu="$user $system" -v memory="$memory" -v bound="$bound" \
        'BEGIN {
            split(cpu, part, " ")
            printf "%s: %d URLs in %.1f s, %.1f URLs/s, %.2f of the bound; %.1f s CPU, %d MB\n",
                tool, urls, wall, urls / wall, bound / wall, part[1] + part[2], memory / 1024
        }'
    tail -n 1 "$tool.hosts.txt" | sed 's/^/    /'
}

echo "$pages pages on $(wc -l <names.txt) hosts; the biggest host alone takes $bound s (robots.txt with it)"

crawl_fonds() {
    rm -rf fonds
    asking fonds fonds "$fonds" archive -q "${flags[@]}" "${resolve[@]}" -o fonds -i names.txt
}

crawl_wget() {
    rm -f wget.warc.gz
    asking wget wget.warc.gz wget -nv -r -l inf -e robots=off --delete-after -P "$room/copies" --no-warc-keep-log \
        --warc-tempdir="$room" --warc-file=wget -i addresses.txt
}

for tool in "${tools[@]}"; do "crawl_$tool"; done
