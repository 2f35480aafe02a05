"""The WSGI entry: ``flask --app wsgi …``, ``gunicorn wsgi:app``."""

import sys

from portal import create_app
from portal.cli_bare import create_commands, module_of
from portal.config import ConfigError

try:
    alone = module_of(sys.argv)
    app = create_commands(alone) if alone else create_app()
except ConfigError as error:
    # One line a setting, without a traceback around it.
    sys.stderr.write(f"{error}\n")
    sys.exit(2)
