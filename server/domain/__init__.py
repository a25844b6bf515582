# The nouns know one another (an inspection answers a task, a task inspects a conflict), so they are loaded together, in the one order
# that works, whichever of them is asked for first.
from . import commands as _commands  # noqa: F401
