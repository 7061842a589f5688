#!/bin/sh
# Makes the secrets that docker-compose.yml hands to its services: a file each in secrets/, and none that is there already.
# email_url is yours to fill in, or for a provider of mail the other two.
set -eu
cd "$(dirname "$0")/.."
mkdir -p secrets
chmod 700 secrets  # on the server only root looks in here; in a container the files are mounted one by one

make() {
    [ -e "secrets/$1" ] || printf '%s' "$2" >"secrets/$1"
    chmod 444 "secrets/$1"
}
random() {
    head -c "$1" /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_'
}

make database_password "$(random 24)"
make database_url "postgres://clinic:$(cat secrets/database_password)@postgres:5432/clinic"
make secret_key "$(random 48)"
make secret_key_fallbacks ""
make field_encryption_keys "$(random 32)"
make suppression_key "$(random 48)"
make email_url "smtp+tls://user:password@mail.example.org:587"
make email_provider_api_key ""
make email_provider_webhook_secret ""
make metrics_token "$(random 32)"
make media_s3_secret_key ""
