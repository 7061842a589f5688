"""All settings of the site, safe for production as they stand.

Every difference between deployments is an environment variable, and of the site's own modules this is the only one that
reads the environment; what runs it, in `deploy/`, reads a few of its own. `.env.example` lists the variables. A missing
secret stops the start with its name.
"""

import socket
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import environ
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping
from kombu import Queue

BASE_DIR = Path(__file__).resolve().parent.parent


class Environment(FileAwareMapping):
    """The environment, where `NAME_FILE` may name a file that holds the value of `NAME`: containers get secrets so."""

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name).removesuffix("\n")


env = environ.Env()
env.ENVIRON = Environment()

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])  # those before it still open what they signed
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS")  # Fernet keys, newest first
SUPPRESSION_KEY = env("SUPPRESSION_KEY")  # of the hashes of mailboxes never to write to; it can never change
SITE_URL = env("SITE_URL").rstrip("/")
IS_HTTPS = SITE_URL.startswith("https://")
SITE_HOST = urlsplit(SITE_URL).hostname
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[SITE_HOST])
CSRF_TRUSTED_ORIGINS = [SITE_URL]
VAR_DIR = Path(env("VAR_DIR", default=str(BASE_DIR / "var"))).resolve()

# --- The parts

INSTALLED_APPS = [
    "clinic",
    "blog",
    "leads",
    "wagtail.contrib.redirects",
    "wagtail.contrib.routable_page",
    "wagtail.contrib.settings",
    "wagtail.contrib.sitemaps",
    "wagtail.documents",
    "wagtail.embeds",
    "wagtail.images",
    "wagtail.search",
    "wagtail.sites",
    "wagtail.snippets",
    "clinic.apps.StaffConfig",  # wagtail.users, with our own forms for accounts
    "wagtail.admin",
    "wagtail",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "crispy_forms",
    "modelcluster",
    "taggit",
    "whitenoise.runserver_nostatic",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "django.forms",  # for FORM_RENDERER
]

MIDDLEWARE = [
    "clinic.middleware.TrafficMiddleware",
    "clinic.middleware.OccasionMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "clinic.middleware.SitePolicyMiddleware",
    "clinic.middleware.DeadlineMiddleware",
    "clinic.middleware.UploadMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "clinic.sign_in.middleware.AdminNetworkMiddleware",
    "clinic.sign_in.middleware.SessionLimitMiddleware",
    "clinic.sign_in.middleware.SecondFactorMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["clinic.template_loader.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "clinic.context_processors.site",
            ],
        },
    },
]

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # so that templates/ may replace those of Wagtail's widgets

# --- Data

DATABASES = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"] |= {
    "ENGINE": "clinic.postgresql",
    "CONN_MAX_AGE": 60,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {"connect_timeout": 3},
}

# Pages are cached by the edge, and nothing that a request does may wait for Redis: the process's own memory holds
# the few small things that Wagtail caches (the site's root path).
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# What stands on many pages, such as the clinic's facts and the menu, each process reads again after this many seconds.
REMEMBER_SECONDS = 2.0

# --- Work in the background. A task is a nudge: it carries no data, and its result is of no interest to anyone.

CELERY_BROKER_URL = env("REDIS_URL")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # for as long as it takes
CELERY_TASK_PUBLISH_RETRY = False  # the next tick of beat is the retry
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 2,
    "socket_timeout": 2,
    "socket_keepalive": True,
    "socket_keepalive_options": {  # seconds, seconds, times; macOS has no name for the first
        getattr(socket, name): number
        for name, number in {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}.items()
        if hasattr(socket, name)
    },
}
# No acknowledgements: a lost nudge costs nothing, while an acknowledgement that Redis did not answer in time counts as
# a task at hand for ever after, and the worker would take no other.
CELERY_TASK_QUEUES = [Queue("celery", no_ack=True)]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False  # a mail at hand is brought to its end
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "clinic.celery.SteadyScheduler"
# When beat set off what. All that is lost with it is one night's purge, should beat start anew in just that minute.
CELERY_BEAT_SCHEDULE_FILENAME = env("BEAT_SCHEDULE", default=str(VAR_DIR / "celerybeat-schedule"))
CELERY_BEAT_SCHEDULE = {
    "purge-sign-ins": {"task": "clinic.tasks.purge_sign_ins", "schedule": 3600.0},
    "publish-scheduled": {"task": "clinic.tasks.publish_scheduled", "schedule": 60.0},
    "drain-outbox": {"task": "leads.tasks.drain_outbox", "schedule": 2.0, "options": {"expires": 30.0}},
    "advance-sequences": {"task": "leads.tasks.advance_sequences", "schedule": 60.0},
    "watch-promises": {"task": "leads.tasks.watch_promises", "schedule": 60.0, "options": {"expires": 60.0}},
    "advance-issues": {"task": "leads.tasks.advance_issues", "schedule": 10.0, "options": {"expires": 30.0}},
    "set-guides": {"task": "leads.tasks.set_guides", "schedule": 60.0},
    "purge": {"task": "leads.tasks.purge", "schedule": crontab(hour=10, minute=17)},  # UTC: the practice is closed
}

# --- Mail

# By a mail server, or by a provider. One that is listed keeps our Message-ID, leaves out its tracking, and proves that
# a report about a mail is its own. With each: what anymail calls its key, and the secret behind its reports.
EMAIL_PROVIDERS = {
    "postmark": ("POSTMARK_SERVER_TOKEN", "WEBHOOK_SECRET"),
    "mailgun": ("MAILGUN_API_KEY", "MAILGUN_WEBHOOK_SIGNING_KEY"),
}
EMAIL_PROVIDER = env.str("EMAIL_PROVIDER", default="", choices=["", *EMAIL_PROVIDERS])
if EMAIL_PROVIDER:
    EMAIL_BACKEND = f"anymail.backends.{EMAIL_PROVIDER}.EmailBackend"
    ANYMAIL = {
        "SEND_DEFAULTS": {"track_opens": False, "track_clicks": False},
        "POSTMARK_SEND_DEFAULTS": {"extra_headers": {"X-PM-KeepID": "true"}},
    }
    for name, variable in zip(EMAIL_PROVIDERS[EMAIL_PROVIDER], ("API_KEY", "WEBHOOK_SECRET"), strict=True):
        ANYMAIL[name] = env(f"EMAIL_PROVIDER_{variable}")
        if not ANYMAIL[name]:  # anymail would take reports from anyone
            raise ImproperlyConfigured(f"EMAIL_PROVIDER_{variable} is empty")
    if api_url := env("EMAIL_PROVIDER_API_URL", default=""):
        ANYMAIL[f"{EMAIL_PROVIDER.upper()}_API_URL"] = api_url
else:
    vars().update(env.email_url("EMAIL_URL"))
EMAIL_FILE_PATH = str(VAR_DIR / "mail")
EMAIL_TIMEOUT = 10  # seconds for each answer of the mail server
MAIL_LEASE_SECONDS = 180  # longer than all of those answers together, for one mail
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- What `manage.py doctor` looks at, and the site itself does not need

DKIM_SELECTOR = env("DKIM_SELECTOR", default="")
DNS_SERVER = env("DNS_SERVER", default="")  # address:port; the system's where it is empty
BACKUP_DIR = env("BACKUP_DIR", default="")

# --- Who may read /metrics: these networks, and whoever has the token

METRICS_NETWORKS = [
    ip_network(network, strict=False) for network in env.list("METRICS_NETWORKS", default=["127.0.0.0/8", "::1/128"])
]
METRICS_TOKEN = env("METRICS_TOKEN", default="")

# --- Who is told of faults, besides the log: a service that speaks Sentry's protocol, by its DSN

SENTRY_DSN = env("SENTRY_DSN", default="")

# --- Whom security.txt names first: mailto: or https:. The clinic's phone number follows

SECURITY_CONTACT = env("SECURITY_CONTACT", default="")

# --- People who sign in

AUTH_USER_MODEL = "clinic.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "clinic.sign_in.passwords.PracticeWordsValidator"},
]
LOGIN_URL = WAGTAILADMIN_LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "wagtailadmin_home"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "allauth.account.auth_backends.AuthenticationBackend"]
# From where the admin can be opened, such as 203.0.113.0/24. Empty: from everywhere.
ADMIN_NETWORKS = [ip_network(network, strict=False) for network in env.list("ADMIN_NETWORKS", default=[])]

# A session ends when nobody was there for so long, and after the other time in any case; and with the browser.
SESSION_IDLE_SECONDS = 30 * 60
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

ACCOUNT_ADAPTER = "clinic.sign_in.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]  # nobody can sign up; it is how allauth learns of passwords
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = False  # an account without a role would go round in circles
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False  # they count in each process by itself; axes counts for all
ACCOUNT_FORMS = {"login": "clinic.sign_in.forms.SignInForm", "reauthenticate": "clinic.sign_in.forms.ConfirmForm"}

# Whether staff need a second factor. It can be tried without TLS; in production nobody gets in without one.
STAFF_MFA_REQUIRED = env.bool("STAFF_MFA_REQUIRED", default=IS_HTTPS)
STAFF_PASSKEYS = IS_HTTPS or SITE_HOST == "localhost"  # elsewhere, browsers make none
MFA_ADAPTER = "clinic.sign_in.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"  # a finger, a face or a number: a passkey that lies around opens nothing
MFA_TOTP_TOLERANCE = 1  # the code before and the one after, for a phone whose clock is off
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_FORMS = {
    "authenticate": "clinic.sign_in.forms.SecondFactorForm",
    "activate_totp": "clinic.sign_in.forms.AppForm",
    "add_webauthn": "clinic.sign_in.forms.PasskeyForm",
    "login_webauthn": "clinic.sign_in.forms.PasskeySignInForm",
    "authenticate_webauthn": "clinic.sign_in.forms.PasskeySecondFactorForm",
}
WAGTAILADMIN_USER_PASSWORD_RESET_FORM = "clinic.sign_in.forms.PasswordResetForm"

# Who guesses too often waits; clinic/sign_in/lockout.py says how often that is.
AXES_HANDLER = "clinic.sign_in.lockout.Lockout"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.5  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # whoever waits gets in when the page said so
AXES_CLIENT_IP_CALLABLE = "clinic.sign_in.lockout.known_address"
AXES_USERNAME_CALLABLE = "clinic.sign_in.lockout.hashed_name"
AXES_CLIENT_STR_CALLABLE = "clinic.sign_in.lockout.nobody"
AXES_LOCKOUT_CALLABLE = "clinic.sign_in.lockout.locked_out"
AXES_DISABLE_ACCESS_LOG = True  # who signed in, and when, is nobody's business for longer than a session
AXES_VERBOSE = AXES_ENABLE_ADMIN = False

# --- Security

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz/?$", r"^readyz/?$", r"^metrics$"]
SECURE_HSTS_SECONDS = 63_072_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "csrf"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = False  # Wagtail's admin reads it from JavaScript
X_FRAME_OPTIONS = "DENY"  # Wagtail loosens it for the previews that the admin frames

# What a reader's page may load: only what this site serves. The players are framed after a click, never before.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "media-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "frame-src": ["https://www.youtube-nocookie.com", "https://player.vimeo.com"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
# Wagtail's admin frames its previews, and its editor for rich text writes style sheets into the page. The scripts that
# Wagtail would write there clinic.widgets has taken out.
ADMIN_CONTENT_SECURITY_POLICY = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "style-src-elem": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'", "data:", "blob:"],
    "media-src": ["'self'"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "frame-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'self'"],
}
# A file that a browser saves. Should one show it after all, nothing in it acts.
FILE_CONTENT_SECURITY_POLICY = {
    "default-src": ["'none'"],
    "sandbox": True,
    "form-action": ["'none'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}
# A style sheet, a script, a font or a drawing, should somebody open it by itself. Short, because a font with long
# headers takes a slow phone another round trip.
STATIC_CONTENT_SECURITY_POLICY = {"default-src": ["'none'"], "frame-ancestors": ["'none'"]}

# --- Language and time. Moments are stored in UTC. Visitors see them in the time zone of `ClinicSettings`; staff see
# them in the one of their own profile, and before they chose one in this.

LANGUAGE_CODE = "en-us"
TIME_ZONE = env("TIME_ZONE", default="America/Los_Angeles")
USE_I18N = False
USE_TZ = True
PHONENUMBER_DEFAULT_REGION = "US"

# --- Files

STATIC_URL = "/static/"
STATIC_ROOT = Path(env("STATIC_DIR", default=str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static", ("help", BASE_DIR / "docs/img")]
EDGE_STATIC_DIR = env("EDGE_STATIC_DIR", default="")  # where the edge reads them; "": nowhere else than we do
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"
# What staff upload lies in a folder, or in a bucket that several machines share; visitors get it from us either way.
MEDIA_S3_BUCKET = env("MEDIA_S3_BUCKET", default="")
MEDIA_STORAGE = {"BACKEND": "clinic.media.FolderStorage"}
if MEDIA_S3_BUCKET:
    MEDIA_STORAGE = {
        "BACKEND": "clinic.bucket.BucketStorage",
        "OPTIONS": {
            "bucket_name": MEDIA_S3_BUCKET,
            "endpoint_url": env("MEDIA_S3_ENDPOINT", default="") or None,
            "region_name": env("MEDIA_S3_REGION", default="") or None,
            "access_key": env("MEDIA_S3_ACCESS_KEY"),
            "secret_key": env("MEDIA_S3_SECRET_KEY"),
        },
    }
STORAGES = {
    "default": MEDIA_STORAGE,
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "clinic.storage.BundledStaticFilesStorage"
    },
}
WHITENOISE_MAX_AGE = 3600
WHITENOISE_ALLOW_ALL_ORIGINS = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
FILE_UPLOAD_PERMISSIONS = 0o640

# --- Wagtail

WAGTAIL_SITE_NAME = "Clinic"
WAGTAILADMIN_BASE_URL = SITE_URL
WAGTAIL_I18N_ENABLED = False
WAGTAIL_USER_TIME_ZONES = sorted(available_timezones() - {"localtime"})  # which Debian lists, and no browser knows
WAGTAIL_ENABLE_UPDATE_CHECK = False  # would tell a third party about this site
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None  # would send a hash of each member of staff's address to a third party
WAGTAILADMIN_UNSAFE_PAGE_DELETION_LIMIT = 5
WAGTAILADMIN_RECENT_EDITS_LIMIT = 5
WAGTAILSEARCH_BACKENDS = {
    "default": {
        "BACKEND": "wagtail.search.backends.database",
        "SEARCH_CONFIG": "english",
    },
}
WAGTAILDOCS_SERVE_METHOD = "serve_view"
WAGTAILDOCS_EXTENSIONS = ["pdf", "docx", "xlsx", "txt", "csv"]
WAGTAILDOCS_DOCUMENT_FORM_BASE = "clinic.documents.DocumentForm"
WAGTAILDOCS_MAX_UPLOAD_SIZE = 20 * 1024 * 1024
WAGTAILDOCS_INLINE_CONTENT_TYPES: list[str] = []  # what somebody uploaded is saved, never shown as a page of this site
WAGTAILDOCS_BLOCK_EMBEDDED_CONTENT = False  # FILE_CONTENT_SECURITY_POLICY does more
WAGTAILIMAGES_EXTENSIONS = ["avif", "gif", "jpg", "jpeg", "png", "webp"]
WAGTAILIMAGES_MAX_UPLOAD_SIZE = 15 * 1024 * 1024
WAGTAILIMAGES_MAX_IMAGE_PIXELS = 50_000_000
WAGTAILIMAGES_IMAGE_FORM_BASE = "clinic.images.PictureForm"
WAGTAILEMBEDS_FINDERS: list[dict] = []  # no address that a user typed is ever fetched
WAGTAILADMIN_RICH_TEXT_EDITORS = {
    "default": {
        "WIDGET": "wagtail.admin.rich_text.DraftailRichTextArea",
        "OPTIONS": {"features": ["h3", "bold", "italic", "ol", "ul", "link", "document-link"]},
    }
}

CRISPY_TEMPLATE_PACK = "clinic"
CRISPY_ALLOWED_TEMPLATE_PACKS = ["clinic"]

# --- Logs: to standard error, primary keys only; never a name, an address or an answer. A developer gets tracebacks.

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "clinic.logs.JsonFormatter"},
        "line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line" if DEBUG else "json"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django_tasks": {"level": "WARNING"},  # one line for each row that search reads again is too many
        "axes": {"level": "WARNING"},
        "wagtail": {"level": "WARNING"},  # it names pages; who changed what stands in the admin's own log
    },
}
if SENTRY_DSN:
    LOGGING["handlers"]["reports"] = {"()": "clinic.fault_reports.FaultReporter", "dsn": SENTRY_DSN}
    LOGGING["root"]["handlers"] += ["reports"]
