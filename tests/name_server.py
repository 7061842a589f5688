"""A name server on loopback with the TXT records that a test gives it. A long answer is refused by UDP."""

import socket
import struct
import threading

import pytest

FITS = 400  # characters
CNAME, TXT = 5, 16
SERVER_FAILURE, NO_SUCH_NAME = 2, 3


class NameServer:
    def __init__(self):
        self.records: dict[str, list[str]] = {}
        self.aliases: dict[str, str] = {}
        self.is_silent = self.is_broken = False
        self.by_tcp = socket.create_server(("127.0.0.1", 0))
        self.by_udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.by_udp.bind(self.by_tcp.getsockname())
        self.address = "{}:{}".format(*self.by_tcp.getsockname())
        for talk in (self.answer_by_udp, self.answer_by_tcp):
            threading.Thread(target=talk, daemon=True).start()

    def answer_by_udp(self):
        with self.by_udp as line:
            while (came := line.recvfrom(4096))[0]:
                query, client = came
                answer = self.answer(query)
                if not self.is_silent:
                    line.sendto(answer if len(answer) < FITS else truncated(query), client)

    def answer_by_tcp(self):
        with self.by_tcp as door:
            while True:
                with door.accept()[0] as line:
                    query = line.recv(4096)[2:]
                    if not query:
                        return
                    answer = self.answer(query)
                    line.sendall(struct.pack("!H", len(answer)) + answer)

    def answer(self, query: bytes) -> bytes:
        name, end = asked(query)
        alias = self.aliases.get(name, "")
        texts = self.records.get(alias or name)
        code = SERVER_FAILURE if self.is_broken else NO_SUCH_NAME if texts is None else 0
        owner = in_labels(alias) if alias else b"\xc0\x0c"
        answers = [record(b"\xc0\x0c", CNAME, owner)] if alias else []
        answers += [record(owner, TXT, in_pieces(text)) for text in texts or []]
        header = query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(answers), 0, 0)
        return header + query[12:end] + b"".join(answers)

    def close(self):
        host, port = self.address.split(":")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (host, int(port)))
        socket.create_connection((host, int(port))).close()


def asked(query: bytes) -> tuple[str, int]:
    """The name, and where the question ends."""
    labels, at = [], 12
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode())
        at += 1 + length
    return ".".join(labels), at + 5


def record(owner: bytes, kind: int, data: bytes) -> bytes:
    return owner + struct.pack("!HHIH", kind, 1, 60, len(data)) + data


def in_pieces(text: str) -> bytes:
    pieces = [text[start : start + 255].encode() for start in range(0, len(text), 255)]
    return b"".join(bytes([len(piece)]) + piece for piece in pieces)


def in_labels(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def truncated(query: bytes) -> bytes:
    return query[:2] + struct.pack("!HHHHH", 0x8380, 1, 0, 0, 0) + query[12 : asked(query)[1]]


@pytest.fixture
def name_server(settings):
    server = NameServer()
    settings.DNS_SERVER = server.address
    yield server
    server.close()
