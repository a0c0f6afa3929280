#!/usr/bin/env bash
# archive and record beside wget and warcprox, by turns: capture.sh URLS.txt [RUNS]
# URLS.txt: URLs of one server near by, not on 127.0.0.1 (warcprox refuses that), one a line. Needs GNU time and wget;
# warcprox is left out where it is not on PATH. Prints user and system seconds, wall seconds and peak memory of each.
set -euo pipefail
urls="$(realpath "$1")"
runs="${2:-3}"
fonds="$(realpath "${FONDS:-target/release/fonds}")"
room="$(mktemp -d)"
trap 'rm -rf "$room"' EXIT
cd "$room"

timed() { command time -f "$1: %U + %S s CPU, %e s, %M kB" "${@:2}"; }

through_record() {
    timed "fonds record" "$fonds" record --listen 127.0.0.1:8020 -q -o "r$1" >/dev/null &
    sleep 1
    http_proxy=http://127.0.0.1:8020 wget -q -i "$urls" -O /dev/null
    pkill -INT -f 'record --listen 127.0.0.1:8020'
    wait
}

through_warcprox() {
    mkdir "wp$1"
    (cd "wp$1" && timed warcprox timeout -s INT 600 warcprox -p 8010 -z -d . --dedup-db-file /dev/null -q >out 2>err) &
    sleep 3
    http_proxy=http://127.0.0.1:8010 wget -q -i "$urls" -O /dev/null
    sleep 2
    pkill -INT -f 'warcprox -p 8010'
    wait
    tail -n 1 "wp$1/err"
}

echo "$(wc -l <"$urls") URLs"
for run in $(seq "$runs"); do
    timed fonds "$fonds" archive -q -i "$urls" --scope page -o "f$run" >/dev/null
    timed wget wget -q -i "$urls" --delete-after -nd -P "w$run" --no-warc-keep-log --warc-file="w$run" --warc-tempdir=.
    through_record "$run"
    if command -v warcprox >/dev/null; then through_warcprox "$run"; fi
done
