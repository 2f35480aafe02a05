"""The WSGI entry: ``flask --app wsgi …``, ``gunicorn wsgi:app``."""

import gc
import sys

# What is loaded here stays to the end: looking through it again and again for what could go costs a tenth of
# the start, and later a part of every request.
gc.disable()

from portal import content_reader, create_app, heap, unread  # noqa: E402
from portal.commands.bare import create_commands, module_of, serves  # noqa: E402
from portal.config import ConfigError  # noqa: E402

heap.share()  # before any thread begins
if serves(sys.argv):
    content_reader.begin()  # reads while all else is loaded
    unread.load_lightly()

try:
    alone = module_of(sys.argv)
    app = create_commands(alone) if alone else create_app()
except ConfigError as error:
    # One line a setting, without a traceback around it.
    sys.stderr.write(f"{error}\n")
    sys.exit(2)

gc.freeze()
gc.enable()
