"""What `docker` is for the scripts of deploy/ where no containers are: it tells `Operator` what it was asked for."""

import os
import sys
from multiprocessing.connection import Client

if __name__ == "__main__":
    with Client(os.environ["DOCKER_SOCKET"]) as connection:
        connection.send(sys.argv[1:])
        sys.exit(connection.recv() or 0)
