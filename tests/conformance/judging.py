"""What the scripts of this folder print: TAP, one test for each thing that is checked."""
import sys

EXIT_SKIP = 77


class Skipped(Exception):
    """Why something cannot be checked here."""


def skip(reason):
    """Ends the script, all of which cannot be run here."""
    print(reason, file=sys.stderr)
    sys.exit(EXIT_SKIP)


def judge(number, name, lines):
    """Prints one test, that no line speaks against; false if one does."""
    try:
        lines = list(lines)
    except Skipped as why:
        print(f"ok {number} - {name} # SKIP {why}", flush=True)
        return True
    except RuntimeError as why:
        lines = str(why).splitlines()
    print("not ok" if lines else "ok", number, "-", name)
    for line in lines:
        print("#", line)
    sys.stdout.flush()
    return not lines
