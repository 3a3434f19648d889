"""How a JAMF Pro server is reached: by whose authorities its certificate is checked, and through which proxy.

What the environment says is read by `settings`; here it is made use of.
"""

import ssl
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from moss_jamf_pipeline.jamf.errors import JamfAuthoritiesUnusable


@dataclass(frozen=True, slots=True)
class Network:
    """The way to a server.

    Attributes:
        authorities: a file of certificates in PEM, or a directory of them as OpenSSL has it; None: the usual
            authorities.
        proxy: the URL of a proxy, which may carry a password; None: none.
    """

    authorities: Path | None = None
    proxy: str | None = None

    @property
    def proxy_in_words(self) -> str | None:
        """Host and port of the proxy; None: there is none."""
        if self.proxy is None:
            return None
        parts = urlsplit(self.proxy)
        host = parts.hostname or "?"
        return host if parts.port is None else f"{host}:{parts.port}"

    def tls(self) -> ssl.SSLContext:
        """How certificates are checked; reading the authorities takes 15 ms, the usual ones once in a process.

        Raises:
            JamfAuthoritiesUnusable: there are none where they should be.
        """
        if self.authorities is None:
            return _by_the_usual_authorities()
        try:
            if self.authorities.is_dir():
                return ssl.create_default_context(capath=str(self.authorities))
            return ssl.create_default_context(cafile=str(self.authorities))
        except OSError as error:
            reason = (
                "it holds no certificate in PEM"
                if isinstance(error, ssl.SSLError)
                else error.strerror or str(error)
            )
            raise JamfAuthoritiesUnusable(
                f"SSL_CERT_FILE (or SSL_CERT_DIR) names {self.authorities}, which cannot be used: {reason}.",
                "Name a file with the certificates of your own authority, in PEM; or unset it to check by the usual "
                "authorities.",
            ) from error


@cache
def _by_the_usual_authorities() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


DIRECT = Network()
"""No proxy, and the usual authorities."""
