"""`dlplay` and `python -m dlplay`. It imports next to nothing: child processes import it."""

from dlplay.search import step_back

step_back()


def main() -> None:
    """The console command."""
    from dlplay.cli import app

    app(prog_name="dlplay")


if __name__ == "__main__":
    main()
