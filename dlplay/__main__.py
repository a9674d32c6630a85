"""`dlplay` and `python -m dlplay`. It imports next to nothing: child processes import it."""

import signal

from dlplay.search import step_back

step_back()


def main() -> None:
    """The console command."""
    # Until there is somebody to catch it, Ctrl-C ends the process without a word.
    heeded = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if heeded:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from dlplay.cli import app
    from dlplay.cli.exits import whole
    from dlplay.cli.interrupts import end_in_order, on_leash

    end_in_order()
    on_leash()
    with whole(heeded):
        app(prog_name="dlplay")


if __name__ == "__main__":
    main()
