"""A mail that thousands get, drawn and encoded once, with gaps for what is each reader's own.

To encode a mail takes longer than to send it. What differs between two readers of an issue is four headers and two
links: they are put in where the master has its gaps.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email import quoprimime
from email.message import EmailMessage

LINE = 75  # of the 76 that RFC 2045 allows: what breaks a line takes one


@dataclass(frozen=True)
class Master:
    pieces: tuple[bytes, ...]  # text, name of a gap, text, name of a gap, …, text

    @classmethod
    def of(cls, letter: EmailMessage, gaps: Mapping[str, str]) -> "Master":
        """`gaps`: by its name, the word that stands in the letter's bodies for it.

        The letter's own To, Date, Message-ID and List-Unsubscribe are left out; `filled` writes them.
        """
        for name in ("To", "Date", "Message-ID", "List-Unsubscribe"):
            del letter[name]
        for part in letter.iter_parts():
            body = encoded(part.get_content(), gaps.values())
            del part["Content-Transfer-Encoding"]
            part["Content-Transfer-Encoding"] = "quoted-printable"
            part.set_payload(body)
        names = {word.encode(): name.encode() for name, word in gaps.items()}
        pieces = re.split(b"(" + b"|".join(map(re.escape, names)) + b")", letter.as_bytes())
        return cls(tuple(names.get(piece, piece) for piece in pieces))

    def filled(self, headers: Mapping[str, str], links: Mapping[str, str]) -> bytes:
        """The whole mail. Errors: `UnicodeEncodeError` for an address that is not ASCII."""
        own = {name.encode(): soft_lines(link) for name, link in links.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("ascii")
        body = (own[piece] if number % 2 else piece for number, piece in enumerate(self.pieces))
        return head + b"".join(body)


def encoded(body: str, words: Iterable[str]) -> str:
    """Quoted-printable, with each of these words on a line of its own that the reader's program joins to the others."""
    gap = re.compile("(" + "|".join(map(re.escape, words)) + ")")
    pieces = gap.split(body.replace("\r\n", "\n"))
    return "=\r\n".join(
        piece if number % 2 else quoprimime.body_encode(piece.encode().decode("latin-1"), LINE, "\r\n")
        for number, piece in enumerate(pieces)
    )


def soft_lines(link: str) -> bytes:
    """A link as quoted-printable, in lines that are one to the reader."""
    chunks = (link[start : start + LINE - 9] for start in range(0, len(link), LINE - 9))
    return b"=\r\n".join(chunk.replace("=", "=3D").encode("ascii") for chunk in chunks)
