#!/bin/sh
# Starts the edge: puts the values of this site into the configuration, and runs nginx until it is told to stop.
#
# SITE_URL           what visitors type; the other names of ALLOWED_HOSTS lead there
# WEB_SERVERS        host:port of each gunicorn, with spaces between them
# EDGE_DIR           where it keeps pages and works; may be emptied at any time
# EDGE_STATIC_DIR, PICTURES_DIR, PAGES_DIR    collected files of this version and the one before, what lies in media/images,
#                    and what write_error_pages draws
# CERTIFICATE_DIR    fullchain.pem and privkey.pem; a self-signed pair is made where there is none yet
# ACME_DIR           where a certificate's issuer finds the proof that the name is ours
# HTTP_LISTEN, HTTPS_LISTEN, STATUS_PORT    where it listens: 8080, 8443, 8081
# UNLIMITED          networks that no limit applies to, with spaces between them: none
# ACCESS_LOG         a file: standard output
# EXTRA_DIR          a folder of more configuration (*.conf) for the http block: none
set -eu
: "${SITE_URL:?}" "${WEB_SERVERS:?}" "${EDGE_DIR:?}" "${EDGE_STATIC_DIR:?}" "${PICTURES_DIR:?}"
: "${PAGES_DIR:?}" "${CERTIFICATE_DIR:?}" "${ACME_DIR:?}"
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/upstreams.sh"
SITE_AUTHORITY=${SITE_URL#https://}
SITE_AUTHORITY=${SITE_AUTHORITY%%/*}
SITE_HOST=${SITE_AUTHORITY%%:*}
CONFIGURATION=$EDGE_DIR/conf

others() {
    for name in $(echo "${ALLOWED_HOSTS:-}" | tr ',' ' '); do
        [ "$name" = "$SITE_HOST" ] || printf '%s ' "$name"
    done
}
each() {  # of the words that follow, a line of configuration like the first argument
    line=$1
    shift
    for word in "$@"; do
        # shellcheck disable=SC2059  the line is ours
        printf "$line " "$word"
    done
}

umask 027
mkdir -p "$CONFIGURATION" "$EDGE_DIR/cache" "$CERTIFICATE_DIR"
if [ ! -s "$CERTIFICATE_DIR/fullchain.pem" ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 -subj "/CN=$SITE_HOST" \
        -addext "subjectAltName=DNS:$SITE_HOST" \
        -keyout "$CERTIFICATE_DIR/privkey.pem" -out "$CERTIFICATE_DIR/fullchain.pem" 2>/dev/null
fi

# As root, a server for one try has to read what only root may read.
[ "$(id -u)" = 0 ] && USER_LINE="user root;" || USER_LINE=""
OTHER_HOSTS=$(others)
for file in "$HERE"/*.conf; do
    sed -e "s|@NGINX_DIR@|$CONFIGURATION|g" \
        -e "s|@EDGE_DIR@|$EDGE_DIR|g" \
        -e "s|@EDGE_STATIC_DIR@|$EDGE_STATIC_DIR|g" \
        -e "s|@PICTURES_DIR@|$PICTURES_DIR|g" \
        -e "s|@PAGES_DIR@|$PAGES_DIR|g" \
        -e "s|@CERTIFICATE_DIR@|$CERTIFICATE_DIR|g" \
        -e "s|@ACME_DIR@|$ACME_DIR|g" \
        -e "s|@SITE_URL@|https://$SITE_AUTHORITY|g" \
        -e "s|@SITE_AUTHORITY@|$SITE_AUTHORITY|g" \
        -e "s|@SITE_HOST@|$SITE_HOST|g" \
        -e "s|@SITE_PORT@|${SITE_AUTHORITY#"$SITE_HOST"}|g" \
        -e "s|@OTHER_HOSTS@|${OTHER_HOSTS:-_}|g" \
        -e "s|@HTTP_LISTEN@|${HTTP_LISTEN:-8080}|g" \
        -e "s|@HTTPS_LISTEN@|${HTTPS_LISTEN:-8443}|g" \
        -e "s|@STATUS_PORT@|${STATUS_PORT:-8081}|g" \
        -e "s|@ACCESS_LOG@|${ACCESS_LOG:-/dev/stdout}|g" \
        -e "s|@USER@|$USER_LINE|g" \
        -e "s|@UNLIMITED@|$(each '%s 1;' ${UNLIMITED:-})|g" \
        "$file" >"$CONFIGURATION/$(basename "$file")"
done
write_upstreams 0

: >"$EDGE_DIR/modules.conf"
: >"$EDGE_DIR/extra.conf"
for folder in /usr/lib/nginx/modules /etc/nginx/modules; do
    if [ -e "$folder/ngx_http_brotli_static_module.so" ]; then
        echo "load_module $folder/ngx_http_brotli_static_module.so;" >"$EDGE_DIR/modules.conf"
        echo "brotli_static on;" >"$EDGE_DIR/extra.conf"
    fi
done
[ -z "${EXTRA_DIR:-}" ] || echo "include $EXTRA_DIR/*.conf;" >>"$EDGE_DIR/extra.conf"

# A certificate that was renewed is taken up within a minute.
(
    while sleep 60; do
        if [ -n "$(find "$CERTIFICATE_DIR/fullchain.pem" -newer "$EDGE_DIR/nginx.pid")" ]; then
            touch "$EDGE_DIR/nginx.pid"
            kill -HUP "$(cat "$EDGE_DIR/nginx.pid")"
        fi
    done
) &

exec nginx -e stderr -c "$CONFIGURATION/nginx.conf" -g "daemon off;"
