"""The floor of ``routing recommend``: parse each JSON line, print it again."""

import json
import sys

for line in sys.stdin.buffer:
    sys.stdout.write(json.dumps(json.loads(line)) + "\n")
