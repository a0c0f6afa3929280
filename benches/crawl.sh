#!/usr/bin/env bash
# A whole site crawled by fonds, wget and Scrapy, by turns: crawl.sh DIR [RUNS]
# DIR keeps the site (site.sh), the rivals' last WARCs and all figures (figures.tsv), so that RIVALS=skip runs fonds
# alone beside what was measured before. FONDS_FLAGS goes to `fonds archive` (default: --scope host, robots.txt
# ignored as by the others). Needs GNU time, wget and nginx; Scrapy and warcio (PyPI) in the Python that PYTHON names, or
# Scrapy is left out. Prints medians: responses, CPU of the whole process tree, peak memory, and fonds' ratio to each.
set -euo pipefail
here="$(realpath "$(dirname "$0")")"
room="$(mkdir -p "$1" && realpath "$1")"
runs="${2:-1}"
fonds="$(realpath "${FONDS:-target/release/fonds}")"
python="${PYTHON:-python3}"
read -ra flags <<<"${FONDS_FLAGS:---scope host --robots ignore}"
url="$("$here/site.sh" "$room")"
# wget can only work by way of files that it deletes again; memory is kinder to it than a disk.
copies="$(mktemp -d -p /dev/shm)"
trap 'rm -rf "$copies"; nginx -s stop -c "$room/nginx.conf" -e "$room/error.log"' EXIT
cd "$room"

# tool, responses, user s, system s, wall s, peak kB: one line of figures.tsv
measured() {
    local tool="$1" out="$2" code=0
    shift 2
    command time -o time.txt -f '%U\t%S\t%e\t%M' "$@" >"$tool.log" 2>&1 || code=$?
    # A link that leads nowhere makes wget's code 8 and fonds' 1.
    case "$code" in 0 | 1 | 8) ;; *) echo "$tool: exit code $code, see $room/$tool.log" >&2 && return 1 ;; esac
    printf '%s\t%s\t%s\n' "$tool" "$("$here/compare_urls.py" --count "$fonds" "$out")" "$(tail -n 1 time.txt)" |
        tee -a figures.tsv
}

crawl_fonds() {
    rm -rf fonds
    measured fonds fonds "$fonds" archive -q "${flags[@]}" -o fonds "$url"
}

crawl_wget() {
    rm -f wget.warc.gz
    measured wget wget.warc.gz wget -nv -r -l inf -p -e robots=off --delete-after -P "$copies" \
        --no-warc-keep-log --warc-tempdir="$copies" --warc-file=wget "$url"
}

crawl_scrapy() {
    measured scrapy scrapy.warc.gz "$python" "$here/scrapy_warc.py" "$url" scrapy.warc.gz
}

if [ "${RIVALS:-run}" != only ]; then sed -i '/^fonds\t/d' figures.tsv 2>/dev/null || true; fi
if [ "${RIVALS:-run}" != skip ]; then sed -i '/^fonds\t/!d' figures.tsv 2>/dev/null || true; fi
for _ in $(seq "$runs"); do
    if [ "${RIVALS:-run}" != only ]; then crawl_fonds; fi
    if [ "${RIVALS:-run}" != skip ]; then
        crawl_wget
        if "$python" -c 'import scrapy, warcio' 2>/dev/null; then crawl_scrapy; fi
    fi
done
"$here/table.py" figures.tsv
