"""`python -m documentation [DIRECTORY]`: builds the site, by default under `.documentation/`, and says where it is."""

import sys
import tempfile
from pathlib import Path

from documentation.site import SiteUnsound, build
from moss_jamf_pipeline.embedded.postgres import EmbeddedPostgres
from moss_jamf_pipeline.moss.contract.schema import prepare
from moss_jamf_pipeline.moss.database import MossDatabase


def main(arguments: list[str]) -> int:
    """Builds the site with the tables of a database that is made for it and thrown away.

    Returns:
        0: it is built; 1: it is unsound, which is said.
    """
    target = Path(arguments[0] if arguments else ".documentation").absolute()
    with tempfile.TemporaryDirectory() as place:
        server = EmbeddedPostgres(Path(place) / "postgres", {"fsync": "off"})
        with server.connect_lease() as lease:
            database = MossDatabase(lease.url("moss"))
            try:
                with database.connection() as connection:
                    prepare(connection, may_create_moss=True)
                site = build(target, lease.url("moss"))
            except SiteUnsound as unsound:
                sys.stderr.write(f"{unsound}\n")
                return 1
            finally:
                database.dispose()
    sys.stdout.write(f"{site}/index.html\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
