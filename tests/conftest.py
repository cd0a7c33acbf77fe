"""What all tests share."""

import os
import signal

# A shell that runs a script's command in the background makes it ignore ctrl-C, and all that it starts inherits that: the
# tests of ctrl-C would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What a command writes on stderr doesn't depend on how long its steps take.
os.environ["CONVOLVER_PROGRESS"] = "never"
