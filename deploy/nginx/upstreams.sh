# For start.sh and servers.sh: which gunicorns nginx asks.

write_upstreams() {  # all of WEB_SERVERS but the one in this place; 0: all
    number=0
    for server in $WEB_SERVERS; do
        number=$((number + 1))
        [ "$number" = "$1" ] || echo "server $server max_fails=0;"
    done >"$EDGE_DIR/servers.new"
    grep -q . "$EDGE_DIR/servers.new" || { echo "nobody would be left to ask" >&2; exit 1; }
    sed 's/;/ max_conns=100;/' "$EDGE_DIR/servers.new" >"$EDGE_DIR/forms.conf"
    mv "$EDGE_DIR/servers.new" "$EDGE_DIR/servers.conf"
}
