"""What all tests share."""

import signal

# A shell that runs a script's command in the background makes it ignore ctrl-C, and all that it starts inherits that: the
# tests of ctrl-C would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
