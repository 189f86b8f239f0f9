"""A real S3 protocol server on a free local port, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def answers_at_once() -> None:
    """Moto's servers send headers and content apart; by default the second waits 40 ms for an ACK of the first."""
    from werkzeug.serving import WSGIRequestHandler

    WSGIRequestHandler.disable_nagle_algorithm = True


@contextmanager
def s3_server(bucket: str) -> Iterator[Any]:
    """A boto3 client of a server that holds the empty `bucket`; the server ends with the block."""
    import boto3
    from moto.s3.models import s3_backends
    from moto.server import ThreadedMotoServer

    answers_at_once()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    for backend in s3_backends.values():
        for known in backend.values():
            known.reset()  # buckets outlive the server that made them
    server.start()
    try:
        host, port = server.get_host_and_port()
        client = boto3.client(
            "s3",
            endpoint_url=f"http://{host}:{port}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        client.create_bucket(Bucket=bucket)
        yield client
    finally:
        server.stop()
