"""`convolver serve`."""

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from .answers import AsJson, answer
from .devices import twin_top
from .options import MaybeDesignFile, TwinOf

__all__ = ["EXAMPLES", "serve"]

EXAMPLES = (
    "convolver serve --design examples/blur.toml",
    "convolver serve --port serial:///dev/ttyUSB0 --host 0.0.0.0 --token 0123456789abcdef",
)


def serve(
    design: MaybeDesignFile = None,
    board: TwinOf = None,
    port: Annotated[
        str | None, typer.Option("--port", "-p", metavar="URL", help="A board, such as serial:///dev/ttyUSB0; else a twin.")
    ] = None,
    host: Annotated[str, typer.Option(metavar="NAME", help="Listen at this name or address of this machine.")] = "127.0.0.1",
    tcp_port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="Listen at this TCP port; 0 for any that is free.")
    ] = 9876,
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TOKEN",
            envvar="CONVOLVER_TOKEN",
            help="What hosts must know, 16 characters or more; without one only this machine can connect.",
        ),
    ] = None,
    tls: Annotated[
        bool | None,
        typer.Option(
            "--tls/--no-tls",
            metavar="",
            help="Encrypt; by default what other machines can reach is encrypted, and nothing else.",
        ),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Certificate and key, made if they aren't there; by default convolver/serve.pem in this user's settings.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Offers a board, or a whole board's twin, to other programs and machines over TCP, one at a time, until ctrl-C."""
    from ..host.address import open_pipe
    from ..host.server import Server, reaches_beyond
    from ..progress import steps

    if port is not None and (design is not None or board is not None):
        raise typer.BadParameter(
            "give --design FILE or --board NAME for a twin, or --port URL for a board, which brings its own design"
        )
    if tls is False and certificate is not None:
        raise typer.BadParameter("a certificate is for an encrypted server; leave out --no-tls, or --certificate")
    identity = None
    beyond = reaches_beyond(host, token or None)
    if tls or certificate is not None or (tls is None and beyond):
        from ..host.tls import Identity, default_path

        identity = Identity(default_path() if certificate is None else certificate.expanduser())
    with contextlib.ExitStack() as stack:
        pipe = port
        if pipe is None:
            from ..sim.twin.board import serving

            top = twin_top(design, board)
            with steps() as advance:
                terminal = stack.enter_context(serving(top, advance))
            pipe = f"serial://{terminal.port}"
        server = Server(lambda: open_pipe(pipe), host, tcp_port, token or None, identity)
        trust = "" if identity is not None or not beyond else "  not encrypted: its token is for trusted networks only"
        where = "with this machine's name for the address" if server.anywhere else "on the same machine"
        how = f"convolver selftest --port {server.url}" + (", with the token in CONVOLVER_TOKEN" if token else "")
        told = f"{server.url}{trust}\nIt serves until ctrl-C; {where}: {how}"
        answer(as_json, told, {"url": server.url, "encrypted": identity is not None})
        server.run()
