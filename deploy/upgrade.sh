#!/bin/sh
# Puts the version that lies here in the place of the running one: `git pull`, then `sh deploy/upgrade.sh`. It is also the
# way to have settings and secrets taken up that were changed.
#
# Nobody who reads or sends a form meets an error: the database is made ready for the new version first, with which the
# old one goes on working; then one gunicorn after the other is left out by the edge, replaced, and asked again. A worker
# brings the mail at hand to its end. What fails ends the upgrade there, with the site running.
set -eu
cd "$(dirname "$0")/.."
edge() {
    docker compose exec -T edge sh deploy/nginx/servers.sh "$@"
}
renew() {
    docker compose up -d --wait --no-deps --force-recreate "$@"
}

docker compose build
docker compose run --rm migrate
number=0
for web in web web-2; do
    number=$((number + 1))
    edge without "$number"
    renew "$web"
done
edge
renew worker beat
docker compose up -d --wait
