#!/usr/bin/env bash
# A real site of more than 20,000 linked pages, on loopback: site.sh DIR [ADDRESS:PORT]
# Documentation out of Debian's packages, made by nine different generators, unpacked below DIR (not installed) and
# served by nginx, with an index page that links each part. Prints the URL. `nginx -s stop -c DIR/nginx.conf` ends it.
set -euo pipefail
room="$(mkdir -p "$1" && realpath "$1")"
listen="${2:-127.0.0.5:8081}"
export PATH="$PATH:/usr/sbin"
# What is unpacked, and where each part begins.
packages=(python3.11-doc postgresql-doc-15 openjdk-17-doc libboost1.74-doc qtbase5-doc-html libstdc++-12-doc
    python-django-doc sqlite3-doc git-doc debian-reference-en libjs-sphinxdoc libjs-jquery libjs-underscore)
parts=(python3.11-doc/html/index.html postgresql-doc-15/html/index.html openjdk-17-doc/index.html
    openjdk-17-doc/api/allclasses-index.html libboost1.74-doc/doc/html/index.html
    gcc-12-base/libstdc++/index.html gcc-12-base/libstdc++/user/index.html python-django-doc/html/index.html
    sqlite3/index.html git-doc/index.html debian-reference-en/docs/index.en.html)

docs="$room/root/usr/share/doc"
if [ ! -e "$docs/index.html" ]; then
    mkdir -p "$room/debs" "$room/root"
    (cd "$room/debs" && apt-get -o APT::Sandbox::User=root download -qq "${packages[@]}")
    for deb in "$room"/debs/*.deb; do dpkg -x "$deb" "$room/root"; done
    mapfile -t -O "${#parts[@]}" parts < <(cd "$docs" && find qtbase5-doc-html/html/ -maxdepth 2 -name '*-index.html')
    {
        echo '<!DOCTYPE html><title>Documentation</title><ul>'
        for part in "${parts[@]}"; do
            [ -e "$docs/$part" ] && echo "<li><a href=\"$part\">$part</a>" || echo "no $part" >&2
        done
    } >"$docs/index.html.new"
    mv "$docs/index.html.new" "$docs/index.html"
fi

cat >"$room/nginx.conf" <<CONF
worker_processes 1;
pid $room/nginx.pid;
error_log $room/error.log crit;
events { worker_connections 1024; }
http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log off;
    sendfile on;
    keepalive_requests 1000000;
    keepalive_timeout 600;
    client_body_temp_path $room/tmp; proxy_temp_path $room/tmp; fastcgi_temp_path $room/tmp;
    uwsgi_temp_path $room/tmp; scgi_temp_path $room/tmp;
    server { listen $listen; root $docs; autoindex off; }
}
CONF
# A worker runs as another user where nginx is started by root, and must be able to read the files.
[ "$(id -u)" != 0 ] || sed -i '1i user root;' "$room/nginx.conf"
[ -s "$room/nginx.pid" ] && kill -0 "$(cat "$room/nginx.pid")" 2>/dev/null || nginx -c "$room/nginx.conf" -e "$room/error.log"
echo "http://$listen/"
