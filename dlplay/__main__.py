"""`dlplay` and `python -m dlplay`. It imports nothing: child processes import this module."""


def main() -> None:
    """The console command."""
    from dlplay.cli import app

    app(prog_name="dlplay")


if __name__ == "__main__":
    main()
