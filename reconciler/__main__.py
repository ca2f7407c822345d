"""`python -m reconciler` is `tuneform`."""

from reconciler.cli.main import main

if __name__ == "__main__":
    main()
