"""The veto: `python3 -m pyapp.prepare` looks at a candidate for what no contract can say."""

import os
import sys
from pathlib import Path

from pyapp.settings import ConfigError, Settings, load

REFUSED = 1
# The agent asks again: the database may be away, or learn the password yet.
REFUSED_FOR_NOW = os.EX_TEMPFAIL


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
    return login(settings) if settings.database_url else 0


def login(settings: Settings) -> int:
    """Return 0 if the database lets the candidate's credential in."""
    # Without a database its driver is not needed.
    import psycopg2

    from pyapp import database

    try:
        database.login(settings)
    except psycopg2.Error as error:
        print(database.reason(error), file=sys.stderr)
        # libpq cannot read DATABASE_URL: time does not change that.
        return REFUSED_FOR_NOW if isinstance(error, psycopg2.OperationalError) else REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
