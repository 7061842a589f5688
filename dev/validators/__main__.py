import sys

from dev.validators import install

sys.exit(install())
