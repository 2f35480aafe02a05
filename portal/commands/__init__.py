"""The commands of ``portal/cli.py``, a module a group, each loaded when it is asked for."""
