"""Asks a Holdfast daemon on this machine how it is: exit code 0 where it is well. For images, which have no curl.

healthcheck.py PATH [--alive]: PATH is /healthz or /readyz; with --alive the answer that it is not well will do, too.
The daemon's port comes from HOLDFAST_LISTEN, its token from LISTEN_TOKEN.
"""

import os
import sys
import urllib.error
import urllib.request

port = os.environ.get("HOLDFAST_LISTEN", "127.0.0.1:9464").rpartition(":")[2]
request = urllib.request.Request(f"http://127.0.0.1:{port}{sys.argv[1]}")
if token := os.environ.get("LISTEN_TOKEN", ""):
    request.add_header("Authorization", f"Bearer {token.strip()}")
# never through a proxy: the environment's is meant for the endpoints
ask = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
try:
    with ask(request, timeout=4) as reply:
        sys.exit(0 if reply.status == 200 else 1)
except urllib.error.HTTPError as error:
    sys.exit(0 if "--alive" in sys.argv[2:] and error.code == 503 else 1)
except OSError:
    sys.exit(1)
