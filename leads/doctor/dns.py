"""A question to the name server for the texts of a name (RFC 1035): all that the records for mail take."""

import os
import re
import socket
import struct
from pathlib import Path

from django.conf import settings

PATIENCE = 3  # seconds for an answer
HEADER = struct.Struct("!HHHHHH")
RECORD = struct.Struct("!HHIH")  # type, class, seconds to live, length
ROOM = b"\0" + RECORD.pack(41, 1232, 0, 0)  # EDNS: an answer by UDP may be so long
TXT, IN = 16, 1
TRUNCATED, NO_SUCH_NAME = 0x0200, 3


class NoAnswer(Exception):
    """The name server could not be asked, or does not know."""


def texts(name: str) -> list[str]:
    """The TXT records of a name, each in one piece; none where there is no such name. Errors: `NoAnswer`."""
    number = os.urandom(2)
    try:
        labels = [label.encode("idna") for label in name.split(".")]
        question = b"".join(bytes([len(label)]) + label for label in labels) + b"\0" + struct.pack("!HH", TXT, IN)
        return read(ask(number + HEADER.pack(0, 0x0100, 1, 0, 0, 1)[2:] + question + ROOM), number)
    except (OSError, ValueError, IndexError, struct.error) as error:
        raise NoAnswer(type(error).__name__) from error


def ask(query: bytes) -> bytes:
    """By UDP, and by TCP where that is too short."""
    server = name_server()
    with socket.socket(socket.AF_INET6 if ":" in server[0] else socket.AF_INET, socket.SOCK_DGRAM) as talk:
        talk.settimeout(PATIENCE)
        talk.connect(server)
        talk.send(query)
        answer = talk.recv(4096)
    if not HEADER.unpack_from(answer)[1] & TRUNCATED:
        return answer
    with socket.create_connection(server, timeout=PATIENCE) as line, line.makefile("rb") as reply:
        line.sendall(struct.pack("!H", len(query)) + query)
        return reply.read(int.from_bytes(reply.read(2), "big"))


def name_server() -> tuple[str, int]:
    """What `DNS_SERVER` says, else the first of the system."""
    if settings.DNS_SERVER:
        host, _, port = settings.DNS_SERVER.rpartition(":")
        return host, int(port)
    found = re.search(r"^nameserver\s+(\S+)", Path("/etc/resolv.conf").read_text(), re.MULTILINE)
    if found is None:
        raise NoAnswer("no name server is known")
    return found[1], 53


def read(answer: bytes, number: bytes) -> list[str]:
    _, flags, questions, answers, _, _ = HEADER.unpack_from(answer)
    if answer[:2] != number or flags & 15 not in (0, NO_SUCH_NAME):
        raise NoAnswer("the name server does not know")
    at, found = HEADER.size, []
    for _ in range(questions):
        at = after_name(answer, at) + 4
    for _ in range(answers):
        at = after_name(answer, at)
        kind, _, _, length = RECORD.unpack_from(answer, at)
        at += RECORD.size
        if kind == TXT:
            found.append(joined(answer[at : at + length]))
        at += length
    return found


def after_name(answer: bytes, at: int) -> int:
    while (length := answer[at]) and length < 0xC0:
        at += length + 1
    return at + (2 if length else 1)


def joined(pieces: bytes) -> str:
    text, at = b"", 0
    while at < len(pieces):
        text += pieces[at + 1 : at + 1 + pieces[at]]
        at += 1 + pieces[at]
    return text.decode("utf-8", "replace")
