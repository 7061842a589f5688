# Two images: `site`, of which web, worker, beat and migrate are commands, and `edge`, which holds nothing of the site: so
# a new version of the site leaves it running.

FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /venv
COPY requirements/run.txt /tmp/run.txt
RUN /venv/bin/pip install --require-hashes -r /tmp/run.txt
COPY . /site
WORKDIR /site
# Static files are the same for every clinic: they are collected here, with values that no running site ever uses.
RUN SECRET_KEY=build SITE_URL=https://build.invalid DATABASE_URL=postgres://build REDIS_URL=redis://build \
    EMAIL_URL=dummymail:// DEFAULT_FROM_EMAIL=build@build.invalid FIELD_ENCRYPTION_KEYS=build SUPPRESSION_KEY=build \
    STATIC_DIR=/site/static-collected \
    /venv/bin/python manage.py collectstatic --noinput --verbosity 0


FROM debian:bookworm-slim AS edge
RUN apt-get update \
    && apt-get install --yes --no-install-recommends nginx libnginx-mod-http-brotli-static openssl curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin clinic \
    && mkdir /edge /certificates /acme /pictures /pages /static \
    && chown clinic /edge /certificates /acme /pictures /pages /static \
    && chmod 700 /certificates
COPY deploy/nginx /site/deploy/nginx
WORKDIR /site
USER clinic
EXPOSE 8080 8443
STOPSIGNAL SIGQUIT
CMD ["sh", "deploy/nginx/start.sh"]


FROM python:3.11-slim-bookworm AS site
# A new volume takes its owner from the folder that it is mounted on.
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin clinic \
    && mkdir -p /data/media/images /data/error /data/static /data/tmp /backups && chown -R clinic /data /backups
COPY --from=build /venv /venv
COPY --from=build /site /site
WORKDIR /site
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 VAR_DIR=/data STATIC_DIR=/site/static-collected
USER clinic
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "clinic.wsgi", "--config", "deploy/gunicorn.conf.py", "--no-control-socket"]
