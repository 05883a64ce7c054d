"""Secrets of AWS Secrets Manager, through boto3.

A secret that is a JSON object becomes one variable for each of its fields; with the option `json` False, one variable: the option
`env_var_name`, or the secret's name. So does a binary secret, in base64. The region is that of an ARN, else the option `region`,
else the usual one of boto3.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from ..errors import SecretError
from . import Source, as_variables


def fetch(source: Source) -> Mapping[str, str]:
    """The secret's variables."""
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        raise SecretError("AWS Secrets Manager needs the package boto3, which is not installed here") from None
    try:
        response = _client(boto3, source).get_secret_value(SecretId=source.id)
    except ClientError as error:
        told = error.response.get("Error", {})
        raise SecretError(f"AWS says {told.get('Code')}: {told.get('Message')}") from None
    except BotoCoreError as error:
        raise SecretError(f"AWS cannot be asked: {error}") from None
    return _variables(source, response)


def _client(boto3: Any, source: Source) -> Any:
    parts = source.id.split(":")
    region = parts[3] if parts[0] == "arn" and len(parts) > 3 else source.options.get("region")
    region = region or os.environ.get("METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_REGION")
    keys = {}
    if source.role:
        sts = boto3.client("sts", region_name=region)
        given = sts.assume_role(RoleArn=source.role, RoleSessionName="flowc-secrets")["Credentials"]
        keys = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
    return boto3.client("secretsmanager", region_name=region, **keys)


def _variables(source: Source, response: Mapping[str, Any]) -> Mapping[str, str]:
    name = source.options.get("env_var_name") or response.get("Name") or source.id
    text = response.get("SecretString")
    if text is None:
        import base64

        return as_variables({name: base64.b64encode(response["SecretBinary"]).decode()})
    if source.options.get("json", True) is False:
        return as_variables({name: text})
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise SecretError('it is no JSON object; with options={"json": False} its text becomes one variable')
    return as_variables(document)
