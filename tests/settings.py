"""Settings of the tests: the project's own, on a folder and a database of this run, with what is slow on purpose made fast."""

import atexit
import os
import shutil
import tempfile
from hashlib import sha256
from pathlib import Path

_folder = tempfile.mkdtemp(prefix="smarketing-test-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["SMARKETING_VAR_DIR"] = _folder
os.environ["REDIS_PREFIX"] = f"test-{Path(_folder).name}"

from smarketing.settings import *  # noqa: E402, F403
from smarketing.settings import CACHES, DATABASES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
# Every test client would list all static files first.
WHITENOISE_AUTOREFRESH = True

# Nobody listens to a test's doorbell; the tests that need a real broker start a process of their own.
CELERY_BROKER_URL, CELERY_BROKER_TRANSPORT = "memory://", "memory"
CELERY_BROKER_TRANSPORT_OPTIONS = {}

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: threads then lock each other as they do in earnest.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(_folder) / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
else:
    # No test lets the server die. Two runs beside each other do not meet.
    DATABASES["default"]["OPTIONS"]["options"] += " -c synchronous_commit=off"
    DATABASES["default"]["TEST"] = {"NAME": f"test_{DATABASES['default']['NAME']}_{os.getpid()}"}


def _cache_key(key: str, prefix: str, version: int) -> str:
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]  # without its phase
    return f"{prefix}:{sha256(test.encode()).hexdigest()[:16]}:{version}:{key}"


# Redis is not rolled back after a test as the database is; keys of another test are simply not seen.
CACHES["default"]["KEY_FUNCTION"] = _cache_key
