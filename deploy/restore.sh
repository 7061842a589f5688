#!/bin/sh
# Puts a backup back: `restore.sh 2026-11-30T030000Z`. Stop web, web-2, worker and beat before.
#
# The old rows do not know what happened since, so the same transaction
# - stops the sender: staff look first, then `manage.py sender start`;
# - makes mail uncertain that was due: it may have left since, and nobody gets it twice. Where none can have left, as in a
#   move to another machine, `restore.sh 2026-11-30T030000Z none-left-since` keeps it in the queue;
# - leaves a gap in every row of numbers: a link in a mail that went out since must not open somebody else's request.
#
# The same variables as for backup.sh.
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
DO $$
DECLARE counter record;
BEGIN
    FOR counter IN SELECT format('%I.%I', schemaname, sequencename) AS name, coalesce(last_value, 1) AS last
                     FROM pg_sequences WHERE schemaname = 'public' AND data_type = 'bigint'::regtype
    LOOP
        PERFORM setval(counter.name, counter.last + 1000000);
    END LOOP;
END $$;
INSERT INTO public.leads_sender (id, outages, reason, is_stopped) VALUES (1, 0, 'restored from a backup', true)
    ON CONFLICT (id) DO UPDATE SET is_stopped = true, reason = 'restored from a backup';
SQL
[ "${2:-}" = none-left-since ] || cat >>"$statements" <<'SQL'
UPDATE public.leads_outgoingmail
   SET state = 'uncertain', reason = 'it was due when a backup was restored', was_resent = true, changed_at = now(),
       lease_token = NULL, lease_until = NULL
 WHERE state IN ('leased', 'handed', 'uncertain') OR (state = 'queued' AND due_at <= now());
SQL
psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --single-transaction --file="$statements" --output=/dev/null "$(address)"
if [ -r "$media" ]; then
    tar --extract --gzip --file="$media" --directory="$VAR_DIR" --no-same-owner --no-same-permissions
fi
echo "restored: $1; the sender is stopped"
