"""When bytes reached this machine, by the kernel's own stamp. Feeds ``socket_stream``.

Linux stamps every packet as it comes in and tells the stamp with the bytes (socket(7), SO_TIMESTAMPNS); where several
packets are read at once it is the last one's. A busy event loop reads late, but the stamp is not late. Where there are
no stamps, bytes count as come when they were read.
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from collections.abc import Iterable

SO_TIMESTAMPNS = 35
"""Linux, all architectures Python is commonly built for; the ``socket`` module does not name it."""
_TIMESPEC = struct.Struct("@ll")
ANCILLARY_BYTES = socket.CMSG_SPACE(_TIMESPEC.size)
OLDEST_S = 5.0
"""An older stamp is not believed: then the wall clock was set, not our loop that late."""


def ask_for_stamps(sock: socket.socket) -> bool:
    """Have the kernel stamp what comes in; False where it cannot."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    except OSError:
        return False
    return True


def age_of(ancillary: Iterable[tuple[int, int, bytes]]) -> float:
    """Seconds since the bytes came, by their stamp; 0 where there is none to believe."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(data) == _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            age_s = (time.time_ns() - seconds * 1_000_000_000 - nanoseconds) * 1e-9
            return age_s if 0.0 < age_s < OLDEST_S else 0.0
    return 0.0
