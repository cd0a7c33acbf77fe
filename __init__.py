"""A clone that is called `convolver`, beside a script, is found by `import convolver` ahead of an editable install: here it
becomes the package that it holds. Nothing else imports this file, and no wheel has it."""

from pathlib import Path

if __name__ == "convolver":
    __file__ = str(Path(__file__).parent / "convolver" / "__init__.py")
    __path__ = [str(Path(__file__).parent)]  # the rest of the checkout is added there
    exec(compile(Path(__file__).read_bytes(), __file__, "exec"))  # noqa: S102  # our own package's first file
