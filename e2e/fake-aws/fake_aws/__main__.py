"""Serves on a free port of the loopback interface, for whoever holds the other end of standard input and no longer.

The first line on standard output is the port. After that each question on standard input, one a line, is answered by one line of
JSON: `inventory` by what is there, kinds and numbers; `secrets` by what Secrets Manager holds. The end of standard input ends the
server.
"""

import json
import os
import sys
import threading

# Read by moto when it is imported: policies that AWS has in every account, and certificates that are issued at once.
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
os.environ["MOTO_ACM_VALIDATION_WAIT"] = "0"

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from . import cloudfront, eks, elasticache, inventory, repairs  # noqa: F401 - importing them changes moto


def main() -> None:
    moto = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, moto, threaded=True, request_handler=MotoRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    answers = {"inventory": inventory.take, "secrets": inventory.secrets}
    for line in sys.stdin:
        print(json.dumps(answers[line.strip()]()), flush=True)
    # Connections that are kept alive would hold up an orderly end.
    os._exit(0)


main()
