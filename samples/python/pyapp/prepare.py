"""The veto: `python3 -m pyapp.prepare` looks at a candidate before it comes into force, for what no contract can say.

A service with a database would log in with the candidate's password here.
"""

import os
import sys
from pathlib import Path

from pyapp.settings import ConfigError, load

REFUSED = 1


def main() -> int:
    """Return 0 for a candidate that this service can run with."""
    try:
        settings = load(Path(os.environ["CONFPATH_CANDIDATE"]), environment={})
    except ConfigError as error:
        print(error, file=sys.stderr)
        return REFUSED
    if settings.secret_key == settings.db_password:
        print("SECRET_KEY and DB_PASSWORD must differ: who learns one would have both", file=sys.stderr)
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
