#!/bin/sh
# Which gunicorns the running edge asks: `servers.sh` all of WEB_SERVERS, `servers.sh without 2` all but the second.
#
# Ends when every request that came in under the old rule is answered: whoever was left out has nothing to do any more, and
# can be stopped without anybody noticing. The same variables as for start.sh.
set -eu
: "${WEB_SERVERS:?}" "${EDGE_DIR:?}"
PATIENCE=30  # seconds; somebody may be loading a film, which the edge has fetched whole by then
left_out=0
[ "${1:-}" != without ] || left_out=$2
master=$(cat "$EDGE_DIR/nginx.pid")

workers() {
    for pid in $(cat "/proc/$master/task/$master/children"); do
        grep -qs '^nginx: ' "/proc/$pid/cmdline" && echo "$pid"
    done
    true
}

number=0
for server in $WEB_SERVERS; do
    number=$((number + 1))
    [ "$number" = "$left_out" ] || echo "server $server max_fails=0;"
done >"$EDGE_DIR/servers.new"
grep -q . "$EDGE_DIR/servers.new" || { echo "nobody would be left to ask" >&2; exit 1; }
mv "$EDGE_DIR/servers.new" "$EDGE_DIR/servers.conf"
sed 's/;/ max_conns=100;/' "$EDGE_DIR/servers.conf" >"$EDGE_DIR/forms.conf"
before=$(workers)
kill -HUP "$master"
waited=0
while workers | grep -qxF "$before"; do
    waited=$((waited + 1))
    [ "$waited" -lt $((PATIENCE * 5)) ] || { echo "some answers are still on their way" >&2; exit 0; }
    sleep 0.2
done
