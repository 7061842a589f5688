"""A mail that many get, encoded once, with gaps for what is each reader's own.

To encode a mail takes longer than to send it, most of all one with a PDF. What differs between two readers of an issue
or a guide is a few headers and links: they are put in where the master has its gaps.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email import quoprimime
from email.message import EmailMessage

NEVER = "(?!)"  # matches nowhere
LINE = 75  # of the 76 that RFC 2045 allows: what breaks a line takes one


@dataclass(frozen=True)
class Master:
    pieces: tuple[bytes, ...]  # text, name of a gap, text, name of a gap, …, text

    @classmethod
    def of(cls, letter: EmailMessage, gaps: Mapping[str, str]) -> "Master":
        """`gaps`: by its name, the word that stands in the letter's bodies for it.

        The letter has no header of its reader's own yet; `filled` writes them.
        """
        for part in letter.walk():
            if part.get_content_maintype() != "text":
                continue
            body = encoded(part.get_content(), gaps.values())
            del part["Content-Transfer-Encoding"]
            part["Content-Transfer-Encoding"] = "quoted-printable"
            part.set_payload(body)
        names = {word: name for name, word in gaps.items()}
        pieces = between(names).split(letter.as_bytes().decode("ascii"))
        return cls(tuple(names.get(piece, piece).encode() for piece in pieces))

    def filled(self, headers: Mapping[str, str], links: Mapping[str, str]) -> bytes:
        """The whole mail. Errors: `UnicodeEncodeError` for an address that is not ASCII."""
        own = {name.encode(): soft_lines(link) for name, link in links.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("ascii")
        body = (own[piece] if number % 2 else piece for number, piece in enumerate(self.pieces))
        return head + b"".join(body)


def encoded(body: str, words: Iterable[str]) -> str:
    """Quoted-printable, with each of these words on a line of its own that the reader's program joins to the others."""
    pieces = between(words).split(body.replace("\r\n", "\n"))
    return "=\r\n".join(
        piece if number % 2 else quoprimime.body_encode(piece.encode().decode("latin-1"), LINE, "\r\n")
        for number, piece in enumerate(pieces)
    )


def between(words: Iterable[str]) -> re.Pattern[str]:
    """Splits at these words, and keeps them."""
    return re.compile("(" + ("|".join(map(re.escape, words)) or NEVER) + ")")


def soft_lines(link: str) -> bytes:
    """A link as quoted-printable, in lines that are one to the reader."""
    chunks = (link[start : start + LINE - 9] for start in range(0, len(link), LINE - 9))
    return b"=\r\n".join(chunk.replace("=", "=3D").encode("ascii") for chunk in chunks)
