#!/bin/sh
# Backs up the database and the media: `backup.sh now`, or `backup.sh nightly` for every night at 03:00 UTC.
#
# The keys are not in it (secrets/, or the environment): keep them in another place, since a backup without them shows no
# health answer, and with them everything. A name says when a backup was made and nothing else.
#
# BACKUP_DIR         where backups lie; copy it to another machine
# VAR_DIR            what the site keeps beside its database
# DATABASE_URL, or DATABASE_URL_FILE with that in it
# BACKUP_NIGHTS      of how many days the backups are kept: 14, not counting days without one. Of those before, the ones of
#                    the last 5 first days of a month are: what was erased has to be gone from backups within six months
#                    (RCW 19.373.040).
set -eu
umask 077
: "${BACKUP_DIR:?}" "${VAR_DIR:?}"
MONTHS=5

address() {
    if [ -n "${DATABASE_URL_FILE:-}" ]; then cat "$DATABASE_URL_FILE"; else echo "${DATABASE_URL:?}"; fi
}

back_up() {
    at=$(date -u +%Y-%m-%dT%H%M%SZ)
    mkdir -p "$BACKUP_DIR"
    # Under another name until both are whole; and nothing of what did not fit stays to fill the disk.
    trap 'rm -f -- "$BACKUP_DIR/unfinished.dump" "$BACKUP_DIR/unfinished.tar.gz"' EXIT
    pg_dump --format=custom --no-owner --no-privileges --file="$BACKUP_DIR/unfinished.dump" "$(address)"
    pg_restore --list "$BACKUP_DIR/unfinished.dump" >/dev/null
    # What was uploaded after the dump is in the media as well; nothing refers to it. 1: a file changed while it was read.
    tar --create --gzip --file="$BACKUP_DIR/unfinished.tar.gz" --directory="$VAR_DIR" media || [ $? -eq 1 ]
    mv "$BACKUP_DIR/unfinished.tar.gz" "$BACKUP_DIR/media-$at.tar.gz"
    mv "$BACKUP_DIR/unfinished.dump" "$BACKUP_DIR/database-$at.dump"
    echo "backed up: $at"
    for kind in database media; do
        superfluous "$kind" | while read -r old; do rm -- "$old"; done
    done
}

superfluous() {  # the backups of a kind that need not be kept any longer; of a day that counts, all of them are
    newest=$(days "$1-*" | head -n "${BACKUP_NIGHTS:-14}")
    monthly=$(days "$1-*-01T*" | head -n "$MONTHS")
    find "$BACKUP_DIR" -name "$1-*" | sort | while read -r file; do
        printf '%s\n%s\n' "$newest" "$monthly" | grep -qxF "$(echo "$file" | day)" || echo "$file"
    done
}

days() {  # of which there are backups with such a name, the latest first
    find "$BACKUP_DIR" -name "$1" | day | sort -ru
}

day() {
    sed 's|.*/[a-z]*-\(....-..-..\)T.*|\1|'
}

case "${1:-}" in
now) back_up ;;
nightly)
    while :; do
        now=$(date -u +%s)
        sleep $((86400 - (now - 10800) % 86400))
        # In a shell of its own: on the left of ||, a function would go on after what fails in it.
        sh "$0" now || echo "the backup failed" >&2  # and the health check says so from tomorrow on
    done
    ;;
*)
    echo "usage: backup.sh now | nightly" >&2
    exit 2
    ;;
esac
