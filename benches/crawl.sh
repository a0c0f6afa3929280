#!/usr/bin/env bash
# A whole site crawled by fonds, wget and Scrapy, by turns: crawl.sh DIR [RUNS]
# DIR keeps the site (site.sh), the last archives and all figures (figures.tsv), so that RIVALS=skip runs fonds alone beside
# what was measured before, and TOOLS='wget scrapy' them alone. FONDS_FLAGS goes to `fonds archive` (default: --scope host,
# robots.txt ignored as by the others). Needs GNU time, wget and nginx, and scrapy, warcio, lxml and ada-url (PyPI) in the
# Python that PYTHON names, or Scrapy and the walk are left out. Prints medians: responses, CPU of the whole process tree,
# peak memory, fonds' ratio to each. What URLs each has and another has not is in DIR/urls.txt (compare_urls.py).
set -euo pipefail
here="$(realpath "$(dirname "$0")")"
room="$(mkdir -p "$1" && realpath "$1")"
runs="${2:-1}"
fonds="$(realpath "${FONDS:-target/release/fonds}")"
python="${PYTHON:-python3}"
read -ra tools <<<"${TOOLS:-fonds wget scrapy}"
[ "${RIVALS:-run}" != skip ] || tools=(fonds)
read -ra flags <<<"${FONDS_FLAGS:---scope host --robots ignore}"
url="$("$here/site.sh" "$room")"
# wget can only work by way of files that it deletes again; memory is kinder to it than a disk.
copies="$(mktemp -d -p /dev/shm)"
trap 'rm -rf "$copies"; nginx -s stop -c "$room/nginx.conf" -e "$room/error.log"' EXIT
cd "$room"
touch figures.tsv

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
    "$python" -c 'import scrapy, warcio' 2>/dev/null || return 0
    measured scrapy scrapy.warc.gz "$python" "$here/scrapy_warc.py" "$url" scrapy.warc.gz
}

for tool in "${tools[@]}"; do sed -i "/^$tool\t/d" figures.tsv; done
for _ in $(seq "$runs"); do
    for tool in "${tools[@]}"; do "crawl_$tool"; done
done
"$here/table.py" figures.tsv

if [ ! -s walk.tsv ] && "$python" -c 'import lxml, ada_url' 2>/dev/null; then
    "$python" "$here/compare_urls.py" --walk root/usr/share/doc "$url" >walk.tsv
fi
archives=()
for archive in fonds wget.warc.gz scrapy.warc.gz walk.tsv; do [ ! -e "$archive" ] || archives+=("$archive"); done
"$here/compare_urls.py" "$fonds" "${archives[@]}" >urls.txt
grep -E '^[^ ]' urls.txt
