"""Makes what the listener encrypts with."""

from __future__ import annotations

import ssl
import stat

from server.process.address import Tls
from server.process.private_files import OWNER_ONLY
from shared.errors import StartError


def encryption(tls: Tls) -> ssl.SSLContext:
    """A context for TLS 1.2 and above with the certificate.

    Raises:
        StartError: if the files cannot be used, or others than their owner could read the key.
    """
    try:
        if stat.S_IMODE(tls.key.stat().st_mode) & OWNER_ONLY:
            raise StartError(f"Others could read the key in {tls.key}. Close it with chmod 600.")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # Without a password: nobody is there to be asked for one.
        context.load_cert_chain(tls.certificate, tls.key, password=lambda: "")
    except ssl.SSLError as error:
        files = f"{tls.certificate} and {tls.key}"
        raise StartError(f"The files {files} are no certificate and its key, in PEM and without a password.") from error
    except OSError as error:
        raise StartError(f"{error.filename or tls.key} cannot be read: {error.strerror}.") from error
    return context
