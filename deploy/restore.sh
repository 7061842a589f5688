#!/bin/sh
# Puts a backup back: `restore.sh 2026-11-30T030000Z`. Stop web, worker and beat before.
#
# The sender is stopped by the same transaction, because the old rows do not know which mails went out since: staff look
# first, then `manage.py sender start`. The same variables as for backup.sh.
set -eu
umask 077
: "${BACKUP_DIR:?}" "${VAR_DIR:?}" "${1:?the moment of the backup, as its name has it}"
dump=$BACKUP_DIR/database-$1.dump
media=$BACKUP_DIR/media-$1.tar.gz

address() {
    if [ -n "${DATABASE_URL_FILE:-}" ]; then cat "$DATABASE_URL_FILE"; else echo "${DATABASE_URL:?}"; fi
}

[ -r "$dump" ] || { echo "there is no $dump" >&2; exit 1; }
statements=$BACKUP_DIR/unfinished.sql
trap 'rm -f "$statements"' EXIT
pg_restore --clean --if-exists --no-owner --no-privileges --file="$statements" "$dump"
cat >>"$statements" <<'SQL'
INSERT INTO public.leads_sender (id, outages, reason, is_stopped) VALUES (1, 0, 'restored from a backup', true)
    ON CONFLICT (id) DO UPDATE SET is_stopped = true, reason = 'restored from a backup';
SQL
psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --single-transaction --file="$statements" --output=/dev/null "$(address)"
if [ -r "$media" ]; then
    tar --extract --gzip --file="$media" --directory="$VAR_DIR" --no-same-owner --no-same-permissions
fi
echo "restored: $1; the sender is stopped"
