"""nginx, for the edge; as a command, installs it where there is none and root may."""

import sys

from dev.debian import Program

NGINX = Program(need="The edge needs nginx", names=("nginx",), packages="nginx openssl")

if __name__ == "__main__":
    sys.exit(NGINX.install())
