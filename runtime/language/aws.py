"""`get_aws_client`: a client of boto3's, as Metaflow makes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def get_aws_client(
    module: str,
    with_error: bool = False,
    role_arn: str | None = None,
    session_vars: Mapping[str, Any] | None = None,
    client_params: Mapping[str, Any] | None = None,
) -> Any:
    """A client for a service of AWS, with the usual credentials or as a role.

    Args:
        module: The service, such as `s3`.
        with_error: Give a pair: the client, and the exception that its calls raise.
        session_vars: Arguments for boto3's session.
        client_params: Arguments for the client.
    """
    try:
        import boto3
        from botocore.exceptions import ClientError
    except ImportError:
        raise ImportError("get_aws_client needs the package boto3, which is not installed here", name="boto3") from None
    session: Any = boto3.Session(**dict(session_vars or {}))
    if role_arn:
        given = session.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="flowc")["Credentials"]
        session = boto3.Session(
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
            region_name=session.region_name,
        )
    client = session.client(module, **dict(client_params or {}))
    return (client, ClientError) if with_error else client
