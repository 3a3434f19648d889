"""What lies between a client and a server in real networks: certificates of an own authority, and a proxy."""

import datetime as dt
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PIECE: Final = 65_536
_HOST: Final = "127.0.0.1"


@dataclass(frozen=True)
class OwnAuthority:
    """An authority that nobody knows, and a certificate that it issued.

    Attributes:
        certificate: the authority's own, in PEM.
        server: key and certificate of the servers, in PEM.
    """

    certificate: Path
    server: Path


def own_authority(directory: Path, *hosts: str) -> OwnAuthority:
    """Makes an authority, and a certificate for these hosts."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tests' own authority")])

    def issued(
        subject: x509.Name, of: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType
    ) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(name)
            .public_key(of.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(extension, critical=False)
            .sign(key, hashes.SHA256())
        )

    authority = issued(name, key, x509.BasicConstraints(ca=True, path_length=None))
    server_key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
    server = issued(subject, server_key, names)
    pem = serialization.Encoding.PEM
    certificate, server_file = directory / "ca.pem", directory / "server.pem"
    certificate.write_bytes(authority.public_bytes(pem))
    private = server_key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    server_file.write_bytes(private + server.public_bytes(pem))
    return OwnAuthority(certificate, server_file)


@dataclass
class Proxy:
    """An HTTP proxy that leads wherever it is asked to one server.

    Attributes:
        port: that it listens on.
        asked: the first lines of the requests to it.
    """

    port: int
    asked: list[str] = field(default_factory=list)


@contextmanager
def proxy_to(port: int, *, refuses: str = "") -> Iterator[Proxy]:
    """A proxy that leads to a port of this machine, or refuses with a status line."""
    proxy = Proxy(0)

    def serve(client: socket.socket) -> None:
        with client:
            request = b""
            while b"\r\n\r\n" not in request:
                request += client.recv(_PIECE)
            proxy.asked.append(request.decode().partition("\r\n")[0])
            if refuses:
                client.sendall(f"HTTP/1.1 {refuses}\r\nContent-Length: 0\r\n\r\n".encode())
                return
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _join(client, socket.create_connection((_HOST, port)))

    with _listening(serve) as proxy.port:
        yield proxy


@contextmanager
def _listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    def handle(client: socket.socket) -> None:
        with suppress(OSError):  # whoever breaks off, breaks off
            serve(client)

    def accept() -> None:
        with suppress(OSError):  # closed: the end
            while True:
                threading.Thread(target=handle, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server((_HOST, 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield int(listener.getsockname()[1])
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def _join(one: socket.socket, other: socket.socket) -> None:
    """Passes on what either says until one of them has ended."""

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(_PIECE):
                target.sendall(piece)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    with other:
        there = threading.Thread(target=pass_on, args=(one, other), daemon=True)
        there.start()
        pass_on(other, one)
        there.join()
