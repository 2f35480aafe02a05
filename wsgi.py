"""The WSGI entry: ``flask --app wsgi …``, ``gunicorn wsgi:app``."""

import sys

from portal import create_app
from portal.config import ConfigError

try:
    app = create_app()
except ConfigError as error:
    # One line a setting, without a traceback around it.
    sys.stderr.write(f"{error}\n")
    sys.exit(2)
