#!/bin/sh
# Gets the site's certificate from Let's Encrypt, and a new one before it ends. The edge takes it up within a minute.
#
# ACME_EMAIL         where the issuer writes to; empty: no certificate is asked for
# SITE_URL, ALLOWED_HOSTS    the names that it is for
# CERTIFICATE_DIR, ACME_DIR  as the edge has them
# ACME_STATE_DIR     what the issuer's client keeps
set -eu
: "${SITE_URL:?}" "${CERTIFICATE_DIR:?}" "${ACME_DIR:?}" "${ACME_STATE_DIR:?}"
if [ -z "${ACME_EMAIL:-}" ]; then
    echo "ACME_EMAIL is empty: the edge keeps the certificate that it has"
    exit 0
fi
host=${SITE_URL#https://}
host=${host%%[:/]*}
names="--domain $host"
for name in $(echo "${ALLOWED_HOSTS:-}" | tr ',' ' '); do
    case $name in
    "$host") ;;
    *[!0-9.]*) names="$names --domain $name" ;;
    esac  # an address, by which Prometheus asks, gets no certificate
done
live=$ACME_STATE_DIR/live/site

put() {  # the key first: the edge looks at the date of the chain
    for file in privkey fullchain; do
        cp "$live/$file.pem" "$CERTIFICATE_DIR/$file.new"
        chmod 600 "$CERTIFICATE_DIR/$file.new"
        chown "$(stat -c %u:%g "$CERTIFICATE_DIR")" "$CERTIFICATE_DIR/$file.new"
        mv "$CERTIFICATE_DIR/$file.new" "$CERTIFICATE_DIR/$file.pem"
    done
    echo "there is a new certificate"
}

while :; do
    # shellcheck disable=SC2086  the names are many words
    if certbot certonly --non-interactive --agree-tos --email "$ACME_EMAIL" --webroot --webroot-path "$ACME_DIR" \
        --keep-until-expiring --expand --cert-name site $names --config-dir "$ACME_STATE_DIR" \
        --work-dir /tmp/work --logs-dir /tmp/logs; then
        cmp -s "$live/fullchain.pem" "$CERTIFICATE_DIR/fullchain.pem" || put
        pause=43200
    else
        pause=7200  # the issuer allows five failures an hour
    fi
    [ -z "${ONCE:-}" ] || exit 0
    sleep "$pause"
done
