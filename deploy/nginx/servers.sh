#!/bin/sh
# Which gunicorns the running edge asks: `servers.sh` all of WEB_SERVERS, `servers.sh without 2` all but the second.
#
# Ends when every request that came in under the old rule is answered: whoever was left out has nothing to do any more, and
# can be stopped without anybody noticing. The same variables as for start.sh.
set -eu
: "${WEB_SERVERS:?}" "${EDGE_DIR:?}"
. "$(dirname "$0")/upstreams.sh"
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

write_upstreams "$left_out"
before=$(workers)
kill -HUP "$master"
waited=0
while workers | grep -qxF "$before"; do
    waited=$((waited + 1))
    [ "$waited" -lt $((PATIENCE * 5)) ] || { echo "some answers are still on their way" >&2; exit 0; }
    sleep 0.2
done
